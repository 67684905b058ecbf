//! What GitHub's log hides (`::add-mask::`; GitHub docs, "Workflow commands for GitHub Actions"). This is the one place that says so:
//! every answer that brings a credential passes here before anything of it is printed.
//!
//! Masks go to standard error, which the runner reads too, so that `$(daypass secret get …)` holds the secret alone.

use super::environment::Environment;
use super::{Failure, STATUS_UNAVAILABLE};
use crate::secrets::document_values;
use crate::words::names::SecretName;
use crate::words::{Digest, Secret};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;

/// A line or a value of a document that is shorter can be guessed, and to hide it, such as `{` or `1`, makes the whole log unreadable.
/// A secret that is one value on one line is always hidden.
const PART_CHARACTERS_MIN: usize = 3;
/// The runner reads standard error and standard output apart. It has this long to take a mask before the value can follow.
const HEARD: Duration = Duration::from_millis(50);

/// The masks of one process.
#[derive(Default)]
pub(super) struct Masks {
    /// What was masked; absent where no log is masked by commands.
    said: Option<Mutex<BTreeSet<Digest>>>,
}

impl Masks {
    /// They are printed in a job of GitHub Actions, and nowhere else.
    pub(super) fn of(environment: &Environment) -> Self {
        Self { said: environment.masks_by_command().then(Mutex::default) }
    }

    /// Masks everything that is secret in an answer, each once. What cannot be masked is not used.
    pub(super) async fn hide(&self, answer: &Value) -> Result<(), Failure> {
        let Some(said) = &self.said else { return Ok(()) };
        let commands = {
            let mut said = said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            // After the first time a command of the job may have left a line of its own unfinished.
            let end_of_line = if said.is_empty() { "" } else { "\n" };
            let fresh = parts(answer).into_iter().filter(|part| said.insert(Digest::plain(part.expose())));
            let commands: Vec<u8> = fresh.flat_map(|part| command(&part)).collect();
            if commands.is_empty() {
                return Ok(());
            }
            Secret::new([end_of_line.as_bytes(), &commands].concat())
        };
        let failed = |fault| Failure::new(STATUS_UNAVAILABLE, format!("secrets cannot be masked in this job's log: {fault}"));
        std::io::stderr().write_all(commands.expose()).map_err(failed)?;
        tokio::time::sleep(HEARD).await;
        Ok(())
    }
}

