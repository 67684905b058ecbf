//! `grant: token_exchange`: tokens of a service that takes ours in exchange. Where the service is, and what else it is asked, the
//! configuration says: a policy names it and sets the fields that are left to policies.

mod credential;
mod terms;
#[cfg(test)]
mod tests;

pub use terms::TokenExchangeTerms;

use super::{Section, bounded, within};
use crate::kind::{ExchangeFields, ServiceName, Target, TokenExchangeTarget};
use crate::policy::error::{FilledError, PatternError};
use crate::policy::pattern::Pattern;
use crate::policy::template::{Row, fill_row_text};
use crate::words::yaml::{Fields, Node, Place};
use std::time::Duration;

/// A token that lives longer than a day is a key.
const TTL_MAX: Duration = Duration::from_secs(24 * 3600);
const TTL_MIN: Duration = Duration::from_secs(60);
const TTL_DEFAULT: Duration = Duration::from_secs(3600);

/// One service, the fields of its request, and how long its token may live.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) struct TokenExchangeGrant {
    place: Place,
    service: ServiceName,
    fields: ExchangeFields,
    ttl: Duration,
}

impl Section for TokenExchangeGrant {
    const WORD: &'static str = "token_exchange";

    type PatternError = DenialError;

    fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Option<Self> {
        within(fields, node, |inner| Self::read_members(inner, node.place, row))
    }

    fn place(&self) -> Place {
        self.place
    }

    /// What a service's token may do, nobody here knows.
    fn acts(&self) -> bool {
        true
    }

    fn named(&self) -> Option<Target> {
        Some(self.whole().into())
    }

    /// A field without a value would deny nobody.
    fn pattern(text: &str) -> Result<Pattern, DenialError> {
        match fields_of(text).find(|field| !field.contains('=') && !field.bytes().all(|byte| byte == b'*')) {
            Some(field) => Err(DenialError::Field { field: field.to_owned() }),
            None => Ok(Pattern::parse(text)?),
        }
    }

    fn meets(&self, pattern: &Pattern) -> bool {
        fits(pattern, &self.whole())
    }

    super::of!(TokenExchange);
}

impl TokenExchangeGrant {
    fn read_members<'a>(fields: &mut Fields<'a, '_>, place: Place, row: Option<&Row>) -> Option<Self> {
        let service = fields.required("service").and_then(|node| {
            fields.parsed(node, |text| ServiceName::parse(&fill_row_text(text, row)?).map_err(FilledError::Value))
        });
        let set = match fields.optional("fields") {
            None => Some(ExchangeFields::default()),
            Some(node) => ExchangeFields::read(fields, node, |text| fill_row_text(text, row)),
        };
        let ttl =
            fields.optional("ttl").map_or(Some(TTL_DEFAULT), |node| fields.parsed(node, |text| bounded(text, TTL_MIN, TTL_MAX)));
        Some(Self { place, service: service?, fields: set?, ttl: ttl? })
    }

    /// Whether both give the same.
    fn is_same(&self, other: &Self) -> bool {
        (&self.service, &self.fields, self.ttl) == (&other.service, &other.fields, other.ttl)
    }

    /// All of it, as what could be asked for.
    fn whole(&self) -> TokenExchangeTarget {
        TokenExchangeTarget { service: Some(self.service.clone()), fields: Some(self.fields.clone()) }
    }
}

/// Why a text is no pattern of a service.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum DenialError {
    /// As a pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// By what stands behind the service.
    #[error("`{field}` names no value of a field: write SERVICE, or SERVICE?NAME=VALUE")]
    Field {
        /// What stands there.
        field: String,
    },
}

/// Whether all of it fits: a pattern names a service (`partner`), or one with all of its fields (`partner?role=*`).
fn is_all_of(pattern: &Pattern, target: &TokenExchangeTarget) -> bool {
    let is_service = target.service.as_ref().is_some_and(|service| pattern.matches(service.as_str()));
    is_service || pattern.matches(&target.to_string())
}

/// Whether a denial means it: each field that the pattern names is so, whatever the others are. Another field beside it is no way around.
fn fits(pattern: &Pattern, target: &TokenExchangeTarget) -> bool {
    let text = pattern.to_string();
    let (Some((service, _)), Some(asked), Some(fields)) = (text.split_once('?'), &target.service, &target.fields) else {
        return is_all_of(pattern, target);
    };
    // What cannot be read denies.
    let matches = |pattern: &str, text: &str| Pattern::parse(pattern).map_or(true, |pattern| pattern.matches_folded(text));
    if is_all_of(pattern, target) {
        return true;
    }
    if !matches(service, asked.as_str()) {
        return false;
    }
    let readings: Vec<String> = fields.iter().flat_map(|(name, value)| readings(name, value)).collect();
    let is_named =
        |field: &str| spellings(field).iter().any(|spelling| readings.iter().any(|reading| matches(spelling, reading)));
    fields_of(&text).all(is_named)
}

/// What a service may read of a field, each as `NAME=VALUE`: the value as it is and as it travels (WHATWG URL,
/// "application/x-www-form-urlencoded"), and each of its words, for a scope is a list of them (RFC 6749, section 3.3). Whether a service
/// tells capitals apart is not known, so a denial does not.
fn readings(name: &str, value: &str) -> Vec<String> {
    let words = value.split(|one: char| one.is_whitespace() || one == ',').filter(|word| !word.is_empty());
    let values = std::iter::once(value).chain(words).flat_map(|value| [value.to_owned(), encoded(value)]);
    values.map(|value| format!("{name}={value}")).collect()
}

/// A field of a denial as it stands there, and as it reads where its signs are written out (`%3A`, `+`).
fn spellings(field: &str) -> [String; 2] {
    let decoded = form_urlencoded::parse(field.as_bytes()).next();
    [field.to_owned(), decoded.map_or_else(|| field.to_owned(), |(name, value)| format!("{name}={value}"))]
}

fn encoded(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// The fields of a pattern, each as `NAME=VALUE`.
fn fields_of(text: &str) -> impl Iterator<Item = &str> {
    text.split_once('?')
        .map(|(_, fields)| fields)
        .into_iter()
        .flat_map(|fields| fields.split('&'))
        .filter(|field| !field.is_empty())
}
