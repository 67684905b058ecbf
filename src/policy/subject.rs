//! The subject of a token that we sign: source, policy and row. Clouds identify a grant by it.

use crate::words::names::{PolicyName, RowName, SourceName};

/// Separates a policy and its row. No name contains it, so no two rules have one subject; and it has no special meaning in any cloud.
const ROW_SEPARATOR: char = ':';

/// The subject of a rule. The names of a further source's policies begin with the source's name already.
pub(super) fn subject(source: &SourceName, policy: &PolicyName, row: Option<&RowName>) -> String {
    let mut subject = if source.is_root() { format!("{source}/{policy}") } else { policy.to_string() };
    if let Some(row) = row {
        subject.push(ROW_SEPARATOR);
        subject.push_str(row.as_str());
    }
    subject
}

/// The subject that the rows of this subject's policy share while they have no names; `None` if it is the same.
pub fn shared_subject(subject: &str) -> Option<&str> {
    subject.split_once(ROW_SEPARATOR).map(|(policy, _)| policy)
}

#[cfg(test)]
mod tests;
