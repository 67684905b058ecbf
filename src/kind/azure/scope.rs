//! The scope of an access token.
use super::resource::{accepted_spelling, is_by_id, is_canonical};

/// The only scope of a resource in the client credentials flow.
const DEFAULT: &str = "/.default";
/// Entra ID, "identifierUris": a URI has 255 characters at most, and a scope names one.
pub(super) const SCOPE_BYTES_MAX: usize = 255;

/// The scope of an access token: one resource and `/.default`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Scope(String);

/// Why a text is not a scope.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScopeError {
    /// Its end is not `/.default`.
    #[error(
        "the client credentials flow takes one resource with `/.default` behind it, such as `https://vault.azure.net/.default`"
    )]
    NotDefault,
    /// It has a character that no resource has, such as a space, a quote or a control character.
    #[error("a scope has letters, digits and `._~:/-` only")]
    Characters,
    /// It is another spelling of a resource.
    #[error("write this resource as `{0}`: a resource has one spelling, which guardrails can compare")]
    Spelling(String),
    /// It is not a resource, or has no spelling that could be compared.
    #[error(
        "a resource is written `https://HOST/PATH`, `api://NAME/PATH` or as a GUID: in lower case before the path, without port, user, escapes, empty segments and segments that begin with a dot"
    )]
    Resource,
    /// It is longer than Entra's limit.
    #[error("a scope has {SCOPE_BYTES_MAX} characters at most")]
    TooLong,
}

impl Scope {
    /// Parses a scope.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        if text.len() > SCOPE_BYTES_MAX {
            return Err(ScopeError::TooLong);
        }
        let resource = text.strip_suffix(DEFAULT).filter(|resource| !resource.is_empty());
        match resource {
            Some(resource) if is_canonical(resource) => return Ok(Self(text.to_owned())),
            Some(resource) => {
                if let Some(spelling) = accepted_spelling(resource) {
                    return Err(ScopeError::Spelling(format!("{spelling}{DEFAULT}")));
                }
            }
            None => {}
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~:/-".contains(&byte)) {
            return Err(ScopeError::Characters);
        }
        Err(if resource.is_some() { ScopeError::Resource } else { ScopeError::NotDefault })
    }

    /// Whether it names an application by its id. The server cannot know which URIs name the same application.
    pub fn is_by_id(&self) -> bool {
        is_by_id(self.resource())
    }

    /// The two scopes that Entra treats as the same resource: with and without a slash at the resource's end.
    pub fn alike(&self) -> [String; 2] {
        let resource = self.resource();
        let other = resource.strip_suffix('/').map_or_else(|| format!("{resource}/"), str::to_owned);
        [self.0.clone(), format!("{other}{DEFAULT}")]
    }

    fn resource(&self) -> &str {
        self.0.strip_suffix(DEFAULT).unwrap_or_default()
    }
}

crate::words::holds_text! { Scope }
