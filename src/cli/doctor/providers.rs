//! Checks that the providers of credentials answer.

use super::finding::Finding;
use crate::config::Config;
use crate::issue::Reachability;

const ADVICE: &str = "until it answers, none of its credentials can be issued: check the address, the network, `proxy` and `ca`";

pub(super) async fn check(config: &Config) -> Vec<Finding> {
    config.providers.reach().await.into_iter().map(finding).collect()
}

fn finding(Reachability { provider, origin, fault }: Reachability) -> Finding {
    match fault {
        None => Finding::ok(provider, format!("{origin} answers")),
        Some(fault) => Finding::error(provider, format!("{origin}: {fault}"), ADVICE),
    }
}
