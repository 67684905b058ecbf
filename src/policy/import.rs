//! Trust policies of others as ours. Pure: bytes in, files and notes out, or a reason why not.
//!
//! An import is never wider than its original. What is narrower is told in a note, and what only something wider could say is
//! refused. Before it leaves, each file is loaded as any other.

mod aws;
mod error;
mod event;
mod issuer;
mod like;
mod lines;
mod listing;
mod octo_sts;
mod original;
mod pieces;
mod refusal;
mod regex;
mod roles;
mod settings;
mod subject;
mod trust;
mod vault;
mod written;

pub use listing::Listing;
pub use settings::{Exported, ImportSettings, Imported, NotImported};

use original::Original;
use refusal::ImportError;
use roles::RoleError;
use trust::Trust;
use vault::VaultError;

/// Reads a file of another kind, which may hold several policies.
pub fn import(path: &str, bytes: &[u8], settings: &ImportSettings<'_>) -> Vec<Result<Imported, NotImported>> {
    let original = Original { path, bytes };
    let refused = |part: String, reason: ImportError| NotImported {
        original: written::comment(&format!("{path}{part}")),
        reason: written::comment(&reason.to_string()),
    };
    let write = |trust: Trust| {
        let part = format!(" ({})", trust.file);
        trust.write(settings).map_err(|reason| refused(part, reason.into()))
    };
    match roles::read(&original, settings.role.as_ref()) {
        Some(Ok(found)) => {
            let one = |found: Result<Trust, (String, RoleError)>| match found {
                Ok(trust) => write(trust),
                Err((part, reason)) => Err(refused(format!(" ({part})"), reason.into())),
            };
            found.into_iter().map(one).collect()
        }
        Some(Err(reason)) => vec![Err(refused(String::new(), reason.into()))],
        None => vec![
            octo_sts::read(&original, settings.listing).map_err(|reason| refused(String::new(), reason.into())).and_then(write),
        ],
    }
}

/// Reads an export of several files that belong together, by their paths in its folder. A file that nothing reads is refused: what
/// it takes away would stay.
pub fn import_export(files: &[Exported], settings: &ImportSettings<'_>) -> Vec<Result<Imported, NotImported>> {
    let mut vault = vault::Export::default();
    let stray: Vec<&Exported> = files.iter().filter(|file| !vault.take(file)).collect();
    let refused = |path: &str, reason: ImportError| NotImported {
        original: written::comment(path),
        reason: written::comment(&reason.to_string()),
    };
    let read = vault.read(settings).into_iter().map(|(path, trust)| {
        let written = trust.map_err(ImportError::from).and_then(|trust| Ok(trust.write(settings)?));
        written.map_err(|reason| refused(path, reason))
    });
    let stray = stray.into_iter().map(|file| Err(refused(&file.path, VaultError::Stray.into())));
    read.chain(stray).collect()
}

/// Whether a file at this path of a folder says that the folder is an export.
pub fn is_of_export(path: &str) -> bool {
    let file = Exported { path: path.to_owned(), bytes: Vec::new() };
    let mut vault = vault::Export::default();
    vault.take(&file) && !vault.is_empty()
}

#[cfg(test)]
mod tests;
