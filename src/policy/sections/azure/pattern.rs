//! Patterns of uses. They have to be spelled as uses are: another spelling would deny nobody.

use crate::kind::{AzureTargetError, AzureUse, Guid, Scope};
use crate::policy::error::PatternError;
use crate::policy::pattern::{NameForm, NoNameError, Pattern};

/// The applications' client ids.
const APPLICATIONS: NameForm = NameForm {
    kind: "application",
    form: Guid::FORM,
    example: "its client id, such as `11111111-2222-3333-4444-555555555555/**`, or `*` for any",
};

/// Why a text is no pattern of uses.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum AzurePatternError {
    /// It is no pattern at all.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// It names only the application.
    #[error("write CLIENT_ID/SCOPE, such as `CLIENT_ID/**` for all of an application, or `*/https://vault.azure.net/**`")]
    NoScope,
    /// No application fits what stands before the slash.
    #[error(transparent)]
    NoApplication(#[from] NoNameError),
    /// It has no wildcard and is no use.
    #[error(transparent)]
    Use(#[from] AzureTargetError),
    /// Its resource is not spelled as scopes are, so it would fit none.
    #[error(
        "the resource of a pattern is written as in a scope, and ends with `/.default` or a wildcard: scheme and host in lower case, without port, escapes, empty segments and segments that begin with a dot, such as `*/https://vault.azure.net/**`"
    )]
    Spelling,
    /// It names a resource by a GUID, which Entra also knows by its URIs.
    #[error("a GUID is one of several names of its application: name its URI, which also covers every scope that has a GUID")]
    Id,
}

/// Parses a pattern. The client id is folded to lower case, as uses have it: another case would deny nobody.
pub(super) fn parse(text: &str) -> Result<Pattern, AzurePatternError> {
    let (application, what) = text.split_once('/').unwrap_or((text, ""));
    let pattern = Pattern::parse(&format!("{}/{what}", application.to_ascii_lowercase()))?;
    if matches!(text, "**" | "**/.default") {
        return Ok(Pattern::parse(text)?);
    }
    if what.is_empty() {
        return Err(AzurePatternError::NoScope);
    }
    if let Some(literal) = pattern.literal() {
        AzureUse::parse(literal)?;
    }
    Pattern::parse(&application.to_ascii_lowercase())?.check_can_name(&APPLICATIONS)?;
    spelled(what)?;
    Ok(pattern)
}

/// Checks that a pattern's resource, with a letter for each wildcard, is spelled as a scope's resource.
fn spelled(what: &str) -> Result<(), AzurePatternError> {
    const DEFAULT: &str = "/.default";
    if matches!(what, "**" | "federated-token") {
        return Ok(());
    }
    // `**` may stand for a scheme with its host, and `*` for a scheme.
    let whole = match (what.strip_prefix("**"), what.strip_prefix("*://")) {
        (Some(rest), _) => format!("https://a{rest}"),
        (None, Some(rest)) => format!("https://{rest}"),
        (None, None) => what.to_owned(),
    };
    let filled = whole.replace("**", "a").replace('*', "a");
    if !what.ends_with('*') && !filled.ends_with(DEFAULT) {
        return Err(AzurePatternError::Spelling);
    }
    let scope = Scope::parse(&if filled.ends_with(DEFAULT) { filled } else { format!("{filled}{DEFAULT}") });
    let scope = scope.map_err(|_| AzurePatternError::Spelling)?;
    if scope.is_by_id() && !scope.as_str().starts_with("api://") { Err(AzurePatternError::Id) } else { Ok(()) }
}
