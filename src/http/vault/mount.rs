//! Where a mount ends in a path, and which type it has. A client may use any name for it: nobody mounts anything here.

use serde_json::{Value, json};

/// The words after a mount: it ends before the first of them.
const WORDS: [&str; 11] =
    ["data", "metadata", "subkeys", "delete", "undelete", "destroy", "creds", "sts", "encrypt", "decrypt", "keys"];
/// The types of mounts other than KV stores. A mount's name is the type or begins with it: `aws`, `aws-prod`, `transit_eu`.
const NAMED: [&str; 2] = ["aws", "transit"];

/// A path below a mount.
pub(super) struct MountPath<'a> {
    pub(super) mount: &'a [&'a str],
    pub(super) word: &'a str,
    pub(super) rest: &'a [&'a str],
}

impl<'a> MountPath<'a> {
    /// Splits the path at its first word. `keys` is a word only in a read: in a write it may be the folder of a key.
    pub(super) fn split(parts: &'a [&'a str], reads: bool) -> Option<Self> {
        let is_word = |part: &&str| WORDS.contains(part) && (reads || *part != "keys");
        let at = 1 + parts.iter().skip(1).position(is_word)?;
        Some(Self { mount: &parts[..at], word: parts[at], rest: &parts[at + 1..] })
    }

    /// A transit key's name begins with the segments between the mount's first one and the operation: sops accepts only a key of
    /// one segment, and a mount of several.
    pub(super) fn transit_key(&self) -> String {
        [&self.mount[1..], self.rest].concat().join("/")
    }
}

/// A mount, for clients that ask for its type before they read.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Mount {
    path: String,
    kind: &'static str,
}

impl Mount {
    /// The mount of this path. Only a KV store can have several segments, if the path shows where they end.
    pub(super) fn of(parts: &[&str]) -> Option<Self> {
        let first = parts.first()?;
        let begins = |kind: &&str| first.strip_prefix(*kind).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']));
        if let Some(kind) = NAMED.into_iter().find(begins) {
            return Some(Self { path: (*first).to_owned(), kind });
        }
        let kv = MountPath::split(parts, true).filter(|below| matches!(below.word, "data" | "metadata" | "subkeys"));
        let path = kv.map_or_else(|| (*first).to_owned(), |below| below.mount.join("/"));
        Some(Self { path, kind: "kv" })
    }

    /// The answer of `sys/internal/ui/mounts/PATH`.
    pub(super) fn described(&self) -> Value {
        let mut mount = described(self.kind);
        mount["path"] = format!("{}/", self.path).into();
        mount
    }
}

/// The answer of `sys/internal/ui/mounts`: every mount by its usual name.
pub(super) fn all() -> Value {
    json!({
        "secret": { "secret/": described("kv"), "aws/": described("aws"), "transit/": described("transit") },
        "auth": { "jwt/": described("jwt"), "kubernetes/": described("kubernetes") },
    })
}

/// The options of a KV store say version 2, so that clients read below `data/`.
fn described(kind: &str) -> Value {
    let options = if kind == "kv" { json!({ "version": "2" }) } else { Value::Null };
    json!({ "type": kind, "options": options, "description": "", "local": false, "config": {} })
}
