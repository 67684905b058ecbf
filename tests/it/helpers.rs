//! Credential helpers: what each gives its tool, and how each reports a denial: with the hint and the decision's ID, where the tool looks.

use crate::support::{DEPLOY, Setup, World, peer, until};
use daypass::demo::issuer::github_claims;
use serde_json::{Value, json};
use std::process::{Output, Stdio};
use tokio::io::AsyncWriteExt;

/// The audience that [`DEPLOY`] grants.
pub const AUDIENCE: &str = "https://partner.example";

/// A job's `daypass`.
fn daypass(world: &World, run: &str, arguments: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_daypass"));
    command.args(arguments).current_dir(world.folder.path()).env_remove("DAYPASS_TOKEN");
    command.env("DAYPASS_SERVER", world.url("")).env("DAYPASS_CA", world.path("tls.crt"));
    command.envs(world.issuer.job_environment(run));
    command
}

/// Runs `daypass` as a job, with something on its standard input.
pub async fn job(world: &World, run: &str, arguments: &[&str], input: &str, environment: &[(&str, &str)]) -> Output {
    let mut command = daypass(world, run, arguments);
    command.envs(environment.iter().copied());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    child.wait_with_output().await.unwrap()
}

pub fn texts(output: &Output) -> (String, String) {
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The claims of a token that our issuer signed for [`AUDIENCE`], by its published keys.
pub async fn verified(world: &World, token: &str) -> Value {
    let jwks = world.http.get(world.url("/id-tokens/.well-known/jwks.json")).send().await.unwrap().json().await.unwrap();
    crate::relying_party::verify(&jwks, &world.url("/id-tokens"), AUDIENCE, token).unwrap()
}

/// Asserts that a text has the code, the hint and the ID of the newest recorded refusal.
pub fn check_denial(world: &World, text: &str) {
    let refused = world.audit().into_iter().rfind(|entry| entry.kind == "refused").unwrap();
    for words in ["no_matching_policy", "Show the decision id to the operator", &refused.decision.unwrap()] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

/// Writes a file of registries with the secret that every world has.
fn registries(world: &World) {
    std::fs::write(world.path("daypass.docker.yaml"), "registries:\n  r.example: { username: ci, secret: shop/password.age }\n")
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_helper_and_curl_show_a_denials_hint_and_decision_where_the_tool_looks() {
    let world = World::start(Setup::default()).await;
    registries(&world);
    let git = ["credential", "git", "--host", "h.example", "--username", "ci", "--secret", "shop/password.age", "get"];
    let docker = ["credential", "docker", "--registries", "daypass.docker.yaml", "get"];
    let cases: [(&[&str], &str, i32, bool); 7] = [
        (&["credential", "aws", "--role", "arn:aws:iam::123456789012:role/x"], "", 77, false),
        (&["credential", "kubernetes", "--audience", AUDIENCE], "", 77, false),
        (&git, "protocol=https\nhost=h.example\n\n", 77, false),
        (&docker, "r.example\n", 1, true),
        (&["credential", "gcp", "--audience", AUDIENCE], "", 0, true),
        (&["exec", "--azure-token", AUDIENCE, "--", "true"], "", 125, false),
        (&["exec", "--file", "x=shop/password.age", "--refresh", "--", "true"], "", 125, false),
    ];
    for (arguments, input, status, on_stdout) in cases {
        let output = job(&world, "pull", arguments, input, &[]).await;
        let (out, fault) = texts(&output);
        println!("{arguments:?} {:?}\n  out: {out}\n  err: {fault}", output.status.code());
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        let (printed, silent) = if on_stdout { (&out, &fault) } else { (&fault, &out) };
        check_denial(&world, printed);
        let expected = if arguments[1] == "git" { "quit=1\n\n" } else { "" };
        assert_eq!(silent, expected, "{arguments:?}");
    }
    let Some(curl) = peer("curl") else { return };
    let bearer = format!("Authorization: Bearer {}", world.token_with(github_claims("pull_request", "refs/pull/7/merge")));
    let output = tokio::process::Command::new(curl)
        .args(["--silent", "--show-error", "--fail-with-body", "--cacert"])
        .arg(world.path("tls.crt"))
        .args(["-H", &bearer, "-H", "Accept: text/plain", &world.url("/v1/secrets/shop/password.age")])
        .output()
        .await
        .unwrap();
    let (out, fault) = texts(&output);
    check_denial(&world, &out);
    assert_eq!(output.status.code(), Some(22), "{fault}");
    println!("curl: {out}{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_setup_is_reported_in_each_tools_own_form() {
    let world = World::start(Setup::default()).await;
    let nobody = [("ACTIONS_ID_TOKEN_REQUEST_URL", ""), ("GITHUB_ACTIONS", "true")];
    registries(&world);
    let docker = ["credential", "docker", "--registries", "daypass.docker.yaml", "get"];
    let (out, _) = texts(&job(&world, "push", &docker, "r.example", &nobody).await);
    assert!(out.contains("id-token: write"), "{out}");
    let (out, fault) = texts(&job(&world, "push", &["credential", "gcp", "--audience", AUDIENCE], "", &nobody).await);
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert!(answer["success"] == false && answer["message"].as_str().unwrap().contains("id-token: write"), "{out}{fault}");
    let old = json!({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1alpha1"}).to_string();
    let kubernetes = ["credential", "kubernetes", "--audience", AUDIENCE];
    let output = job(&world, "push", &kubernetes, "", &[("KUBERNETES_EXEC_INFO", &old)]).await;
    assert!(output.status.code() == Some(64) && texts(&output).1.contains("exec.apiVersion"), "{output:?}");
    let output = job(&world, "push", &["exec", "--refresh", "--env", "X=shop/password.age", "--", "true"], "", &[]).await;
    assert!(output.status.code() == Some(64) && texts(&output).1.contains("--refresh renews"), "{output:?}");
    let used = world.audit().iter().filter(|entry| ["intended", "released"].contains(&entry.kind.as_str())).count();
    assert_eq!(used, 0, "nothing was asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn dockers_helper_is_a_link_that_takes_its_registries_from_a_file() {
    let world = World::start(Setup::default()).await;
    let link = world.path("docker-credential-daypass");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_daypass"), &link).unwrap();
    std::fs::create_dir(world.path(".docker")).unwrap();
    std::fs::write(
        world.path(".docker/daypass.yaml"),
        format!("registries:\n  r.example:5000: {{ username: ci, secret: shop/password.age }}\n  t.example: {{ username: token, audience: \"{AUDIENCE}\" }}\n"),
    )
    .unwrap();
    let call = async |action: &str, input: &str| {
        let mut command = tokio::process::Command::new(&link);
        command.arg(action).env("HOME", world.folder.path()).env("DAYPASS_SERVER", world.url(""));
        command.env_remove("DOCKER_CONFIG").env("DAYPASS_CA", world.path("tls.crt")).envs(world.issuer.job_environment("push"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        let output = child.wait_with_output().await.unwrap();
        (output.status.code().unwrap(), texts(&output).0)
    };
    let (status, out) = call("get", "https://r.example:5000\n").await;
    let answer: Value = serde_json::from_str(&out).unwrap();
    let expected = json!({"ServerURL": "https://r.example:5000", "Username": "ci", "Secret": "hunter2"});
    assert_eq!((status, &answer), (0, &expected));
    let (_, out) = call("get", "t.example").await;
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(verified(&world, answer["Secret"].as_str().unwrap()).await["sub"], "root/shop/deploy");
    let not_found = "credentials not found in native keychain\n".to_owned();
    assert_eq!(call("get", "other.example").await, (1, not_found.clone()));
    assert_eq!(call("get", "http://r.example:5000").await, (1, not_found));
    assert_eq!(call("list", "").await, (0, "{\"r.example:5000\":\"ci\",\"t.example\":\"token\"}\n".to_owned()));
    let kept = json!({"ServerURL": "r.example:5000", "Username": "x", "Secret": "y"}).to_string();
    assert_eq!(call("store", &kept).await, (0, String::new()));
    assert_eq!(call("erase", "r.example:5000").await, (0, String::new()));
    assert_eq!(world.audit().iter().filter(|entry| entry.kind == "released").count(), 2);
}

/// Prints the modes of the file and its folder, its path, and its content before and after a renewal.
const READ_TWICE: &str = "f=$AZURE_FEDERATED_TOKEN_FILE; stat -c '%a' $f $(dirname $f); echo $f; first=$(cat $f); echo $first
tries=0; while [ \"$(cat $f)\" = \"$first\" ] && [ $tries -lt 2400 ]; do sleep 0.1; tries=$((tries+1)); done; cat $f; echo";

#[tokio::test(flavor = "multi_thread")]
async fn the_azure_token_file_is_private_kept_fresh_and_gone_at_the_end() {
    let world = World::start(Setup::default()).await;
    let arguments = ["exec", "--azure-token", AUDIENCE, "--refresh-before", "595s", "--", "sh", "-c", READ_TWICE];
    let (out, fault) = texts(&job(&world, "push", &arguments, "", &[("GITHUB_ACTIONS", "true")]).await);
    let lines: Vec<&str> = out.lines().collect();
    let [mode, folder_mode, path, first, second] = lines[..] else { panic!("{out}{fault}") };
    assert_eq!((mode, folder_mode), ("600", "700"));
    assert_ne!(first, second, "the file is renewed 595 s before the end of its 600 s");
    let (first_claims, second_claims) = (verified(&world, first).await, verified(&world, second).await);
    assert!(second_claims["exp"].as_i64() > first_claims["exp"].as_i64() && first_claims["sub"] == second_claims["sub"]);
    assert!([first, second].iter().all(|token| fault.contains(&format!("::add-mask::{token}\n"))), "{fault}");
    assert!(!std::path::Path::new(path).parent().unwrap().exists(), "the folder is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_renewal_keeps_the_last_good_file_and_reports_why() {
    let world = World::start(Setup::default()).await;
    let script = "touch begun; while [ ! -e denied ]; do sleep 0.1; done; while [ ! -e refused ]; do sleep 0.1; done; cat $AZURE_FEDERATED_TOKEN_FILE";
    let arguments = ["exec", "--azure-token", AUDIENCE, "--refresh-before", "595s", "--", "sh", "-c", script];
    let reported = || std::fs::read_to_string(world.path("reported")).unwrap();
    let narrowed = async {
        until("its command begins", async || world.path("begun").exists()).await;
        let elsewhere = DEPLOY.replace("refs/heads/main", "refs/heads/release");
        world.commit_and_wait(&[("policies/shop/deploy.yaml", elsewhere.as_bytes())]).await;
        std::fs::write(world.path("denied"), "").unwrap();
        until("it reports the denial", async || reported().contains("could not be renewed")).await;
        std::fs::write(world.path("refused"), "").unwrap();
    };
    let mut command = daypass(&world, "push", &arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(std::fs::File::create(world.path("reported")).unwrap());
    let job = command.kill_on_drop(true).spawn().unwrap();
    let (output, ()) = tokio::join!(job.wait_with_output(), narrowed);
    let (out, fault) = (texts(&output.unwrap()).0, reported());
    assert_eq!(verified(&world, out.trim()).await["aud"], AUDIENCE, "{fault}");
    check_denial(&world, &fault);
    assert!(fault.contains("the Azure token could not be renewed, the last good state stays"), "{fault}");
}
