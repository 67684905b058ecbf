//! The stand-in refuses what GitHub's description of its API refuses. Otherwise the tests against it would prove nothing.

use super::Scene;
use daypass::words::{Clock, SystemClock};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

struct Raw {
    scene: Scene,
    http: reqwest::Client,
    key: EncodingKey,
}

impl Raw {
    async fn start() -> Self {
        let scene = Scene::start().await;
        let ca = std::fs::read(scene.folder.path().join("tls.crt")).unwrap();
        let http = crate::support::patient_client(Some(&ca));
        let key = EncodingKey::from_rsa_pem(scene.stand_in.with(|world| world.app.pem.clone()).as_bytes()).unwrap();
        Self { scene, http, key }
    }

    /// A JWT of the App with other claims; `null` leaves one out.
    fn jwt(&self, change: Value) -> String {
        let now = SystemClock.now().seconds();
        let mut claims = json!({ "iat": now - 60, "exp": now + 300, "iss": "4711" });
        for (name, value) in change.as_object().unwrap() {
            match (value, value.as_i64()) {
                (Value::Null, _) => _ = claims.as_object_mut().unwrap().remove(name),
                (_, Some(offset)) if name != "iss" => claims[name] = (now + offset).into(),
                _ => claims[name] = value.clone(),
            }
        }
        encode(&Header::new(Algorithm::RS256), &claims, &self.key).unwrap()
    }

    async fn send(&self, method: Method, path: &str, scheme: &str, bearer: &str, kind: &str, body: &str) -> (StatusCode, Value) {
        let request = self.http.request(method, format!("{}{path}", self.scene.stand_in.url));
        let request = request.header("authorization", format!("{scheme} {bearer}")).header("content-type", kind);
        let answer = request.body(body.to_owned()).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    async fn mint(&self, kind: &str, body: &str) -> (StatusCode, Value) {
        let path = "/app/installations/9001/access_tokens";
        self.send(Method::POST, path, "Bearer", &self.jwt(json!({})), kind, body).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stand_in_accepts_only_an_apps_own_jwt() {
    let raw = Raw::start().await;
    let get = async |scheme: &str, jwt: &str| raw.send(Method::GET, "/users/acme/installation", scheme, jwt, "a/b", "").await.0;
    assert_eq!(get("Bearer", &raw.jwt(json!({}))).await, 200);
    assert_eq!(get("Bearer", &raw.jwt(json!({ "iss": "Iv23liStandIn" }))).await, 200);
    assert_eq!(get("token", &raw.jwt(json!({}))).await, 401, "a JWT is shown as Bearer");
    for change in [
        json!({ "exp": 601 }),
        json!({ "exp": -1 }),
        json!({ "exp": null }),
        json!({ "iat": 30 }),
        json!({ "iat": null }),
        json!({ "iss": "4712" }),
        json!({ "iss": null }),
        json!({ "aud": "github" }),
    ] {
        assert_eq!(get("Bearer", &raw.jwt(change.clone())).await, 401, "{change}");
    }
    let now = SystemClock.now().seconds();
    let claims = json!({ "iat": now - 60, "exp": now + 300, "iss": "4711" });
    let pem = raw.scene.stand_in.with(|world| world.app.pem.clone());
    let symmetric = encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(pem.as_bytes())).unwrap();
    let longer = encode(&Header::new(Algorithm::RS512), &claims, &raw.key).unwrap();
    let good = raw.jwt(json!({}));
    let (unsigned, _) = good.rsplit_once('.').unwrap();
    for jwt in [&symmetric, &longer, &format!("{unsigned}."), &format!("{good}A"), ""] {
        assert_eq!(get("Bearer", jwt).await, 401, "{jwt}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stand_in_mints_only_for_well_formed_requests() {
    let raw = Raw::start().await;
    const JSON: &str = "application/json; charset=utf-8";
    let (status, all) = raw.mint(JSON, "").await;
    assert_eq!(
        (status, &all["permissions"]["contents"], &all["repository_selection"]),
        (StatusCode::CREATED, &json!("write"), &json!("all"))
    );
    let (_, empty) = raw.mint(JSON, r#"{"repository_ids":[],"repositories":[]}"#).await;
    assert_eq!((&empty["repository_selection"], empty.get("repositories")), (&json!("all"), None), "nothing is everything");
    let many = json!({ "repository_ids": vec![1; 501] }).to_string();
    for (kind, body, status) in [
        ("text/plain", r#"{"permissions":{"contents":"read"}}"#, 415),
        ("application/x-www-form-urlencoded", "permissions=x", 415),
        (JSON, "{", 400),
        (JSON, r#"{"repository_id":[1]}"#, 422),
        (JSON, r#"{"permissions":{"content":"read"}}"#, 422),
        (JSON, r#"{"permissions":{"contents":"admin"}}"#, 422),
        (JSON, r#"{"permissions":{"issues":"write"}}"#, 422),
        (JSON, r#"{"permissions":[]}"#, 422),
        (JSON, r#"{"repositories":["gone"]}"#, 422),
        (JSON, r#"{"repository_ids":[99]}"#, 422),
        (JSON, r#"{"repository_ids":["1"]}"#, 422),
        (JSON, &many, 422),
    ] {
        assert_eq!(raw.mint(kind, body).await.0.as_u16(), status, "{kind} {body}");
    }
    let version = raw.http.get(format!("{}/app", raw.scene.stand_in.url)).header("x-github-api-version", "2024-01-01");
    assert_eq!(version.send().await.unwrap().status(), 400);
    let token = all["token"].as_str().unwrap();
    let installed = async |method: Method, path: &str| raw.send(method, path, "Bearer", token, "a/b", "").await.0.as_u16();
    assert_eq!(installed(Method::GET, "/users/acme/installation").await, 401, "a token is no JWT of the App");
    assert_eq!(installed(Method::GET, "/installation/repositories").await, 200);
    assert_eq!(installed(Method::DELETE, "/installation/token").await, 204);
    assert_eq!(installed(Method::DELETE, "/installation/token").await, 401);
}
