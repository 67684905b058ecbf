//! Vault's and OpenBao's own clients, unmodified, with the address of our Vault API.

use super::aws::Emulator;
use crate::sts::StandInSts;
use crate::support::{START_MAX, Setup, World, peer};
use crate::vault;
use crate::vault_paths::world_of_aws_and_transit;
use daypass::demo::issuer::github_claims;
use daypass::words::{Clock, SystemClock};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};
use tokio::process::Command;

pub fn text_of(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub async fn bao(world: &World, program: &Path, arguments: &[&str], token: &str) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(world.folder.path()).env("HOME", world.folder.path());
    command.env("BAO_ADDR", world.url("/vault")).env("BAO_CACERT", world.path("tls.crt")).env("BAO_TOKEN", token);
    command.output().await.unwrap()
}

async fn log_in(world: &World, program: &Path, token: &str) -> Output {
    std::fs::write(world.path("token"), token).unwrap();
    bao(world, program, &["write", "-field=token", "auth/jwt/login", "role=shop/deploy", "jwt=@token"], "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bao_command_logs_in_reads_lists_and_prints_a_denial_with_its_hint_and_decision() {
    let Some(program) = peer("bao") else { return };
    let world = vault::world().await;
    let done = log_in(&world, &program, &world.token()).await;
    assert!(done.status.success(), "{}", text_of(&done));
    let session = String::from_utf8(done.stdout).unwrap();
    let cases: [(&[&str], &str); 6] = [
        (&["kv", "get", "-field=password", "secret/shop/db"], "hunter2"),
        (&["kv", "get", "-mount=secret", "-field=password", "shop/db.yaml#/password"], "hunter2"),
        (&["kv", "list", "secret/shop"], "db.yaml"),
        (&["kv", "metadata", "get", "secret/shop/db"], "current_version"),
        (&["token", "lookup"], "batch"),
        (&["status"], "daypass"),
    ];
    for (arguments, expected) in cases {
        let output = bao(&world, &program, arguments, &session).await;
        assert!(output.status.success() && text_of(&output).contains(expected), "{arguments:?}: {}", text_of(&output));
    }
    let denied = bao(&world, &program, &["kv", "get", "secret/hidden/db"], &session).await;
    let record = world.audit().into_iter().rfind(|entry| entry.kind == "refused").unwrap();
    assert!(!denied.status.success());
    for part in ["no_matching_policy", "Show the decision id to the operator", &record.decision.unwrap()] {
        assert!(text_of(&denied).contains(part), "{part}: {}", text_of(&denied));
    }
    let renewed = bao(&world, &program, &["token", "renew"], &session).await;
    assert!(!renewed.status.success() && text_of(&renewed).contains("batch"), "{}", text_of(&renewed));
    let revoked = bao(&world, &program, &["token", "revoke", "-self"], &session).await;
    assert!(revoked.status.success(), "{}", text_of(&revoked));
    let after = bao(&world, &program, &["kv", "get", "secret/shop/db"], &session).await;
    assert!(!after.status.success() && text_of(&after).contains("session_refused"), "{}", text_of(&after));
    let pull = log_in(&world, &program, &world.token_with(github_claims("pull_request", "refs/pull/7/merge"))).await;
    assert!(!pull.status.success() && text_of(&pull).contains("no_matching_policy"), "{}", text_of(&pull));
}

fn agent_configuration(world: &World, exits: bool) {
    let configuration = format!(
        "exit_after_auth = {exits}
vault {{ address = \"{}\" ca_cert = \"{}\" }}
auto_auth {{
  method \"jwt\" {{
    mount_path = \"auth/ci\"
    config = {{ path = \"token\" role = \"shop/deploy\" remove_jwt_after_reading = false }}
  }}
  sink \"file\" {{ config = {{ path = \"sink\" }} }}
}}
template {{
  contents = \"{{{{ with secret \\\"secret/data/shop/db\\\" }}}}{{{{ .Data.data.password }}}}:{{{{ .Data.data.port }}}}{{{{ end }}}}\"
  destination = \"rendered\"
}}
",
        world.url("/vault"),
        world.path("tls.crt").display()
    );
    std::fs::write(world.path("agent.hcl"), configuration).unwrap();
}

/// Adds templates, each with a destination and a command that appends a line for each run.
fn add_templates(world: &World, templates: &[(&str, &str)]) {
    let mut text = std::fs::read_to_string(world.path("agent.hcl")).unwrap();
    text += "template_config { static_secret_render_interval = \"1s\" exit_on_retry_failure = true }\n";
    for (destination, contents) in templates {
        let contents = contents.replace('"', "\\\"");
        text += &format!(
            "template {{\n  contents = \"{contents}\"\n  destination = \"{destination}\"\n  exec {{ command = [\"sh\", \"-c\", \"echo run >> {destination}.runs\"] }}\n}}\n"
        );
    }
    std::fs::write(world.path("agent.hcl"), text).unwrap();
}

/// The template renders the whole answer, as templates do that do not name single values.
#[tokio::test(flavor = "multi_thread")]
async fn the_bao_agent_runs_its_command_once_for_each_change_of_a_document() {
    let Some(program) = peer("bao") else { return };
    let world = vault::world().await;
    std::fs::write(world.path("token"), world.lasting_token()).unwrap();
    agent_configuration(&world, false);
    add_templates(&world, &[("whole", "{{ with secret \"secret/data/shop/db\" }}{{ .Data | toJSON }}{{ end }}")]);
    let mut command = Command::new(&program);
    command.args(["agent", "-config=agent.hcl"]).current_dir(world.folder.path()).env("HOME", world.folder.path());
    let _agent = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    let reads =
        || world.audit().into_iter().filter(|entry| entry.kind == "released" && !entry.body["in_session"].is_null()).count();
    let runs = || std::fs::read_to_string(world.path("whole.runs")).unwrap_or_default().lines().count();
    let until = async |what: &str, holds: &dyn Fn() -> bool| {
        let started = Instant::now();
        while !holds() {
            assert!(started.elapsed() < START_MAX, "{what}: {} runs, {} reads", runs(), reads());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    until("it renders", &|| runs() > 0).await;
    let before = reads();
    until("it reads on", &|| reads() >= before + 8).await;
    assert_eq!(runs(), 1, "the same content, read {} times", reads());
    let document = vault::sealed(&world, "shop/db.yaml", b"password: hunter2\nport: 6543\n");
    world.commit_and_wait(&[("secrets/shop/db.yaml", &document)]).await;
    until("it renders what changed", &|| runs() > 1).await;
    let before = reads();
    until("it reads on", &|| reads() >= before + 8).await;
    assert_eq!(runs(), 2, "{}", std::fs::read_to_string(world.path("whole")).unwrap());
    assert!(std::fs::read_to_string(world.path("whole")).unwrap().contains("6543"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bao_agent_renders_aws_and_transit_templates_and_mounts_of_several_segments() {
    let Some(program) = peer("bao") else { return };
    let sts = StandInSts::start().await;
    let world = world_of_aws_and_transit(&sts).await;
    std::fs::write(world.path("token"), world.token()).unwrap();
    agent_configuration(&world, true);
    let text = std::fs::read_to_string(world.path("agent.hcl")).unwrap();
    let text = text.split("template {").next().unwrap().replace("shop/deploy", "shop/web");
    std::fs::write(world.path("agent.hcl"), text).unwrap();
    let templates = [
        ("aws", "{{ with secret \"aws/creds/shop/web\" }}{{ .Data.access_key }} {{ .LeaseID }}{{ end }}"),
        ("transit", "{{ with secret \"transit/encrypt/flux\" \"plaintext=aGk=\" }}{{ .Data.ciphertext }}{{ end }}"),
        ("kv", "{{ with secret \"team/kv/data/shop/password\" }}{{ .Data.data.value }}{{ end }}"),
    ];
    add_templates(&world, &templates);
    let agent = bao(&world, &program, &["agent", "-config=agent.hcl", "-log-level=info"], "");
    let done = tokio::time::timeout(START_MAX, agent).await.unwrap();
    let rendered = |name: &str| std::fs::read_to_string(world.path(name)).unwrap_or_default();
    assert!(done.status.success(), "{}", text_of(&done));
    assert!(
        rendered("aws").starts_with("ASIASTANDIN") && rendered("aws").contains(" aws/creds/shop/web/"),
        "{}",
        rendered("aws")
    );
    assert!(rendered("transit").starts_with("vault:v2:"), "{}", rendered("transit"));
    assert_eq!(rendered("kv"), "hunter2");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bao_command_reads_mounts_of_several_segments_and_prints_what_is_not_served() {
    let Some(program) = peer("bao") else { return };
    let world = vault::world().await;
    let session = String::from_utf8(log_in(&world, &program, &world.token()).await.stdout).unwrap();
    let run = async |arguments: &[&str]| text_of(&bao(&world, &program, arguments, &session).await);
    assert_eq!(run(&["kv", "get", "-mount=team/eu/kv", "-field=password", "shop/db"]).await, "hunter2");
    assert_eq!(run(&["read", "-field=data", "team/eu/kv/data/shop/db"]).await, "map[password:hunter2 port:5432]");
    let unserved = run(&["read", "pki/cert/ca"]).await;
    assert!(unserved.contains("bad_request: ") && unserved.contains("docs/api/vault.md"), "{unserved}");
    assert!(!unserved.contains("No value found"), "{unserved}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bao_agent_logs_in_and_renders_a_template() {
    let Some(program) = peer("bao") else { return };
    let world = vault::world().await;
    std::fs::write(world.path("token"), world.token()).unwrap();
    agent_configuration(&world, true);
    let agent = bao(&world, &program, &["agent", "-config=agent.hcl", "-log-level=info"], "");
    let done = tokio::time::timeout(START_MAX, agent).await.unwrap();
    let rendered = std::fs::read_to_string(world.path("rendered")).unwrap_or_default();
    assert!(done.status.success() && rendered == "hunter2:5432", "{rendered:?} {}", text_of(&done));
    assert!(std::fs::read_to_string(world.path("sink")).unwrap().starts_with("daypass-session."));
}

/// A session is of type `batch`: the agent does not renew it, and logs in again with the current content of its token file.
#[tokio::test(flavor = "multi_thread")]
async fn the_bao_agent_logs_in_again_before_its_session_ends() {
    let Some(program) = peer("bao") else { return };
    // On a busy machine the agent may be late for the first token.
    for left in [20, 90] {
        let world = vault::world().await;
        let mut claims = github_claims("push", "refs/heads/main");
        let soon = SystemClock.now().seconds() + left;
        claims.insert("exp".to_owned(), soon.into());
        std::fs::write(world.path("token"), world.token_with(claims)).unwrap();
        agent_configuration(&world, false);
        let mut command = Command::new(&program);
        command.args(["agent", "-config=agent.hcl"]).current_dir(world.folder.path()).env("HOME", world.folder.path());
        let _agent = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let logins =
            || world.audit().into_iter().filter(|entry| entry.kind == "released" && !entry.body["session"].is_null()).count();
        let logged_in = async |wanted: usize| {
            while logins() < wanted && SystemClock.now().seconds() <= soon {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            logins() >= wanted
        };
        if logged_in(1).await {
            std::fs::write(world.path("token"), world.token()).unwrap();
            if logged_in(2).await {
                return;
            }
        }
        println!("no two logins within {left} s: {}", world.log());
    }
    panic!("the agent does not log in again before its session ends, or with its end");
}

#[tokio::test(flavor = "multi_thread")]
async fn hvac_logs_in_reads_lists_and_ends_its_session() {
    let Some(python) = peer("python-clients") else { return };
    let world = vault::world().await;
    std::fs::write(world.path("token"), world.token()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/hvac_client.py");
    let mut command = Command::new(python);
    command.arg(script).arg(world.url("/vault")).args([world.path("tls.crt"), world.path("token")]).arg("shop/deploy");
    let output = command.env("REQUESTS_CA_BUNDLE", world.path("tls.crt")).output().await.unwrap();
    let printed = text_of(&output);
    let lines: Vec<&str> = printed.lines().collect();
    assert!(output.status.success() && lines.len() == 6, "{printed}");
    assert_eq!(lines[0], "{'password': 'hunter2', 'port': 5432}");
    assert_eq!(lines[1], "['db.yaml', 'password.age'] 1");
    assert_eq!(lines[2], "batch False");
    assert!(lines[3].starts_with("Forbidden no_matching_policy: ") && lines[3].contains("(decision "), "{printed}");
    assert!(lines[4].starts_with("InvalidPath ") && lines[4].contains("secret_missing: "), "{printed}");
    assert_eq!(lines[5], "False");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bao_command_reads_aws_credentials_that_an_sts_gave() {
    let (Some(program), Some(emulator)) = (peer("bao"), Emulator::start("moto_server").await) else { return };
    let policy = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant: { aws: [{ role: \"arn:aws:iam::123456789012:role/deploy\", ttl: 15m }] }
";
    let aws = format!("aws: {{ mode: web-identity, regions: [us-east-1], endpoint: \"{}\" }}\n", emulator.url);
    let world = World::start(Setup { policies: vec![("shop/deploy", policy.to_owned())], aws, ..Setup::default() }).await;
    let session = String::from_utf8(log_in(&world, &program, &world.token()).await.stdout).unwrap();
    for arguments in [
        &["read", "-format=json", "aws/creds/shop/deploy"][..],
        &["write", "-format=json", "aws/sts/shop/deploy", "role_arn=arn:aws:iam::123456789012:role/deploy"],
    ] {
        let output = bao(&world, &program, arguments, &session).await;
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text_of(&output)));
        assert!((800..=900).contains(&answer["lease_duration"].as_u64().unwrap()), "{answer}");
        let keys = ["access_key", "secret_key", "security_token"].map(|name| answer["data"][name].as_str().unwrap().to_owned());
        let who = emulator.call(&["sts", "get-caller-identity"], [&keys[0], &keys[1], &keys[2]]);
        assert!(text_of(&who).contains("assumed-role/deploy/"), "{}", text_of(&who));
    }
    let other =
        bao(&world, &program, &["write", "aws/sts/shop/deploy", "role_arn=arn:aws:iam::123456789012:role/x"], &session).await;
    assert!(!other.status.success() && text_of(&other).contains("no_matching_policy"), "{}", text_of(&other));
}
