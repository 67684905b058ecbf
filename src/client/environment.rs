//! The one place that reads the process's environment.

use std::collections::BTreeMap;

/// The variables by which runners say that they understand GitHub's workflow commands.
const MASKING: [&str; 3] = ["GITHUB_ACTIONS", "GITEA_ACTIONS", "FORGEJO_ACTIONS"];

/// The environment at the start of the process.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The environment of this process, without variables that are not UTF-8.
    pub fn of_process() -> Self {
        Self(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect(),
        )
    }

    /// The variable's value; an empty one counts as absent, as CIs leave unset variables empty.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether the variable is set, and empty.
    pub fn is_empty(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(String::is_empty)
    }

    /// Whether GitHub's workflow commands (`::add-mask::`) mask this job's log. GitHub's runner and compatible ones (act,
    /// Gitea's, Forgejo's) say so by a variable. Any value but `false` counts: a mask too many hides a line, one too few shows a
    /// secret.
    pub fn masks_by_command(&self) -> bool {
        let is_set = |name: &&str| self.value(name).is_some_and(|value| !value.trim().eq_ignore_ascii_case("false"));
        MASKING.iter().any(is_set)
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}
