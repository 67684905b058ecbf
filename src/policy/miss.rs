//! Why a rule does not match: a line does not hold, or no line names a danger.

use super::condition::Condition;
use crate::identity::{Attribute, Facts};
use crate::words::plain;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a rule does not match.
pub(super) enum Mismatch<'a> {
    Condition(&'a Condition),
    Unnamed(Attribute),
}

/// A line that does not hold.
#[derive(Debug, Serialize, Deserialize)]
pub struct Line {
    /// Where it stands: file and line.
    pub at: String,
    /// What it says.
    pub says: String,
    /// The identity's value; absent if it has none.
    pub saw: Option<String>,
    /// Whether the value may name a person.
    #[serde(skip)]
    pub(super) personal: bool,
}

impl Mismatch<'_> {
    /// The line for these facts; `file` is the policy's.
    pub(super) fn line(&self, file: &str, facts: &Facts) -> Line {
        match self {
            Self::Condition(condition) => Line {
                at: format!("{file}:{}", condition.place.line),
                says: condition.written.clone(),
                saw: condition.saw(facts),
                personal: condition.is_personal(),
            },
            Self::Unnamed(attribute) => Line {
                at: file.to_owned(),
                says: format!("no line names `{attribute}`, which is denied unless a policy does"),
                saw: facts.attribute(*attribute).map_or_else(|| "what cannot be read".to_owned(), ToString::to_string).into(),
                personal: false,
            },
        }
    }
}

/// As one clause of a sentence.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} says `{}` and saw ", self.at, plain(&self.says))?;
        match &self.saw {
            Some(saw) => write!(f, "`{}`", plain(saw)),
            None => f.write_str("nothing"),
        }
    }
}
