//! What an address of Vault's means here. Read segment by segment, each decoded once.

use super::not_here;
use crate::http::form;
use crate::policy::Operation;
use crate::words::{Denial, Reason};
use axum::http::Method;
use std::collections::BTreeMap;

/// More segments than any name has.
const SEGMENTS_MAX: usize = 64;

/// What is asked for.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Address {
    Health,
    SealStatus,
    /// `bao status` asks it beside the seal.
    Leader,
    /// The CLI asks what is mounted where, before it reads.
    Mounts(String),
    Login,
    LookupSelf,
    RenewSelf,
    RevokeSelf,
    /// A document, or one key of it: `shop/db.yaml#/password`.
    Read(String),
    Metadata(String),
    /// A folder; empty is the whole mount.
    List(String),
    /// AWS credentials, by the name of a trust policy.
    Aws(Aws),
    /// An operation by a transit key.
    Transit(Transit),
}

/// A key's name begins with what stands between the mount and the operation: sops takes a key of one segment, and for the rest a
/// mount of several.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Transit {
    pub(super) operation: Operation,
    pub(super) key: String,
}

/// A role of Vault's, which is a trust policy here, and what the query asks beside it.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Aws {
    pub(super) policy: String,
    pub(super) query: BTreeMap<String, String>,
}

impl Address {
    /// Reads the path below `/v1` and the query.
    pub(super) fn read(method: &Method, path: &str, query: &str) -> Result<Self, Denial> {
        let segments = segments(path)?;
        let query = form::parse(query.as_bytes()).map_err(|fault| not_here(&format!("The query: {fault}.")))?;
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (get, write) = (matches!(method.as_str(), "GET" | "HEAD"), matches!(method.as_str(), "POST" | "PUT"));
        let list = method.as_str() == "LIST" || (get && query.get("list").is_some_and(|value| value == "true"));
        let listing = |known: &[&str]| check_query(&query, known);
        match parts[..] {
            ["sys", "health"] if get => Ok(Self::Health),
            ["sys", "seal-status"] if get => Ok(Self::SealStatus),
            ["sys", "leader"] if get => Ok(Self::Leader),
            ["sys", "internal", "ui", "mounts", mount, ..] if get => listing(&[]).map(|()| Self::Mounts(mount.to_owned())),
            ["auth", "token", "lookup-self"] if get => listing(&[]).map(|()| Self::LookupSelf),
            ["auth", "token", "renew-self"] if write => Ok(Self::RenewSelf),
            ["auth", "token", "revoke-self"] if write => listing(&[]).map(|()| Self::RevokeSelf),
            ["auth", "token", ..] | ["sys", ..] => Err(unknown(path)),
            ["auth", .., _, "login"] if write => listing(&[]).map(|()| Self::Login),
            ["auth", ..] => Err(unknown(path)),
            [_, "metadata", ref folder @ ..] if list => listing(&["list"]).map(|()| Self::List(folder.join("/"))),
            [_, "metadata", ref name @ ..] if get && !name.is_empty() => listing(&[]).map(|()| Self::Metadata(name.join("/"))),
            [_, "data", ref name @ ..] if get && !name.is_empty() => check_version(&query).map(|()| Self::Read(name.join("/"))),
            [_, "data" | "metadata" | "delete" | "undelete" | "destroy", _, ..] if !get => {
                Err(not_here("Secrets are changed by a commit to the repository that they are in, not here."))
            }
            [_, "creds" | "sts", ref policy @ ..] if (get || write) && !policy.is_empty() => {
                Ok(Self::Aws(Aws { policy: policy.join("/"), query: query.clone() }))
            }
            [_, ref rest @ ..] if write => match Transit::read(rest) {
                Some(transit) => listing(&[]).map(|()| Self::Transit(transit)),
                None => Err(unknown(path)),
            },
            _ => Err(unknown(path)),
        }
    }
}

impl Transit {
    /// Reads what follows the mount. No key has an operation in its name.
    fn read(parts: &[&str]) -> Option<Self> {
        let at = parts.iter().position(|part| Operation::parse(part).is_ok())?;
        let key = [&parts[..at], &parts[at + 1..]].concat().join("/");
        (at + 1 < parts.len()).then_some(Self { operation: Operation::parse(parts[at]).ok()?, key })
    }
}

/// What stands at the root as well, below `/v1`, because sops and Flux take no address with a path: logins and transit.
pub(super) fn is_at_root(method: &Method, path: &str) -> bool {
    matches!(Address::read(method, path, ""), Ok(Address::Login | Address::Transit(_)))
}

/// The path's segments: empty ones left out, as Vault does, and each decoded by itself. A slash that is encoded is none.
fn segments(path: &str) -> Result<Vec<String>, Denial> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).take(SEGMENTS_MAX + 1).collect();
    if parts.len() > SEGMENTS_MAX {
        return Err(not_here("The path has too many segments."));
    }
    // `+` is itself in a path, and a space in a form.
    let decode = |part: &&str| form::decode(part.replace('+', "%2B").as_bytes()).ok();
    let good = |part: String| (!part.contains('/') && part != "." && part != "..").then_some(part);
    let decoded: Option<Vec<String>> = parts.iter().map(|part| decode(part).and_then(good)).collect();
    decoded.ok_or_else(|| not_here("The path has a segment that is no name: `..`, an encoded slash, or a broken escape."))
}

fn check_query(query: &BTreeMap<String, String>, known: &[&str]) -> Result<(), Denial> {
    match query.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => Err(not_here(&format!("{} is no parameter here.", form::shown(unknown)))),
        None => Ok(()),
    }
}

/// What is in force is the only version there is; clients name it 0, or 1 as we do.
fn check_version(query: &BTreeMap<String, String>) -> Result<(), Denial> {
    check_query(query, &["version"])?;
    match query.get("version").map(String::as_str) {
        None | Some("0" | "1") => Ok(()),
        Some(_) => Err(not_here("Only the version in force is given: older ones are in the repository's history.")),
    }
}

fn unknown(path: &str) -> Denial {
    let cause = format!("{:?} is no address of the Vault API here", path.chars().take(200).collect::<String>());
    Reason::NotFound
        .because(cause)
        .saying("This path and method of Vault's API is not served here: docs/api/vault.md has those that are.")
}

#[cfg(test)]
mod tests;
