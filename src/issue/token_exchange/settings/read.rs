//! Reads the services of the configuration.

use super::secret::{is_a_secrets_field, is_a_secrets_header, is_a_token};
use super::{Encoding, Lifetime, ServiceSettings, TokenExchangeSettings};
use crate::issue::outward::address;
use crate::issue::provider::Places;
use crate::kind::{ExchangeFields, ServiceName};
use crate::words::names::{Audience, PointerError, check_pointer};
use crate::words::yaml::{Fields, Node};
use crate::words::{DurationError, is_cloud_audience, parse_duration};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

/// Headers that the request sets itself.
const HEADERS_OWN: [&str; 6] = ["host", "content-type", "content-length", "transfer-encoding", "connection", "accept"];

/// The longest `ttl` of a policy. Each answer with a longer lifetime would be refused.
const LIFETIME_MAX: Duration = Duration::from_secs(24 * 3600);

/// Why a value is not valid.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
enum ValueError {
    #[error("expected `form` or `json`")]
    Encoding,
    #[error("a cloud takes tokens of this audience: grant that cloud's own credential instead")]
    Cloud,
    #[error(
        "`{0}` is called like a secret: the configuration must hold no secret, and daypass needs no key of a service; its own token goes into the field that `assertion` names"
    )]
    Secret(String),
    #[error("the request sets `{0}` itself")]
    Own(String),
}

/// Why a lifetime is not valid.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
enum LifetimeError {
    #[error(transparent)]
    Pointer(#[from] PointerError),
    #[error(transparent)]
    Duration(#[from] DurationError),
    #[error("expected 1s to 24h: no policy grants a service's token for longer than a day")]
    Length,
}

impl TokenExchangeSettings {
    /// Reads the section and reports every fault.
    pub fn read(fields: &mut Fields<'_, '_>, places: &dyn Places) -> Option<Self> {
        let list = fields.required("services")?;
        let mut services: Vec<ServiceSettings> = Vec::new();
        for node in fields.one_or_many(list) {
            let mut inner = fields.below(node);
            let service = read_service(&mut inner, node, places);
            inner.finish();
            let Some(service) = service else { continue };
            if services.iter().any(|other| other.name == service.name) {
                fields.fault(node.place, format!("two services are called `{}`", service.name));
            }
            services.push(service);
        }
        if fields.one_or_many(list).is_empty() {
            fields.fault(list.place, "name at least one service");
        }
        Some(Self { services })
    }
}

fn read_service<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, places: &dyn Places) -> Option<ServiceSettings> {
    let name = fields.required("name").and_then(|node| fields.parsed(node, ServiceName::parse));
    let url = fields.required("url").and_then(|node| fields.parsed(node, address));
    let encoding = fields.required("encoding").and_then(|node| fields.parsed(node, encoding));
    let audience = fields.required("audience").and_then(|node| fields.parsed(node, Audience::parse));
    if audience.as_ref().is_some_and(|audience| is_cloud_audience(audience.as_str())) {
        fields.fault(node.place, ValueError::Cloud);
    }
    let assertion = fields
        .required("assertion")
        .and_then(|node| fields.parsed(node, |text| ExchangeFields::check_name(text).map(|()| text.to_owned())));
    let set = fields.optional("fields").map_or(Some(ExchangeFields::default()), |node| {
        ExchangeFields::read(fields, node, |text| Ok::<_, Infallible>(text.to_owned()))
    });
    let headers = fields.optional("headers").map_or(Some(ExchangeFields::default()), |node| read_headers(fields, node));
    let policy_fields = fields.optional("policy_fields").map(|list| read_names(fields, list)).unwrap_or_default();
    let token =
        fields.required("token").and_then(|node| fields.parsed(node, |text| check_pointer(text).map(|()| text.to_owned())));
    let lifetime = fields.required("lifetime").and_then(|node| fields.parsed(node, lifetime));
    let revoke = fields.optional("revoke").map(|node| fields.parsed(node, address));
    let ca = fields.optional("ca").map(|node| places.trusted(fields, node));
    let proxy = fields.optional("proxy").and_then(|node| fields.text(node)).map(str::to_owned);
    let (assertion, set) = (assertion?, set?);
    let is_secret = |(name, value): (&str, &str)| is_a_secrets_field(name) || is_a_token(value);
    let secret = set.iter().find(|field| is_secret(*field)).map(|(name, _)| name);
    let secret = secret.or_else(|| policy_fields.iter().map(String::as_str).find(|name| is_a_secrets_field(name)));
    if let Some(name) = secret {
        fields.fault(node.place, ValueError::Secret(name.to_owned()));
    }
    let is_twice = |name: &str| policy_fields.contains(name) || (name == assertion && set.get(name).is_some());
    if let Some(twice) = set.iter().map(|(name, _)| name).chain([assertion.as_str()]).find(|name| is_twice(name)) {
        fields.fault(node.place, format!("`{twice}` is set twice: by `assertion`, `fields` and `policy_fields` each field once"));
    }
    Some(ServiceSettings {
        name: name?,
        url: url?,
        encoding: encoding?,
        audience: audience?,
        assertion,
        fields: set,
        headers: headers?,
        policy_fields,
        token: token?,
        lifetime: lifetime?,
        revoke: revoke.map_or(Some(None), |url| url.map(Some))?,
        ca: ca.map_or(Some(None), |ca| ca.map(Some))?,
        proxy,
    })
}

/// Reads headers. Refuses those that would carry a secret, and those that the request sets itself.
fn read_headers<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<ExchangeFields> {
    let headers = ExchangeFields::read(fields, node, |text| Ok::<_, Infallible>(text.to_owned()))?;
    for (name, value) in headers.iter() {
        let own = HEADERS_OWN.iter().any(|own| own.eq_ignore_ascii_case(name));
        let fault = match own {
            true => Some(ValueError::Own(name.to_owned())),
            false => (is_a_secrets_header(name) || is_a_token(value)).then(|| ValueError::Secret(name.to_owned())),
        };
        if let Some(fault) = fault {
            fields.fault(node.place, fault);
            return None;
        }
    }
    Some(headers)
}

fn read_names<'a>(fields: &mut Fields<'a, '_>, list: &'a Node) -> BTreeSet<String> {
    let nodes = fields.one_or_many(list);
    let name = |text: &str| ExchangeFields::check_name(text).map(|()| text.to_owned());
    nodes.iter().filter_map(|node| fields.parsed(node, name)).collect()
}

fn encoding(text: &str) -> Result<Encoding, ValueError> {
    match text {
        "form" => Ok(Encoding::Form),
        "json" => Ok(Encoding::Json),
        _ => Err(ValueError::Encoding),
    }
}

/// `/expires_in`, or `1h` if the service's answers have no lifetime.
fn lifetime(text: &str) -> Result<Lifetime, LifetimeError> {
    if text.starts_with('/') {
        return Ok(check_pointer(text).map(|()| Lifetime::At(text.to_owned()))?);
    }
    let lifetime = parse_duration(text)?;
    if lifetime.is_zero() || lifetime > LIFETIME_MAX { Err(LifetimeError::Length) } else { Ok(Lifetime::Documented(lifetime)) }
}
