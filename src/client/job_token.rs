//! Finds the OIDC token that the job already has, where each CI documents it.

use super::environment::Environment;
use super::token_endpoint::TokenEndpoint;
use super::{Failure, STATUS_UNAVAILABLE, STATUS_USAGE, on_one_line};
use crate::token::TOKEN_BYTES_MAX;
use crate::words::{PlainPath, Secret};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The path to which the manifests of `deploy/` project a pod's service account token.
pub const PROJECTED_TOKEN: &str = "/var/run/secrets/daypass.dev/token";

/// Where a token comes from. It is chosen before anything is read, so that the choice can be printed and tested.
#[derive(Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// Text in a variable (`DAYPASS_TOKEN`, as GitLab's `id_tokens` keyword sets it).
    Variable(&'static str),
    /// A file, which is read for every request: projected tokens are rotated in place.
    File(PathBuf),
    /// The CI's token endpoint, asked for our audience where it lets a job choose it.
    Endpoint(&'static TokenEndpoint),
    /// The CI's own program, asked for our audience.
    Program(&'static str),
}

impl TokenSource {
    /// Whether the job may choose its token's audience, and so bind the token to a key.
    pub const fn takes_audience(&self) -> bool {
        match self {
            Self::Endpoint(endpoint) => endpoint.takes_audience(),
            Self::Program(_) => true,
            Self::Variable(_) | Self::File(_) => false,
        }
    }
}

/// Variables in which a CI puts a token whose audience the job's configuration sets.
const VARIABLES: [&str; 4] =
    ["DAYPASS_TOKEN", "TFC_WORKLOAD_IDENTITY_TOKEN", "SPACELIFT_OIDC_TOKEN", "BITBUCKET_STEP_OIDC_TOKEN"];
/// The variable that identifies a CI, and the CI's program that gets a token.
const PROGRAMS: [(&str, &str); 2] = [("BUILDKITE_JOB_ID", "buildkite-agent"), ("CIRCLE_WORKFLOW_ID", "circleci")];

/// Every variable that holds a token, or with which a CI gives one: those that [`find`] reads.
pub fn variables() -> impl Iterator<Item = &'static str> {
    VARIABLES.into_iter().chain(TokenEndpoint::variables())
}

/// Chooses the source: the file that the user names, then variables, then what the CI offers.
pub fn find(environment: &Environment, token_file: Option<&Path>, projected: &Path) -> Result<TokenSource, Failure> {
    if let Some(file) = token_file {
        return Ok(TokenSource::File(file.to_owned()));
    }
    if let Some(name) = VARIABLES.into_iter().find(|name| environment.value(name).is_some()) {
        return Ok(TokenSource::Variable(name));
    }
    if let Some(endpoint) = TokenEndpoint::find(environment) {
        return Ok(TokenSource::Endpoint(endpoint));
    }
    if let Some((_, program)) = PROGRAMS.into_iter().find(|(known_by, _)| environment.value(known_by).is_some()) {
        return Ok(TokenSource::Program(program));
    }
    if projected.exists() {
        return Ok(TokenSource::File(projected.to_owned()));
    }
    Err(Failure::new(STATUS_USAGE, "this job has no OIDC token.").with_hint(advice(environment)))
}

/// The variable that identifies a CI, and what to give its jobs. Forgejo comes first, because it sets GitHub's variable too.
const ADVICE: [(&str, &str); 8] = [
    ("FORGEJO_ACTIONS", "give the job `enable-openid-connect: true`."),
    ("GITHUB_ACTIONS", "give the job `permissions: { id-token: write }`; pull requests from forks get no token."),
    ("GITLAB_CI", "give the job `id_tokens: { DAYPASS_TOKEN: { aud: https://your-daypass-server } }`."),
    ("BITBUCKET_BUILD_NUMBER", "give the step `oidc: true`, and this server's audience."),
    ("TF_BUILD", "give the step `env: { SYSTEM_ACCESSTOKEN: $(System.AccessToken) }`."),
    ("TFC_RUN_ID", "set TFC_WORKLOAD_IDENTITY_AUDIENCE in the workspace to this server's audience."),
    ("CF_BUILD_ID", "let the step see CF_OIDC_REQUEST_URL and CF_OIDC_REQUEST_TOKEN."),
    ("KUBERNETES_SERVICE_HOST", "project a service account token with daypass's audience to /var/run/secrets/daypass.dev/token."),
];

fn advice(environment: &Environment) -> &'static str {
    let known = ADVICE.iter().find(|(known_by, _)| environment.value(known_by).is_some());
    let otherwise = "set DAYPASS_TOKEN or DAYPASS_TOKEN_FILE, or run inside of a CI job that has an OIDC token.";
    known.map_or(otherwise, |(_, advice)| advice)
}

