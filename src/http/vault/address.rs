//! What a path of Vault's API means here. It is read segment by segment, and each is decoded once.

use super::mount::{Mount, MountPath};
use super::not_here::not_here;
use crate::http::form;
use crate::kind::Operation;
use crate::words::{Denial, Reason, without_secrets};
use axum::http::Method;
use std::collections::BTreeMap;

/// The most segments of a path: no name has as many.
const SEGMENTS_MAX: usize = 64;

/// What a path and its method ask for.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Address {
    Health,
    SealStatus,
    /// `bao status` asks for it after the seal status.
    Leader,
    Mounts,
    /// Clients ask what is mounted at a path before they read it.
    Mount(Mount),
    Login,
    LookupSelf,
    RenewSelf,
    RevokeSelf,
    /// A document, or one key of it: `shop/db.yaml#/password`.
    Read(String),
    /// The names of a document's values down to this level; 0 means all levels.
    Subkeys(String, u32),
    Metadata(String),
    /// A folder; empty means the whole mount.
    List(String),
    /// AWS credentials, by the name of a trust policy.
    Aws(Aws),
    /// An operation by a transit key.
    Transit(Transit),
    /// The versions of a transit key.
    TransitKey(String),
}

#[derive(PartialEq, Eq, Debug)]
pub(super) struct Transit {
    pub(super) operation: Operation,
    pub(super) key: String,
}

/// A role of Vault's, which is a trust policy here, and the parameters of the query.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Aws {
    /// The requested path: a lease is named after it.
    pub(super) path: String,
    pub(super) policy: String,
    pub(super) query: BTreeMap<String, String>,
}

/// What a request's method does.
#[derive(Clone, Copy)]
struct MethodUse {
    get: bool,
    write: bool,
    list: bool,
}

impl Address {
    /// Reads the path below `/v1` and the query.
    pub(super) fn read(method: &Method, path: &str, query: &str) -> Result<Self, Denial> {
        let segments = segments(path)?;
        let query = form::parse(query.as_bytes()).map_err(|fault| not_here(&format!("The query: {fault}.")))?;
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (get, write) = (method == Method::GET, matches!(method.as_str(), "POST" | "PUT"));
        let list = method.as_str() == "LIST" || (get && query.get("list").is_some_and(|value| value == "true"));
        let bare = |address: Self| check_query(&query, &[]).map(|()| address);
        match parts[..] {
            ["sys", "health"] if get || method == Method::HEAD => Ok(Self::Health),
            ["sys", "seal-status"] if get => Ok(Self::SealStatus),
            ["sys", "leader"] if get => Ok(Self::Leader),
            ["sys", "internal", "ui", "mounts"] if get => bare(Self::Mounts),
            ["sys", "internal", "ui", "mounts", ref mount_path @ ..] if get => {
                Mount::of(mount_path).map_or_else(|| Err(unserved(path)), |mount| bare(Self::Mount(mount)))
            }
            ["auth", "token", "lookup-self"] if get => bare(Self::LookupSelf),
            ["auth", "token", "renew-self"] if write => Ok(Self::RenewSelf),
            ["auth", "token", "revoke-self"] if write => bare(Self::RevokeSelf),
            ["auth", "token", ..] | ["sys", ..] => Err(unserved(path)),
            ["auth", .., _, "login"] if write => bare(Self::Login),
            ["auth", ..] => Err(unserved(path)),
            _ => {
                let below = MountPath::split(&parts, get || list).ok_or_else(|| unserved(path))?;
                Self::below(&below, MethodUse { get, write, list }, query).unwrap_or_else(|| Err(unserved(path)))
            }
        }
    }

