//! Operators' denials as `status` and `deny --lift` print them.

use crate::words::UnixTime;
use crate::words::names::{IssuerName, PolicyName};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A denial in effect.
#[derive(Serialize, Deserialize, Debug)]
pub struct ActiveDenial {
    /// The id by which an operator lifts it.
    pub id: String,
    /// When it ends; `None`: when an operator lifts it.
    pub until: Option<UnixTime>,
    /// What it denies.
    pub denies: DenyLines,
    /// Why it denies nobody, if it names what does not exist.
    pub unknown: Option<String>,
}

/// What a denial denies: all of its lines have to fit.
#[derive(Serialize, Deserialize, Debug)]
pub struct DenyLines {
    /// Only grants of this policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyName>,
    /// Only jobs of this repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Only tokens of this issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerName>,
    /// Only jobs of one run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Why.
    pub reason: String,
}

impl DenyLines {
    /// Its lines, without the reason.
    pub fn lines(&self) -> String {
        let lines = [
            ("policy", self.policy.as_ref().map(PolicyName::as_str)),
            ("repository", self.repository.as_deref()),
            ("issuer", self.issuer.as_ref().map(IssuerName::as_str)),
            ("run", self.run.as_deref()),
        ];
        let shown = lines.into_iter().filter_map(|(line, value)| Some(format!("{line} {}", value?)));
        shown.collect::<Vec<_>>().join(", ")
    }
}

/// Its lines, and the reason in parentheses.
impl fmt::Display for DenyLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.lines(), self.reason)
    }
}
