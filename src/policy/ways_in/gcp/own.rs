//! The provider that the configuration names: whether it takes the tokens of daypass's issuer, and of nobody else.

use super::jwks;
use super::projects::Projects;
use super::provider::Provider;
use crate::policy::ways_in::advice::GCP as MEND;
use crate::policy::ways_in::granted::GrantedInClouds;
use crate::policy::ways_in::way_in::{WayIn, WayInKind, listed};
use crate::token::parse_document;
use serde_json::Value;

const KEYS: &str = "compare `oidc.jwksJson` with the issuer's /.well-known/jwks.json: add that one, saved as jwks.json; `daypass gcp bootstrap --jwks` prints how to upload it anew";
const AUDIENCES: &str = "let the provider's allowed audiences be its own name alone: daypass uses it, and it is the default";

pub(super) fn ways(of: &str, provider: &Provider, projects: &Projects, granted: &GrantedInClouds) -> Vec<WayIn> {
    let way = |kind, message: String, advice: &str| WayIn::new(of, kind, message, advice);
    let is_ours = provider.issuer.trim_end_matches('/') == granted.issuer.as_str().trim_end_matches('/');
    if !is_ours {
        let message =
            format!("the provider that the configuration names trusts {} instead of {}", provider.issuer, granted.issuer);
        return vec![way(WayInKind::Anybody, message, MEND)];
    }
    let mut ways = Vec::new();
    if provider.subject() != "assertion.sub" {
        let message = format!(
            "the provider may let others in: it maps google.subject from `{}`, and subjects are `assertion.sub`",
            provider.subject()
        );
        ways.push(way(WayInKind::NotUnderstood, message, MEND));
    }
    ways.extend(provider.uploaded.as_ref().and_then(|uploaded| keys_way(of, uploaded, projects)));
    ways.extend(provider.audiences.as_ref().map_or_else(Vec::new, |audiences| audience_ways(of, audiences, &provider.name)));
    if ways.is_empty() {
        ways.push(way(WayInKind::Ours, "the provider trusts daypass's own issuer".to_owned(), ""));
    }
    ways
}

/// Reports uploaded keys that daypass's issuer does not have: whoever has the private key signs tokens that Google takes for
/// daypass's.
fn keys_way(of: &str, uploaded: &Value, projects: &Projects) -> Option<WayIn> {
    let way = |message: String| {
        Some(WayIn::new(of, WayInKind::NotUnderstood, format_args!("the provider may let others in: {message}"), KEYS))
    };
    let document = uploaded.as_str().and_then(|text| parse_document(text.as_bytes()).ok());
    let Some(keys) = document.as_ref().and_then(jwks::read) else {
        return way("the keys that were uploaded to it are not understood".to_owned());
    };
    let Some(own) = projects.own_keys() else {
        let ids: Vec<&String> = keys.values().collect();
        return way(format!("keys were uploaded to it ({}), and no export here has the issuer's to compare", listed(&ids)));
    };
    let foreign: Vec<&String> = keys.iter().filter(|(key, _)| !own.contains_key(*key)).map(|(_, id)| id).collect();
    if foreign.is_empty() {
        None
    } else {
        way(format!("keys were uploaded to it that the issuer does not have: {}", listed(&foreign)))
    }
}

/// Reports other audiences: daypass's tokens for partners have the same subjects. If no audience is listed, Google takes the
/// provider's name, with and without `https:`.
fn audience_ways(of: &str, audiences: &Value, provider: &str) -> Vec<WayIn> {
    let way = |kind, message: String| WayIn::new(of, kind, message, AUDIENCES);
    let all = audiences.as_array().and_then(|all| all.iter().map(Value::as_str).collect::<Option<Vec<&str>>>());
    let Some(all) = all else {
        return vec![way(
            WayInKind::NotUnderstood,
            "the provider may let others in: its `allowedAudiences` are not understood".to_owned(),
        )];
    };
    let name = format!("//iam.googleapis.com/{provider}");
    let url = format!("https:{name}");
    let mut ways = Vec::new();
    let foreign: Vec<&str> = all.iter().copied().filter(|audience| *audience != name && *audience != url).collect();
    if !foreign.is_empty() {
        let message = format!(
            "it takes tokens of daypass for other audiences too, {}: a partner who was shown one gets in",
            listed(&foreign)
        );
        ways.push(way(WayInKind::Others, message));
    }
    if !all.is_empty() && !all.contains(&url.as_str()) {
        ways.push(way(
            WayInKind::Missing,
            format!("the provider does not take daypass: its audience {url} is not among the allowed ones"),
        ));
    }
    ways
}
