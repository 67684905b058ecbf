//! The settings of an import, and its results.

use super::listing::Listing;
use super::octo_sts::TrustedIssuers;
use super::row_form::RowForm;
use crate::kind::Scope;
use crate::policy::catalogue::Catalogue;
use crate::words::names::{IssuerName, IssuerUrl, RoleArn};
use serde::Serialize;

/// What an import needs beyond the files.
#[derive(Clone, Default, Debug)]
pub struct ImportSettings<'a> {
    /// The issuer, by its name in the configuration.
    pub issuer: Option<IssuerName>,
    /// The configured issuers.
    pub catalogue: Option<&'a Catalogue>,
    /// The role for a trust policy that does not name its role.
    pub role: Option<RoleArn>,
    /// The KV mount of Vault's whose documents are granted.
    pub mount: Option<String>,
    /// The ending that its documents have here, such as `.yaml`.
    pub ending: Option<String>,
    /// The scope of Entra that an application's tokens are for.
    pub scope: Option<Scope>,
    /// The ids of repositories, and the App whose tokens replace those of octo-sts.
    pub listing: Option<&'a Listing>,
    /// The files that say which issuers the account permits: each of them has to.
    pub trusted: &'a [TrustedIssuers],
    /// The account's own repository is not among the checkouts, so that its file of issuers is not known.
    pub lacks_own_repository: bool,
}

/// A file of an export.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exported {
    /// Its path in the export's folder.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A policy that was imported.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Imported {
    /// Its path in the repository.
    pub file: String,
    /// Its content.
    pub yaml: String,
    /// What is narrower than the original, and what is left to do.
    pub notes: Vec<String>,
    /// The paths of the originals that it stands for.
    pub originals: Vec<String>,
    /// Its rows, if it stands for the originals of several repositories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<ImportedRows>,
    /// Its issuer's name and URL.
    #[serde(skip)]
    pub(super) issuer: (IssuerName, IssuerUrl),
    #[serde(skip)]
    pub(super) row_form: Option<RowForm>,
}

/// The rows of a policy that was imported.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ImportedRows {
    /// Their path in the repository.
    pub file: String,
    /// Their content: a row for each repository.
    pub yaml: String,
}

/// An original that was not imported.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NotImported {
    /// Its path, and which part of it is meant.
    pub original: String,
    /// Why not.
    pub reason: String,
}

impl Imported {
    /// The file with its notes on top, as comments.
    pub fn text(&self) -> String {
        let notes: String = self.notes.iter().map(|note| format!("# - {note}\n")).collect();
        format!("{notes}{}", self.yaml)
    }
}
