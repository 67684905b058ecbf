//! AWS container credentials in a pod: the sidecar's address, the file of its token, and unmodified boto3.

use super::pod::{Pod, change, policy, world_with};
use crate::sts::StandInSts;
use crate::support::{START_MAX, free_port, peer};
use std::time::{Duration, Instant};

const ROLE: &str = "arn:aws:iam::000000000000:role/brief";

pub(super) fn granted(secrets: &str, role: &str) -> String {
    policy(secrets, "").replace("grant: {", &format!("grant: {{ aws: [{{ role: \"{role}\", ttl: 15m }}],"))
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_sdks_get_credentials_while_they_are_granted_and_readiness_waits_for_them() {
    let (sts, port, probe) = (StandInSts::start().await, free_port(), free_port());
    let world = world_with(granted("[shop/**]", ROLE), sts.section()).await;
    let aws = format!(
        "secrets: {{ db-password: shop/password.age }}\naws: {{ role: \"{ROLE}\", listen: 127.0.0.1:{port} }}\nprobe: 127.0.0.1:{probe}\n"
    );
    let mut pod = Pod::new(&world, &aws);
    assert!(pod.run(&["--once"]).await.status.success());
    assert_eq!(pod.run(&["--check"]).await.status.code(), Some(69), "nobody answers AWS's SDKs yet");
    let token = pod.file("aws-token").unwrap();
    pod.start();
    let url = format!("http://127.0.0.1:{port}/aws/container");
    let ask = |token: &str| world.http.get(&url).header("authorization", token).send();
    pod.until("it listens", |_| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    assert_eq!(pod.file("aws-token").unwrap(), token, "the token of the init container goes on");
    let first: serde_json::Value = ask(&token).await.unwrap().json().await.unwrap();
    assert!(first["AccessKeyId"].as_str().unwrap().starts_with("ASIASTANDIN") && first["Token"].is_string(), "{first}");
    assert_eq!(ask("guessed").await.unwrap().status().as_u16(), 401);
    assert_eq!(pod.run(&["--check"]).await.status.code(), Some(0));
    let ready = world.http.get(format!("http://127.0.0.1:{probe}/readyz")).send().await.unwrap();
    assert_eq!(ready.status().as_u16(), 200);
    // Sessions of this role live for 9 s.
    let started = Instant::now();
    loop {
        let renewed: serde_json::Value = ask(&token).await.unwrap().json().await.unwrap();
        if renewed["Expiration"].as_str() > first["Expiration"].as_str() {
            break;
        }
        assert!(started.elapsed() < START_MAX, "{first} {renewed}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    if let Some(python) = peer("python-boto3") {
        let mut boto3 = tokio::process::Command::new(python);
        boto3.args(["-c", "import boto3; print(boto3.Session().get_credentials().get_frozen_credentials().access_key)"]);
        boto3
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url)
            .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", pod.path("files/aws-token"));
        let output = boto3.env("AWS_CONFIG_FILE", "/dev/null").output().await.unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).starts_with("ASIASTANDIN"), "{output:?}");
    }
    change(&world, &granted("[other/**]", ROLE)).await;
    pod.until("nothing is left", Pod::is_empty).await;
    assert!(ask(&token).await.is_err(), "and the address is closed");
}