/// The line by which the runner masks it, escaped as the runner decodes it (actions/runner, `ActionCommand`).
fn command(part: &Secret) -> Vec<u8> {
    let text = part.expose_text().unwrap_or_default();
    format!("::add-mask::{}\n", text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")).into_bytes()
}

/// Every text of an answer that has to be hidden. The runner compares line by line, so each line is one of them.
fn parts(answer: &Value) -> Vec<Secret> {
    let mut parts = Vec::new();
    for credential in answer["credentials"].as_array().into_iter().flatten() {
        for secret in
            [&credential["aws"]["SecretAccessKey"], &credential["aws"]["SessionToken"], &credential["id_token"]["token"]]
        {
            add(secret.as_str().unwrap_or_default(), &mut parts);
        }
        for secret in [&credential["secret"], &credential["secret_at"]] {
            add_secret(secret, &mut parts);
        }
    }
    parts
}

fn add_secret(secret: &Value, parts: &mut Vec<Secret>) {
    let text = secret["value"].as_str().unwrap_or_default();
    add(text, parts);
    if secret["encoding"].as_str() == Some("base64") {
        let bytes = STANDARD.decode(text).map(Secret::new);
        add(bytes.as_ref().ok().and_then(Secret::expose_text).unwrap_or_default(), parts);
    }
    if let Some(name) = secret["name"].as_str().and_then(|name| SecretName::parse(name).ok())
        && let Ok(values) = document_values(&name.path, text.as_bytes())
    {
        values.values().for_each(|value| add_leaves(value, parts));
    } else if let Ok(value) = serde_json::from_str::<Value>(text) {
        // One value of a document that is itself a mapping or a list is told as JSON.
        add_leaves(&value, parts);
    }
}

fn add_leaves(value: &Value, parts: &mut Vec<Secret>) {
    match value {
        Value::Object(members) => members.values().for_each(|value| add_leaves(value, parts)),
        Value::Array(items) => items.iter().for_each(|value| add_leaves(value, parts)),
        Value::String(text) if is_worth_it(text) => add(text, parts),
        Value::Number(number) if is_worth_it(&number.to_string()) => add(&number.to_string(), parts),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// A text, and each of its lines. A carriage return alone ends a line of the log too.
fn add(text: &str, parts: &mut Vec<Secret>) {
    let whole = text.trim_end_matches(['\r', '\n']);
    if !whole.trim().is_empty() {
        parts.push(whole.to_owned().into());
    }
    let lines = whole.split(['\r', '\n']).filter(|line| *line != whole && is_worth_it(line));
    parts.extend(lines.map(|line| line.to_owned().into()));
}

fn is_worth_it(part: &str) -> bool {
    part.trim().chars().count() >= PART_CHARACTERS_MIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn masked(credentials: &Value) -> Vec<String> {
        let commands = parts(&json!({ "credentials": credentials })).iter().flat_map(command).collect();
        let text = String::from_utf8(commands).unwrap();
        text.lines().map(|line| line.strip_prefix("::add-mask::").unwrap().to_owned()).collect()
    }

    fn secret(name: &str, value: &str) -> Value {
        json!([{ "secret": { "name": name, "value": value } }])
    }

    #[test]
    fn a_carriage_return_ends_no_mask_early() {
        assert_eq!(masked(&secret("shop/x.age", "one%\rtwo")), ["one%25%0Dtwo", "one%25", "two"]);
        assert_eq!(masked(&secret("shop/x.age", "one\r\ntwo\r\n")), ["one%0D%0Atwo", "one", "two"]);
    }

    #[test]
    fn a_value_of_a_whole_document_is_masked_alone() {
        let leaves = |name: &str, text: &str| masked(&secret(name, text)).split_off(1);
        let yaml = "db:\n  password: \"hunter2 \"\n  port: 5432\n  on: true\n  n: 1\nlist: [first, second]\n";
        for leaf in ["hunter2 ", "5432", "first", "second"] {
            assert!(leaves("shop/db.yaml", yaml).iter().any(|part| part == leaf), "{leaf}: {:?}", leaves("shop/db.yaml", yaml));
        }
        assert!(!leaves("shop/db.yaml", yaml).iter().any(|part| part == "1" || part == "true"));
        let json = "{\n  \"a\": { \"b\": \"tic-tac\" }\n}";
        assert!(leaves("shop/db.json", json).contains(&"tic-tac".to_owned()));
        assert!(!leaves("shop/db.json", json).iter().any(|part| part == "{" || part == "}"), "the log stays readable");
        assert!(leaves("shop/app.env", "A=one-value\nB=\"two values\"\n").contains(&"one-value".to_owned()));
        assert!(leaves("shop/db.yaml#/db", "{\"password\":\"hunter2\"}").contains(&"hunter2".to_owned()));
    }

    #[test]
    fn what_is_secret_in_each_credential_is_masked_and_what_is_public_is_not() {
        let aws = json!({ "AccessKeyId": "ASIA1", "SecretAccessKey": "s3cr%et", "SessionToken": "tok", "Expiration": "2027-01-01T00:00:00Z" });
        let token = json!({ "audience": "https://a", "token": "a.b.c" });
        assert_eq!(masked(&json!([{ "aws": aws }, { "id_token": token }])), ["s3cr%25et", "tok", "a.b.c"]);
        assert_eq!(
            masked(&json!([{ "secret_at": { "name": "shop/x", "value": "aGk=", "encoding": "base64" } }])),
            ["aGk=", "hi"]
        );
        assert_eq!(masked(&secret("shop/pin", "7")), ["7"], "a secret that is one value is always hidden");
    }

    #[tokio::test]
    async fn nothing_is_said_outside_of_github() {
        assert!(Masks::of(&Environment::default()).said.is_none());
        assert!(Masks::of(&[("GITHUB_ACTIONS", "true")].into()).said.is_some());
    }
}
