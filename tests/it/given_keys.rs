//! Private keys, and addresses with a password, that somebody gave where another text belongs: no output shows one. And text behind a
//! mere beginning stays visible.

use crate::support::{World, put};
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
            let printed = output_of(
                folder.path(),
                &[&["policy", "check", "--config", "daypass.yaml", "--folder", "."], output].concat(),
                &[],
            );
            assert!(printed.contains("a.yaml") && !printed.contains(&part), "{output:?}: {printed}");
        }
    }
}

/// Addresses with a password or a token, and a secret as the value of a key that is none.
const ADDRESSES: [&str; 7] = [
    "https://user:<HUNTER2@127.0.0.1:1/x.git",
    "https:/user:HUNTER2@127.0.0.1:1/x.git",
    "https://user:HUNTER2@127.0.0.1:1/x.git",
    "https://HUNTER2@127.0.0.1:1/x.git",
    "https://127.0.0.1:1/x?private_token=HUNTER2",
    "ssh://user:HUNTER2@127.0.0.1:1/x",
    "git://user:HUNTER2@127.0.0.1:1/x",
];

#[test]
fn a_password_in_an_address_is_in_no_form_of_output() {
    for address in ADDRESSES {
        let folder = tempfile::tempdir().unwrap();
        let source = format!("git: \"{address}\"\ncredentials: {{ token: HUNTER2abc, username: 5 }}\n");
        put(&folder.path().join("sources/team-b.yaml"), source.as_bytes());
        put(&folder.path().join("issuers.yaml"), CONFIG.as_bytes());
        let issuer = "name: a, mapping: github-actions, audiences: [\"https://daypass.example\"]";
        let config = format!(
            "public_url: \"{address}\"\nroot: {{ git: \"{address}\" }}\nissuers:\n  - {{ {issuer}, issuer: \"{address}\" }}\n  - {{ {issuer}, issuer: \"https://i.example\",\n      jwks: {{ url: \"{address}\" }} }}\n"
        );
        put(&folder.path().join("daypass.yaml"), config.as_bytes());
        let check = ["policy", "check", "--config", "issuers.yaml", "--folder", "."];
        for arguments in [
            &[&check[..], &["--output", "text"]].concat()[..],
            &[&check[..], &["--output", "json"]].concat(),
            &[&check[..], &["--format", "sarif"]].concat(),
            &[&check[..], &["--format", "github"]].concat(),
            &["serve", "--config", "daypass.yaml"],
            &["doctor", "--config", "daypass.yaml"],
            &["status", "--config", "daypass.yaml", "--output", "json"],
            &["doctor", "--client", "--server", address],
            &["whoami", "--server", address],
            &["policy", "diff", "a..b", "--config", "issuers.yaml", "--repository", address],
            &["secret", "plugin-identity", "--server", address],
            &["status", address],
        ] {
            let printed = output_of(folder.path(), arguments, &[("DAYPASS_TOKEN", "x")]);
            assert!(!printed.is_empty() && !printed.contains("HUNTER2"), "{arguments:?}: {printed}");
        }
    }
}

/// What a server says of a source's definition: in its log, in its answer of itself, and in its records for ever.
#[tokio::test]
async fn a_password_in_a_pushed_address_is_in_no_record() {
    let world = World::start(Default::default()).await;
    let sources = ADDRESSES.map(|address| format!("git: \"{address}\"\ncredentials: {{ token: HUNTER2abc }}\n"));
    let files: Vec<(String, &[u8])> =
        sources.iter().enumerate().map(|(at, text)| (format!("sources/team-{at}.yaml"), text.as_bytes())).collect();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let ready = world.commit_and_wait(&files).await.to_string();
    assert!(ready.contains("sources/team-4.yaml") && !ready.contains("HUNTER2"), "{ready}");
    let records = world.audit().iter().map(|entry| serde_json::to_string(entry).unwrap()).collect::<String>();
    assert!(records.contains("sources/team-4.yaml") && !records.contains("HUNTER2"), "{records}");
    assert!(!world.log().contains("HUNTER2"), "{}", world.log());
    let config = world.path("daypass.yaml").display().to_string();
    for arguments in
        [&["status", "--config", &config][..], &["doctor", "--config", &config], &["audit", "query", "--config", &config]]
    {
        let printed = output_of(world.folder.path(), arguments, &[]);
        assert!(!printed.is_empty() && !printed.contains("HUNTER2"), "{arguments:?}: {printed}");
    }
}
