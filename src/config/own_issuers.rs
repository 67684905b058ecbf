//! The addresses of our own issuers: the one that clouds trust, and the one of `id_token`s. They are never the same.

use crate::store::OwnIssuer;
use crate::words::names::{IssuerUrl, NameError};
use crate::words::yaml::Fields;

/// Where this server serves the documents of the `id_token`s' issuer, below its own address.
pub const ID_TOKENS: &str = "/id-tokens";

/// The address at which this server itself serves an issuer's documents: the issuer's, unless the configuration names another.
pub fn served_issuer(public_url: &IssuerUrl, own: OwnIssuer) -> Result<IssuerUrl, NameError> {
    match own {
        OwnIssuer::Clouds => Ok(public_url.clone()),
        OwnIssuer::IdTokens => IssuerUrl::parse(&format!("{}{ID_TOKENS}", public_url.as_str().trim_end_matches('/'))),
    }
}

/// Both addresses, in the order of [`OwnIssuer::ALL`]; fewer where one is faulty.
pub(super) fn read(fields: &mut Fields<'_, '_>, public_url: Option<&IssuerUrl>) -> Vec<IssuerUrl> {
    let mut all: Vec<IssuerUrl> = Vec::new();
    for (own, key) in OwnIssuer::ALL.into_iter().zip(["issuer_url", "id_token_issuer_url"]) {
        let node = fields.optional(key);
        let issuer = match node {
            Some(node) => fields.parsed(node, IssuerUrl::parse),
            None => public_url.and_then(|public_url| served_issuer(public_url, own).ok()),
        };
        let shared = issuer.as_ref().is_some_and(|issuer| all.iter().any(|other| are_one(other, issuer)));
        if let (true, Some(node)) = (shared, node.or_else(|| fields.optional("issuer_url"))) {
            let message = "id_tokens have an issuer of their own: at the address that clouds trust, each of them could be a cloud credential";
            fields.fault(node.place, message);
        } else {
            all.extend(issuer);
        }
    }
    all
}

/// Whether two addresses differ in spelling alone: case of the host, a default port, a slash at the end.
pub(super) fn are_one(one: &IssuerUrl, other: &IssuerUrl) -> bool {
    let plain =
        |issuer: &IssuerUrl| reqwest::Url::parse(issuer.as_str()).map(|url| url.as_str().trim_end_matches('/').to_owned());
    matches!((plain(one), plain(other)), (Ok(one), Ok(other)) if one == other) || one == other
}
