//! The `issuers` of `daypass.yaml`.

use super::error::{AudienceError, OtherKind, ValueError};
use super::own_issuers::are_one;
use super::section::trusted_path;
use crate::identity::Mapping;
use crate::issuers::{IssuerSettings, JwksHost, JwksSource, Network};
use crate::policy::Pattern;
use crate::token::{Algorithm, Expected, parse_session_lifetime};
use crate::words::names::{Audience, IssuerName, IssuerUrl};
use crate::words::yaml::{Fields, Node};
use crate::words::{is_cloud_audience, parse_duration};
use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

/// How old a token may be by default: CI tokens live minutes.
const TOKEN_AGE_DEFAULT: Duration = Duration::from_secs(3600);
/// The document names one host; a few more let an issuer move.
const JWKS_HOSTS_MAX: usize = 8;
/// The algorithms that issuers use. RS384 and the others must be named.
const ALGORITHMS_DEFAULT: [Algorithm; 5] =
    [Algorithm::Rs256, Algorithm::Es256, Algorithm::Es384, Algorithm::Ps256, Algorithm::EdDsa];

pub(super) fn read_all(fields: &mut Fields<'_, '_>, folder: &Path, own: &[IssuerUrl]) -> Option<Vec<IssuerSettings>> {
    let list = fields.required("issuers")?;
    let nodes = fields.one_or_many(list);
    if nodes.is_empty() {
        fields.fault(list.place, "name at least one issuer: without one, no token is accepted");
    }
    let mut issuers: Vec<IssuerSettings> = Vec::new();
    for node in nodes {
        let mut inner = fields.below(node);
        let issuer = read_one(&mut inner, folder);
        inner.finish();
        let Some(issuer) = issuer else { continue };
        if own.iter().any(|own| are_one(own, &issuer.expected.issuer)) {
            fields.fault(node.place, "our own issuers are never accepted: a token that we issued could be exchanged again");
        }
        if issuers.iter().any(|other| other.name == issuer.name) {
            fields.fault(node.place, format!("two issuers are called `{}`", issuer.name));
        }
        let shares = |other: &&IssuerSettings| {
            other.expected.issuer == issuer.expected.issuer
                && other.expected.audiences.iter().any(|audience| issuer.expected.audiences.contains(audience))
        };
        if let Some(other) = issuers.iter().find(shares) {
            fields.fault(
                node.place,
                format!("`{}` has the same issuer and audience, so nothing tells their tokens apart", other.name),
            );
        }
        issuers.push(issuer);
    }
    Some(issuers)
}

fn read_one<'a>(fields: &mut Fields<'a, '_>, folder: &Path) -> Option<IssuerSettings> {
    let name = fields.required("name").and_then(|node| fields.parsed(node, IssuerName::parse));
    let mapping = fields.required("mapping").and_then(|node| fields.parsed(node, Mapping::built_in));
    let issuer_node = fields.required("issuer");
    let issuer = issuer_node.and_then(|node| fields.parsed(node, IssuerUrl::parse));
    if let (Some(issuer), Some(mapping), Some(node)) = (&issuer, &mapping, issuer_node)
        && let Err(fault) = check_kind(issuer, mapping)
    {
        fields.fault(node.place, fault);
    }
    let mut audiences = Vec::new();
    if let Some(list) = fields.required("audiences") {
        for node in fields.one_or_many(list) {
            audiences.extend(fields.parsed(node, check_audience));
        }
        if audiences.is_empty() {
            fields.fault(list.place, "name at least one audience, which only this server has");
        }
        if let Some(Err(fault)) = issuer.as_ref().map(|issuer| check_audiences(issuer, &audiences)) {
            fields.fault(list.place, fault);
        }
    }
    let jwks = fields.optional("jwks").map_or(Some(JwksSource::Discovery), |node| read_jwks(fields, node, folder));
    let token_age_max =
        fields.optional("max_token_age").map_or(Some(TOKEN_AGE_DEFAULT), |node| fields.parsed(node, parse_token_age));
    let algorithms = list(fields, "algorithms", |text| Algorithm::parse(text).ok_or(ValueError::Algorithm));
    let one_client = fields.word("bind", "client");
    let session_max = fields.optional("session_max").and_then(|node| fields.parsed(node, parse_session_lifetime));
    let jwks_hosts = read_jwks_hosts(fields, jwks.as_ref());
    let addresses = list(fields, "addresses", Network::parse).unwrap_or_default();
    let proxy = fields.optional("proxy").and_then(|node| fields.text(node)).map(str::to_owned);
    let expected = Expected {
        issuer: issuer?,
        audiences,
        algorithms: algorithms.unwrap_or_else(|| ALGORITHMS_DEFAULT.to_vec()),
        token_age_max: token_age_max?,
        one_client,
        session_max,
    };
    Some(IssuerSettings { name: name?, mapping: mapping?, expected, jwks: jwks?, jwks_hosts, addresses, proxy })
}

