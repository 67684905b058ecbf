//! The terms of a grant, and their comparison: by which of them one grant gives more than another.

use crate::words::duration_text;
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::Duration;

/// No texts at all.
pub(in crate::policy) const NONE: &str = "none";

/// One term, with its name in a policy.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::policy) struct Term {
    name: &'static str,
    value: Value,
}

/// The value of a term. Each variant has its own order.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::policy) enum Value {
    /// Longer is more.
    Length(Duration),
    /// Allowed is more than not allowed.
    Allowed(bool),
    /// No limit is more than any limit; two limits have no order.
    Limit(Option<String>),
    /// A further name is more; `None` means all names.
    Names(Option<BTreeSet<String>>),
    /// It has no order: every difference counts as more. Of several texts it is made by [`joined`].
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
            // If there was no limit before, a new one only takes away.
            (Value::Limit(new), Value::Limit(old)) => TermChange::other(name, old?, new.unwrap_or_else(|| NONE.to_owned())),
            (Value::Names(new), Value::Names(old)) => {
                let is_more = match (&new, &old) {
                    (_, None) => false,
                    (None, Some(_)) => true,
                    (Some(new), Some(old)) => !new.is_subset(old),
                };
                is_more.then(|| TermChange::more(name, listed(old), listed(new)))
            }
            (Value::Text(new), Value::Text(old)) => TermChange::other(name, old, new),
            // All offers of one kind have the same terms in the same order. If not, the difference counts as more.
            _ => Some(TermChange::more(name, "other terms", "these")),
        }
    }
}

/// Texts as one, which differs for other texts: one that could be taken for two, or for none at all, stands in quotes.
pub(in crate::policy) fn joined(texts: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| unmistakable(text.as_ref(), &[','])).collect();
    if texts.is_empty() { NONE.to_owned() } else { texts.join(", ") }
}

/// Names with their values as one text, in the same way.
pub(super) fn joined_pairs<N: AsRef<str>, V: ToString>(pairs: impl IntoIterator<Item = (N, V)>) -> String {
    let pair = |(name, value): (N, V)| {
        format!("{}: {}", unmistakable(name.as_ref(), &[',', ':']), unmistakable(&value.to_string(), &[',']))
    };
    let pairs: Vec<String> = pairs.into_iter().map(pair).collect();
    if pairs.is_empty() { NONE.to_owned() } else { pairs.join(", ") }
}

/// The text, in quotes if it has one of these separators or could be taken for something else.
fn unmistakable(text: &str, separators: &[char]) -> String {
    let is_mistakable = text.is_empty() || text == NONE || text.trim() != text || text.contains('"') || text.contains(separators);
    if is_mistakable { format!("{text:?}") } else { text.to_owned() }
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
    /// Its value in the old revision.
    pub old: String,
    /// Its value in the new revision.
    pub new: String,
    /// Whether one of the two is stricter. A change without an order counts as more in both directions.
    #[serde(skip)]
    pub(in crate::policy) ordered: bool,
}

impl TermChange {
    /// A change that gives more. Its reversal gives less.
    pub(in crate::policy) fn more(term: &'static str, old: impl ToString, new: impl ToString) -> Self {
        Self { term, old: old.to_string(), new: new.to_string(), ordered: true }
    }

    /// A change of a term without an order; `None` if nothing changes.
    pub(in crate::policy) fn other(term: &'static str, old: String, new: String) -> Option<Self> {
        (old != new).then_some(Self { term, old, new, ordered: false })
    }
}
