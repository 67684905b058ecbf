//! Private keys that somebody gave where another text belongs: no output shows one. And text behind a mere beginning stays visible.

use crate::support::put;
use daypass::secrets::Identities;
use std::path::Path;
use std::process::{Command, Stdio};

const CONFIG: &str = "issuers: [ { name: github, mapping: github-actions, issuer: \"https://token.actions.githubusercontent.com\", audiences: [\"https://daypass.example\"] } ]\n";
const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";

/// Runs the program. Returns both streams.
fn output_of(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    command.args(arguments).envs(environment.iter().copied()).current_dir(folder).stdin(Stdio::null());
    let output = command.output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

/// A key of age and one of a service account, as JSON has it, each with a part that nothing else has.
fn keys() -> [(String, String); 2] {
    let age = Identities::generate().0.expose_text().unwrap().to_owned();
    let part = age[20..40].to_owned();
    let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
    let google = format!("{{\"private_key\":\"{BEGIN}\\n{line}\\n{line}\\n-----END PRIVATE KEY-----\\n\"}}");
    [(age, part), (google, line[10..30].to_owned())]
}

#[test]
fn a_key_in_place_of_an_argument_or_a_variable_is_shown_in_no_form_of_output() {
    let folder = tempfile::tempdir().unwrap();
    for (key, part) in keys() {
        let server = [("DAYPASS_SERVER", key.as_str()), ("DAYPASS_TOKEN", "x")];
        for output in ["text", "json"] {
            for (arguments, environment) in [
                (&["whoami", "--output", output][..], &server[..]),
                (&["doctor", "--output", output], &server),
                (&["whoami", "--server", &key, "--output", output], &server[1..]),
                (&["exec", "--output", output, "--wait", &key, "--", "true"], &server[1..]),
                (&["exec", "--output", output, "--server", "https://127.0.0.1:1", "--env", &key, "--", "true"], &server[1..]),
                (&["policy", "check", "--output", output, "--folder", &key], &[]),
                (&["status", "--output", output, "--config", &key], &[]),
                (&["secret", "encrypt", "--output", output, "--recipient", &key, "a"], &[]),
                (&["secret", "status", "--output", output, "--recipient", &key], &[]),
                (&["audit", "query", "--output", output, "--log", &key], &[]),
                (&[&key], &[]),
            ] {
                let printed = output_of(folder.path(), arguments, environment);
                assert!(!printed.is_empty() && !printed.contains(&part), "{arguments:?}: {printed}");
            }
        }
    }
}

/// The issuer of a policy, which a fault quotes.
#[test]
fn a_key_in_place_of_a_value_of_a_policy_is_in_no_form_of_a_check() {
    for (key, part) in keys() {
        let folder = tempfile::tempdir().unwrap();
        let policy = format!("match: {{}}\nissuer: {}\ngrant: {{}}\n", serde_json::Value::from(key.as_str()));
        put(&folder.path().join("policies/a.yaml"), policy.as_bytes());
        put(&folder.path().join("daypass.yaml"), CONFIG.as_bytes());
        for output in [&["--output", "text"][..], &["--output", "json"], &["--format", "sarif"], &["--format", "github"]] {
            let printed =
                output_of(folder.path(), &[&["policy", "check", "--config", "daypass.yaml", "--folder", "."], output].concat(), &[]);
            assert!(printed.contains("a.yaml") && !printed.contains(&part), "{output:?}: {printed}");
        }
    }
}
