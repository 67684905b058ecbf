//! What an import is told beside the files, and what comes of it.

use super::listing::Listing;
use crate::kind::Scope;
use crate::policy::catalogue::Catalogue;
use crate::words::names::{IssuerName, RoleArn};
use serde::Serialize;

/// What the files alone do not say.
#[derive(Clone, Default, Debug)]
pub struct ImportSettings<'a> {
    /// The issuer, by its name in the configuration.
    pub issuer: Option<IssuerName>,
    /// The configured issuers.
    pub catalogue: Option<&'a Catalogue>,
    /// The role of a trust policy that stands alone.
    pub role: Option<RoleArn>,
    /// The KV mount of Vault's whose documents are meant.
    pub mount: Option<String>,
    /// What its documents are called here behind Vault's name.
    pub ending: Option<String>,
    /// The scope of Entra that an application's tokens are for.
    pub scope: Option<Scope>,
    /// The ids of repositories, and the App that gives what octo-sts's did.
    pub listing: Option<&'a Listing>,
}

/// A file of an export.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exported {
    /// Where it stands in the export's folder.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// A trust policy of ours.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Imported {
    /// Where it is to stand in the repository.
    pub file: String,
    /// The file.
    pub yaml: String,
    /// What it narrowed, and what it could not say.
    pub notes: Vec<String>,
}

/// What is not imported.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NotImported {
    /// The original, or the part of it.
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
