//! The two APIs of AWS's own clients.

use super::super::scene::Scene;
use super::Response;
use crate::sts::{element, encode};
use serde_json::Value;

pub async fn sts(scene: &Scene, token: &str, role: &str) -> Response {
    let parameters = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", role),
        ("RoleSessionName", "conformance"),
        ("WebIdentityToken", token),
    ];
    let request = scene.world.http.post(scene.world.url("/aws/sts/")).header("content-type", "application/x-www-form-urlencoded");
    let response = request.body(encode(&parameters)).send().await.unwrap();
    let (released, document) = (response.status() == 200, response.text().await.unwrap());
    if !released {
        return Response { message: element(&document, "Message"), ..Response::default() };
    }
    let secrets = ["SecretAccessKey", "SessionToken"].map(|name| element(&document, name)).into();
    Response { released, secrets, ..Response::default() }
}

pub async fn container(scene: &Scene, token: &str, role: &str) -> Response {
    let address = scene.world.url(&format!("/aws/container?{}", encode(&[("role", role)])));
    let response = scene.world.http.get(address).header("authorization", token).send().await.unwrap();
    let (status, answer): (_, Value) = (response.status().as_u16(), response.json().await.unwrap());
    Response::of(status, &answer, &["/SecretAccessKey", "/Token"], &answer["message"])
}
