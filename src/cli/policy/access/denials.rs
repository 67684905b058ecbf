//! The guardrails that a change removes or adds, even if nobody gains or loses access by it today.

use crate::policy::{Guardrails, Ruleset};
use crate::words::plain;
use serde::Serialize;

/// A denial's place and its description.
#[derive(Serialize)]
pub(super) struct DenialLine {
    at: String,
    description: String,
}

/// The denials that only one of the two revisions has. A changed denial is in both lists.
#[derive(Serialize)]
pub(super) struct Denials {
    removed: Vec<DenialLine>,
    added: Vec<DenialLine>,
}

impl Denials {
    pub(super) fn between(old: &Ruleset, new: &Ruleset) -> Self {
        let (old, new) = (old.set().guardrails(), new.set().guardrails());
        Self { removed: lacking(new, old), added: lacking(old, new) }
    }

    /// Whether a denial was removed.
    pub(super) const fn are_fewer(&self) -> bool {
        !self.removed.is_empty()
    }

    /// A line for each.
    pub(super) fn listing(&self) -> String {
        let lines = |word: &'static str, entries: &[DenialLine]| -> String {
            entries.iter().map(|one| format!("{word} {}   {}\n", plain(&one.at), plain(&one.description))).collect()
        };
        lines("NO LONGER DENIED", &self.removed) + &lines("NEWLY DENIED", &self.added)
    }
}

/// The denials of `others` that `these` lack.
fn lacking(these: &Guardrails, others: &Guardrails) -> Vec<DenialLine> {
    let entry = |(at, description): (String, &str)| DenialLine { at, description: description.to_owned() };
    these.missing_from(others).into_iter().map(entry).collect()
}
