//! Where a mount ends in a path, and of which type it is. Its name is the client's own: nothing is mounted here by hand.

use serde_json::{Value, json};

/// A mount ends before the first of these words: what is asked of it.
const WORDS: [&str; 11] =
    ["data", "metadata", "subkeys", "delete", "undelete", "destroy", "creds", "sts", "encrypt", "decrypt", "keys"];
/// The types of mounts that are no KV store, each with the word that its name is or begins with: `aws`, `aws-prod`, `transit_eu`.
const NAMED: [&str; 2] = ["aws", "transit"];

/// A path below a mount.
pub(super) struct Below<'a> {
    pub(super) mount: &'a [&'a str],
    pub(super) word: &'a str,
    pub(super) rest: &'a [&'a str],
}

impl<'a> Below<'a> {
    /// Splits the path at its first word. `keys` is one of a read alone, for keys in a folder of that name.
    pub(super) fn split(parts: &'a [&'a str], reads: bool) -> Option<Self> {
        let is_word = |part: &&str| WORDS.contains(part) && (reads || *part != "keys");
        let at = 1 + parts.iter().skip(1).position(is_word)?;
        Some(Self { mount: &parts[..at], word: parts[at], rest: &parts[at + 1..] })
    }

    /// A transit key's name begins with what stands between the mount's first segment and the operation: sops takes a key of one
    /// segment, and for the rest a mount of several.
    pub(super) fn transit_key(&self) -> String {
        [&self.mount[1..], self.rest].concat().join("/")
    }
}

/// A mount, for clients that ask of which type it is before they read.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Mount {
    path: String,
    kind: &'static str,
}

impl Mount {
    /// The mount of this path. Only a KV store has several segments, where the path says where they end.
    pub(super) fn of(parts: &[&str]) -> Option<Self> {
        let first = parts.first()?;
        let begins = |kind: &&str| first.strip_prefix(*kind).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']));
        if let Some(kind) = NAMED.into_iter().find(begins) {
            return Some(Self { path: (*first).to_owned(), kind });
        }
        let kv = Below::split(parts, true).filter(|below| matches!(below.word, "data" | "metadata" | "subkeys"));
        let path = kv.map_or_else(|| (*first).to_owned(), |below| below.mount.join("/"));
        Some(Self { path, kind: "kv" })
    }

    /// As `sys/internal/ui/mounts/PATH` tells it.
    pub(super) fn described(&self) -> Value {
        let mut mount = described(self.kind);
        mount["path"] = format!("{}/", self.path).into();
        mount
    }
}

/// Every mount by its usual name, as `sys/internal/ui/mounts` tells them.
pub(super) fn all() -> Value {
    json!({
        "secret": { "secret/": described("kv"), "aws/": described("aws"), "transit/": described("transit") },
        "auth": { "jwt/": described("jwt"), "kubernetes/": described("kubernetes") },
    })
}

/// Clients read below `data/` where the options say version 2, and the path as it is elsewhere.
fn described(kind: &str) -> Value {
    let options = if kind == "kv" { json!({ "version": "2" }) } else { Value::Null };
    json!({ "type": kind, "options": options, "description": "", "local": false, "config": {} })
}
