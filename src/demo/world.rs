//! The demo's surroundings in a temporary folder: repository, keys, certificate, configuration, issuer and server.

use super::DemoError;
use super::aws::Emulator;
use super::issuer::{LocalIssuer, github_claims};
use super::print::{paragraph, show};
use crate::secrets::{RepositoryPath, encrypt_at};
use crate::words::Clock;
use age::secrecy::ExposeSecret;
use anstyle::{AnsiColor, Reset, Style};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The server has started long before this on the slowest machine that we saw (0.4 s).
const START_MAX: Duration = Duration::from_secs(20);

/// The policy that the demo adds after the denial.
const PREVIEW_POLICY: &str = "description: Pull requests of the shop may read the preview token.
owners: [team-shop]
issuer: github
match:
  repository: acme/shop@456789
  event: pull-request
grant:
  secrets: [shop/preview/token.age]
";

pub(super) struct DemoWorld {
    folder: tempfile::TempDir,
    issuer: Arc<LocalIssuer>,
    port: u16,
    recipient: String,
}

/// A command's output and result.
pub(super) struct CommandOutput {
    line: String,
    text: String,
    success: bool,
}

impl DemoWorld {
    pub(super) async fn create(clock: Arc<dyn Clock>, aws: Option<&Emulator<'_>>) -> Result<Self, DemoError> {
        let issuer = LocalIssuer::start(clock).await?;
        issuer.add_run("push", github_claims("push", "refs/heads/main"));
        issuer.add_run("pull-request", github_claims("pull_request", "refs/pull/7/merge"));
        let folder = tempfile::Builder::new().prefix("daypass-demo-").tempdir()?;
        let identity = age::x25519::Identity::generate();
        let mut world = Self { folder, issuer, port: free_port()?, recipient: identity.to_public().to_string() };
        world.write_private("root.key", identity.to_string().expose_secret())?;
        world.write_certificate()?;
        world.write_configuration(aws)?;
        world.make_repository(aws.is_some()).await?;
        Ok(world)
    }

