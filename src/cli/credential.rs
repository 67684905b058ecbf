//! `daypass credential`: each tool's own form, on the stream where the tool looks for it.

use super::job::{ServerArgs, TokenServerArgs};
use super::print;
use crate::cli::examples::examples;
use crate::cli::progress::Progress;
use crate::client::delivery::{AwsRequest, IdTokenRequest};
use crate::client::environment::Environment;
use crate::client::helper::{self, INPUT_BYTES_MAX, PasswordSource, docker, gcp, git, kubernetes};
use crate::client::{Failure, STATUS_USAGE, note};
use crate::words::Secret;
use crate::words::names::{Audience, RoleArn, SecretName};
use clap::{Args, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// The prefix of the link's name under which Docker runs this program.
const DOCKER_PREFIX: &str = "docker-credential-";

#[derive(Subcommand, Debug)]
pub(super) enum CredentialCommand {
    /// AWS credentials as `credential_process` reads them.
    #[command(after_help = examples(&[
        "daypass credential aws",
        "daypass credential aws --role arn:aws:iam::123456789012:role/shop-deploy",
    ]))]
    Aws {
        #[command(flatten)]
        server: ServerArgs,
        /// The role, where the policies leave a choice.
        #[arg(long, value_parser = RoleArn::parse)]
        role: Option<RoleArn>,
        /// The policy to use where several grant the same.
        #[arg(long)]
        policy: Option<String>,
    },
    /// A token for kubectl, as its exec plugins give it.
    #[command(after_help = examples(&["daypass credential kubernetes --audience https://cluster.acme.com"]))]
    Kubernetes(TokenArgs),
    /// A subject token for Google's libraries, as their executable sources give it.
    #[command(after_help = examples(&["daypass credential gcp --audience //iam.googleapis.com/PROVIDER"]))]
    Gcp(TokenArgs),
    /// A password for Git, as a credential helper: set `credential.https://HOST.helper` to this command with an `!` before it.
    Git(GitArgs),
    /// A password for a container registry, as Docker's credential helpers give it; also by the name docker-credential-daypass.
    Docker(DockerArgs),
}

/// A token of the server's own issuer.
#[derive(Args, Debug)]
pub(super) struct TokenArgs {
    #[command(flatten)]
    server: TokenServerArgs,
    /// Whom the token is for.
    #[arg(long, value_parser = Audience::parse)]
    audience: Audience,
    /// The policy to use where several grant the same.
    #[arg(long)]
    policy: Option<String>,
}

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass credential git --host git.acme.com --username daypass --secret shop/git.yaml#/token get",
    "daypass credential git --host git.acme.com --username daypass --audience https://git.acme.com get",
]))]
pub(super) struct GitArgs {
    #[command(flatten)]
    server: TokenServerArgs,
    /// The host that the password is for, with its port if the address has one.
    #[arg(long)]
    host: String,
    /// A repository, or a folder of them; Git sends the path if `credential.useHttpPath` is set.
    #[arg(long)]
    path: Option<String>,
    /// The user name that the host expects with the password.
    #[arg(long)]
    username: String,
    /// The secret that is the password.
    #[arg(long, value_parser = SecretName::parse, required_unless_present = "audience", conflicts_with = "audience")]
    secret: Option<SecretName>,
    /// A token of the server's issuer for this audience is the password.
    #[arg(long, value_parser = Audience::parse)]
    audience: Option<Audience>,
    /// The policy to use where several grant the same.
    #[arg(long)]
    policy: Option<String>,
    /// What Git adds: get, store or erase. Nothing is stored.
    action: String,
}

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass credential docker get",
    "daypass credential docker --registries registries.yaml list",
]))]
pub(super) struct DockerArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The file of registries; without it, daypass.yaml beside Docker's config.json.
    #[arg(long, env = "DAYPASS_DOCKER_REGISTRIES")]
    registries: Option<PathBuf>,
    /// What Docker adds.
    action: DockerAction,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum DockerAction {
    Get,
    Store,
    Erase,
    List,
}

/// Expands the arguments of a link `docker-credential-NAME`, which Docker calls with an action alone.
pub(super) fn arguments(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let name = arguments.first().and_then(|program| Path::new(program).file_name()?.to_str().map(str::to_owned));
    if name.is_some_and(|name| name.starts_with(DOCKER_PREFIX)) {
        arguments.splice(..1, ["daypass", "credential", "docker"].map(OsString::from));
    }
    arguments
}

/// Runs one of them.
pub(super) async fn run(command: &CredentialCommand, environment: Environment) -> Result<u8, Failure> {
    match command {
        CredentialCommand::Aws { server, role, policy } => {
            let server = server.connect(environment)?;
            let progress = Progress::of("asking the server");
            let session = server.fetch(&AwsRequest(role.clone()), policy.as_deref()).await?;
            drop(progress);
            print::json(&helper::aws::document(&session));
        }
        CredentialCommand::Kubernetes(arguments) => {
            let version = kubernetes::version(&environment)?;
            print::json(&kubernetes::document(version, &arguments.token(environment).await?));
        }
        CredentialCommand::Gcp(arguments) => print::line(&answer_google(arguments, environment).await),
        CredentialCommand::Git(arguments) => return answer_git(arguments, environment).await,
        CredentialCommand::Docker(arguments) => return Ok(answer_docker(arguments, environment).await),
    }
    Ok(0)
}

