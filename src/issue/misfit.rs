//! A policy grants a credential that no provider would make, as the providers are configured. The check of policies reports it, before
//! a job is refused.

use crate::words::yaml::nearest;

/// Why no provider would make it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProviderMismatch {
    /// The configuration has nothing of this name.
    #[error("the configuration has no {what} `{name}`")]
    NoName {
        /// The type of thing that is named.
        what: &'static str,
        /// The unknown name.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// The named thing would refuse it.
    #[error("{what} `{name}`: {why}")]
    Refused {
        /// The type of thing that is named.
        what: &'static str,
        /// Its name.
        name: String,
        /// The reason.
        why: String,
    },
}

impl ProviderMismatch {
    /// The names that a policy can use instead, if a name is unknown.
    pub fn help(&self) -> Option<String> {
        let Self::NoName { name, known, .. } = self else { return None };
        let all: Vec<&str> = known.iter().map(String::as_str).collect();
        let has = if all.is_empty() { "it has none".to_owned() } else { format!("it has {}", all.join(", ")) };
        Some(nearest(name, &all).map_or_else(|| has.clone(), |near| format!("did you mean `{near}`? {has}")))
    }
}
