//! Whoever makes credentials outside: whether it answers, by the way on which the server asks it. No credential is asked for.

use super::finding::Finding;
use super::issuers::LOOK_MAX;
use crate::config::Config;
use crate::issuers::http::root_cause;
use reqwest::{Client, Url};
use std::collections::BTreeSet;
use tokio::task::JoinSet;

const ADVICE: &str = "until it answers none of its credentials are made: look at the address, the network, `proxy` and `ca`";

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let mut looks = JoinSet::new();
    let mut findings = Vec::new();
    let mut asked = BTreeSet::new();
    for (name, endpoint) in config.providers.endpoints() {
        let Some(origin) = origin(&endpoint.url).filter(|origin| asked.insert((name, origin.clone()))) else { continue };
        match endpoint.client() {
            Ok(client) => _ = looks.spawn(answers(name, client, origin)),
            Err(fault) => findings.push(Finding::error(name, fault, ADVICE)),
        }
    }
    findings.extend(looks.join_all().await);
    findings.sort_by(|one, other| one.check.cmp(&other.check));
    findings
}

/// Nothing is asked of it but to answer.
fn origin(url: &Url) -> Option<Url> {
    url.join("/").ok()
}

/// Any answer is one: what it says to nobody in particular is its own business.
async fn answers(name: &'static str, client: Client, origin: Url) -> Finding {
    match tokio::time::timeout(LOOK_MAX, client.head(origin.clone()).send()).await {
        Ok(Ok(_)) => Finding::ok(name, format!("{origin} answers")),
        Ok(Err(fault)) => Finding::error(name, format!("{origin}: {}", root_cause(&fault)), ADVICE),
        Err(_) => Finding::error(name, format!("{origin} does not answer"), ADVICE),
    }
}
