//! Imports trust policies of other systems. Pure: bytes in, policies and notes out, or the reason why there is none.
//!
//! An import never lets in more than its original. A note names what is narrower. What a policy could only express more widely is
//! refused. Each policy is loaded like any other before it is returned.

mod apart;
mod aws;
mod azure;
mod conditions;
mod error;
mod event;
mod gcp;
mod issuer;
mod like;
mod lines;
mod listing;
mod load;
mod members;
mod octo_sts;
mod original;
mod own_repository;
mod pieces;
mod refusal;
mod regex;
mod row_form;
mod settings;
mod subject;
mod trust;
mod vault;
mod with_rows;
mod written;

pub use apart::apart;
pub(super) use aws::roles::decoded;
pub(super) use aws::{host_of, one_or_many, plain_operator};
pub(super) use azure::expression;
pub(super) use gcp::cel;
pub use listing::{Listing, ListingError};
pub use octo_sts::{NotOfAccount, OF_ACCOUNT, TrustedIssuers, is_octo_sts_file};
pub use settings::{Exported, ImportSettings, Imported, ImportedRows, NotImported};
pub use with_rows::with_rows;

use aws::roles::RoleError;
use original::Original;
use refusal::ImportError;
use trust::Trust;

/// Imports a file of another system, which may hold several policies.
pub fn import(path: &str, bytes: &[u8], settings: &ImportSettings<'_>) -> Vec<Result<Imported, NotImported>> {
    let original = Original { path, bytes };
    let refused = |part: String, reason: ImportError| NotImported {
        original: written::comment(&format!("{path}{part}")),
        reason: written::comment(&reason.to_string()),
    };
    let write = |trust: Trust| {
        let part = format!(" ({})", trust.file);
        trust.write(path, settings).map_err(|reason| refused(part, reason.into()))
    };
    // Whoever writes to a repository decides what its files hold: a role there is none that AWS has.
    let role = (!is_octo_sts_file(path)).then(|| aws::roles::read(&original, settings.role.as_ref())).flatten();
    match role {
        Some(Ok(found)) => {
            let one = |found: Result<Trust, (String, RoleError)>| match found {
                Ok(trust) => write(trust),
                Err((part, reason)) => Err(refused(format!(" ({part})"), reason.into())),
            };
            found.into_iter().map(one).collect()
        }
        Some(Err(reason)) => vec![Err(refused(String::new(), reason.into()))],
        None => vec![octo_sts::read(&original, settings).map_err(|reason| refused(String::new(), reason.into())).and_then(write)],
    }
}

/// Imports an export: files that belong together, each with its path in the export's folder. A file that nothing reads is refused,
/// because it may restrict what the others grant.
pub fn import_export(files: &[Exported], settings: &ImportSettings<'_>) -> Vec<Result<Imported, NotImported>> {
    let mut export = Export::default();
    let stray: Vec<&Exported> = files.iter().filter(|file| !export.take(file)).collect();
    let refused = |path: &str, reason: ImportError| NotImported {
        original: written::comment(path),
        reason: written::comment(&reason.to_string()),
    };
    let write = |(path, trust): (String, Result<Trust, ImportError>)| {
        trust.and_then(|trust| Ok(trust.write(&path, settings)?)).map_err(|reason| refused(&path, reason))
    };
    let stray = stray.into_iter().map(|file| Err(refused(&file.path, ImportError::Stray)));
    export.read(settings).into_iter().map(write).chain(stray).collect()
}

/// Whether a file at this path shows that its folder is an export.
pub fn is_of_export(path: &str) -> bool {
    let file = Exported { path: path.to_owned(), bytes: Vec::new() };
    let mut export = Export::default();
    export.take(&file) && !export.is_empty()
}

/// The files of an export, by the system that they come from.
#[derive(Default)]
struct Export<'a> {
    vault: vault::Export<'a>,
    gcp: gcp::Export<'a>,
    azure: azure::Export<'a>,
}

impl<'a> Export<'a> {
    fn take(&mut self, file: &'a Exported) -> bool {
        self.vault.take(file) || self.gcp.take(file) || self.azure.take(file)
    }

    /// Files below `policies/` alone make no export: any project may have such a folder.
    fn is_empty(&self) -> bool {
        self.vault.is_empty() && self.gcp.is_empty() && self.azure.is_empty()
    }

    fn read(&self, settings: &ImportSettings<'_>) -> Vec<(String, Result<Trust, ImportError>)> {
        let vault =
            self.vault.read(settings).into_iter().map(|(path, trust)| (path.to_owned(), trust.map_err(ImportError::from)));
        let gcp = self.gcp.read().into_iter().map(|(path, trust)| (path, trust.map_err(ImportError::from)));
        let azure = self.azure.read(settings).into_iter().map(|(path, trust)| (path, trust.map_err(ImportError::from)));
        vault.chain(gcp).chain(azure).collect()
    }
}

#[cfg(test)]
mod tests;
