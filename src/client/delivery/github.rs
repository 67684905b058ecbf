//! `--github`: a token of a GitHub App in the variables that `gh` and GitHub's own actions read; revoked when the command has ended.

use super::command::Delivery;
use super::delivered::Delivered;
use crate::answers::Document;
use crate::client::request::Request;
use crate::client::{Failure, STATUS_UNAVAILABLE};
use crate::issuers::http::provider_client;
use crate::kind::{GitHubTarget, GitHubToken, Kind};
use crate::words::Secret;
use crate::words::github::{KNOWN_EVERYWHERE, KNOWN_PAUSE};
use clap::Args;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Response, StatusCode, Url};
use serde_json::{Value, json};
use tokio::time::Instant;

/// `gh` reads the first, most other programs the second.
const VARIABLES: [&str; 2] = ["GH_TOKEN", "GITHUB_TOKEN"];
/// GitHub REST API, "Revoke an installation access token".
const REVOKE: &str = "installation/token";

#[derive(Args, Debug)]
pub(super) struct GitHubDelivery {
    /// A GitHub App's token in GH_TOKEN and GITHUB_TOKEN, revoked at the end. If the policies leave a choice: "OWNER/REPOSITORY
    /// contents=read".
    #[arg(long, num_args = 0..=1, value_name = "WHAT", value_parser = GitHubTarget::question)]
    github: Option<Option<GitHubTarget>>,
}

struct GitHubRequest(GitHubTarget);

impl Request for GitHubRequest {
    type Answer = GitHubToken;

    fn body(&self) -> Value {
        json!({ "github": self.0 })
    }
}

impl GitHubDelivery {
    fn request(&self) -> Option<GitHubRequest> {
        self.github.clone().map(|target| GitHubRequest(target.unwrap_or_default()))
    }
}

impl Delivered for GitHubDelivery {
    fn requests(&self) -> Vec<Value> {
        self.request().iter().map(Request::body).collect()
    }

    fn variables(&self) -> Vec<String> {
        self.request().map_or_else(Vec::new, |_| VARIABLES.map(str::to_owned).to_vec())
    }

    async fn deliver(&self, answer: &mut Document, delivery: &mut Delivery) -> Result<(), Failure> {
        let Some(request) = self.request() else { return Ok(()) };
        let GitHubToken { token, api, .. } = request.take(answer)?;
        VARIABLES.iter().for_each(|name| delivery.variables.set(*name, token.duplicate()));
        delivery.at_end("the GitHub token could not be revoked, and ends within the hour", revoke(api, token));
        Ok(())
    }
}

/// Revokes a token, which its holder may do. GitHub answers 401 for a token that has ended already, and for one that not all of its
/// servers know yet.
async fn revoke(api: String, token: Secret) -> Result<(), Failure> {
    let failed = |cause: String| Failure::new(STATUS_UNAVAILABLE, cause);
    let address = revocation(&api).ok_or_else(|| failed("the answer names no address".to_owned()))?;
    let client = provider_client(None, None).map_err(|fault| failed(fault.to_string()))?;
    let started = Instant::now();
    loop {
        let sent = client.delete(address.clone()).bearer_auth(token.expose_text().unwrap_or_default()).send().await;
        let answer = sent.map_err(|fault| failed(fault.without_url().to_string()))?;
        match answer.status() {
            StatusCode::NO_CONTENT => return Ok(()),
            StatusCode::UNAUTHORIZED if is_json(&answer) && started.elapsed() < KNOWN_EVERYWHERE => {
                tokio::time::sleep(KNOWN_PAUSE).await;
            }
            StatusCode::UNAUTHORIZED if is_json(&answer) => return Ok(()),
            status => return Err(failed(format!("GitHub answered {status}"))),
        }
    }
}

/// Whether it is GitHub's own answer, and not that of a proxy.
fn is_json(answer: &Response) -> bool {
    answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

/// An address of GitHub Enterprise Server has a path, with or without a slash behind it.
fn revocation(api: &str) -> Option<Url> {
    Url::parse(&format!("{}/{REVOKE}", api.trim_end_matches('/'))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::delivery::tests::{delivered, environment, flags};

    #[tokio::test]
    async fn the_token_is_in_both_variables() {
        let delivery = delivered(&["--github"], false, &["github"]).await;
        let expected = |name: &str| (name.to_owned(), Some("hunter2".to_owned()));
        assert_eq!(environment(&delivery), VARIABLES.map(expected));
    }

    #[test]
    fn the_request_is_as_narrow_as_the_flag() {
        assert_eq!(flags(&["--github"]).requests(), [json!({ "github": {} })]);
        let some = flags(&["--github", "acme acme/shop contents=read"]).requests();
        let expected = json!({ "app": "acme", "repositories": ["acme/shop"], "permissions": { "contents": "read" } });
        assert_eq!(some, [json!({ "github": expected })]);
        let all = json!({ "repositories": { "all": "acme" } });
        assert_eq!(flags(&["--github", "all:acme"]).requests(), [json!({ "github": all })]);
        assert!(GitHubTarget::question("own").is_err() && GitHubTarget::question("acme/shop contnts=read").is_err());
    }

    #[test]
    fn the_path_of_an_address_is_kept() {
        for api in ["https://ghe.example/api/v3", "https://ghe.example/api/v3/"] {
            assert_eq!(revocation(api).unwrap().as_str(), "https://ghe.example/api/v3/installation/token");
        }
        assert_eq!(revocation("https://api.github.com/").unwrap().as_str(), "https://api.github.com/installation/token");
        assert!(revocation("").is_none());
    }
}
