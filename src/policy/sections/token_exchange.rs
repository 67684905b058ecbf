//! `grant: token_exchange`: tokens of a service that accepts ours in exchange. The configuration has the service's address and the other
//! parts of the request: a policy names the service, and sets the fields that the configuration leaves to policies.

mod credential;
mod schema;
mod terms;
#[cfg(test)]
mod tests;

pub use terms::TokenExchangeTerms;

use super::{Section, bounded, within};
use crate::kind::{ExchangeFields, ServiceName, Target, TokenExchangeTarget};
use crate::policy::error::{FilledError, PatternError};
use crate::policy::pattern::{NameForm, NoNameError, Pattern};
use crate::policy::template::{Row, fill_row_text};
use crate::words::yaml::{Fields, Node, Place};
use std::time::Duration;

/// A token that lives longer than a day would be a long-lived key.
const TTL_MAX: Duration = Duration::from_secs(24 * 3600);
const TTL_MIN: Duration = Duration::from_secs(60);
const TTL_DEFAULT: Duration = Duration::from_secs(3600);

/// The services' names, alone, and with the fields that a wildcard may stand for.
const SERVICES: NameForm = NameForm { kind: "service", form: ServiceName::FORM, example: "`partner`, or `partner?role=admin`" };
const SERVICES_WITH_FIELDS: NameForm = NameForm { form: "^[a-z0-9_-]{1,64}([?][!-~]*)?$", ..SERVICES };
/// The names and the values of fields.
const FIELD_NAMES: NameForm = NameForm { kind: "field", form: ExchangeFields::NAME, example: "`*?role=admin`" };
const FIELD_VALUES: NameForm = NameForm { kind: "value of a field", form: ExchangeFields::VALUE, example: "`*?role=admin`" };

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

    /// Nobody here knows what a service's token may do.
    fn acts(&self) -> bool {
        true
    }

    fn named(&self) -> Option<Target> {
        Some(self.whole().into())
    }

    /// Reads a pattern. A field without a name or a value is refused: it would deny nobody.
    fn pattern(text: &str) -> Result<Pattern, DenialError> {
        match fields_of(text).find(|field| !names_value(field)) {
            Some(field) => Err(DenialError::Field { field: field.to_owned() }),
            None => {
                let pattern = Pattern::parse(text)?;
                match text.split_once('?').map(|(service, _)| Pattern::parse(service)) {
                    Some(service) => service.map_or(Ok(()), |service| service.check_can_name(&SERVICES))?,
                    None => pattern.check_can_name(&SERVICES_WITH_FIELDS)?,
                }
                fields_of(text).try_for_each(check_field)?;
                Ok(pattern)
            }
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

    /// The request for all of it.
    fn whole(&self) -> TokenExchangeTarget {
        TokenExchangeTarget { service: Some(self.service.clone()), fields: Some(self.fields.clone()) }
    }
}

/// Why a text is no pattern of a service.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum DenialError {
    /// It is no pattern at all.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// It has a field without a value.
    #[error("`{field}` names no value of a field: write SERVICE, or SERVICE?NAME=VALUE")]
    Field {
        /// The field, as it is written.
        field: String,
    },
    /// No service, or no field of one, fits it.
    #[error(transparent)]
    NoName(#[from] NoNameError),
}

/// Whether a field has a name and a value, or is a wildcard. No field of a request is empty.
fn names_value(field: &str) -> bool {
    let both = field.split_once('=').is_some_and(|(name, value)| !name.is_empty() && !value.is_empty());
    both || field.bytes().all(|byte| byte == b'*')
}

/// Checks that some field could fit, as it is written or decoded. A part that is no pattern denies, whatever it has.
fn check_field(field: &str) -> Result<(), DenialError> {
    let check = |spelling: &String| -> Result<(), NoNameError> {
        let parts = spelling.split_once('=').map_or([spelling.as_str(), "*"], |(name, value)| [name, value]);
        let mut parts = parts.into_iter().map(Pattern::parse).zip([&FIELD_NAMES, &FIELD_VALUES]);
        parts.try_for_each(|(part, form)| part.map_or(Ok(()), |part| part.check_can_name(form)))
    };
    let [written, decoded] = spellings(field);
    check(&written).or_else(|fault| check(&decoded).map_err(|_| fault))?;
    Ok(())
}

/// Whether the pattern fits all of the target: it names a service (`partner`), or a service with all of the fields (`partner?role=*`).
fn is_all_of(pattern: &Pattern, target: &TokenExchangeTarget) -> bool {
    let is_service = target.service.as_ref().is_some_and(|service| pattern.matches(service.as_str()));
    is_service || pattern.matches(&target.to_string())
}

/// Whether a denial covers the target: it has each field of the pattern, whatever its other fields are. A further field does not get around
/// a denial.
fn fits(pattern: &Pattern, target: &TokenExchangeTarget) -> bool {
    let text = pattern.to_string();
    let (Some((service, _)), Some(requested), Some(fields)) = (text.split_once('?'), &target.service, &target.fields) else {
        return is_all_of(pattern, target);
    };
    // A part that is no pattern denies.
    let matches = |pattern: &str, text: &str| Pattern::parse(pattern).map_or(true, |pattern| pattern.matches_folded(text));
    if is_all_of(pattern, target) {
        return true;
    }
    if !matches(service, requested.as_str()) {
        return false;
    }
    let readings: Vec<String> = fields.iter().flat_map(|(name, value)| readings(name, value)).collect();
    let is_named =
        |field: &str| spellings(field).iter().any(|spelling| readings.iter().any(|reading| matches(spelling, reading)));
    fields_of(&text).all(is_named)
}

/// All readings of a field by a service, each as `NAME=VALUE`: the value itself, the encoded value (WHATWG URL,
/// "application/x-www-form-urlencoded"), and each of its words, because a scope is a list of words (RFC 6749, section 3.3). Nobody knows
/// whether a service ignores case, so a denial does.
fn readings(name: &str, value: &str) -> Vec<String> {
    let words = value.split(|one: char| one.is_whitespace() || one == ',').filter(|word| !word.is_empty());
    let values = std::iter::once(value).chain(words).flat_map(|value| [value.to_owned(), encoded(value)]);
    values.map(|value| format!("{name}={value}")).collect()
}

/// A field of a denial as it is written, and decoded (`%3A`, `+`).
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
