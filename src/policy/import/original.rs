//! The file of an original, and the path of its policy.

/// A file as it was given.
pub(super) struct Original<'a> {
    pub(super) path: &'a str,
    pub(super) bytes: &'a [u8],
}

impl Original<'_> {
    /// Its name without any of these endings.
    pub(super) fn stem(&self, endings: &[&str]) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
    }

    /// The path of the policy: in this folder, named after the original.
    pub(super) fn file(&self, endings: &[&str], folder: &str) -> String {
        file_of(folder, self.stem(endings))
    }
}

/// The path of a policy with a name from an original. Other characters become `-`.
pub(super) fn file_of(folder: &str, name: &str) -> String {
    let good = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let name: String = name.chars().map(|character| if good(character) { character } else { '-' }).collect();
    let name = name.trim_start_matches('.');
    format!("policies/{folder}{}.yaml", if name.is_empty() { "imported" } else { name })
}