    pub(super) fn issuer_url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    pub(super) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// A file of the repository.
    pub(super) fn read(&self, name: &str) -> Result<String, DemoError> {
        std::fs::read_to_string(self.folder.path().join("access").join(name)).map_err(DemoError::from)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), DemoError> {
        let path = self.folder.path().join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text).map_err(DemoError::from)
    }

    fn write_private(&self, name: &str, text: &str) -> Result<(), DemoError> {
        use std::io::Write;
        let path = self.folder.path().join(name);
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes()).map_err(DemoError::from)
    }

    fn write_certificate(&mut self) -> Result<(), DemoError> {
        let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        self.write("tls.crt", &certificate.cert.pem())?;
        self.write_private("tls.key", &certificate.signing_key.serialize_pem())
    }

    fn write_configuration(&self, aws: Option<&Emulator<'_>>) -> Result<(), DemoError> {
        let aws = aws.map_or(String::new(), |aws| {
            format!("aws: {{ mode: web-identity, regions: [us-east-1], endpoint: \"{}\" }}\n", aws.endpoint())
        });
        let (port, admin, issuer, url) = (self.port, free_port()?, self.issuer.url(), self.issuer_url());
        self.write(
            "daypass.yaml",
            &format!(
                "listen: 127.0.0.1:{port}
admin_listen: 127.0.0.1:{admin}
public_url: {url}
tls: {{ certificate: tls.crt, key: tls.key }}
data: data
key_encryption: {{ age_identity: root.key }}
store: sqlite
root:
  git: access
  ref: refs/heads/main
  interval: 1s
  age_identities: [root.key]
issuers:
  - name: github
    mapping: github-actions
    issuer: {issuer}
    audiences: [\"{url}\"]
    addresses: [127.0.0.0/8]
{aws}"
            ),
        )
    }

    async fn make_repository(&self, with_aws: bool) -> Result<(), DemoError> {
        let policy = deploy_policy(with_aws);
        self.write("access/policies/shop/deploy.yaml", &policy)?;
        self.encrypt("shop/production/db-password.age", "correct-horse-battery-staple")?;
        self.encrypt("shop/preview/token.age", "preview-only")?;
        self.git(&["init", "--quiet", "--initial-branch=main", "."]).await?;
        self.commit("Let the shop deploy from main").await
    }

    /// An armored age file, as `daypass secret encrypt` makes it.
    fn encrypt(&self, name: &str, text: &str) -> Result<(), DemoError> {
        let path = RepositoryPath::parse(&format!("secrets/{name}"))?;
        let encrypted = encrypt_at(text.as_bytes(), std::slice::from_ref(&self.recipient), true, Some(&path))?;
        self.write(&format!("access/{path}"), &String::from_utf8_lossy(&encrypted))
    }

    /// Commits the policy on a branch, as a pull request does. The server follows another branch.
    pub(super) async fn propose_preview_policy(&self) -> Result<(), DemoError> {
        self.git(&["checkout", "--quiet", "-b", "preview"]).await?;
        self.write("access/policies/shop/preview.yaml", PREVIEW_POLICY)?;
        self.commit("Let pull requests read the preview token").await
    }

    pub(super) async fn merge_preview_policy(&self) -> Result<(), DemoError> {
        self.git(&["checkout", "--quiet", "main"]).await?;
        self.git(&["merge", "--quiet", "--ff-only", "preview"]).await
    }

    async fn commit(&self, message: &str) -> Result<(), DemoError> {
        self.git(&["add", "--all"]).await?;
        let author = ["-c", "user.name=Operator", "-c", "user.email=operator@acme.example", "-c", "commit.gpgsign=false"];
        self.git(&[&author[..], &["commit", "--quiet", "--message", message]].concat()).await
    }

    async fn git(&self, arguments: &[&str]) -> Result<(), DemoError> {
        let mut command = tokio::process::Command::new("git");
        command.arg("-C").arg(self.folder.path().join("access")).args(arguments);
        let output = command.output().await.map_err(|fault| DemoError::NotRun { program: "git", fault })?;
        if output.status.success() {
            return Ok(());
        }
        Err(DemoError::Git { output: String::from_utf8_lossy(&output.stderr).into_owned() })
    }

    /// Starts `daypass serve` as its own process and waits until it answers.
    pub(super) async fn start_server(&self) -> Result<tokio::process::Child, DemoError> {
        let log = std::fs::File::create(self.folder.path().join("server.log"))?;
        let mut command = tokio::process::Command::new(own_program()?);
        command
            .args(["serve", "--config", &self.path("daypass.yaml")])
            .stdout(std::process::Stdio::null())
            .stderr(log)
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let started = std::time::Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            let ended = child.try_wait()?.is_some();
            if ended || started.elapsed() > START_MAX {
                let log = std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default();
                return Err(DemoError::NotStarted { log });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        paragraph(&format!("  https://localhost:{} answers after {:.1} s", self.port, started.elapsed().as_secs_f32()));
        Ok(child)
    }

    /// Runs this program itself, as the job of a CI run or as the operator, and keeps its output.
    pub(super) async fn daypass(&self, arguments: &[&str], run: Option<&str>) -> Result<CommandOutput, DemoError> {
        let mut command = tokio::process::Command::new(own_program()?);
        command.args(arguments).env_remove("DAYPASS_TOKEN").env_remove("DAYPASS_TOKEN_FILE");
        if let Some(run) = run {
            command.envs(self.issuer.job_environment(run));
            command.env("DAYPASS_SERVER", self.issuer_url()).env("DAYPASS_CA", self.path("tls.crt"));
        }
        command.envs(super::aws::client_environment());
        let output = command.output().await?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let text = text.replace(&self.path(""), "");
        Ok(CommandOutput { line: command_line(arguments, self.folder.path()), text, success: output.status.success() })
    }
}

impl CommandOutput {
    pub(super) fn print(self) -> Self {
        let bold = Style::new().bold().fg_color(Some(AnsiColor::Green.into()));
        anstream::println!("  {bold}$ {}{Reset}", self.line);
        show(&self.text);
        self
    }

    pub(super) fn status_is_success(&self) -> bool {
        self.success
    }

    /// The decision id that a refused job gets.
    pub(super) fn decision(&self) -> Option<&str> {
        self.text.lines().find_map(|line| line.trim().strip_prefix("decision: "))
    }

    pub(super) fn succeeded(self) -> Result<Self, DemoError> {
        if self.success { Ok(self) } else { Err(DemoError::Failed { line: self.line }) }
    }
}

/// The line as a person would type it: quoted where needed, without the temporary folder.
fn command_line(arguments: &[&str], folder: &Path) -> String {
    let folder = format!("{}/", folder.to_string_lossy());
    let quote = |argument: &&str| {
        let short = argument.replace(&folder, "");
        // A program is shown by its name, without its folder.
        let short = if short.starts_with('/') { short.rsplit('/').next().unwrap_or_default().to_owned() } else { short };
        if short.contains([' ', '"', ';']) { format!("'{short}'") } else { short }
    };
    format!("daypass {}", arguments.iter().map(quote).collect::<Vec<_>>().join(" "))
}

/// The policy that the demo starts with.
fn deploy_policy(with_aws: bool) -> String {
    let aws = if with_aws {
        "  aws:\n    - role: arn:aws:iam::000000000000:role/shop-deploy\n      ttl: 30m\n      tags: { commit: \"{commit}\" }\n"
    } else {
        ""
    };
    format!(
        "description: Deploy the shop to production from its protected main branch.
owners: [team-shop]
issuer: github
match:
  repository: acme/shop@456789
  ref: refs/heads/main
  ref_protected: true
  event: [push, manual]
grant:
{aws}  secrets: [shop/production/db-password.age]
"
    )
}

fn own_program() -> Result<std::path::PathBuf, DemoError> {
    std::env::current_exe().map_err(DemoError::from)
}

/// A port that was free a moment ago.
pub(super) fn free_port() -> Result<u16, DemoError> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.local_addr().map(|address| address.port()).map_err(DemoError::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{POLICY_SCHEMA, is_as_schema};

    #[test]
    fn the_policies_of_the_demo_match_the_schema() {
        let schema = serde_json::from_str(&POLICY_SCHEMA).unwrap();
        for policy in [&deploy_policy(true), &deploy_policy(false), PREVIEW_POLICY] {
            assert!(is_as_schema(&schema, &schema, &serde_saphyr::from_str(policy).unwrap()), "{policy}");
        }
    }
}
