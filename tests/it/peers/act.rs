//! A real GitHub workflow, run by act without Docker: its steps get AWS credentials and secrets with the job's token, and a denial.
//! The stand-in for GitHub's issuer gives the job its token. act sets the rest of the job's environment and masks its log.

use super::aws::Emulator;
use crate::support::{Setup, World, peer, put};
use std::path::Path;

const ROLE: &str = "arn:aws:iam::000000000000:role/deploy";

const WORKFLOW: &str = r#"on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    permissions: { id-token: write, contents: read }
    steps:
      - name: by exec
        run: |
          daypass exec --aws --env PASSWORD=shop/password.age -- sh -c '
            echo "session=$(aws sts get-caller-identity --query Arn --output text)"
            echo "password=$PASSWORD"'
      - name: by get
        run: |
          document=$(daypass secret get shop/db.yaml)
          echo "leaf=$(echo "$document" | sed -n 's/^password: //p')"
      - name: by curl
        run: |
          token=$(curl --silent --show-error --fail-with-body -H "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
            "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=$DAYPASS_SERVER" | sed 's/.*"value":"\([^"]*\)".*/\1/')
          value=$(curl --silent --show-error --fail-with-body --cacert "$DAYPASS_CA" -H "Authorization: Bearer $token" \
            -H 'Accept: text/plain' "$DAYPASS_SERVER/v1/secrets/shop/other.age")
          echo "::add-mask::$value"
          echo "by-curl=$value length=${#value}"
      - name: refused
        run: |
          daypass exec --env X=platform/root.age -- echo never 2>>"$REFUSALS" || echo "status=$?"
      - name: refused by default
        run: daypass exec --env X=platform/root.age -- echo never 2>>"$REFUSALS"
      - name: after it
        run: echo never
"#;

fn policy() -> String {
    format!(
        "issuer: github\nmatch: {{ repository: acme/shop@456789, ref: refs/heads/main, event: push }}
grant: {{ aws: [{{ role: \"{ROLE}\", ttl: 30m }}], secrets: [shop/**] }}\n"
    )
}

/// A repository with a remote, as act wants one.
fn repository(folder: &Path) {
    put(&folder.join(".github/workflows/deploy.yml"), WORKFLOW.as_bytes());
    crate::support::git(folder, &["init", "--quiet", "--initial-branch=main", "."]);
    crate::support::git(folder, &["remote", "add", "origin", "https://github.com/acme/shop.git"]);
    crate::support::commit(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_gets_aws_credentials_masked_secrets_and_the_reason_of_a_refusal() {
    let (Some(act), Some(_)) = (peer("act"), peer("curl")) else { return };
    let Some(emulator) = Emulator::start("ministack").await else { return };
    let aws = format!("aws: {{ mode: web-identity, regions: [us-east-1], endpoint: \"{}\" }}\n", emulator.url);
    let world = World::start(Setup { policies: vec![("shop/deploy", policy())], aws, ..Setup::default() }).await;
    emulator.trust(&world, "deploy", "root/shop/deploy");
    let sealed = daypass::secrets::encrypt(b"correct-horse", std::slice::from_ref(&world.recipient), false).unwrap();
    let path = daypass::words::names::SecretPath::parse("db.yaml").unwrap();
    let now = daypass::words::UnixTime::from_seconds(1_800_000_000);
    let document = b"user: shop\npassword: tic-tac-toe\n";
    let document = daypass::secrets::encrypt_document(&path, document, std::slice::from_ref(&world.recipient), now).unwrap();
    world.commit_and_wait(&[("secrets/shop/other.age", &sealed), ("secrets/shop/db.yaml", &document)]).await;
    repository(&world.path("shop"));
    put(&world.path("home/.config/act/actrc"), b"");

    let path = daypass::client::environment::Environment::of_process().value("PATH").unwrap_or_default().to_owned();
    let folders = [Path::new(env!("CARGO_BIN_EXE_daypass")).parent().unwrap(), emulator.cli.parent().unwrap()];
    let mut command = tokio::process::Command::new(act);
    command.args(["push", "-P", "ubuntu-latest=-self-hosted"]).current_dir(world.path("shop"));
    command.env("HOME", world.path("home")).env("XDG_CACHE_HOME", world.path("home/.cache"));
    command.env("PATH", format!("{}:{}:{path}", folders[0].display(), folders[1].display()));
    let [url, token] = world.issuer.job_environment("push");
    for (name, value) in [
        url,
        token,
        ("DAYPASS_SERVER", world.url("")),
        ("DAYPASS_CA", world.path("tls.crt").display().to_string()),
        // On a busy machine act loses the last lines of a failing step, so the errors are written to a file.
        ("REFUSALS", world.path("refusals").display().to_string()),
        ("AWS_ENDPOINT_URL", emulator.url.clone()),
        ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ] {
        command.arg("--env").arg(format!("{name}={value}"));
    }
    let output = command.output().await.unwrap();
    let log = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    println!("{log}");

    let released: Vec<_> = world.audit().into_iter().filter(|entry| entry.kind == "released").collect();
    assert_eq!(released.len(), 3, "{log}");
    let session = format!("session=arn:aws:sts::000000000000:assumed-role/deploy/{}", released[0].decision.as_deref().unwrap());
    for expected in [&session, "password=***", "leaf=***", "by-curl=*** length=13", "status=125"] {
        assert!(log.contains(expected), "{expected}: {log}");
    }
    assert!(!log.contains("hunter2") && !log.contains("tic-tac-toe") && !log.contains("correct-horse"), "{log}");
    let refused: Vec<_> = world.audit().into_iter().filter(|entry| entry.kind == "refused").collect();
    assert_eq!(refused.len(), 2, "{log}");
    let refusals = std::fs::read_to_string(world.path("refusals")).unwrap();
    for entry in refused {
        let decision = format!("decision: {}", entry.decision.unwrap());
        for expected in ["(no_matching_policy)", "hint: Show the decision id to the operator", &decision] {
            assert!(refusals.contains(expected), "{expected}: {refusals}");
        }
    }
    assert!(!output.status.success() && !log.contains("| never"), "a refused step ends its job: {log}");
}
