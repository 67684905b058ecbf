//! The guardrails that a change takes away or adds, also where nobody gains or loses by it today.

use crate::policy::{Guardrails, Ruleset};
use crate::words::plain;
use serde::Serialize;

/// A denial by where it stands and what it says of itself.
#[derive(Serialize)]
pub(super) struct Told {
    at: String,
    description: String,
}

/// What only one of the two revisions denies. A denial that was changed stands in both lists.
#[derive(Serialize)]
pub(super) struct Denials {
    removed: Vec<Told>,
    added: Vec<Told>,
}

impl Denials {
    pub(super) fn between(old: &Ruleset, new: &Ruleset) -> Self {
        let (old, new) = (old.set().guardrails(), new.set().guardrails());
        Self { removed: lacking(new, old), added: lacking(old, new) }
    }

    /// Whether something that was denied is denied no more.
    pub(super) const fn are_fewer(&self) -> bool {
        !self.removed.is_empty()
    }

    /// A line for each.
    pub(super) fn listing(&self) -> String {
        let lines = |word: &'static str, told: &[Told]| -> String {
            told.iter().map(|one| format!("{word} {}   {}\n", plain(&one.at), plain(&one.description))).collect()
        };
        lines("NO LONGER DENIED", &self.removed) + &lines("NEWLY DENIED", &self.added)
    }
}

/// What the others deny and these do not.
fn lacking(these: &Guardrails, others: &Guardrails) -> Vec<Told> {
    let told = |(at, description): (String, &str)| Told { at, description: description.to_owned() };
    these.lacking(others).into_iter().map(told).collect()
}
