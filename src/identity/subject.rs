//! GitHub's `sub`: two forms, with and without immutable ids, and both have to say what the other claims say.
//!
//! Source: GitHub docs, "OpenID Connect reference". A custom template may start with something else; it is then not read.

use crate::token::Claims;

/// Checks the `repo:` segment of `sub` against the claims it repeats.
pub(super) fn check_github(claims: &Claims) -> Result<(), String> {
    let text = |name: &str| claims.claim(name).and_then(serde_json::Value::as_str);
    let Some(repository) = text("sub").and_then(|subject| subject.strip_prefix("repo:")) else { return Ok(()) };
    let repository = repository.split(':').next().unwrap_or_default();
    let (owner, name) = repository.split_once('/').ok_or("the `repo:` segment of `sub` names no repository")?;
    let (owner, owner_id) = split_id(owner);
    let (name, name_id) = split_id(name);
    let full_name = format!("{owner}/{name}");
    let agrees = |said: &str, claim: &str| text(claim).is_some_and(|claimed| claimed.eq_ignore_ascii_case(said));
    let id_agrees = |said: Option<&str>, claim: &str| said.is_none_or(|said| text(claim) == Some(said));
    if !agrees(&full_name, "repository") || !agrees(owner, "repository_owner") {
        return Err("`sub` and `repository` name different repositories".to_owned());
    }
    if !id_agrees(owner_id, "repository_owner_id") || !id_agrees(name_id, "repository_id") {
        return Err("the ids in `sub` and in `repository_id`, `repository_owner_id` differ".to_owned());
    }
    Ok(())
}

fn split_id(segment: &str) -> (&str, Option<&str>) {
    segment.split_once('@').map_or((segment, None), |(name, id)| (name, Some(id)))
}
