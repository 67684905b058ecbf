//! Whoever makes credentials outside: whether it answers.

use super::finding::Finding;
use crate::config::Config;
use crate::issue::Reach;

const ADVICE: &str = "until it answers none of its credentials are made: look at the address, the network, `proxy` and `ca`";

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    config.providers.reach().await.into_iter().map(finding).collect()
}

fn finding(Reach { provider, origin, fault }: Reach) -> Finding {
    match fault {
        None => Finding::ok(provider, format!("{origin} answers")),
        Some(fault) => Finding::error(provider, format!("{origin}: {fault}"), ADVICE),
    }
}
