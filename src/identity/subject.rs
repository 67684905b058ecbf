//! Checks a `sub` that begins with `repo:`. It has two forms, with and without immutable ids, and both have to agree with the
//! other claims.
//!
//! Sources: GitHub docs, "OpenID Connect reference", where an id follows `@`, which no name contains; and Forgejo docs, "Security
//! OpenID Connect", where it follows `-`, which names may contain. So the subject is not split: both forms are built from the
//! claims and compared with it. A subject of a custom template that starts with something else is not read.

use crate::token::Claims;
use crate::words::{Denial, Reason};

/// The caller's error for claims that contradict each other.
const CONTRADICTION: &str = "Two claims of the token contradict each other.";

/// Compares the `repo:` segment of `sub` with the claims that it repeats. `mark` is the character between a name and its id.
pub(super) fn check_repository(claims: &Claims, mark: char) -> Result<(), Denial> {
    let contradict = |cause: &str| Err(Reason::ClaimRefused.with_cause(cause).with_detail(CONTRADICTION));
    let missing = |cause: &str| Reason::ClaimRefused.with_cause(cause);
    let text = |name: &str| claims.claim(name).and_then(serde_json::Value::as_str);
    let Some(in_subject) = text("sub").and_then(|subject| subject.strip_prefix("repo:")) else { return Ok(()) };
    let in_subject = in_subject.split(':').next().unwrap_or_default();
    let repository = text("repository").ok_or_else(|| missing("`sub` names a repository, and `repository` none"))?;
    let (owner, name) = repository.split_once('/').ok_or_else(|| missing("`repository` is no owner and name"))?;
    if !text("repository_owner").is_some_and(|claimed| claimed.eq_ignore_ascii_case(owner)) {
        return contradict("`repository` and `repository_owner` name different owners");
    }
    let with_ids = match (text("repository_owner_id"), text("repository_id")) {
        (Some(owner_id), Some(id)) => Some(format!("{owner}{mark}{owner_id}/{name}{mark}{id}")),
        _ => None,
    };
    let agrees = |form: &str| form.eq_ignore_ascii_case(in_subject);
    if agrees(repository) || with_ids.as_deref().is_some_and(agrees) {
        return Ok(());
    }
    contradict("`sub` and the claims beside it name different repositories")
}
