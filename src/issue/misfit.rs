//! What a policy grants and nobody would make, as the providers are configured. It is told where policies are checked, before a job
//! hears it.

use crate::words::yaml::nearest;

/// Why nobody would make it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Misfit {
    /// The configuration has nothing of this name.
    #[error("the configuration has no {what} `{name}`")]
    NoName {
        /// What is named.
        what: &'static str,
        /// By which name.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// What is named would refuse it.
    #[error("{what} `{name}`: {why}")]
    Refused {
        /// What is named.
        what: &'static str,
        /// By which name.
        name: String,
        /// For what.
        why: String,
    },
}

impl Misfit {
    /// What to write instead, where that is known.
    pub fn help(&self) -> Option<String> {
        let Self::NoName { name, known, .. } = self else { return None };
        let all: Vec<&str> = known.iter().map(String::as_str).collect();
        let has = if all.is_empty() { "it has none".to_owned() } else { format!("it has {}", all.join(", ")) };
        Some(nearest(name, &all).map_or_else(|| has.clone(), |near| format!("did you mean `{near}`? {has}")))
    }
}
