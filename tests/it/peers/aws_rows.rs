//! The trust of a role tells the rows of one policy apart, and the change to named rows refuses no job. ministack evaluates the trust.

use super::aws::Emulator;
use crate::support::{Setup, World};
use serde_json::{Value, json};
use std::process::Command;

fn policy() -> String {
    let matches = json!({"repository": "{each.repository}", "ref": "refs/heads/main", "event": "push"});
    let aws = json!([{"role": "arn:aws:iam::000000000000:role/{each.role}", "ttl": "15m"}]);
    json!({"issuer": "github", "for_each": "services.yaml", "match": matches, "grant": {"aws": aws}}).to_string()
}

/// Two rows. The job of the tests belongs to the first one.
fn rows(names: [Option<&str>; 2]) -> Vec<u8> {
    let row = |name: Option<&str>, repository: &str, role: &str| {
        let mut row = json!({"repository": repository, "role": role});
        if let Some(name) = name {
            row["name"] = name.into();
        }
        row
    };
    json!([row(names[0], "acme/shop@456789", "deploy"), row(names[1], "acme/other@5", "other")]).to_string().into_bytes()
}

fn trusts(world: &World, more: &[&str]) -> Vec<(String, String)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    command.args(["aws", "bootstrap", "--config"]).arg(world.path("daypass.yaml")).arg("--folder").arg(world.path("access"));
    let output = command.args(more).output().unwrap();
    let printed: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let named = |(arn, trust): (&String, &Value)| (arn.rsplit('/').next().unwrap().to_owned(), trust.to_string());
    printed.as_object().unwrap().iter().map(named).collect()
}

async fn code(world: &World) -> (u16, Value) {
    let role = json!([{ "aws": { "role": "arn:aws:iam::000000000000:role/deploy" } }]);
    let (status, answer) = world.exchange(&world.token(), role).await;
    (status, answer["code"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_trusts_its_own_row_and_the_change_to_named_rows_refuses_nobody() {
    let Some(emulator) = Emulator::start("ministack").await else { return };
    let aws = format!("aws: {{ mode: web-identity, regions: [us-east-1], endpoint: \"{}\" }}\n", emulator.url);
    let world = World::start(Setup { aws, ..Setup::default() }).await;
    let policy = policy();
    world.commit_and_wait(&[("policies/mono/deploy.yaml", policy.as_bytes()), ("services.yaml", &rows([None, None]))]).await;
    let issuer = world.url("");
    let provider = ["iam", "create-open-id-connect-provider", "--url", &issuer, "--client-id-list", "sts.amazonaws.com"];
    emulator.administer(&[&provider[..], &["--thumbprint-list", &"0".repeat(40)]].concat());

    // AWS trusts the names before they are in force.
    std::fs::write(world.path("access/services.yaml"), rows([Some("web"), Some("other")])).unwrap();
    for (name, trust) in trusts(&world, &["--also-old-subjects"]) {
        emulator.administer(&["iam", "create-role", "--role-name", &name, "--assume-role-policy-document", &trust]);
    }
    assert_eq!(code(&world).await, (200, Value::Null), "the subject of the policy alone");
    world.commit_and_wait(&[]).await;
    assert_eq!(code(&world).await, (200, Value::Null), "the row's subject");
    let released: Vec<Value> =
        world.audit().into_iter().filter(|entry| entry.kind == "released").map(|entry| entry.body).collect();
    let granted = released.iter().map(|body| (body["policies"][0].as_str(), body["rows"].clone())).collect::<Vec<_>>();
    assert_eq!(granted, [(Some("mono/deploy"), Value::Null), (Some("mono/deploy"), json!(["web"]))]);

    let set_trusts = |trusts: Vec<(String, String)>| {
        for (name, trust) in trusts {
            emulator.administer(&["iam", "update-assume-role-policy", "--role-name", &name, "--policy-document", &trust]);
        }
    };
    set_trusts(trusts(&world, &[]));
    assert_eq!(code(&world).await, (200, Value::Null), "the row's subject alone is trusted");
    for (renamed, why) in [
        ([Some("www"), Some("other")], "another name"),
        ([Some("other"), Some("web")], "another row's name"),
        ([None, None], "no name"),
    ] {
        world.commit_and_wait(&[("services.yaml", &rows(renamed))]).await;
        assert_eq!(code(&world).await, (502, json!("aws_denied")), "{why}");
    }
}
