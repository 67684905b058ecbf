//! `grant: github`: installation tokens of a GitHub App. An entry has to name both repositories and permissions: GitHub takes an omitted
//! list for all of them.

mod credential;
mod divisions;
mod reach;
mod schema;
mod terms;

pub(in crate::policy) use divisions::Divisions;
pub use terms::{GitHubTerms, InRepositories};

use super::{Section, within};
use crate::kind::{GitHubTarget, Target};
use crate::policy::error::{FilledError, PatternError};
use crate::policy::pattern::{NameForm, NoNameError, Pattern};
use crate::policy::template::{Row, Template, fill_row_text};
use crate::words::github::{AppName, Level, Permission, Permissions, RepositoryError, RepositoryName};
use crate::words::yaml::{Fields, Node, Place};
use reach::Reach;

/// The repositories' names.
const REPOSITORIES: NameForm =
    NameForm { kind: "repository of GitHub", form: RepositoryName::FORM, example: "OWNER/REPOSITORY, such as `acme/*`" };

/// The word with which a policy lets the server keep a copy of each token.
const SERVER: &str = "server";

/// One App, its repositories, and its permissions in them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) struct GitHubGrant {
    place: Place,
    app: AppName,
    reach: Reach,
    permissions: Permissions,
    server_revokes: bool,
}

/// Why a text does not say who can revoke.
#[derive(Debug, thiserror::Error)]
#[error(
    "expected `server`, which keeps a sealed copy, so that `daypass revoke` ends the token at GitHub; without the line only who has the token can"
)]
struct RevocableError;

/// Why a text is no pattern of repositories.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum RepositoryPatternError {
    /// It is no pattern at all.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// No repository fits it.
    #[error(transparent)]
    NoRepository(#[from] NoNameError),
    /// It has no wildcard and is no repository.
    #[error(transparent)]
    Name(#[from] RepositoryError),
}

impl Section for GitHubGrant {
    const WORD: &'static str = "github";
    const SHOWS_SUBJECT: bool = false;

    type PatternError = RepositoryPatternError;

    fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Option<Self> {
        within(fields, node, |inner| Self::read_members(inner, node.place, row))
    }

    /// A token that only reads changes nothing.
    fn acts(&self) -> bool {
        self.permissions.iter().any(|(_, level)| level > Level::Read)
    }

    fn templates(&self) -> Vec<&Template> {
        self.reach.own().into_iter().collect()
    }

    fn named(&self) -> Option<Target> {
        Some(self.whole().into())
    }

    /// A pattern of repositories. `max_permissions` of the configuration bounds what the App may do in them.
    fn pattern(text: &str) -> Result<Pattern, Self::PatternError> {
        let pattern = Pattern::parse(text)?;
        pattern.check_can_name(&REPOSITORIES)?;
        if let Some(text) = pattern.literal() {
            RepositoryName::parse(text)?;
        }
        Ok(pattern)
    }

    fn meets(&self, pattern: &Pattern) -> bool {
        self.reach.meets(pattern)
    }

    fn findings(&self) -> Vec<(&'static str, String, &'static str)> {
        self.reach.findings()
    }

    super::of!(GitHub);
}

impl GitHubGrant {
    fn read_members<'a>(fields: &mut Fields<'a, '_>, place: Place, row: Option<&Row>) -> Option<Self> {
        let app = fields
            .required("app")
            .and_then(|node| fields.parsed(node, |text| AppName::parse(&fill_row_text(text, row)?).map_err(FilledError::Value)));
        let reach = fields.required("repositories").and_then(|node| Reach::read(fields, node, row));
        let server_revokes = fields.optional("revocable").map_or(Some(false), |node| fields.parsed(node, by_server));
        let extra = fields.optional("extra_permissions").map(|node| Permission::read_all(fields, node, None));
        let known = fields.required("permissions").map(|node| (node, Permission::read_all(fields, node, Some(&[]))));
        let (node, known) = known?;
        let all = known?.into_iter().chain(extra.unwrap_or_else(|| Some(Vec::new()))?);
        let permissions = Permissions::new(all).map_err(|fault| fields.fault(node.place, fault)).ok();
        Some(Self { place, app: app?, reach: reach?, permissions: permissions?, server_revokes: server_revokes? })
    }

    /// The request for all that it grants.
    fn whole(&self) -> GitHubTarget {
        GitHubTarget {
            app: Some(self.app.clone()),
            repositories: Some(self.reach.whole()),
            permissions: Some(self.permissions.clone()),
        }
    }
}

fn by_server(text: &str) -> Result<bool, RevocableError> {
    if text == SERVER { Ok(true) } else { Err(RevocableError) }
}

#[cfg(test)]
mod tests;
