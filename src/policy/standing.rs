//! The guardrails in force: a new denial goes live at once, and a removed one waits for a person.

use super::guardrail::Guardrails;
use std::sync::Arc;

/// The forms of the guardrails that are in force: the newest, and older ones with denials whose removal nobody has confirmed.
#[derive(Clone, Debug, Default)]
pub(super) struct StandingGuardrails {
    forms: Vec<Arc<Guardrails>>,
    all: Arc<Guardrails>,
}

impl StandingGuardrails {
    /// The denials of all of these forms.
    pub(super) fn of(forms: Vec<Arc<Guardrails>>) -> Self {
        let all = match forms.as_slice() {
            [] => Arc::default(),
            [one] => one.clone(),
            [older @ .., newest] => Arc::new(older.iter().rev().fold((**newest).clone(), |all, form| all.merge(form))),
        };
        Self { forms, all }
    }

    /// What is in force after a new form; and whether something waits, because the new form lacks an old denial.
    pub(super) fn next(&self, new: Guardrails, widening_waits: bool) -> (Self, bool) {
        if !widening_waits || new.cover(&self.all) {
            return (Self::of(vec![Arc::new(new)]), false);
        }
        if self.all.cover(&new) {
            return (self.clone(), true);
        }
        (Self::of(self.forms.iter().cloned().chain([Arc::new(new)]).collect()), true)
    }

    /// The denials of all forms.
    pub(super) const fn all(&self) -> &Arc<Guardrails> {
        &self.all
    }

    /// The forms, the newest last.
    pub(super) fn forms(&self) -> &[Arc<Guardrails>] {
        &self.forms
    }
}
