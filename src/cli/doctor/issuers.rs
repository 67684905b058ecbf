//! Checks the trusted issuers, our own issuer as clouds see it, and the clock, which the answers of both show.

use super::finding::Finding;
use crate::config::{Config, served_issuer};
use crate::issuers::http::{command_client, read_body};
use crate::issuers::{Issuer, Issuers};
use crate::store::OwnIssuer;
use crate::words::{Clock, Digest, SystemClock, UnixTime, root_cause};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Tokens are refused when clocks differ by 30 s. Half of that is already a finding.
const SKEW_MAX: Duration = Duration::from_secs(15);
/// A discovery document has a few kilobytes.
const DOCUMENT_BYTES_MAX: usize = 256 * 1024;
/// `doctor` ends within seconds, also if nobody answers it.
const LOOK_MAX: Duration = Duration::from_secs(4);

pub(super) async fn check(config: &Config) -> Vec<Finding> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let issuers = match Issuers::new(config.issuers.clone(), &clock) {
        Ok(issuers) => issuers,
        Err(fault) => return vec![Finding::error("issuers", fault, "correct `issuers`")],
    };
    let mut looks = JoinSet::new();
    issuers.names().filter_map(|name| issuers.named(name)).for_each(|issuer| _ = looks.spawn(keys_of(issuer)));
    let (mut findings, own) = tokio::join!(looks.join_all(), own_issuer(config));
    findings.sort_by(|one, other| one.check.cmp(&other.check));
    findings.extend(own);
    findings
}

async fn keys_of(issuer: Arc<Issuer>) -> Finding {
    let check = format!("issuer {}", issuer.name);
    // Nobody has this key: the question is only whether the keys can be fetched.
    let nobody = Digest::plain(b"");
    let advice = "its tokens are refused until its keys can be read: check the address, the file, the proxy and `ca`";
    match tokio::time::timeout(LOOK_MAX, issuer.has_key(&nobody)).await {
        Ok(Ok(_)) => Finding::ok(check, format!("{}: its keys can be read", issuer.expected.issuer)),
        Ok(Err(denial)) => Finding::error(check, denial.cause, advice),
        Err(_) => Finding::error(check, format!("{} does not answer", issuer.expected.issuer), advice),
    }
}

/// Reads our discovery document, as a cloud does before it trusts a token of ours.
async fn own_issuer(config: &Config) -> Vec<Finding> {
    let (check, url) = ("own issuer", config.issuer_url.as_str().trim_end_matches('/'));
    if config.providers.endpoints().is_empty() {
        return vec![Finding::skipped(check, format!("{url}: no provider is configured that would read it"))];
    }
    let is_served = served_issuer(&config.public_url, OwnIssuer::Clouds).is_ok_and(|served| served == config.issuer_url);
    let advice = if is_served {
        "clouds read it over the internet: the server has to run, and its address and certificate have to be good for them. For a private one, give Google and Entra the keys by `bootstrap --jwks`"
    } else {
        "`daypass keys publish` writes the documents for that host"
    };
    let client = match command_client(None) {
        Ok(client) => client,
        Err(fault) => return vec![Finding::skipped(check, fault)],
    };
    let asked = tokio::time::timeout(LOOK_MAX, read(&client, &format!("{url}/.well-known/openid-configuration"))).await;
    match asked {
        Err(_) => vec![Finding::warning(check, format!("{url} does not answer"), advice)],
        Ok(Err(fault)) => vec![Finding::warning(check, format!("{url}: {}", root_cause(&fault)), advice)],
        Ok(Ok((document, date))) => {
            let mut findings = vec![discovered(check, url, &document, advice)];
            findings.extend(date.map(clock));
            findings
        }
    }
}

/// What is read of a discovery document (OpenID Connect Discovery 1.0, section 3).
#[derive(Default, Deserialize)]
struct DiscoveryDocument {
    issuer: Option<String>,
}

fn discovered(check: &str, url: &str, document: &DiscoveryDocument, advice: &str) -> Finding {
    match document.issuer.as_deref() {
        Some(issuer) if issuer.trim_end_matches('/') == url => Finding::ok(check, format!("{url} is what clouds read")),
        Some(issuer) => Finding::error(check, format!("{url} says that it is {issuer}"), advice),
        None => Finding::error(check, format!("{url} has no discovery document"), advice),
    }
}

async fn read(client: &reqwest::Client, url: &str) -> Result<(DiscoveryDocument, Option<UnixTime>), reqwest::Error> {
    let response = client.get(url).send().await?;
    let date = response.headers().get("date").and_then(|date| date.to_str().ok()).and_then(http_date);
    let document = read_body(response, DOCUMENT_BYTES_MAX).await.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Ok((document.unwrap_or_default(), date))
}

/// IMF-fixdate (RFC 9110, section 5.6.7).
pub(super) fn http_date(text: &str) -> Option<UnixTime> {
    let moment = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(UnixTime::from_seconds(i64::try_from(moment.as_secs()).ok()?))
}

/// What another machine's answer says of this one's clock.
pub(super) fn clock(theirs: UnixTime) -> Finding {
    let ours = SystemClock.now();
    let apart = if ours < theirs { theirs.since(ours) } else { ours.since(theirs) };
    if apart <= SKEW_MAX {
        return Finding::ok("clock", "agrees with the server's answer");
    }
    let told = format!("this machine's time is {ours}, and the answer that came just now says {theirs}");
    Finding::error("clock", told, "set the clock by NTP: tokens are valid for minutes, and clocks may differ by 30 s")
}