/// Gets the token, for `audience` if the CI lets a job choose it.
pub async fn fetch(
    source: &TokenSource,
    environment: &Environment,
    audience: &str,
    http: &reqwest::Client,
) -> Result<Secret, Failure> {
    match source {
        TokenSource::Variable(name) => Ok(environment.value(name).unwrap_or_default().trim().to_owned().into()),
        TokenSource::File(path) => read(path),
        TokenSource::Endpoint(endpoint) => endpoint.ask(environment, audience, http).await,
        TokenSource::Program(program) => request_from_program(program, audience).await,
    }
}

fn read(path: &Path) -> Result<Secret, Failure> {
    let failed = |fault: &dyn std::fmt::Display| {
        Failure::new(STATUS_USAGE, format!("the token file {} cannot be read: {fault}", path.plain()))
    };
    // Bounded: a file without an end, such as a device, is no token.
    let file = std::fs::File::open(path).map_err(|fault| failed(&fault))?;
    let mut text = String::new();
    let limit = TOKEN_BYTES_MAX as u64 + 1;
    file.take(limit).read_to_string(&mut text).map_err(|fault| failed(&fault))?;
    if text.len() > TOKEN_BYTES_MAX {
        return Err(failed(&"it holds more than a token"));
    }
    Ok(text.trim().to_owned().into())
}

/// Runs the CI's program, which prints the token: Buildkite docs, "buildkite-agent oidc", and CircleCI docs, "Use OpenID Connect tokens".
async fn request_from_program(program: &'static str, audience: &str) -> Result<Secret, Failure> {
    let claims = serde_json::json!({ "aud": audience }).to_string();
    let arguments = match program {
        "circleci" => vec!["run", "oidc", "get", "--claims", &claims],
        _ => vec!["oidc", "request-token", "--audience", audience],
    };
    let failure = |fault: String| Failure::new(STATUS_UNAVAILABLE, format!("{program} gave the job no OIDC token: {fault}"));
    let output =
        tokio::process::Command::new(program).args(arguments).output().await.map_err(|fault| failure(fault.to_string()))?;
    if !output.status.success() {
        return Err(failure(on_one_line(&output.stderr)));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| failure("it printed no text".to_owned()))?;
    Ok(text.trim().to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: &str = "/nonexistent/token";

    fn found(environment: Environment) -> Result<TokenSource, Failure> {
        find(&environment, None, Path::new(NOWHERE))
    }

    #[test]
    fn each_ci_is_found_by_its_documented_environment() {
        for (url, token) in [
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
            ("SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN"),
            ("CF_OIDC_REQUEST_URL", "CF_OIDC_REQUEST_TOKEN"),
        ] {
            let environment = [(url, "https://x/?a=b"), (token, "t")].into();
            let endpoint = TokenEndpoint::find(&environment).unwrap();
            assert_eq!(found(environment).unwrap(), TokenSource::Endpoint(endpoint), "{url}");
        }
        assert_eq!(found([("DAYPASS_TOKEN", "a.b.c")].into()).unwrap(), TokenSource::Variable("DAYPASS_TOKEN"));
        assert_eq!(found([("SPACELIFT_OIDC_TOKEN", "a.b.c")].into()).unwrap(), TokenSource::Variable("SPACELIFT_OIDC_TOKEN"));
        assert_eq!(found([("BUILDKITE_JOB_ID", "1")].into()).unwrap(), TokenSource::Program("buildkite-agent"));
        assert_eq!(found([("CIRCLE_WORKFLOW_ID", "1")].into()).unwrap(), TokenSource::Program("circleci"));
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(find(&Environment::default(), None, file.path()).unwrap(), TokenSource::File(file.path().to_owned()));
    }

    #[test]
    fn what_the_user_names_wins() {
        let environment = [("DAYPASS_TOKEN", "a.b.c")].into();
        let source = find(&environment, Some(Path::new("mine")), Path::new(NOWHERE)).unwrap();
        assert_eq!(source, TokenSource::File("mine".into()));
    }

    #[test]
    fn a_job_without_a_token_gets_advice_for_its_ci() {
        let failure = found([("GITHUB_ACTIONS", "true")].into()).unwrap_err();
        assert!(failure.to_string().contains("id-token: write"), "{failure}");
        let failure = found([("GITLAB_CI", "true"), ("DAYPASS_TOKEN", "")].into()).unwrap_err();
        assert!(failure.to_string().contains("id_tokens"), "{failure}");
        let failure = found([("FORGEJO_ACTIONS", "true"), ("GITHUB_ACTIONS", "true")].into()).unwrap_err();
        assert!(failure.to_string().contains("enable-openid-connect"), "{failure}");
        let failure = found([("TF_BUILD", "True"), ("SYSTEM_OIDCREQUESTURI", "https://x")].into()).unwrap_err();
        assert!(failure.to_string().contains("SYSTEM_ACCESSTOKEN"), "{failure}");
    }
}
