//! Names of Microsoft Entra ID: what is none of them never reaches an address or a form.

use uuid::Uuid;

/// A GUID, as JSON Schema has it.
pub(super) const GUID: &str = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";
/// A scope, as JSON Schema has it.
pub(super) const SCOPE: &str = "^[A-Za-z0-9._~:/-]{1,246}/\\.default$";
/// The only scope of a resource that the client credentials flow knows.
const DEFAULT: &str = "/.default";
/// Entra ID, "identifierUris": an application's URI has 255 characters at most; a scope names one of them.
const SCOPE_BYTES_MAX: usize = 255;
/// A GUID with its hyphens.
const GUID_BYTES: usize = 36;

/// A tenant, an application or a managed identity: a GUID, which Entra compares without regard to case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Guid(String);

/// What is no GUID.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected a GUID such as 11111111-2222-3333-4444-555555555555")]
pub struct GuidError;

/// What an access token is for: one resource and `/.default`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Scope(String);

/// What is no scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScopeError {
    /// Its end.
    #[error(
        "the client credentials flow takes one resource with `/.default` behind it, such as `https://vault.azure.net/.default`"
    )]
    NotDefault,
    /// A resource has none of them: several scopes, quotes, control characters.
    #[error("a scope has letters, digits and `._~:/-` only")]
    Characters,
    /// Entra's bound.
    #[error("a scope has {SCOPE_BYTES_MAX} characters at most")]
    TooLong,
}

impl Guid {
    /// Parses it; written in lower case from here on.
    pub fn parse(text: &str) -> Result<Self, GuidError> {
        let is_hyphenated = text.len() == GUID_BYTES && text.is_ascii();
        let guid = is_hyphenated.then(|| Uuid::try_parse(text).ok()).flatten().ok_or(GuidError)?;
        Ok(Self(guid.hyphenated().to_string()))
    }
}

impl Scope {
    /// Parses it.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        if text.len() > SCOPE_BYTES_MAX {
            return Err(ScopeError::TooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~:/-".contains(&byte)) {
            return Err(ScopeError::Characters);
        }
        match text.strip_suffix(DEFAULT) {
            Some(resource) if !resource.is_empty() => Ok(Self(text.to_owned())),
            _ => Err(ScopeError::NotDefault),
        }
    }
}

crate::words::holds_text! { Guid Scope }
