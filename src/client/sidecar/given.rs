//! Turns an answer into files, and into the time for which they may stay.

use super::error::GivenError;
use super::lease::Terms;
use super::settings::Settings;
use super::volume::Files;
use crate::answers::Document;
use crate::client::delivery::SecretRequest;
use crate::client::request::Request;
use crate::kind::{Answered, Listed, SecretValue};
use crate::policy::OFFLINE_DEFAULT;
use crate::words::names::SecretName;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// The requested credentials: each secret once, even if several files need it.
pub(super) fn requests(settings: &Settings) -> Vec<Value> {
    let names: BTreeMap<String, _> = settings.secrets.values().map(|name| (name.to_string(), name)).collect();
    names.into_values().map(|name| SecretRequest(name.clone()).body()).collect()
}

/// The secrets of the answer, by the names of their files.
pub(super) fn secrets(settings: &Settings, answer: &Document) -> Result<Files, GivenError> {
    let one = |secret: &SecretName| SecretRequest(secret.clone()).value(answer).map_err(GivenError::Lacking);
    settings.secrets.iter().map(|(name, secret)| Ok((name.clone(), one(secret)?))).collect()
}

/// The shortest terms of all secrets in the answer.
pub(super) fn terms(answer: &Document) -> Terms {
    let secrets = || answer.credentials.iter().filter_map(SecretValue::of);
    let offline = secrets().map(|secret| Duration::from_secs(secret.offline_seconds)).min();
    Terms { offline: offline.unwrap_or(OFFLINE_DEFAULT), expires_at: secrets().filter_map(Answered::expires_at).min() }
}

/// The files: the secrets themselves, and the rendered templates.
pub(super) fn files(settings: &Settings, secrets: Files) -> Result<Files, GivenError> {
    let rendered = settings.templates.iter().map(|(name, template)| {
        let value = template.render(&secrets).map_err(|fault| GivenError::Template { name: name.clone(), fault })?;
        Ok((name.clone(), value))
    });
    let mut files = rendered.collect::<Result<Files, GivenError>>()?;
    files.extend(secrets);
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::tests::{document, sample};
    use crate::words::UnixTime;
    use serde_json::json;
    use std::path::Path;

    fn settings() -> Settings {
        let text = "server: https://d.example\nsecrets: { a: shop/a.yaml, b: shop/a.yaml, c: \"shop/c.yaml#/x\" }\ntemplates: { t: \"{{ secrets.a }}!\" }\n";
        Settings::parse("s.yaml", text.as_bytes(), Path::new("/")).unwrap()
    }

    fn answer() -> Document {
        let secret = |name: &str, expires_at: Option<&str>| {
            let mut secret = sample(if expires_at.is_some() { "secret_at" } else { "secret" });
            let mut members = secret.as_object_mut().unwrap().values_mut().next().unwrap().take();
            members["name"] = name.into();
            members["expires_at"] = expires_at.into();
            members["offline_seconds"] = if expires_at.is_some() { 3600 } else { 60 }.into();
            json!({ "secret": members })
        };
        let all = [secret("shop/a.yaml", None), secret("shop/c.yaml#/x", Some("2027-01-15T08:00:00Z"))];
        serde_json::from_value(document(&all)).unwrap()
    }

    fn nothing() -> Document {
        serde_json::from_value(document(&[])).unwrap()
    }

    #[test]
    fn each_secret_is_requested_once_and_written_to_each_of_its_files() {
        let settings = settings();
        assert_eq!(requests(&settings), [json!({ "secret": "shop/a.yaml" }), json!({ "secret": "shop/c.yaml#/x" })]);
        let files = files(&settings, secrets(&settings, &answer()).unwrap()).unwrap();
        let contents: Vec<(&str, &[u8])> = files.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        assert_eq!(contents, [("a", &b"hunter2"[..]), ("b", b"hunter2"), ("c", b"\xff"), ("t", b"hunter2!")]);
    }

    #[test]
    fn the_shortest_terms_count_and_a_missing_secret_is_an_error() {
        let expires_at = UnixTime::from_rfc3339("2027-01-15T08:00:00Z");
        assert_eq!(terms(&answer()), Terms { offline: Duration::from_secs(60), expires_at });
        assert_eq!(terms(&nothing()), Terms { offline: OFFLINE_DEFAULT, expires_at: None });
        assert!(secrets(&settings(), &nothing()).is_err());
    }
}
