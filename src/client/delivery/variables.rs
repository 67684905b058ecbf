//! The changes of deliveries to the command's environment.

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
    /// Sets a variable that holds a credential.
    pub(super) fn set(&mut self, name: impl Into<String>, value: Secret) {
        self.values.push((name.into(), value));
    }

    /// Removes variables that programs would read instead of what is delivered.
    pub(super) fn remove(&mut self, names: &[&'static str]) {
        self.removed.extend(names);
    }

    /// Sets a variable that says where a credential is. It wins over every other change.
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
    fn a_place_wins_over_values_and_removals_and_a_removal_over_values() {
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
