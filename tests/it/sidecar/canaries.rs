//! Leak canaries in a pod: its token, its secrets, a rendered template, an AWS session, and the token for AWS's SDKs.

use super::aws::granted;
use super::pod::{Pod, change, rotate, token, world_with};
use crate::canaries::memory::{Canaries, random, time_to_forget};
use crate::sts::StandInSts;
use crate::support::{World, free_port};
use daypass::words::UnixTime;
use daypass::words::names::SecretPath;
use serde_json::Value;

const ROLE: &str = "arn:aws:iam::000000000000:role/canary";

#[tokio::test(flavor = "multi_thread")]
async fn a_sidecar_logs_no_secret_and_forgets_those_that_it_no_longer_needs() {
    let (sts, port) = (StandInSts::start().await, free_port());
    let world = world_with(granted("[shop/**]", ROLE), sts.section()).await;
    let (old, new, value) = (random(), random(), random());
    seal(&world, &value).await;
    rotate(&world, &old).await;
    let mut pod = Pod::new(&world, &settings(port));
    let (mut over, mut all) = (Canaries::default(), Canaries::default());
    for canaries in [&mut over, &mut all] {
        canaries.add("a secret that was rotated", &old);
        canaries.add_token("a token that was renewed", &std::fs::read_to_string(pod.path("token")).unwrap());
    }
    pod.start();
    pod.until_file("db-password", Some(&old)).await;
    rotate(&world, &new).await;
    pod.until_file("db-password", Some(&new)).await;
    let renewed = token(&world, "web");
    pod.give(&renewed);
    all.add_token("a token", &renewed);
    all.add("a secret", &new);
    all.add("a value of a document", &value);
    let aws_token = pod.file("aws-token").unwrap();
    all.add("the token for AWS's SDKs", &aws_token);
    let session = session(&mut pod, port, &aws_token).await;
    for member in ["SecretAccessKey", "Token"] {
        all.add(member, session[member].as_str().unwrap());
    }
    assert!(pod.file("app.env").is_some_and(|text| text.contains(&new) && text.contains(&value)));

    let held_up = time_to_forget().await;
    let (_, held) = all.search().memory(pod.id());
    assert!(!held.is_empty(), "the search finds nothing, also of what is granted");
    over.search().assert_forgotten(pod.id(), held_up).await;
    assert!(pod.log().contains("another token: the stream of events is opened again"));

    change(&world, &granted("[other/**]", ROLE)).await;
    pod.until("nothing is left", Pod::is_empty).await;
    std::fs::remove_file(pod.path("token")).unwrap();
    let held_up = time_to_forget().await;
    let search = all.search();
    search.assert_forgotten(pod.id(), held_up).await;
    search.assert_none_around(pod.id());
    search.assert_none("the log", pod.log().as_bytes());
    assert!(pod.log().contains("TRACE"), "the log is not that of a sidecar at TRACE");
}

fn settings(port: u16) -> String {
    let template = "DB={{ secrets['db-password'] }}\\nOTHER={{ secrets.value | urlencode }}\\n";
    format!(
        "secrets: {{ db-password: shop/password.age, whole: shop/canary.yaml, value: \"shop/canary.yaml#/database/password\" }}\n\
         templates: {{ app.env: \"{template}\" }}\naws: {{ role: \"{ROLE}\", listen: 127.0.0.1:{port} }}\n"
    )
}

async fn seal(world: &World, value: &str) {
    let path = SecretPath::parse("shop/canary.yaml").unwrap();
    let document = format!("database:\n  password: {value}\n");
    let (recipients, at) = (std::slice::from_ref(&world.recipient), UnixTime::from_seconds(1_800_000_000));
    let sealed = daypass::secrets::encrypt_document(&path, document.as_bytes(), recipients, at).unwrap();
    world.commit_and_wait(&[("secrets/shop/canary.yaml", &sealed)]).await;
}

/// An AWS session, requested more than once, as an SDK does.
async fn session(pod: &mut Pod, port: u16, token: &str) -> Value {
    pod.until("it listens", |_| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    let mut session = Value::Null;
    for _ in 0..3 {
        let request = crate::support::patient_client(None).get(format!("http://127.0.0.1:{port}/aws/container"));
        session = request.header("authorization", token).send().await.unwrap().json().await.unwrap();
    }
    session
}
