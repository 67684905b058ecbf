//! Masks secrets in GitHub's log (`::add-mask::`; GitHub docs, "Workflow commands for GitHub Actions"). Every answer with a
//! credential passes here before anything of it is printed.
//!
//! Masks go to standard error, which the runner reads too, so that `$(daypass secret get …)` holds the secret alone.

use super::environment::Environment;
use super::{Failure, STATUS_UNAVAILABLE};
use crate::answers::Document;
use crate::kind::Credential;
use crate::secrets::document_values;
use crate::words::names::SecretName;
use crate::words::{Digest, Secret};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;

/// A shorter line or value of a document can be guessed, and masking one such as `{` or `1` would make the whole log unreadable.
/// A secret that is one value on one line is always masked.
const PART_CHARACTERS_MIN: usize = 3;
/// How deep documents within values of documents are read: a key file in a secret in a key file.
const ENCLOSED_MAX: usize = 4;
/// The runner reads standard error and standard output separately. It has this long to read a mask before the value can follow.
const READ_PAUSE: Duration = Duration::from_millis(50);

/// The masks of one process.
#[derive(Default)]
pub(super) struct Masks {
    /// What was masked; absent if commands do not mask this log.
    masked: Option<Mutex<BTreeSet<Digest>>>,
}

impl Masks {
    /// Masks are printed only in jobs of GitHub Actions and of compatible runners.
    pub(super) fn of(environment: &Environment) -> Self {
        Self { masked: environment.masks_by_command().then(Mutex::default) }
    }

    /// Masks everything secret in an answer, each part once. If masking fails, the answer is not used.
    pub(super) async fn hide(&self, answer: &Document) -> Result<(), Failure> {
        self.hide_all(|| parts(answer)).await
    }

    async fn hide_all(&self, parts: impl Fn() -> Vec<Secret>) -> Result<(), Failure> {
        let Some(masked) = &self.masked else { return Ok(()) };
        let commands = {
            let mut masked = masked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            // After the first masks, a command of the job may have left an unfinished line.
            let end_of_line = if masked.is_empty() { "" } else { "\n" };
            let fresh = parts().into_iter().filter(|part| masked.insert(Digest::plain(part.expose())));
            let commands: Vec<u8> = fresh.flat_map(|part| command(&part)).collect();
            if commands.is_empty() {
                return Ok(());
            }
            Secret::new([end_of_line.as_bytes(), &commands].concat())
        };
        let failed = |fault| Failure::new(STATUS_UNAVAILABLE, format!("secrets cannot be masked in this job's log: {fault}"));
        std::io::stderr().write_all(commands.expose()).map_err(failed)?;
        tokio::time::sleep(READ_PAUSE).await;
        Ok(())
    }
}

/// Masks the plaintext of a file that was decrypted here: the whole, each line, and each value of a document.
pub async fn hide_file(environment: &Environment, name: &SecretName, value: &Secret) -> Result<(), Failure> {
    let parts = || {
        let (mut parts, text) = (Vec::new(), value.expose_text().unwrap_or_default());
        add(text, &mut parts);
        add_values(name, text, &mut parts);
        parts
    };
    Masks::of(environment).hide_all(parts).await
}

/// The command that masks a text, escaped as the runner decodes it (actions/runner, `ActionCommand`).
fn command(part: &Secret) -> Vec<u8> {
    let text = part.expose_text().unwrap_or_default();
    format!("::add-mask::{}\n", text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")).into_bytes()
}

/// Every text of an answer to mask. The runner compares line by line, so each line is one of them.
fn parts(answer: &Document) -> Vec<Secret> {
    let mut parts = Vec::new();
    for hidden in answer.credentials.iter().flat_map(Credential::hidden) {
        let text = hidden.value.expose_text().unwrap_or_default();
        add(text, &mut parts);
        hidden.name.into_iter().for_each(|name| add_values(name, text, &mut parts));
    }
    parts
}

/// Adds the values of a document, and of documents within its values.
fn add_values(name: &SecretName, text: &str, parts: &mut Vec<Secret>) {
    if let Ok(values) = document_values(&name.path, text.as_bytes()) {
        values.values().for_each(|value| add_leaves(value, ENCLOSED_MAX, parts));
    }
    // A value that is a mapping or a list comes as JSON.
    add_enclosed(text, ENCLOSED_MAX, parts);
}

/// Adds the leaves of a document within a text, such as a cloud's key file as one value.
fn add_enclosed(text: &str, depth: usize, parts: &mut Vec<Secret>) {
    let forms = std::iter::once(text.to_owned()).chain(plainer(text));
    let read = |form: String| serde_json::from_str::<Value>(&form).ok().filter(|value| value.is_object() || value.is_array());
    if let (Some(value), Some(depth)) = (forms.into_iter().find_map(read), depth.checked_sub(1)) {
        add_leaves(&value, depth, parts);
    }
}

fn add_leaves(value: &Value, depth: usize, parts: &mut Vec<Secret>) {
    match value {
        Value::Object(members) => members.values().for_each(|value| add_leaves(value, depth, parts)),
        Value::Array(items) => items.iter().for_each(|value| add_leaves(value, depth, parts)),
        Value::String(text) if is_worth_it(text) => {
            add(text, parts);
            add_enclosed(text, depth, parts);
        }
        Value::Number(number) if is_worth_it(&number.to_string()) => add(&number.to_string(), parts),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// Adds a text and each of its lines, also in the forms in which a program may print them. A carriage return alone ends a line of
/// the log too.
fn add(text: &str, parts: &mut Vec<Secret>) {
    let whole = text.trim_end_matches(['\r', '\n']);
    if !whole.trim().is_empty() {
        parts.push(whole.to_owned().into());
    }
    let lines = whole.split(['\r', '\n']).filter(|line| *line != whole && is_worth_it(line));
    let lines: Vec<&str> = lines.collect();
    parts.extend(lines.iter().map(|line| (*line).to_owned().into()));
    let plainer = std::iter::once(whole).chain(lines).flat_map(plainer).filter(|form| is_worth_it(form));
    parts.extend(plainer.map(Secret::from));
}

/// A text without surrounding space, without quotes, and unescaped if in double quotes: what shells and libraries make of a value.
fn plainer(text: &str) -> Vec<String> {
    let mut forms = Vec::new();
    let mut form = text;
    loop {
        let trimmed = form.trim();
        let quoted = ['"', '\''].iter().find_map(|quote| trimmed.strip_prefix(*quote)?.strip_suffix(*quote));
        let next = if trimmed.len() < form.len() { Some(trimmed) } else { quoted };
        let Some(next) = next else { return forms };
        forms.push(next.to_owned());
        if trimmed.starts_with('"') && next.len() < trimmed.len() {
            forms.extend(unescaped(next));
        }
        form = next;
    }
}

/// Replaces escapes such as `\n` and `\"`; `None` if there are none.
fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            },
            other => other,
        });
    }
    (plain != text).then_some(plain)
}

