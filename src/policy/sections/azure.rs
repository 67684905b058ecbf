//! `grant: azure`: access tokens of Microsoft Entra ID for one scope of an application, or the token of ours that Entra exchanges for any.

mod credential;
mod pattern;
mod schema;
mod terms;
mod uses;

pub(in crate::policy) use pattern::AzurePatternError;
pub use terms::AzureTerms;

use super::{Section, bounded, within};
use crate::kind::{AzureTarget, AzureUse, Guid, Scope, Target};
use crate::policy::access::patterns_overlap;
use crate::policy::error::FilledError;
use crate::policy::pattern::Pattern;
use crate::policy::template::{Row, fill_row_text};
use crate::policy::trusting::{SubjectError, SubjectTrust};
use crate::words::yaml::{Fields, Node, Place};
use std::time::Duration;

/// Entra ID, "Configurable token lifetimes": 60 to 90 minutes by default, and 24 hours for managed identities. A request cannot ask for
/// less.
const ACCESS_TTL_DEFAULT: Duration = Duration::from_secs(90 * 60);
const ACCESS_TTL_MAX: Duration = Duration::from_secs(24 * 3600);
/// A token of ours that lives longer than an hour would be a long-lived key.
const FEDERATED_TTL_MAX: Duration = Duration::from_secs(3600);
const FEDERATED_TTL_DEFAULT: Duration = Duration::from_secs(600);
const TTL_MIN: Duration = Duration::from_secs(60);

/// Entra ID, "Workload identity federation", considerations: the most federated credentials of an application or a managed identity.
const FEDERATED_CREDENTIALS_MAX: usize = 20;
/// Microsoft Graph, `federatedIdentityCredential`: a subject has 600 characters at most.
const SUBJECT_BYTES_MAX: usize = 600;

/// One use of an application, and how long its token may live.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) struct AzureGrant {
    place: Place,
    granted: AzureUse,
    ttl: Duration,
}

impl Section for AzureGrant {
    const WORD: &'static str = "azure";

    type PatternError = AzurePatternError;

    fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Option<Self> {
        within(fields, node, |inner| Self::read_members(inner, node.place, row))
    }

    fn acts(&self) -> bool {
        true
    }

    fn named(&self) -> Option<Target> {
        Some(AzureTarget { named: Some(self.granted.clone()) }.into())
    }

    fn trusting(&self) -> Option<SubjectTrust> {
        let by = format!("the application {}", self.granted.client_id);
        let gives_token = self.granted.scope.is_none();
        Some(SubjectTrust { by, most: Some(FEDERATED_CREDENTIALS_MAX), takes, among: Self::WORD, gives_token })
    }

    fn pattern(text: &str) -> Result<Pattern, AzurePatternError> {
        pattern::parse(text)
    }

    fn meets(&self, pattern: &Pattern) -> bool {
        fits(pattern, &self.granted)
    }

    super::of!(Azure);
}

impl AzureGrant {
    fn read_members<'a>(fields: &mut Fields<'a, '_>, place: Place, row: Option<&Row>) -> Option<Self> {
        let client_id = fields
            .required("client_id")
            .and_then(|node| fields.parsed(node, |text| Guid::parse(&fill_row_text(text, row)?).map_err(FilledError::Value)));
        let federated = fields.optional("federated_token").map(|node| fields.parsed(node, allowed));
        let scope = fields
            .optional("scope")
            .map(|node| fields.parsed(node, |text| Scope::parse(&fill_row_text(text, row)?).map_err(FilledError::Value)));
        let scope = match (scope, federated) {
            (Some(scope), None) => scope.map(Some),
            (None, Some(allowed)) => allowed.map(|()| None),
            _ => {
                fields.fault(
                    place,
                    "say either `scope: …` or `federated_token: allow`, which gives every scope of the application",
                );
                None
            }
        };
        let (default, longest) = match &scope {
            Some(None) => (FEDERATED_TTL_DEFAULT, FEDERATED_TTL_MAX),
            _ => (ACCESS_TTL_DEFAULT, ACCESS_TTL_MAX),
        };
        let ttl =
            fields.optional("ttl").map_or(Some(default), |node| fields.parsed(node, |text| bounded(text, TTL_MIN, longest)));
        Some(Self { place, granted: AzureUse { client_id: client_id?, scope: scope? }, ttl: ttl? })
    }
}

/// The only word of `federated_token`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected `allow`")]
struct NotAllow;

fn allowed(text: &str) -> Result<(), NotAllow> {
    if text == "allow" { Ok(()) } else { Err(NotAllow) }
}

/// Whether Entra accepts a subject. It compares subjects byte for byte.
fn takes(subject: &str) -> Result<(), SubjectError> {
    if subject.chars().any(char::is_uppercase) {
        return Err(SubjectError::Capitals);
    }
    if subject.len() > SUBJECT_BYTES_MAX { Err(SubjectError::TooLong(SUBJECT_BYTES_MAX)) } else { Ok(()) }
}

/// Whether a part of it fits the pattern. Our token gives every scope of its application, and a scope by an id may have any URI: both fit
/// every pattern of the application. Entra ignores the case of resources.
fn fits(pattern: &Pattern, granted: &AzureUse) -> bool {
    match &granted.scope {
        Some(scope) if !scope.is_by_id() => {
            scope.alike().iter().any(|scope| pattern.matches_folded(&format!("{}/{scope}", granted.client_id)))
        }
        _ => Pattern::parse(&format!("{}/**", granted.client_id)).is_ok_and(|all| patterns_overlap(pattern, &all)),
    }
}

/// Whether all of it fits the pattern.
fn is_all_of(pattern: &Pattern, granted: &AzureUse) -> bool {
    let text = pattern.to_string();
    match granted.scope {
        Some(_) => pattern.matches(&granted.to_string()),
        None => text == "**" || text == "*/**" || text == format!("{}/**", granted.client_id),
    }
}

#[cfg(test)]
mod tests;
