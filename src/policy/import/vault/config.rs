//! The configuration of a JWT auth mount: whose tokens it takes. The keys that verify them belong to the issuer's entry in
//! daypass.yaml, and not to a policy.

use super::answer;
use super::error::VaultError;

/// Members that do not change whom a role lets in.
const OF_NO_ROLE: [&str; 10] = [
    "oidc_discovery_ca_pem",
    "oidc_client_id",
    "oidc_response_mode",
    "oidc_response_types",
    "default_role",
    "jwt_supported_algs",
    "jwks_ca_pem",
    "override_allowed_server_names",
    "namespace_in_state",
    "status",
];
const READ: [&str; 6] =
    ["bound_issuer", "oidc_discovery_url", "jwks_url", "jwks_pairs", "jwt_validation_pubkeys", "provider_config"];

/// Whose tokens a mount takes.
pub(super) struct Mount {
    pub(super) issuer: String,
    pub(super) note: Option<String>,
}

/// Reads a file.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Mount, VaultError> {
    let data = answer::read(file, bytes, &[&OF_NO_ROLE, &READ])?;
    if !data.members("provider_config")?.is_empty() {
        let why = "it adds claims to tokens that no issuer signed: write the policy by hand";
        return Err(VaultError::Field { member: "provider_config", why });
    }
    let (bound, discovered) = (data.text("bound_issuer")?, data.text("oidc_discovery_url")?);
    let why = "it is empty, so it is not known whose tokens the mount takes: set it on the mount, and read it again";
    let issuer = bound.or(discovered).ok_or(VaultError::Field { member: "bound_issuer", why })?;
    let by_keys =
        data.text("jwks_url")?.is_some() || data.is_there("jwks_pairs") || !data.texts("jwt_validation_pubkeys")?.is_empty();
    let elsewhere = by_keys || discovered.is_some_and(|url| url.trim_end_matches('/') != issuer.trim_end_matches('/'));
    let note = "the mount does not take its keys from the issuer's own discovery document: configure the same keys for the issuer in \
                daypass.yaml";
    Ok(Mount { issuer: issuer.to_owned(), note: elsewhere.then(|| note.to_owned()) })
}