impl TokenArgs {
    async fn token(&self, environment: Environment) -> Result<crate::kind::IdToken, Failure> {
        let _progress = Progress::of("asking the server");
        self.server.connect(environment)?.fetch(&IdTokenRequest(self.audience.clone()), self.policy.as_deref()).await
    }
}

async fn answer_google(arguments: &TokenArgs, environment: Environment) -> serde_json::Value {
    let answer = async {
        let token_type = gcp::token_type(&environment)?;
        let server = arguments.server.connect(environment)?;
        let server = if print::streams_are_one() { server.without_masks() } else { server };
        let _progress = Progress::of("asking the server");
        let token = server.fetch(&IdTokenRequest(arguments.audience.clone()), arguments.policy.as_deref()).await?;
        Ok(gcp::success(token_type, &token))
    };
    answer.await.unwrap_or_else(|failure: Failure| gcp::failure(&failure))
}

async fn answer_git(arguments: &GitArgs, environment: Environment) -> Result<u8, Failure> {
    let input = read_input()?;
    if arguments.action != "get" {
        return Ok(0);
    }
    let request = git::GitRequest::read(&input)?;
    let target = git::Target { host: arguments.host.clone(), path: arguments.path.clone(), username: arguments.username.clone() };
    match git::covers(&target, &request) {
        Ok(true) => {}
        Ok(false) => return Ok(0),
        Err(why) => {
            note(format!("daypass: {why}"));
            return Ok(0);
        }
    }
    let source = arguments.secret.clone().map(PasswordSource::Secret);
    let source = source.or_else(|| arguments.audience.clone().map(PasswordSource::Token));
    let source = source.ok_or_else(|| Failure::new(STATUS_USAGE, "name a --secret or an --audience"))?;
    let answer = async {
        let _progress = Progress::of("asking the server");
        let password = source.fetch(&arguments.server.connect(environment)?, arguments.policy.as_deref()).await?;
        Ok(git::answer(&target, &password, &request))
    };
    match answer.await {
        Ok(lines) => write_secret(&lines),
        Err(failure) => write_secret(&git::QUIT.to_owned().into()).and(Err(failure)),
    }
}

/// Docker reads the failure from standard output, and takes any status but 0.
async fn answer_docker(arguments: &DockerArgs, environment: Environment) -> u8 {
    match try_docker(arguments, environment).await {
        Ok(Some(document)) => {
            print::line(&document);
            0
        }
        Ok(None) => 0,
        Err(failure) => {
            anstream::println!("{}", failure.one_line());
            1
        }
    }
}

async fn try_docker(arguments: &DockerArgs, environment: Environment) -> Result<Option<serde_json::Value>, Failure> {
    let file = docker::file(arguments.registries.as_deref(), &environment)?;
    match arguments.action {
        DockerAction::List => Ok(Some(docker::list(&docker::read(&file)?))),
        DockerAction::Store | DockerAction::Erase => read_input().map(|_| None),
        DockerAction::Get => {
            let (address, registries) = (read_input()?, docker::read(&file)?);
            let registry = docker::find(&registries, &address).ok_or_else(|| Failure::new(STATUS_USAGE, docker::NOT_FOUND))?;
            let policy = registry.policy.as_ref().map(crate::words::names::PolicyName::as_str);
            let _progress = Progress::of("asking the server");
            let password = registry.password.fetch(&arguments.server.connect(environment)?, policy).await?;
            Ok(Some(docker::document(&address, registry, &password)))
        }
    }
}

fn read_input() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(INPUT_BYTES_MAX).read_to_string(&mut text);
    read.map(|_| text).map_err(|fault| Failure::new(STATUS_USAGE, format!("the standard input is not text: {fault}")))
}

fn write_secret(lines: &Secret) -> Result<u8, Failure> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(lines.expose()).and_then(|()| out.flush());
    written.map(|()| 0).map_err(|fault| Failure::new(crate::client::STATUS_UNAVAILABLE, fault.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_link_with_dockers_prefix_is_its_helper() {
        let expanded = |words: &[&str]| arguments(words.iter().map(OsString::from).collect());
        let docker = ["daypass", "credential", "docker", "get"].map(OsString::from);
        assert_eq!(expanded(&["docker-credential-daypass", "get"]), docker);
        assert_eq!(expanded(&["/usr/bin/docker-credential-acme", "get"]), docker);
        assert_eq!(
            expanded(&["/docker-credential-x/daypass", "status"]),
            ["/docker-credential-x/daypass", "status"].map(OsString::from)
        );
    }
}
