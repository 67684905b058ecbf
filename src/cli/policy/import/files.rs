//! The files of an import: one, those of octo-sts in a folder of checkouts, or an export, whose files belong together.

use super::checkouts;
use super::found::{Found, content};
use crate::policy::{Exported, ImportSettings, Imported, NotImported, import_export, is_of_export};
use crate::words::names::SecretPath;
use std::path::Path;

/// The endings of files that hold several values.
pub(super) const ENDINGS: [&str; 5] = [".yaml", ".yml", ".json", ".env", ".ini"];

/// The name of a mount, without a slash around it.
pub(super) fn mount(text: &str) -> Result<String, crate::words::names::NameError> {
    SecretPath::parse(text.trim_matches('/')).map(|path| path.to_string())
}

/// Imports a file or a folder.
pub(super) fn read(path: &Path, settings: &ImportSettings<'_>) -> Vec<Result<Imported, NotImported>> {
    if !path.is_dir() {
        return checkouts::alone(path, settings);
    }
    let below = |file: &Path| file.strip_prefix(path).unwrap_or(file).to_string_lossy().into_owned();
    let found = Found::below(path);
    if !found.files.iter().any(|file| is_of_export(&below(file))) {
        return checkouts::read(path, &found, settings);
    }
    let mut read = Vec::new();
    let mut refused: Vec<_> = found.unread.iter().map(|unread| Err(unread.not_imported())).collect();
    for file in &found.files {
        match content(file) {
            Ok(bytes) => read.push(Exported { path: below(file), bytes }),
            Err(reason) => refused.push(Err(reason)),
        }
    }
    import_export(&read, settings).into_iter().chain(refused).collect()
}
