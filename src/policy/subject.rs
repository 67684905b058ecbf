//! The subject of a token that we sign: source, policy and row. Clouds know a grant by it.

use crate::words::names::{PolicyName, RowName, SourceName};

/// Between a policy and its row. No name holds it, so no two rules have one subject; no cloud reads more into it than itself.
const ROW_SEPARATOR: char = ':';

/// The policies of a further source bear its name already.
pub(super) fn subject(source: &SourceName, policy: &PolicyName, row: Option<&RowName>) -> String {
    let mut subject = if source.is_root() { format!("{source}/{policy}") } else { policy.to_string() };
    if let Some(row) = row {
        subject.push(ROW_SEPARATOR);
        subject.push_str(row.as_str());
    }
    subject
}

/// The subject that the rows of a policy share as long as they have no names; `None` where it is this one.
pub fn shared_subject(subject: &str) -> Option<&str> {
    subject.split_once(ROW_SEPARATOR).map(|(policy, _)| policy)
}

#[cfg(test)]
mod tests;
