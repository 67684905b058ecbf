//! schemathesis reads the API's description from the server and compares the server with it, by valid and invalid generated requests,
//! with a token and without.

use crate::support::{Setup, World, peer};
use daypass::secrets::encrypt_document;
use daypass::words::names::SecretPath;
use daypass::words::{Clock as _, SystemClock, UnixTime};
use serde_json::json;
use std::path::Path;
use std::time::Duration;
use tokio::process::Command;

/// How many requests are generated for each operation, besides the examples of the description.
const EXAMPLES: &str = "10";
/// Each request is a durable record: some seconds where the disk is idle, minutes where it is not.
const RUN_MAX: Duration = Duration::from_secs(900);
/// Seconds for one answer. The default of "all checks" is 10 s, but a machine or a disk that is blocked for a while is no fault of the
/// server.
const ANSWER_MAX: &str = "60";
/// The token of a pod may be used repeatedly until it expires, so one is enough for all requests.
const ISSUER: &str = "  - { name: pods, mapping: kubernetes, issuer: \"{issuer}\", audiences: [\"https://pods.example\"], addresses: [127.0.0.0/8] }\n";
/// Grants what the description's examples ask for, except `deny`: a description cannot say which policies and repositories exist.
const POLICY: &str = "issuer: pods
match: { namespace: shop, service_account: web@u-1 }
grant:
  secrets: [shop/production/db.yaml#/password]
  daypass: [policy.replay, audit.read, secret.status]
";

async fn world() -> World {
    let world = World::start(Setup {
        policies: vec![("shop/deploy", POLICY.to_owned())],
        issuers: ISSUER.to_owned(),
        root: ", hook: { secret_file: hook }".to_owned(),
        files: vec![("hook", b"hooked".to_vec())],
        ..Setup::default()
    })
    .await;
    let path = SecretPath::parse("shop/production/db.yaml").unwrap();
    let recipients = std::slice::from_ref(&world.recipient);
    let sealed = encrypt_document(&path, b"password: hunter2\n", recipients, UnixTime::from_seconds(1_800_000_000)).unwrap();
    world.commit_and_wait(&[("secrets/shop/production/db.yaml", &sealed)]).await;
    world
}

fn token(world: &World) -> String {
    // The issuer's usual five minutes could end before the run does.
    let expires = SystemClock.now().seconds() + 2 * RUN_MAX.as_secs() as i64;
    let claims = json!({ "sub": "system:serviceaccount:shop:web", "jti": "one", "exp": expires,
        "kubernetes.io": { "namespace": "shop", "serviceaccount": { "name": "web", "uid": "u-1" }, "pod": { "name": "web-0", "uid": "u-2" } } });
    world.issuer.mint(claims.as_object().unwrap(), "https://pods.example").unwrap()
}

/// Runs every check. Panics with the output if one fails.
async fn run(world: &World, program: &Path, headers: &[String]) -> String {
    let mut command = Command::new(program);
    command.args(["run", &world.url("/v1/openapi.json"), "--url", &world.url(""), "--checks", "all", "--no-color"]);
    command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES]);
    command.args(["--generation-deterministic", "--continue-on-failure", "--warnings", "off"]);
    command.args(["--request-timeout", ANSWER_MAX, "--max-response-time", ANSWER_MAX, "--suppress-health-check", "too_slow"]);
    command.arg("--tls-verify").arg(world.path("tls.crt")).env("REQUESTS_CA_BUNDLE", world.path("tls.crt"));
    command.args(headers.iter().flat_map(|header| ["--header", header]));
    command.current_dir(world.folder.path()).env("HOME", world.folder.path()).kill_on_drop(true);
    let output = tokio::time::timeout(RUN_MAX, command.output()).await.unwrap().unwrap();
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{printed}\n{}", world.log(), output.status);
    printed
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_fits_its_description_with_a_token_and_without() {
    let Some(program) = peer("schemathesis") else { return };
    let world = world().await;
    let with_token = [format!("Authorization: Bearer {}", token(&world)), "X-Gitlab-Token: hooked".to_owned()];
    for headers in [&with_token[..], &[]] {
        let output = run(&world, &program, headers).await;
        println!("{}", output.lines().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n"));
    }
    let released = world.audit().into_iter().filter(|entry| entry.kind == "released").count();
    assert!(released > 1, "the examples are answered well: {released}");
    assert!(!world.log().contains("a panic;"), "{}", world.log());
}
