//! The guardrails in force: what takes away goes live at once, and what gives back waits for a person.

use super::guardrail::Guardrails;
use std::sync::Arc;

/// Every form of the guardrails that denies something which nobody confirmed to be given back.
#[derive(Clone, Debug, Default)]
pub(super) struct StandingGuardrails {
    forms: Vec<Arc<Guardrails>>,
    all: Arc<Guardrails>,
}

impl StandingGuardrails {
    /// These forms together.
    pub(super) fn of(forms: Vec<Arc<Guardrails>>) -> Self {
        let all = match forms.as_slice() {
            [] => Arc::default(),
            [one] => one.clone(),
            [older @ .., newest] => Arc::new(older.iter().rev().fold((**newest).clone(), |all, form| all.beside(form))),
        };
        Self { forms, all }
    }

    /// What is in force after a new form, and whether any of it waits: a denial of before that it does not have.
    pub(super) fn next(&self, new: Guardrails, widening_waits: bool) -> (Self, bool) {
        if !widening_waits || new.cover(&self.all) {
            return (Self::of(vec![Arc::new(new)]), false);
        }
        if self.all.cover(&new) {
            return (self.clone(), true);
        }
        (Self::of(self.forms.iter().cloned().chain([Arc::new(new)]).collect()), true)
    }

    /// What is denied by any of them.
    pub(super) const fn all(&self) -> &Arc<Guardrails> {
        &self.all
    }

    /// The forms, the newest last.
    pub(super) fn forms(&self) -> &[Arc<Guardrails>] {
        &self.forms
    }
}
