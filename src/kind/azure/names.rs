//! Names of Microsoft Entra ID. Only a valid name gets into an address or a form.

use uuid::Uuid;

/// The pattern of a GUID for JSON Schema.
pub(super) const GUID: &str = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";
/// The length of a GUID with its hyphens.
const GUID_BYTES: usize = 36;

/// A tenant, an application or a managed identity: a GUID, which Entra compares without regard to case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Guid(String);

/// A text is not a GUID.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected a GUID such as 11111111-2222-3333-4444-555555555555")]
pub struct GuidError;

impl Guid {
    /// The form of a GUID, as a regular expression.
    pub const FORM: &str = GUID;

    /// Parses a GUID, and turns it to lower case.
    pub fn parse(text: &str) -> Result<Self, GuidError> {
        let is_hyphenated = text.len() == GUID_BYTES && text.is_ascii();
        let guid = is_hyphenated.then(|| Uuid::try_parse(text).ok()).flatten().ok_or(GuidError)?;
        Ok(Self(guid.hyphenated().to_string()))
    }
}

crate::words::holds_text! { Guid }
