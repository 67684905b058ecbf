//! What counts as one use of a token, and how often it may be made.

use crate::identity::{Identity, ReplayRule};
use crate::policy::{Grant, Granted};
use crate::store::TokenUse;
use crate::words::Digest;

/// The uses that a grant counts as, each once. `requested` are its credentials as the request names them.
pub(super) fn of_grant(identity: &Identity, grant: &Grant, requested: &[String]) -> Vec<TokenUse> {
    let rule = rule(identity, grant);
    let named = grant.granted().iter().zip(requested).map(|(granted, requested)| name(granted, requested));
    let overlapping = grant.granted().iter().filter(|granted| granted.once).filter_map(|granted| granted.terms.whole());
    let mut names: Vec<String> = named.chain(overlapping).collect();
    names.sort();
    names.dedup();
    names.iter().map(|name| one(identity, name, rule)).collect()
}

/// The use that a login counts as. A token begins one session for each policy that a login names, and one without a policy.
pub(super) fn of_login(identity: &Identity, policy: Option<&str>) -> Vec<TokenUse> {
    let name = policy.map_or_else(|| "session".to_owned(), |policy| format!("session {policy}"));
    vec![one(identity, &name, identity.replay())]
}

/// A use is a token and a credential, because one token serves several. A session counts as the token that began it.
fn one(identity: &Identity, name: &str, rule: ReplayRule) -> TokenUse {
    let key = *Digest::of(&[&identity.token_identifier(), name.as_bytes()]).as_bytes();
    TokenUse { key, rule, expires_at: identity.remembered_until() }
}

/// A request may leave a choice to the policy. Whether it names the choice or not, it is the same use.
fn name(granted: &Granted, requested: &str) -> String {
    granted.terms.chosen().map_or_else(|| requested.to_owned(), |chosen| chosen.to_string())
}

/// How often the token may be used for the grant. If a repetition would be no retry, `per-request` becomes once.
fn rule(identity: &Identity, grant: &Grant) -> ReplayRule {
    let once = grant.granted().iter().any(|granted| granted.once);
    let retried = grant.granted().iter().all(|granted| granted.terms.is_retried());
    match identity.replay() {
        _ if once => ReplayRule::Once,
        ReplayRule::PerRequest if !retried => ReplayRule::Once,
        rule => rule,
    }
}
