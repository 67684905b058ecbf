//! The body of a request: the fields of the configuration, those of the policy, and our token.

use super::settings::{Encoding, ServiceSettings};
use crate::issue::outward::form;
use crate::kind::ExchangeFields;
use crate::words::Secret;
use serde_json::{Map, Value};

/// Writes the body. No field stands twice: settings and policy were checked before.
pub(super) fn write(settings: &ServiceSettings, fields: &ExchangeFields, assertion: &Secret) -> Secret {
    let own = [(settings.assertion.as_str(), assertion.expose_text().unwrap_or_default())];
    let all = settings.fields.iter().chain(fields.iter()).chain(own);
    match settings.encoding {
        Encoding::Form => form(all),
        Encoding::Json => {
            let members: Map<String, Value> = all.map(|(name, value)| (name.to_owned(), value.into())).collect();
            Value::Object(members).to_string().into()
        }
    }
}
