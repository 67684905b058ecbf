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
mod written;

pub use listing::Listing;
pub use settings::{ImportSettings, Imported, NotImported};

use original::Original;
use refusal::ImportError;
use roles::RoleError;
use trust::Trust;

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

#[cfg(test)]
mod tests;
