//! Compares the token that GitHub answers with to the request. Refuses one that may do more.

mod token;

pub(super) use token::tokens_within;

use super::token_request::TokenRequest;
use crate::issue::outward::{Echoed, Provided, answer};
use crate::words::github::{Level, Owner, Permissions, Repositories, Repository, RepositoryId, RepositoryName};
use crate::words::{Secret, UnixTime};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use token::is_token;

/// GitHub: installation tokens expire one hour from the time you create them.
const LIFETIME_MAX: Duration = Duration::from_secs(3600);
/// By how much GitHub's clock may be ahead of ours.
const CLOCKS_MAX: Duration = Duration::from_secs(60);

/// A token, and what it may do according to GitHub's answer.
#[derive(Debug)]
pub struct Minted {
    /// The token.
    pub token: Secret,
    /// When it ends, unless it is revoked before.
    pub expires_at: UnixTime,
    /// What it may do: no more than was asked for, and `metadata: read`.
    pub permissions: Permissions,
    /// The repositories that it may access: none but those that were asked for. `None`: all of the installation.
    pub repositories: Option<Vec<Repository>>,
    /// The installation that it belongs to.
    pub installation: u64,
}

/// Why an answer is refused. Names the field and none of its content.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the answer is not one of GitHub's")]
    Form,
    #[error("the answer's `token` is none of GitHub's")]
    Token,
    #[error("the answer's `expires_at` is over already")]
    Over,
    #[error("the answer's `expires_at` is more than an hour ahead")]
    TooLong,
    #[error("the answer's `permissions` are wider than those that were asked for")]
    Permissions,
    #[error("the answer's `repository_selection` is wider than what was asked for")]
    Selection,
    #[error("the answer's `repositories` are others than those that were asked for")]
    Repositories,
    #[error("the answer's `repositories` have other names than the policy says: write them as they are called now")]
    Renamed,
    #[error("the answer's `repositories` are of another owner")]
    Owner,
    #[error(transparent)]
    Shown(#[from] Echoed),
}

impl Fault {
    /// Whether the answer is readable and contradicts the request.
    pub(super) const fn contradicts_request(self) -> bool {
        !matches!(self, Self::Form | Self::Token | Self::Over)
    }
}

#[derive(Deserialize)]
struct Answer {
    token: String,
    expires_at: UnixTime,
    permissions: BTreeMap<Box<str>, Level>,
    repository_selection: Selection,
    repositories: Option<Vec<Named>>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Selection {
    All,
    Selected,
}

#[derive(Deserialize)]
struct Named {
    id: RepositoryId,
    full_name: RepositoryName,
    owner: Login,
}

#[derive(Deserialize)]
struct Login {
    login: Owner,
}

impl Provided for Minted {
    fn token(&self) -> &Secret {
        &self.token
    }
}

impl Minted {
    /// Reads an answer, and compares it with the request.
    pub(super) fn read(body: &Secret, installation: u64, request: &TokenRequest<'_>, now: UnixTime) -> Result<Self, Fault> {
        let Answer { token, expires_at, permissions, repository_selection, repositories } =
            answer(body).map_err(|_| Fault::Form)?;
        let token = Secret::from(token);
        if !is_token(&token) {
            return Err(Fault::Token);
        }
        if expires_at <= now {
            return Err(Fault::Over);
        }
        if expires_at > now.plus(LIFETIME_MAX + CLOCKS_MAX) {
            return Err(Fault::TooLong);
        }
        let permissions = Permissions::try_from(permissions).map_err(|_| Fault::Permissions)?;
        if !request.permissions.covers(&permissions) {
            return Err(Fault::Permissions);
        }
        let repositories = compared(repository_selection, repositories, request)?;
        Ok(Self { token, expires_at, permissions, repositories, installation })
    }
}

fn compared(
    selection: Selection,
    named: Option<Vec<Named>>,
    request: &TokenRequest<'_>,
) -> Result<Option<Vec<Repository>>, Fault> {
    let is_elsewhere = |one: &Named| one.owner.login != *request.owner || one.full_name.owner() != request.owner;
    if named.iter().flatten().any(is_elsewhere) {
        return Err(Fault::Owner);
    }
    let is_requested = |one: &Named| match request.repositories {
        Repositories::All => true,
        Repositories::Ids(named) => named.name(one.id).is_some(),
        Repositories::Names(called) => called.has(&one.full_name, one.id),
    };
    let is_all = *request.repositories == Repositories::All;
    if selection == Selection::All && !is_all {
        return Err(Fault::Selection);
    }
    let Some(named) = named else { return if is_all { Ok(None) } else { Err(Fault::Repositories) } };
    if !named.iter().all(is_requested) {
        return Err(Fault::Repositories);
    }
    // A policy's author chooses id and name. With the id of one repository and the name of another, a guardrail against the first one's
    // name would not apply.
    let is_renamed =
        |one: &Named| matches!(request.repositories, Repositories::Ids(ids) if ids.name(one.id) != Some(&one.full_name));
    if named.iter().any(is_renamed) {
        return Err(Fault::Renamed);
    }
    Ok(Some(named.into_iter().map(|one| Repository { name: one.full_name, id: Some(one.id) }).collect()))
}

#[cfg(test)]
mod tests;
