//! Checks what a job needs: a server that it reaches and trusts, a token for that server, and a right clock.

use super::finding::Finding;
use super::issuers::{clock, http_date};
use crate::cli::job::ServerArgs;
use crate::client::environment::Environment;
use crate::client::{STATUS_CONFIGURATION, STATUS_DENIED, STATUS_USAGE};
use crate::identity::Attribute;
use serde_json::Value;

pub(super) async fn look(arguments: &ServerArgs, environment: Environment) -> Vec<Finding> {
    let server = match arguments.connect(environment) {
        Ok(server) => server,
        Err(failure) => {
            let advice = match failure.status {
                STATUS_USAGE if arguments.address().is_none() => "name the server: --server or DAYPASS_SERVER",
                STATUS_USAGE => {
                    "give the job a token: `id-token: write` (GitHub), `id_tokens` (GitLab); by hand, DAYPASS_TOKEN_FILE"
                }
                _ => "correct the address (DAYPASS_SERVER), or the authority's file (DAYPASS_CA)",
            };
            return vec![Finding::error("job", failure.one_line(), advice)];
        }
    };
    let mut findings = vec![Finding::ok("token", format!("it comes from {}", server.token_origin()))];
    match server.date().await {
        Ok(date) => {
            findings.push(Finding::ok("server", format!("{} answers, and its certificate is trusted", server.address())));
            findings.extend(date.as_deref().and_then(http_date).map(clock));
        }
        Err(failure) => {
            let (check, advice) = match failure.status {
                STATUS_CONFIGURATION => {
                    ("certificate", "do as the hint says; an authority of your own is named by --ca FILE or DAYPASS_CA")
                }
                _ => ("server", "look at the address, and whether this runner may connect to it"),
            };
            findings.push(Finding::error(check, failure.one_line(), advice));
            return findings;
        }
    }
    findings.push(match server.whoami().await {
        Ok(seen) => {
            let attribute = |attribute: Attribute| seen.attributes.get(attribute.as_str()).and_then(Value::as_str);
            let who = attribute(Attribute::Repository).or_else(|| attribute(Attribute::ServiceAccount));
            let issuer = &seen.issuer;
            Finding::ok(
                "identity",
                format!("the server accepts the token of the issuer {issuer}: {}", who.unwrap_or("see `daypass whoami`")),
            )
        }
        Err(failure) if failure.status == STATUS_DENIED => {
            Finding::error("identity", failure.one_line(), "this server does not accept the token: see the hint above")
        }
        Err(failure) => {
            Finding::error("token", failure.one_line(), "look at how this CI gives a job its OIDC token: docs/attributes.md")
        }
    });
    findings
}