/// `jwks_hosts` is for a discovery document, which there is only without `jwks`.
fn read_jwks_hosts(fields: &mut Fields<'_, '_>, jwks: Option<&JwksSource>) -> Vec<JwksHost> {
    let Some(node) = fields.optional("jwks_hosts") else { return Vec::new() };
    if !matches!(jwks, Some(JwksSource::Discovery) | None) {
        fields.fault(
            node.place,
            "`jwks` says where the keys are, so no discovery document names their host: leave one of the two out",
        );
    }
    let nodes = fields.one_or_many(node);
    if nodes.len() > JWKS_HOSTS_MAX {
        fields.fault(node.place, format!("at most {JWKS_HOSTS_MAX} hosts: an issuer's document names one"));
    }
    nodes.iter().filter_map(|node| fields.parsed(node, JwksHost::parse)).collect()
}

fn list<T, E: Display>(fields: &mut Fields<'_, '_>, key: &'static str, parse: impl Fn(&str) -> Result<T, E>) -> Option<Vec<T>> {
    let node = fields.optional(key)?;
    let nodes = fields.one_or_many(node);
    Some(nodes.iter().filter_map(|node| fields.parsed(node, &parse)).collect())
}

/// `{ file }`, or `{ url, ca, token_file }`.
fn read_jwks<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, folder: &Path) -> Option<JwksSource> {
    let mut inner = fields.below(node);
    let file = inner.optional("file").and_then(|node| trusted_path(&mut inner, node, folder));
    let url = inner.optional("url").and_then(|node| inner.text(node)).map(str::to_owned);
    let ca = inner.optional("ca").and_then(|node| trusted_path(&mut inner, node, folder));
    let token_file = inner.optional("token_file").and_then(|node| trusted_path(&mut inner, node, folder));
    inner.finish();
    match (file, url) {
        (Some(file), None) => Some(JwksSource::File(file)),
        (None, Some(url)) if has_user(&url) => {
            fields.unseen(node.place, "put the token into `token_file`, and no user into the address: it would be logged");
            None
        }
        (None, Some(url)) if url.starts_with("https://") && reqwest::Url::parse(&url).is_ok() => {
            Some(JwksSource::Url { url, ca, token_file })
        }
        _ => {
            fields.fault(node.place, "expected `{ file: … }` or `{ url: https://…, ca: …, token_file: … }`");
            None
        }
    }
}

fn has_user(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| !url.username().is_empty() || url.password().is_some())
}

fn parse_token_age(text: &str) -> Result<Duration, ValueError> {
    match parse_duration(text)? {
        Duration::ZERO => Err(ValueError::NoAge),
        age => Ok(age),
    }
}

/// A mapping of another kind reads nothing, or reads names without the ids that decide. It also does not tell the tenants of a
/// shared issuer apart.
fn check_kind(issuer: &IssuerUrl, mapping: &Mapping) -> Result<(), OtherKind> {
    let is_at = |mapping: &Mapping| {
        let url = issuer.as_str().trim_end_matches('/');
        mapping.known_issuers().iter().any(|known| Pattern::parse(known).is_ok_and(|known| known.matches(url)))
    };
    let mut all = Mapping::built_in_names().filter_map(|name| Mapping::built_in(name).ok());
    match all.find(|other| is_at(other)) {
        Some(own) if own.name() != mapping.name() => {
            Err(OtherKind { mapping: mapping.name().to_owned(), own: own.name().to_owned() })
        }
        Some(_) | None => Ok(()),
    }
}

/// Refuses the issuer's own address, because its tokens are made for the issuer itself, and an audience that is listed twice.
fn check_audiences(issuer: &IssuerUrl, audiences: &[Audience]) -> Result<(), AudienceError> {
    let plain = |text: &str| text.trim_end_matches('/').to_ascii_lowercase();
    if let Some(own) = audiences.iter().find(|audience| plain(audience.as_str()) == plain(issuer.as_str())) {
        return Err(AudienceError::IssuersOwn { audience: own.clone() });
    }
    let twice = audiences.iter().enumerate().find(|(at, audience)| audiences[..*at].contains(audience));
    twice.map_or(Ok(()), |(_, audience)| Err(AudienceError::Twice { audience: audience.clone() }))
}

/// Refuses the default audience of a cloud or a forge: the server would accept tokens that were made for them.
fn check_audience(text: &str) -> Result<Audience, AudienceError> {
    const FOREIGN: [&str; 3] = ["sigstore", "vault", "kubernetes"];
    const FOREIGN_HOSTS: [&str; 3] = ["https://github.com/", "https://kubernetes.default", "https://buildkite.com/"];
    if text.contains('*') {
        return Err(AudienceError::Pattern);
    }
    let is_foreign = FOREIGN.contains(&text) || FOREIGN_HOSTS.iter().any(|host| text.starts_with(host));
    if is_foreign || is_cloud_audience(text) {
        return Err(AudienceError::Foreign);
    }
    Ok(Audience::parse(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_in_the_address_of_keys_is_seen() {
        assert!(has_user("https://user:word@keys.acme.example/jwks") && has_user("https://token@keys.acme.example"));
        assert!(!has_user("https://keys.acme.example/jwks?policy=a@b") && !has_user("keys.json"));
    }
}
