//! `secret_at`: the historical version of a secret. A request names the commit. A policy grants all commits, by `history: allow`. The
//! files of the current tree do not limit it, because an older commit may have others.

mod answer;

pub use answer::PastValue;

use super::{Committed, Kind, Maker, NamedError, TreeFile, closed, named, reference};
use crate::words::names::{CommitId, NameError, SecretName};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::fmt;

/// A historical version of a secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PastSecret {
    /// The commit. Policies do not match it: the repository decides which commits exist.
    pub commit: Option<CommitId>,
    /// The document, or one value of it.
    pub name: SecretName,
}

/// The form in a request, which has to name a commit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretAtBody {
    commit: CommitId,
    secret: SecretName,
}

impl PastSecret {
    /// Reads `shop/db.yaml#/password`, with the commit before it if there is one. A key may hold spaces, the name of a document does not.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let named = text.split_once(' ').and_then(|(commit, name)| Some((CommitId::parse(commit).ok()?, name)));
        let (commit, name) = named.map_or((None, text), |(commit, name)| (Some(commit), name));
        Ok(Self { commit, name: SecretName::parse(name)? })
    }
}

impl Kind for PastSecret {
    const EXAMPLE: Option<&'static str> = Some("NAME");
    const MADE: Maker = Maker::Here;

    type Error = NamedError<NameError>;

    fn read(text: Option<&str>) -> Result<Self, Self::Error> {
        named(text, Self::parse)
    }

    fn question(text: &str) -> Result<Self, Self::Error> {
        SecretName::question(text).map(|name| Self { commit: None, name })
    }

    fn for_policies(self) -> Self {
        Self { commit: None, ..self }
    }

    fn committed(&self) -> Option<Committed<'_>> {
        Some(Committed::Past(TreeFile::Document(&self.name.path)))
    }

    fn body() -> Option<Value> {
        let members = json!({ "commit": reference("Commit"), "secret": reference("SecretName") });
        Some(closed(&["commit", "secret"], members))
    }
}

impl<'de> Deserialize<'de> for PastSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let SecretAtBody { commit, secret } = SecretAtBody::deserialize(deserializer)?;
        Ok(Self { commit: Some(commit), name: secret })
    }
}

impl fmt::Display for PastSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.commit.as_ref().map_or(Ok(()), |commit| write!(f, "{commit} "))?;
        write!(f, "{}", self.name)
    }
}