    fn below(below: &MountPath<'_>, does: MethodUse, mut query: BTreeMap<String, String>) -> Option<Result<Self, Denial>> {
        let (MethodUse { get, write, list }, name) = (does, below.rest.join("/"));
        if get && let Err(denial) = take_version(&mut query) {
            return Some(Err(denial));
        }
        let only = |known: &[&str], address: Self| Some(check_query(&query, known).map(|()| address));
        match (below.word, name.is_empty()) {
            ("metadata", _) if list => only(&["list"], Self::List(name)),
            ("metadata", false) if get => only(&[], Self::Metadata(name)),
            ("data", false) if get => only(&[], Self::Read(name)),
            ("subkeys", false) if get => match depth(&query) {
                Ok(depth) => only(&["depth"], Self::Subkeys(name, depth)),
                Err(denial) => Some(Err(denial)),
            },
            ("data" | "metadata" | "delete" | "undelete" | "destroy", false) if !get => Some(Err(not_here(
                "Secrets are changed by a commit to the repository that they are in, not here: docs/api/vault.md.",
            ))),
            ("creds" | "sts", false) if get || write => {
                let path = format!("{}/{}/{name}", below.mount.join("/"), below.word);
                Some(Ok(Self::Aws(Aws { path, policy: name, query })))
            }
            ("keys", false) if get && !list => only(&[], Self::TransitKey(below.transit_key())),
            (word, false) if write => {
                let operation = Operation::parse(word).ok()?;
                only(&[], Self::Transit(Transit { operation, key: below.transit_key() }))
            }
            _ => None,
        }
    }
}

/// Whether it is also served below `/v1`: logins and transit are, because sops and Flux accept no server address with a path.
pub(super) fn is_at_root(method: &Method, path: &str) -> bool {
    matches!(Address::read(method, path, ""), Ok(Address::Login | Address::Transit(_)))
}

/// The path's segments, without the empty ones, as in Vault. Each is decoded by itself, and an encoded slash is refused.
fn segments(path: &str) -> Result<Vec<String>, Denial> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).take(SEGMENTS_MAX + 1).collect();
    if parts.len() > SEGMENTS_MAX {
        return Err(not_here("The path has too many segments."));
    }
    // In a path `+` means itself; in a form it means a space.
    let decode = |part: &&str| form::decode(part.replace('+', "%2B").as_bytes()).ok();
    let good = |part: String| (!part.contains('/') && part != "." && part != "..").then_some(part);
    let decoded: Option<Vec<String>> = parts.iter().map(|part| decode(part).and_then(good)).collect();
    decoded.ok_or_else(|| not_here("The path has a segment that is no name: `..`, an encoded slash, or a broken escape."))
}

fn check_query(query: &BTreeMap<String, String>, known: &[&str]) -> Result<(), Denial> {
    match query.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => Err(not_here(&format!("{} is no parameter here.", form::opening(unknown)))),
        None => Ok(()),
    }
}

/// The form in force is the only version, number 1. Vault takes 0 and negative numbers for the newest. A higher one gets an error
/// and not Vault's 404, which would mean that a secret is gone.
fn take_version(query: &mut BTreeMap<String, String>) -> Result<(), Denial> {
    match query.remove("version").filter(|version| !version.is_empty()).as_deref().map(str::parse::<i64>) {
        None | Some(Ok(..=1)) => Ok(()),
        Some(Ok(_)) => Err(not_here("There is version 1 alone, the one in force: older ones are in the repository's history.")),
        Some(Err(_)) => Err(not_here("`version` is no number.")),
    }
}

fn depth(query: &BTreeMap<String, String>) -> Result<u32, Denial> {
    let depth = query.get("depth").filter(|depth| !depth.is_empty()).map_or(Ok(0), |depth| depth.parse());
    depth.map_err(|_| not_here("`depth` is no number of levels."))
}

/// The refusal of a path that is not served. It is no 404, which would mean that a secret is gone: Vault's clients do not print
/// its text, and External Secrets may delete what it wrote.
fn unserved(path: &str) -> Denial {
    let cause = format!("{:?} is no address of the Vault API here", without_secrets(path).chars().take(200).collect::<String>());
    Reason::BadRequest
        .with_cause(cause)
        .with_detail("This path and method of Vault's API is not served here.")
        .with_hint("docs/api/vault.md has those that are.")
}

#[cfg(test)]
mod tests;
