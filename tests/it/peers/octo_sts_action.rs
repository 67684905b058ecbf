//! octo-sts/action's own scripts, unmodified, as a runner starts them: `index.js` gets a token from us, and `post.js` revokes it at the
//! stand-in for GitHub. No registry has them, so they are read from the folder of corpora (`octo-sts-action.tar.gz`: the repository's
//! files in a folder `octo-sts-action`), and the tests are ignored by default.

use super::action::Runner;
use crate::corpora::unpack;
use crate::github::AtGitHub;
use crate::support::{Setup, World};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Output;

const POLICY: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant:
  github: { app: acme, repositories: [\"{repository}\", acme/site@2], permissions: { contents: write, issues: read } }
";

struct Scene {
    github: AtGitHub,
    world: World,
    action: PathBuf,
    _unpacked: tempfile::TempDir,
}

impl Scene {
    async fn start() -> Self {
        let (unpacked, folder) = unpack("octo-sts-action").unwrap();
        let github = AtGitHub::start(&[]).await;
        let setup = Setup {
            policies: vec![("acme/shop/ci", POLICY.to_owned())],
            // The Action asks the runner for a token whose audience is its `domain` as it stands.
            audience: Some("localhost:{port}"),
            more: github.section() + "        repositories_of: github\n",
            files: github.files(),
            ..Setup::default()
        };
        Self { world: World::start(setup).await, github, action: folder.join("octo-sts-action"), _unpacked: unpacked }
    }

    /// Its main step, with the inputs of its action.yml.
    async fn main(&self, runner: &Runner<'_>, identity: &str) -> Output {
        let domain = format!("localhost:{}", self.world.port);
        let inputs = [("DOMAIN", domain.as_str()), ("SCOPE", "acme/shop"), ("IDENTITY", identity)];
        runner.step(&self.action.join("index.js"), &inputs).output().await.unwrap()
    }

    /// Its post step. `post.js` knows the address https://api.github.com alone, so that host is the stand-in for it.
    async fn post(&self, runner: &Runner<'_>) -> Output {
        let port = self.github.stand_in.url.rsplit(':').next().unwrap();
        let hook = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/api_github_com.js");
        let mut command = runner.post_step(&self.action.join("post.js"));
        command.env("NODE_OPTIONS", format!("--require \"{}\"", hook.display())).env("GITHUB_STAND_IN_PORT", port);
        command.env("NODE_EXTRA_CA_CERTS", self.world.path("github.crt")).output().await.unwrap()
    }
}

fn texts(output: &Output) -> (String, String) {
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the Action's files, which no registry has, in the folder of DAYPASS_CORPORA"]
async fn octo_stss_action_gets_a_token_and_its_post_step_revokes_it() {
    let scene = Scene::start().await;
    let Some(runner) = Runner::new(&scene.world) else { return };
    let done = scene.main(&runner, "ci").await;
    let (stdout, stderr) = texts(&done);
    assert!(done.status.success(), "{stdout}{stderr}");
    let output = runner.text("OUTPUT");
    let token = output.strip_prefix("token=").unwrap();
    assert!(stdout.contains(&format!("::add-mask::{token}\n")), "{stdout}");
    scene.github.stand_in.with(|github| {
        assert_eq!(github.tokens.get(token), Some(&false), "made, and not revoked");
        assert_eq!(github.asked.last().unwrap().body["repository_ids"], json!([456_789]), "for its scope alone");
    });

    let done = scene.post(&runner).await;
    let (stdout, stderr) = texts(&done);
    assert!(done.status.success() && stdout == "Token was revoked!\n", "{stdout}{stderr}");
    assert_eq!(scene.github.stand_in.paths("DELETE"), ["/installation/token"]);
    assert_eq!(scene.github.stand_in.with(|github| github.tokens.get(token).copied()), Some(true));
}

/// It tries three times, whatever the answer is, and prints each.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the Action's files, which no registry has, in the folder of DAYPASS_CORPORA"]
async fn octo_stss_action_prints_why_it_gets_no_token() {
    let scene = Scene::start().await;
    let Some(runner) = Runner::new(&scene.world) else { return };
    let done = scene.main(&runner, "other").await;
    let (stdout, stderr) = texts(&done);
    assert_eq!(done.status.code(), Some(1), "{stdout}{stderr}");
    assert!(stdout.contains("::error::"), "{stdout}");
    assert_eq!(stderr.matches("status: 403").count(), 3, "{stderr}");
    assert_eq!(stderr.matches("(no_matching_policy, decision ").count(), 3, "{stderr}");
    assert!(scene.github.stand_in.with(|github| github.tokens.is_empty()) && runner.text("STATE").is_empty());
}
