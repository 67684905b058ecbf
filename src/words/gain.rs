//! Every kind of change after which somebody may read more. `policy diff` lists them, and with `widening: hold` they wait for approval.
//! Other changes become active at once. `docs/widening.md` has a row for each kind, which a test compares.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A kind of change after which somebody may read more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gain {
    /// A policy matches more identities, grants more, or grants on looser terms.
    Policy,
    /// A denial is removed or matches less.
    Guardrail,
    /// A further source is new or its definition changed.
    Source,
    /// A secret's file is new.
    NewSecret,
    /// A transit key has its first version.
    NewTransitKey,
    /// A file is encrypted to another recipient.
    Recipient,
    /// `.sops.yaml` names another recipient for files that are encrypted later.
    Rules,
    /// A value that was encrypted is in clear text, or `.sops.yaml` no longer encrypts it.
    Readable,
    /// The recipients of a file or of a rule cannot be read.
    Unread,
    /// A file holds a wrapped key that is or was at another path.
    Copied,
    /// The same, and the other path no longer exists.
    Moved,
}

impl Gain {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 11] = [
        Self::Policy,
        Self::Guardrail,
        Self::Source,
        Self::NewSecret,
        Self::NewTransitKey,
        Self::Recipient,
        Self::Rules,
        Self::Readable,
        Self::Unread,
        Self::Copied,
        Self::Moved,
    ];

    /// Its word in JSON and in the table.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Guardrail => "guardrail",
            Self::Source => "source",
            Self::NewSecret => "new_secret",
            Self::NewTransitKey => "new_transit_key",
            Self::Recipient => "recipient",
            Self::Rules => "rules",
            Self::Readable => "readable",
            Self::Unread => "unread",
            Self::Copied => "copied",
            Self::Moved => "moved",
        }
    }
}

/// A file after whose change somebody may read more.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct WidenedFile {
    /// Its path in the repository.
    pub file: String,
    /// The kind of the change.
    pub gain: Gain,
    /// What the change does, as a text that follows the file's name.
    pub why: String,
}

impl WidenedFile {
    /// A file, the kind of its change, and what the change does.
    pub fn new(file: &str, gain: Gain, why: impl Into<String>) -> Self {
        Self { file: file.to_owned(), gain, why: why.into() }
    }
}

impl fmt::Display for WidenedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.file, self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_docs_has_a_row_for_each_and_no_other() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/widening.md")).unwrap();
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        assert_eq!(rows.collect::<Vec<_>>(), Gain::ALL.map(Gain::code));
        for gain in Gain::ALL {
            assert_eq!(serde_json::to_value(gain).unwrap(), gain.code());
        }
    }
}