fn is_worth_it(part: &str) -> bool {
    part.trim().chars().count() >= PART_CHARACTERS_MIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::tests::{document, samples};
    use serde_json::json;

    /// Each kind's sample with these members.
    fn masked(credentials: &Value) -> Vec<String> {
        let filled = credentials.as_array().unwrap().iter().map(|credential| {
            let (kind, members) = credential.as_object().unwrap().iter().next().unwrap();
            let mut sample = samples().into_iter().find(|sample| sample.get(kind).is_some()).unwrap();
            sample[kind].as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            sample
        });
        let answer = serde_json::from_value(document(&filled.collect::<Vec<_>>())).unwrap();
        let commands = parts(&answer).iter().flat_map(command).collect();
        let text = String::from_utf8(commands).unwrap();
        text.lines().map(|line| line.strip_prefix("::add-mask::").unwrap().to_owned()).collect()
    }

    fn secret(name: &str, value: &str) -> Value {
        json!([{ "secret": { "name": name, "value": value } }])
    }

    #[test]
    fn a_carriage_return_does_not_cut_a_mask() {
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

    /// As a shell or an application prints it: without the quotes, the space around it, and what encloses it.
    #[test]
    fn a_value_is_masked_in_each_form_in_which_it_may_appear() {
        let has = |name: &str, text: &str, part: &str| {
            let parts = masked(&secret(name, text));
            assert!(parts.iter().any(|masked| masked == part), "{part:?} of {name} {text:?}: {parts:?}");
        };
        has("shop/app.env", "B=\"two values\"\n", "\"two values\"");
        has("shop/app.env", "B=\"two values\"\n", "two values");
        has("shop/app.env", "B='s3cret word'\n", "s3cret word");
        has("shop/app.env", "B= padded \n", "padded");
        has("shop/app.env", "B= \"padded\" \n", "padded");
        has("shop/app.env", "B=\"say \\\"hush\\\" \\\\ now\"\n", "say \"hush\" \\ now");
        has("shop/db.yaml", "password: \"hunter2 \"\n", "hunter2");
        has("shop/db.yaml", "password: \"'hunter2'\"\n", "hunter2");
        has("shop/db.yaml", "account: '{\"key\": {\"private\": \"tic-tac\"}}'\n", "tic-tac");
        has("shop/app.env", "A={\"key\": \"tic-tac\"}\n", "tic-tac");
        has("shop/app.env", "A='{\"key\": \"tic-tac\"}'\n", "tic-tac");
        has("shop/db.yaml", "list: '[\"tic-tac\"]'\n", "tic-tac");
        has("shop/key.age", "  first line\n\tsecond line \n", "first line");
        has("shop/key.age", "  first line\n\tsecond line \n", "second line");
        has("shop/key.age", "\"hunter2\"\n", "hunter2");
        has("shop/db.yaml#/account", "{\"key\":\"{\\\"inner\\\":\\\"tic-tac\\\"}\"}", "tic-tac");
        let short = masked(&secret("shop/app.env", "A='x'\nB=\" ab \"\nC=' 1 '\n")).split_off(1);
        assert!(!short.iter().any(|part| ["x", "ab", "1"].contains(&part.as_str())), "the log stays readable: {short:?}");
    }

    #[test]
    fn secret_members_of_each_credential_are_masked_and_public_ones_are_not() {
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
    async fn masks_are_printed_only_on_githubs_and_compatible_runners() {
        assert!(Masks::of(&Environment::default()).masked.is_none());
        for (name, value, masks) in [
            ("GITHUB_ACTIONS", "true", true),
            ("GITHUB_ACTIONS", "True", true),
            ("GITHUB_ACTIONS", "1", true),
            ("GITEA_ACTIONS", "true", true),
            ("FORGEJO_ACTIONS", "yes", true),
            ("GITHUB_ACTIONS", "false", false),
            ("GITHUB_ACTIONS", "False", false),
            ("GITHUB_ACTIONS", "", false),
            ("GITLAB_CI", "true", false),
        ] {
            assert_eq!(Masks::of(&[(name, value)].into()).masked.is_some(), masks, "{name}={value}");
        }
    }
}
