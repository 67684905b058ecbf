//! `providers: { github: { apps: … } }` of the configuration.

mod read;

use crate::words::github::Permissions;
use crate::words::names::{IssuerName, KmsKeyArn};
use reqwest::Url;
use std::path::PathBuf;

/// Every App.
#[derive(Clone, PartialEq, Debug)]
pub struct GitHubSettings {
    /// One at least, each of another name.
    pub apps: Vec<AppSettings>,
}

/// One App.
#[derive(Clone, PartialEq, Debug)]
pub struct AppSettings {
    /// By which policies name it.
    pub name: String,
    /// The `iss` of its JWTs: its id or its client id.
    pub issuer: String,
    /// Where its private key is.
    pub key: KeyAt,
    /// What no policy may exceed.
    pub max_permissions: Permissions,
    /// Keys of permissions that GitHub has and this version does not know.
    pub extra_permissions: Vec<String>,
    /// The issuer of the CI whose jobs are in repositories of this GitHub: of no other one `{repository}` is taken.
    pub repositories_of: Option<IssuerName>,
    /// Where GitHub's REST API is.
    pub api: Url,
    /// The authorities of its certificate, PEM, instead of the system's.
    pub ca: Option<PathBuf>,
    /// By which proxy it is reached.
    pub proxy: Option<String>,
}

/// Where a private key is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyAt {
    /// PEM, in a file.
    File(PathBuf),
    /// The same, in a credential of this service, below systemd's folder where there is one.
    Credential(String, Option<PathBuf>),
    /// In AWS KMS, which never shows it.
    Kms(KmsKeyArn),
}

#[cfg(test)]
mod tests;
