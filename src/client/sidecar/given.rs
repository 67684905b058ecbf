//! From an answer to files, and until when they may be there.

use super::error::GivenError;
use super::lease::Terms;
use super::settings::Settings;
use super::volume::Files;
use crate::client::answer::secret_value;
use crate::policy::OFFLINE_DEFAULT;
use crate::words::UnixTime;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// What is asked for: each secret once, however many files want it.
pub(super) fn wanted(settings: &Settings) -> Vec<Value> {
    let names: BTreeSet<String> = settings.secrets.values().map(ToString::to_string).collect();
    names.into_iter().map(|name| json!({ "secret": name })).collect()
}

/// The secrets of the answer by the names of their files.
pub(super) fn secrets(settings: &Settings, answer: &Value) -> Result<Files, GivenError> {
    let credentials = answer["credentials"].as_array().ok_or(GivenError::Missing)?;
    let one = |wanted: &str| {
        let found = credentials.iter().find(|credential| credential["secret"]["name"] == wanted).ok_or(GivenError::Missing)?;
        secret_value(found).map_err(GivenError::Unreadable)
    };
    settings.secrets.iter().map(|(name, secret)| Ok((name.clone(), one(&secret.to_string())?))).collect()
}

/// The shortest terms of all that was given.
pub(super) fn terms(answer: &Value) -> Terms {
    let secrets = || answer["credentials"].as_array().into_iter().flatten().map(|credential| &credential["secret"]);
    let offline = secrets().map(|secret| secret["offline_seconds"].as_u64().map_or(OFFLINE_DEFAULT, Duration::from_secs)).min();
    let expires_at = secrets().filter_map(|secret| secret["expires_at"].as_str().and_then(UnixTime::from_rfc3339)).min();
    Terms { offline: offline.unwrap_or(OFFLINE_DEFAULT), expires_at }
}

/// The files: the secrets as they are, and what the templates make of them.
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
    use std::path::Path;

    fn settings() -> Settings {
        let text = "server: https://d.example\nsecrets: { a: shop/a.yaml, b: shop/a.yaml, c: \"shop/c.yaml#/x\" }\ntemplates: { t: \"{{ secrets.a }}!\" }\n";
        Settings::parse("s.yaml", text.as_bytes(), Path::new("/")).unwrap()
    }

    fn answer() -> Value {
        json!({ "credentials": [
            { "secret": { "name": "shop/a.yaml", "value": "1", "expires_at": null, "offline_seconds": 60 } },
            { "secret": { "name": "shop/c.yaml#/x", "value": "/w==", "encoding": "base64", "expires_at": "2027-01-15T08:00:00Z" } } ] })
    }

    #[test]
    fn each_secret_is_asked_for_once_and_lands_in_each_of_its_files() {
        let settings = settings();
        assert_eq!(wanted(&settings), [json!({ "secret": "shop/a.yaml" }), json!({ "secret": "shop/c.yaml#/x" })]);
        let files = files(&settings, secrets(&settings, &answer()).unwrap()).unwrap();
        let shown: Vec<(&str, &[u8])> = files.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        assert_eq!(shown, [("a", &b"1"[..]), ("b", b"1"), ("c", b"\xff"), ("t", b"1!")]);
    }

    #[test]
    fn the_shortest_terms_count_and_a_lack_is_told() {
        let expires_at = UnixTime::from_rfc3339("2027-01-15T08:00:00Z");
        assert_eq!(terms(&answer()), Terms { offline: Duration::from_secs(60), expires_at });
        assert_eq!(terms(&json!({ "credentials": [] })), Terms { offline: OFFLINE_DEFAULT, expires_at: None });
        assert!(secrets(&settings(), &json!({ "credentials": [] })).is_err() && secrets(&settings(), &json!([])).is_err());
    }
}
