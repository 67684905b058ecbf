//! The environment of a pipeline: a server with policies, clouds, and an address from which the program is downloaded.

use super::{AWKWARD, COMMIT, HOSTILE, copy, root};
use crate::github::AtGitHub;
use crate::peers::aws::Emulator;
use crate::relying_party::{acceptor, serve};
use crate::support::{Setup, World, peer, put};
use daypass::client::environment::Environment;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

const POLICY: &str = "owners: [team-shop]
issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant:
  aws: [{ role: \"arn:aws:iam::000000000000:role/deploy\", ttl: 30m }]
  secrets: [shop/**]
  github: [{ app: acme, repositories: [\"{repository}\"], permissions: { contents: read } }]
  id_token: { audience: https://kubernetes.acme.com, ttl: 10m }
";

/// The same for a project of GitLab. The subject of the cluster's token is this policy.
const GITLAB: &str = "owners: [team-shop]
issuer: gitlab
match: { repository: acme/shop@20, ref: refs/heads/main, ref_protected: true, event: push }
grant:
  aws: [{ role: \"arn:aws:iam::000000000000:role/gitlab\", ttl: 30m }]
  secrets: [shop/**]
  id_token: { audience: https://kubernetes.acme.com, ttl: 10m }
";

const GH: &str = "#!/bin/sh
echo \"gh=$* $GH_TOKEN$ACTIONS_ID_TOKEN_REQUEST_TOKEN\" >>\"$EVIDENCE\"
[ -z \"$GH_REFUSES\" ] || { echo 'no attestation' >&2; exit 1; }
";

const ISSUERS: &str = "  - name: gitlab
    mapping: gitlab
    issuer: {issuer}
    audiences: [\"https://localhost:{port}/gitlab\"]
    addresses: [127.0.0.0/8]
";

pub(super) struct Stage {
    emulator: Option<Emulator>,
    pub(super) github: AtGitHub,
    pub(super) world: World,
    /// Where the program is downloaded, and its digest.
    pub(super) url: String,
    pub(super) digest: String,
}

impl Stage {
    /// `None`, with a message, if a peer is missing.
    pub(super) async fn start() -> Option<Self> {
        let stage = Self::build(Some(Emulator::start("ministack").await?)).await;
        for (role, subject) in [("deploy", "root/shop/deploy"), ("gitlab", "root/shop/gitlab")] {
            stage.emulator().trust(&stage.world, role, subject);
            stage.emulator().allow(role, &["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"]);
        }
        stage.emulator().administer(&["s3api", "create-bucket", "--bucket", "releases"]);
        Some(stage)
    }

    /// For tests that ask for no AWS session.
    pub(super) async fn without_aws() -> Self {
        Self::build(None).await
    }

    pub(super) fn emulator(&self) -> &Emulator {
        self.emulator.as_ref().unwrap()
    }

    async fn build(emulator: Option<Emulator>) -> Self {
        let endpoint = emulator.as_ref().map_or("http://127.0.0.1:1", |emulator| emulator.url.as_str());
        let github = AtGitHub::start(&[]).await;
        let world = World::start(Setup {
            policies: vec![("shop/deploy", POLICY.to_owned()), ("shop/gitlab", GITLAB.to_owned())],
            issuers: ISSUERS.to_owned(),
            aws: format!("aws: {{ mode: web-identity, regions: [us-east-1], endpoint: \"{endpoint}\" }}\n"),
            more: github.section() + "        repositories_of: github\n",
            files: github.files(),
            ..Setup::default()
        })
        .await;
        let seal =
            |text: &str| daypass::secrets::encrypt(text.as_bytes(), std::slice::from_ref(&world.recipient), false).unwrap();
        let path = daypass::words::names::SecretPath::parse("production/db.yaml").unwrap();
        let now = daypass::words::UnixTime::from_seconds(1_800_000_000);
        let document = b"user: shop\npassword: tic-tac-toe\n";
        let document = daypass::secrets::encrypt_document(&path, document, std::slice::from_ref(&world.recipient), now).unwrap();
        let account = seal("{\"key\": {\"private\": \"inner-leaf-value\"}}");
        let (hostile, awkward) = (seal(HOSTILE), seal(AWKWARD));
        let files: [(&str, &[u8]); 4] = [
            ("secrets/shop/production/db.yaml", &document),
            ("secrets/shop/account.age", &account),
            ("secrets/shop/hostile.age", &hostile),
            ("secrets/shop/awkward.age", &awkward),
        ];
        world.commit_and_wait(&files).await;
        let authorities = ["tls.crt", "github.crt"].map(|name| std::fs::read(world.path(name)).unwrap()).concat();
        std::fs::write(world.path("authorities.pem"), authorities).unwrap();
        // A stand-in for GitHub's command line, which no registry has. It records its arguments.
        put(&world.path("tools/gh"), GH.as_bytes());
        std::fs::set_permissions(world.path("tools/gh"), std::fs::Permissions::from_mode(0o755)).unwrap();
        let (url, digest) = downloads(&world).await;
        Self { emulator, github, world, url, digest }
    }

    /// The tokens of the GitHub App that are not revoked.
    pub(super) fn tokens_left(&self) -> usize {
        self.github.stand_in.with(|world| world.tokens.values().filter(|revoked| !**revoked).count())
    }

    /// The environment of a runner: tools, authorities, and the address of AWS. It has no settings of this machine.
    pub(super) fn machine(&self) -> BTreeMap<&'static str, String> {
        let path = Environment::of_process().value("PATH").unwrap_or_default().to_owned();
        let tools: Vec<PathBuf> =
            peer("kubectl").into_iter().chain(self.emulator.as_ref().map(|emulator| emulator.cli.clone())).collect();
        let folders: Vec<String> = tools.iter().map(|tool| tool.parent().unwrap().display().to_string()).collect();
        let text = |path: PathBuf| path.display().to_string();
        let authorities = text(self.world.path("authorities.pem"));
        BTreeMap::from([
            ("PATH", format!("{}:{}:{path}", text(self.world.path("tools")), folders.join(":"))),
            ("HOME", text(self.world.path("home"))),
            ("SSL_CERT_FILE", authorities.clone()),
            ("CURL_CA_BUNDLE", authorities),
            ("AWS_ENDPOINT_URL", self.emulator.as_ref().map_or_else(String::new, |emulator| emulator.url.clone())),
            ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ])
    }

    /// Whether this machine has a program that no registry has. Prints a message if not.
    pub(super) fn has(&self, program: &str) -> bool {
        let found = self.machine()["PATH"].split(':').any(|folder| Path::new(folder).join(program).is_file());
        if !found {
            println!("not here, and in no registry: {program}");
        }
        found
    }

    /// Runs a shell's script with only the environment of `machine` and these variables.
    pub(super) fn shell(&self, shell: &str, script: &Path, folder: &Path, variables: &[(&str, String)]) -> Output {
        let mut command = std::process::Command::new(shell);
        command
            .arg(script)
            .current_dir(folder)
            .env_clear()
            .envs(self.machine())
            .envs(variables.iter().map(|(name, value)| (name, value)));
        command.output().unwrap()
    }

    /// Replaces an example's server and program by those of this test.
    pub(super) fn localized(&self, text: &str) -> String {
        let (url, digest) = (format!("url: {}", self.url), &self.digest);
        let release = "https://github.com/acme/daypass/releases/download/v0.1.0/daypass-0.1.0-linux-amd64";
        assert!(text.contains("https://daypass.acme.com") && text.contains(&"0".repeat(64)), "{text}");
        text.replace("https://daypass.acme.com", &self.world.url(""))
            .replace(&"0".repeat(64), digest)
            .replace("version: 0.1.0\n", &format!("{url}\n"))
            .replace(release, &self.url)
    }

    /// Runs this workflow with act for a push. Returns the whole log, and whether it succeeded.
    pub(super) async fn act(&self, act: &Path, workflow: &str) -> (String, bool) {
        let (repository, action) = (self.world.path("shop"), self.world.path("action"));
        put(&repository.join(".github/workflows/deploy.yml"), workflow.as_bytes());
        if !repository.join(".git").exists() {
            crate::support::git(&repository, &["init", "--quiet", "--initial-branch=main", "."]);
            crate::support::git(&repository, &["remote", "add", "origin", "https://github.com/acme/shop.git"]);
        }
        crate::support::commit(&repository);
        for folder in ["deploy/github-action", "deploy/shell"] {
            copy(&root().join(folder), &action.join(folder));
        }
        put(&self.world.path("home/.config/act/actrc"), b"");
        let mut command = tokio::process::Command::new(act);
        command.args(["push", "-P", "ubuntu-latest=-self-hosted", "--local-repository"]);
        command.arg(format!("acme/daypass@{COMMIT}={}", action.display())).current_dir(&repository).env_clear();
        command.envs(self.machine()).env("XDG_CACHE_HOME", self.world.path("home/.cache"));
        let place = |name: &str| self.world.path(name).display().to_string();
        let [url, token] = self.world.issuer.job_environment("push");
        let job = [("DAYPASS_CA", place("tls.crt")), ("EVIDENCE", place("evidence")), url, token];
        for (name, value) in self.machine().into_iter().filter(|(name, _)| !["HOME", "PATH"].contains(name)).chain(job) {
            command.arg("--env").arg(format!("{name}={value}"));
        }
        let output = command.output().await.unwrap();
        let log = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        println!("{log}");
        (log, output.status.success())
    }

    /// What the steps of a workflow wrote to `$EVIDENCE`, because act may lose the last lines of a failing step.
    pub(super) fn evidence(&self) -> String {
        std::fs::read_to_string(self.world.path("evidence")).unwrap_or_default()
    }
}

/// The path of the program for this processor in a release, as `deploy/dist` names it.
fn released() -> String {
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    format!("download/v0.1.0/daypass-0.1.0-linux-{arch}")
}

/// Serves the program, and returns its address and digest. It is a script that calls the real one, which is too large to download in
/// every test.
async fn downloads(world: &World) -> (String, String) {
    let program = format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_daypass"));
    std::fs::write(world.path("program"), &program).unwrap();
    let digest = std::process::Command::new("sha256sum").arg(world.path("program")).output().unwrap();
    let digest = String::from_utf8(digest.stdout).unwrap()[..64].to_owned();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/daypass", listener.local_addr().unwrap().port());
    let program = move || async move { program.clone() };
    let router = axum::Router::new().route("/daypass", axum::routing::get(program.clone()));
    let router = router.route(&format!("/acme/daypass/releases/{}", released()), axum::routing::get(program));
    tokio::spawn(serve(listener, acceptor(world.folder.path()), router));
    (url, digest)
}
