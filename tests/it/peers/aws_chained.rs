//! A role that is assumed from another one. ministack evaluates both trusts, the external ID, the session's name, and the second call's
//! `sts:TagSession` and session policy. It does not read a web identity token's tags, that call's session policy, or a source identity:
//! `src/issue/aws/tests/chained.rs` checks what is sent of those. moto accepts everything.

use super::aws::Emulator;
use crate::support::{Setup, World};
use serde_json::{Value, json};
use std::process::Command;

fn arn(role: &str) -> String {
    format!("arn:aws:iam::000000000000:role/{role}")
}

fn policy() -> String {
    let narrow = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]});
    let own = json!({"external_id": "acme", "session_name": "deploy-{pipeline}", "tags": {"commit": "{commit}"}, "session_policy": narrow});
    let grant = |role: &str, via: &str, more: &Value| {
        let mut grant = json!({"role": arn(role), "via": arn(via), "ttl": "15m"});
        grant.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        grant
    };
    let aws = [
        grant("deploy", "hub", &own),
        grant("untagged", "hub", &json!({"tags": {"commit": "{commit}"}})),
        grant("closed", "hub", &json!({})),
        grant("beyond", "closed-hub", &json!({})),
    ];
    let matches = json!({"repository": "acme/shop@456789", "ref": "refs/heads/main", "event": "push"});
    json!({"issuer": "github", "match": matches, "grant": {"aws": aws}}).to_string()
}

fn bootstrap(world: &World, format: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    command.args(["aws", "bootstrap", "--format", format, "--config"]).arg(world.path("daypass.yaml"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Sets up the account as `daypass aws bootstrap` prints it, except for the roles that have to refuse.
fn tell_account(emulator: &Emulator, world: &World) {
    let issuer = world.url("");
    let thumbprint = "0".repeat(40);
    let provider = ["iam", "create-open-id-connect-provider", "--url", &issuer, "--client-id-list", "sts.amazonaws.com"];
    emulator.administer(&[&provider[..], &["--thumbprint-list", &thumbprint]].concat());
    for (arn, trust) in bootstrap(world, "trust-policies").as_object().unwrap() {
        let name = arn.rsplit('/').next().unwrap();
        let nobody = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:role/nobody"}, "Action": "sts:AssumeRole"}]});
        let text = match name {
            "untagged" => trust.to_string().replace("\"sts:TagSession\",", ""),
            "closed" | "closed-hub" => nobody.to_string(),
            _ => trust.to_string(),
        };
        emulator.administer(&["iam", "create-role", "--role-name", name, "--assume-role-policy-document", &text]);
    }
    for (arn, allowed) in bootstrap(world, "permissions").as_object().unwrap() {
        let name = arn.rsplit('/').next().unwrap();
        let put = ["iam", "put-role-policy", "--role-name", name, "--policy-name", "p", "--policy-document"];
        emulator.administer(&[&put[..], &[&allowed.to_string()]].concat());
    }
    emulator.administer(&["s3api", "create-bucket", "--bucket", "releases"]);
    emulator.allow("deploy", &["s3:ListBucket", "s3:PutObject"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_assumed_through_another_and_a_refusal_names_the_hop() {
    let Some(emulator) = Emulator::start("ministack").await else { return };
    let aws = format!("aws: {{ mode: web-identity, regions: [us-east-1], endpoint: \"{}\" }}\n", emulator.url);
    let world = World::start(Setup { policies: vec![("shop/deploy", policy())], aws, ..Setup::default() }).await;
    tell_account(&emulator, &world);
    let ask = |role: &str| json!([{"aws": {"role": arn(role)}}]);
    let (status, answer) = world.exchange(&world.token(), ask("deploy")).await;
    assert_eq!(status, 200, "{answer}");
    let session = answer["credentials"][0]["aws"].clone();
    assert_eq!(session["session"]["arn"], "arn:aws:sts::000000000000:assumed-role/deploy/deploy-7301234567", "{session}");
    let keys = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| session[name].as_str().unwrap());
    assert!(emulator.call(&["s3api", "list-objects-v2", "--bucket", "releases"], keys).status.success());
    let put = emulator.call(&["s3api", "put-object", "--bucket", "releases", "--key", "x"], keys);
    assert!(String::from_utf8_lossy(&put.stderr).contains("AccessDenied"), "the role allows it, but the session policy does not");
    for (role, hint, cause) in [
        (
            "untagged",
            "AWS refused sts:TagSession. The trust policy of the role has to allow sts:AssumeRole, sts:TagSession",
            "second hop, to",
        ),
        ("closed", "AWS refused sts:AssumeRole. The trust policy of the role has to allow", "second hop, to"),
        (
            "beyond",
            "The trust policy of the role in between (the policy's `via`) has to allow sts:AssumeRoleWithWebIdentity",
            "first hop, to",
        ),
    ] {
        let (status, problem) = world.exchange(&world.token(), ask(role)).await;
        assert_eq!((status, &problem["code"]), (502, &json!("aws_denied")), "{problem}");
        let line = problem["hint"].as_str().unwrap();
        assert!(line.contains(hint) && line.contains("daypass aws bootstrap") && !line.contains("arn:"), "{role}: {line}");
        let failed = world.audit().into_iter().rfind(|entry| entry.kind == "failed").unwrap();
        assert!(failed.body["cause"].as_str().unwrap().starts_with(cause), "{role}: {}", failed.body);
        let form = crate::sts::encode(&[
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", &arn(role)),
            ("RoleSessionName", "build"),
            ("WebIdentityToken", &world.token()),
        ]);
        let request = world.http.post(world.url("/aws/sts/")).header("content-type", "application/x-www-form-urlencoded");
        let document = request.body(form).send().await.unwrap().text().await.unwrap();
        let message = crate::sts::element(&document, "Message");
        assert!(message.contains(hint), "{role}: {message}");
    }
    let text: String = world.audit().iter().map(|entry| entry.body.to_string()).collect();
    assert!(!text.contains(keys[1]) && !text.contains(keys[2]), "no keys in the audit log");
    assert_eq!(text.matches("access_key_id").count(), 1, "no session of the role in between is released");
}
