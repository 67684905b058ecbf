//! `providers: { github: { apps: … } }` of the configuration.

mod read;

use crate::words::github::Permissions;
use crate::words::names::{IssuerName, KmsKeyArn};
use reqwest::Url;
use std::path::PathBuf;

/// The section `github` of the configuration.
#[derive(Clone, PartialEq, Debug)]
pub struct GitHubSettings {
    /// At least one App. Their names differ.
    pub apps: Vec<AppSettings>,
}

/// One App.
#[derive(Clone, PartialEq, Debug)]
pub struct AppSettings {
    /// Its name in policies.
    pub name: String,
    /// The `iss` of its JWTs: its id or its client id.
    pub issuer: String,
    /// Where its private key is.
    pub key: KeyAt,
    /// The most that a policy may grant.
    pub max_permissions: Permissions,
    /// Keys of permissions that GitHub has and this version of daypass does not know.
    pub extra_permissions: Vec<String>,
    /// The issuer of the CI whose jobs run in repositories of this GitHub. `{repository}` is accepted from no other issuer.
    pub repositories_of: Option<IssuerName>,
    /// Where GitHub's REST API is.
    pub api: Url,
    /// The authorities of its certificate, PEM, instead of the system's.
    pub ca: Option<PathBuf>,
    /// The proxy on the way to it.
    pub proxy: Option<String>,
}

/// Where a private key is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyAt {
    /// PEM, in a file.
    File(PathBuf),
    /// PEM, in a credential of this systemd service, with the folder of credentials if systemd gave one.
    Credential(String, Option<PathBuf>),
    /// In AWS KMS, which never reveals it.
    Kms(KmsKeyArn),
}

#[cfg(test)]
mod tests;
