//! How the action ends its credentials after kills and cancellations. Node.js runs it without act, with the files that a runner provides.

use super::{Stage, root};
use crate::relying_party::{acceptor, serve};
use crate::support::{START_MAX, peer, put};
use serde_json::json;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const FILES: [&str; 5] = ["GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"];

/// A step as a runner starts it.
struct Step<'a> {
    stage: &'a Stage,
    node: PathBuf,
    folder: PathBuf,
}

impl<'a> Step<'a> {
    fn new(stage: &'a Stage) -> Option<Self> {
        let folder = stage.world.path("runner");
        std::fs::create_dir_all(folder.join("temp")).unwrap();
        FILES.iter().for_each(|name| put(&folder.join(name), b""));
        Some(Self { stage, node: peer("node")?, folder })
    }

    fn command(&self, file: &str, inputs: &[(&str, &str)]) -> Command {
        let mut command = Command::new(&self.node);
        command.arg(root().join("deploy/github-action").join(file)).current_dir(&self.folder).env_clear();
        command.envs(self.stage.machine()).envs(self.stage.world.issuer.job_environment("push"));
        command.env("GITHUB_ACTIONS", "true").env("RUNNER_TEMP", self.folder.join("temp"));
        command.env("INPUT_SERVER", self.stage.world.url("")).env("INPUT_CA", self.stage.world.path("tls.crt"));
        command.env("INPUT_BINARY", env!("CARGO_BIN_EXE_daypass"));
        command.envs(FILES.iter().map(|name| (name, self.folder.join(name))));
        command.envs(inputs.iter().map(|(name, value)| (format!("INPUT_{name}"), value)));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The folder that `main` saved for `post`.
    fn state(&self) -> String {
        let state = self.text("GITHUB_STATE");
        let mut lines = state.lines();
        assert!(lines.next().unwrap().starts_with("folder<<"), "{state}");
        lines.next().unwrap().to_owned()
    }

    fn post(&self, folder: &str) -> (String, bool) {
        outcome_of(&self.command("post.js", &[]).env("STATE_folder", folder).output().unwrap())
    }

    fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.join(file)).unwrap()
    }

    fn until_nothing_is_left(&self, message: &str) {
        let started = Instant::now();
        while self.stage.tokens_left() > 0 {
            assert!(started.elapsed() < START_MAX, "{message}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn outcome_of(output: &Output) -> (String, bool) {
    (String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr), output.status.success())
}

fn signal(kind: &str, id: &str) {
    assert!(Command::new("kill").args([kind, id]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_end_with_the_process_that_holds_them_and_the_post_step_fails_no_job() {
    let stage = Stage::without_aws().await;
    let Some(step) = Step::new(&stage) else { return };
    let (output, good) = outcome_of(&step.command("main.js", &[("GITHUB", "true")]).output().unwrap());
    assert!(good && stage.tokens_left() == 1, "{output}");
    assert!(step.text("GITHUB_ENV").contains("GH_TOKEN<<daypass_"), "{output}");
    let folder = step.state();
    let keeper = std::fs::read_to_string(format!("{folder}/held")).unwrap();
    signal("-KILL", keeper.trim());
    step.until_nothing_is_left(&output);
    let (output, good) = step.post(&folder);
    assert!(good && output.contains("at the end: 1 revoked") && !output.contains("::warning"), "{output}");
    assert!(!PathBuf::from(&folder).exists(), "{output}");
    assert!(step.text("GITHUB_STEP_SUMMARY").contains("granted by shop/deploy: github"), "{output}");

    // The holder and its report are both gone, so nothing is known about the credentials.
    let killed = step.folder.join("temp/daypass-killed");
    put(&killed.join("held"), keeper.as_bytes());
    let (output, good) = step.post(killed.to_str().unwrap());
    assert!(good && output.contains("::warning title=daypass::the process that held the credentials is gone"), "{output}");

    // An earlier step may have written anything into the folder.
    let hostile = step.folder.join("temp/daypass-x");
    let lines =
        "{\"ended\":{\"failed\":[\"x\\n::set-env name=A::b\"]}}\n[]\nnull\n{\"granted\":\"::stop-commands::x\"}\nnot json\n";
    put(&hostile.join("report"), lines.as_bytes());
    put(&hostile.join("log"), b"::add-path::/tmp\n##[set-output name=a]b\n");
    let (output, good) = step.post(hostile.to_str().unwrap());
    let is_command =
        |line: &str| line.contains("##[") || (line.starts_with("::") && !line.starts_with("::warning title=daypass::"));
    assert!(good && !output.lines().any(is_command), "{output}");
    for nothing in ["", "/etc", "/nonexistent/daypass-x"] {
        assert_eq!(step.post(nothing), (String::new(), true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_is_cancelled_ends_its_command_and_leaves_no_token() {
    let stage = Stage::without_aws().await;
    let Some(step) = Step::new(&stage) else { return };
    let mut main = step.command("main.js", &[("GITHUB", "true"), ("RUN", "touch began\nexec sleep 600")]).spawn().unwrap();
    let started = Instant::now();
    while !step.folder.join("began").exists() {
        assert!(started.elapsed() < START_MAX && main.try_wait().unwrap().is_none(), "it ended before its command began");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(stage.tokens_left(), 1);
    signal("-TERM", &main.id().to_string());
    let (output, good) = outcome_of(&main.wait_with_output().unwrap());
    assert!(!good && stage.tokens_left() == 0, "{output}");
    let (output, good) = step.post(&step.state());
    assert!(good && output.contains("1 revoked"), "{output}");
}

/// A profile takes precedence over exported keys, so a later step would use other credentials.
#[tokio::test(flavor = "multi_thread")]
async fn a_variable_that_takes_precedence_over_ours_is_refused() {
    let Some(stage) = Stage::start().await else { return };
    let Some(step) = Step::new(&stage) else { return };
    let mut main = step.command("main.js", &[("AWS", "true"), ("GITHUB", "true")]);
    let (output, good) = outcome_of(&main.env("AWS_PROFILE", "somebody-elses").output().unwrap());
    assert!(!good && output.contains("::error title=daypass::AWS_PROFILE: set in this job"), "{output}");
    assert_eq!(step.text("GITHUB_ENV"), "", "{output}");
    let (output, good) = step.post(&step.state());
    assert!(good && stage.tokens_left() == 0, "{output}");
    // A dry run issues nothing, and needs a command.
    let dry = [("GITHUB", "true"), ("DRY-RUN", "true"), ("RUN", "echo as-always")];
    let (output, good) = outcome_of(&step.command("main.js", &dry).output().unwrap());
    assert!(good && output.contains("WOULD BE GRANTED") && output.contains("as-always"), "{output}");
    let (output, good) = outcome_of(&step.command("main.js", &dry[..2]).output().unwrap());
    assert!(!good && output.contains("--dry-run: for `run` alone") && stage.tokens_left() == 0, "{output}");
    // The program is a release of the action's own repository.
    let mut main = step.command("main.js", &[("BINARY", ""), ("VERSION", "0.1.0"), ("SHA256", &stage.digest)]);
    main.env("GITHUB_SERVER_URL", stage.url.replace("/daypass", "")).env("GITHUB_ACTION_REPOSITORY", "acme/daypass");
    let (output, good) = outcome_of(&main.env("EVIDENCE", step.folder.join("evidence")).output().unwrap());
    assert!(good && step.text("GITHUB_ENV").contains("DAYPASS_SERVER<<daypass_"), "{output}");
    let bin = step.text("GITHUB_PATH");
    assert!(PathBuf::from(bin.trim()).join("daypass").exists(), "{bin}");
}

/// A compromised server answers with commands for the runner.
#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_a_server_is_a_runner_command() {
    let stage = Stage::without_aws().await;
    let Some(step) = Step::new(&stage) else { return };
    let text =
        "No.\n::stop-commands::x\r::add-path::/tmp\n  ::set-env name=A::b\n##[set-output name=decision]x\u{2028}::error::y";
    let problem =
        json!({ "detail": text, "code": text, "hint": text, "decision_id": text, "title": text, "type": text, "status": 403 });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let answer = move || async move { (axum::http::StatusCode::FORBIDDEN, axum::Json(problem.clone())) };
    let router = axum::Router::new().route("/v1/exchange", axum::routing::post(answer));
    tokio::spawn(serve(listener, acceptor(stage.world.folder.path()), router));
    for inputs in [&[("GITHUB", "true")][..], &[("GITHUB", "true"), ("RUN", "true")]] {
        let (output, good) = outcome_of(&step.command("main.js", inputs).env("INPUT_SERVER", &server).output().unwrap());
        let ours = ["::error title=daypass::", "::notice title=daypass::"];
        let is_command = |line: &str| line.trim_start().starts_with("::") && !ours.iter().any(|own| line.starts_with(own));
        let lines: Vec<&str> = output.split(['\n', '\r', '\u{2028}']).collect();
        assert!(!good && output.contains("stop-commands"), "{output}");
        assert!(!output.contains("##[") && !lines.iter().any(|line| is_command(line)), "{output}");
        assert!(!step.text("GITHUB_OUTPUT").contains("stop-commands") && step.text("GITHUB_ENV").is_empty());
    }
}
