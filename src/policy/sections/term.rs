//! The terms on which something is granted, and by which of them more is given than by others.

use crate::words::duration_text;
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::Duration;

/// One term, by its name in a policy.
pub(in crate::policy) struct Term {
    name: &'static str,
    value: Value,
}

/// What a term says, and how two of them compare.
pub(in crate::policy) enum Value {
    /// Longer is more.
    Length(Duration),
    /// What is allowed is more than what is not.
    Allowed(bool),
    /// No limit is more than any; two limits have no order.
    Limit(Option<String>),
    /// What is not among the others is more; `None` is all there is.
    Names(Option<BTreeSet<String>>),
    /// No order at all: what differs counts as more.
    Text(String),
}

impl Term {
    pub(in crate::policy) const fn new(name: &'static str, value: Value) -> Self {
        Self { name, value }
    }

    fn beyond(self, old: Self) -> Option<TermChange> {
        let name = self.name;
        match (self.value, old.value) {
            (Value::Length(new), Value::Length(old)) => {
                (new > old).then(|| TermChange::more(name, duration_text(old), duration_text(new)))
            }
            (Value::Allowed(new), Value::Allowed(old)) => (new && !old).then(|| TermChange::more(name, "not allowed", "allow")),
            // Without one before, a limit only takes away.
            (Value::Limit(new), Value::Limit(old)) => TermChange::other(name, old?, new.unwrap_or_else(|| "none".to_owned())),
            (Value::Names(new), Value::Names(old)) => {
                let is_more = match (&new, &old) {
                    (_, None) => false,
                    (None, Some(_)) => true,
                    (Some(new), Some(old)) => !new.is_subset(old),
                };
                is_more.then(|| TermChange::more(name, listed(old), listed(new)))
            }
            (Value::Text(new), Value::Text(old)) => TermChange::other(name, old, new),
            // Of one kind all offers have the same terms in the same order; another is told, and not taken for less.
            _ => Some(TermChange::more(name, "other terms", "these")),
        }
    }
}

fn listed(names: Option<BTreeSet<String>>) -> String {
    names.map_or_else(|| "all".to_owned(), |names| names.into_iter().collect::<Vec<_>>().join(", "))
}

/// The terms by which one offer gives more than the old one of the same kind.
pub(in crate::policy) fn beyond(new: Vec<Term>, old: Vec<Term>) -> Vec<TermChange> {
    new.into_iter().zip(old).filter_map(|(new, old)| new.beyond(old)).collect()
}

/// One term that gives more in one of two revisions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TermChange {
    /// Its name in a policy.
    pub term: &'static str,
    /// What the old revision says.
    pub old: String,
    /// What the new one says.
    pub new: String,
    /// Whether one of the two is the stricter one. What cannot be ordered counts as more whichever way it changes.
    #[serde(skip)]
    pub(in crate::policy) ordered: bool,
}

impl TermChange {
    /// More than before, and less when it is taken back.
    pub(in crate::policy) fn more(term: &'static str, old: impl ToString, new: impl ToString) -> Self {
        Self { term, old: old.to_string(), new: new.to_string(), ordered: true }
    }

    /// What differs in a term that has no order.
    pub(in crate::policy) fn other(term: &'static str, old: String, new: String) -> Option<Self> {
        (old != new).then_some(Self { term, old, new, ordered: false })
    }
}
