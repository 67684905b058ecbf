//! The environment of the command, as deliveries change it.

use crate::words::Secret;
use tokio::process::Command;

/// Changes to an environment, each kind of change in the order in which it was made.
#[derive(Default)]
pub(super) struct Variables {
    values: Vec<(String, Secret)>,
    removed: Vec<&'static str>,
    places: Vec<(&'static str, Secret)>,
}

impl Variables {
    /// A variable that holds a credential.
    pub(super) fn set(&mut self, name: impl Into<String>, value: Secret) {
        self.values.push((name.into(), value));
    }

    /// Variables that programs would read instead of what is delivered.
    pub(super) fn remove(&mut self, names: &[&'static str]) {
        self.removed.extend(names);
    }

    /// A variable that says where a credential is. Nothing that is set or removed changes it.
    pub(super) fn set_place(&mut self, name: &'static str, place: Secret) {
        self.places.push((name, place));
    }

    /// Makes the changes.
    pub(super) fn apply(&self, command: &mut Command) {
        for (name, value) in &self.values {
            command.env(name, value.expose_text().unwrap_or_default());
        }
        for name in &self.removed {
            command.env_remove(name);
        }
        for (name, place) in &self.places {
            command.env(name, place.expose_text().unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn what_says_where_a_credential_is_stands_before_what_is_set_or_removed() {
        let mut variables = Variables::default();
        let text = |text: &str| Secret::from(text.to_owned());
        variables.set_place("FILE", text("/run/token"));
        variables.remove(&["FILE", "ROLE"]);
        for name in ["DB", "FILE", "ROLE"] {
            variables.set(name, text("x"));
        }
        let mut command = Command::new("true");
        variables.apply(&mut command);
        let found: Vec<_> = command.as_std().get_envs().collect();
        let some = |text| Some(OsStr::new(text));
        assert_eq!(found, [("DB".as_ref(), some("x")), ("FILE".as_ref(), some("/run/token")), ("ROLE".as_ref(), None)]);
    }
}
