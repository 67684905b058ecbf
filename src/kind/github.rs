//! `github`: an installation token of a GitHub App.

mod answer;
mod error;
mod text;

pub use answer::GitHubToken;
pub use error::GitHubTargetError;

use super::member::there;
use super::{Kind, Maker, closed, reference};
use crate::words::github::{AppName, Owner, Permissions, REPOSITORIES_MAX, RepositoryName};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The patterns of names for JSON Schema. The parsers refuse more.
const APP: &str = "^[A-Za-z0-9._-]{1,100}$";
const OWNER: &str = "^[A-Za-z0-9_][A-Za-z0-9_-]{0,38}$";

/// Repositories in a request. A body's lists have 256 elements at most. A job that needs more leaves them out and gets those that the
/// policy names.
const REQUESTED_MAX: usize = 200;

/// A request for a token of this App, for these repositories, with these permissions. The policy supplies what is left out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GitHubTarget {
    /// The App, as the configuration calls it.
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    pub app: Option<AppName>,
    /// The repositories.
    #[serde(default, deserialize_with = "asked", skip_serializing_if = "Option::is_none")]
    pub repositories: Option<RepositoryScope>,
    /// What the token may do.
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permissions>,
}

/// Repositories of an installation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RepositoryScope {
    /// All repositories of this account for which the App is installed, also future ones.
    All(Owner),
    /// These: at least one, all of one account.
    Named(BTreeSet<RepositoryName>),
    /// The job's own repository, and these. Only policies use it, because a job knows the name of its repository.
    Own(BTreeSet<RepositoryName>),
}

impl Kind for GitHubTarget {
    const EXAMPLE: Option<&'static str> = Some("acme/shop contents=read");
    const MADE: Maker = Maker::Outside;

    type Error = GitHubTargetError;

    fn read(text: Option<&str>) -> Result<Self, GitHubTargetError> {
        text.map_or_else(|| Ok(Self::default()), |text| text::read(text, text::permission))
    }

    /// Refuses a permission that GitHub does not have, and `own`, because a question has no job whose repository it could be.
    fn question(text: &str) -> Result<Self, GitHubTargetError> {
        let target = text::read(text, text::known_permission)?;
        if matches!(target.repositories, Some(RepositoryScope::Own(_))) { Err(GitHubTargetError::Own) } else { Ok(target) }
    }

    fn looks_like(text: &str) -> bool {
        !text.contains('#') && text.contains('=') && text::read(text, text::known_permission).is_ok()
    }

    fn is_open(&self) -> bool {
        *self == Self::default()
    }

    fn described(answer: &Value) -> Option<Self> {
        let repositories = match &answer["repositories"] {
            Value::Array(listed) => {
                let name = |one: &Value| RepositoryName::parse(one.as_str()?.split('@').next()?).ok();
                RepositoryScope::named(listed.iter().map(name).collect::<Option<Vec<_>>>()?).ok()?
            }
            _ => RepositoryScope::All(Owner::parse(answer["owner"].as_str()?).ok()?),
        };
        let permissions = Permissions::deserialize(&answer["permissions"]).ok()?;
        Some(Self {
            app: AppName::parse(answer["app"].as_str()?).ok(),
            repositories: Some(repositories),
            permissions: Some(permissions),
        })
    }

    /// Access may differ from repository to repository.
    fn left_open(&self) -> Option<&'static str> {
        self.repositories.is_none().then_some("name the repository too, such as `acme/shop contents=read`, or `all:acme`")
    }

    fn body() -> Option<Value> {
        let owner = json!({ "type": "string", "pattern": OWNER, "description": "Each repository of this account's for which the App is installed." });
        let name = json!({ "type": "string", "pattern": RepositoryName::FORM, "description": "OWNER/REPOSITORY" });
        let named = json!({ "type": "array", "minItems": 1, "maxItems": REQUESTED_MAX, "uniqueItems": true, "items": name });
        let mut permissions = reference("GitHubPermissions");
        permissions["description"] = "Left out: those that are granted.".into();
        let app = json!({ "type": "string", "pattern": APP, "description": "The App, as the server calls it. Left out: the one that is granted." });
        let all = closed(&["all"], json!({ "all": owner }));
        let repositories = json!({ "oneOf": [named, all], "description": "Left out: those that are granted." });
        Some(closed(&[], json!({ "app": app, "repositories": repositories, "permissions": permissions })))
    }
}

/// The form in a request's body.
#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields, expecting = "expected a list of `OWNER/REPOSITORY`, or `{ \"all\": \"OWNER\" }`")]
enum RepositoriesBody {
    Named(Vec<RepositoryName>),
    All { all: Owner },
}

fn asked<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RepositoryScope>, D::Error> {
    match RepositoriesBody::deserialize(deserializer)? {
        RepositoriesBody::All { all } => Ok(Some(RepositoryScope::All(all))),
        // Repositories of several accounts are not an error here: no policy grants them, so the request is denied.
        RepositoriesBody::Named(names) => {
            let names: BTreeSet<RepositoryName> = names.into_iter().collect();
            match names.len() {
                0 => Err(D::Error::custom(GitHubTargetError::NoRepository)),
                1..=REQUESTED_MAX => Ok(Some(RepositoryScope::Named(names))),
                _ => Err(D::Error::custom(GitHubTargetError::TooMany)),
            }
        }
    }
}

impl Serialize for RepositoryScope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Named(names) => names.serialize(serializer),
            Self::All(owner) => RepositoriesBody::All { all: owner.clone() }.serialize(serializer),
            Self::Own(_) => Err(serde::ser::Error::custom("`own` is a word of policies")),
        }
    }
}

impl RepositoryScope {
    /// Checks that these repositories belong to one account and differ.
    pub fn named(names: impl IntoIterator<Item = RepositoryName>) -> Result<Self, GitHubTargetError> {
        let mut all = BTreeSet::new();
        for name in names {
            if all.first().is_some_and(|first: &RepositoryName| first.owner() != name.owner()) {
                return Err(GitHubTargetError::SeveralOwners);
            }
            if !all.insert(name) {
                return Err(GitHubTargetError::Twice);
            }
        }
        match all.len() {
            0 => Err(GitHubTargetError::NoRepository),
            1..=REPOSITORIES_MAX => Ok(Self::Named(all)),
            _ => Err(GitHubTargetError::TooMany),
        }
    }
}

#[cfg(test)]
mod tests;
