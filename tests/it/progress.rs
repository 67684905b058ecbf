//! A wait of more than a second is shown on a terminal, and nowhere else.

use crate::support::peer;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};

/// Erases a line of a terminal (ECMA-48, EL 2).
const ERASED: &str = "\u{1b}[2K";

/// A command that waits for a missing server for more than a second.
fn waits(token: &Path) -> String {
    let program = env!("CARGO_BIN_EXE_daypass");
    format!("{program} whoami --server https://127.0.0.1:1 --token-file {} --wait 3s", token.display())
}

/// A token for this audience, with a signature that nobody verifies.
fn token_for(audience: &str) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let claims = json!({ "iss": "https://issuer.example", "aud": audience });
    format!("{}.{}.{}", part(&json!({ "alg": "RS256", "kid": "k" })), part(&claims), part(&json!("signature")))
}

/// What a command prints on a terminal of its own.
fn on_a_terminal(script: &Path, command: &str) -> String {
    let mut terminal = Command::new(script);
    terminal.args(["--quiet", "--return", "--command", command, "/dev/null"]).env("TERM", "xterm").stdin(Stdio::null());
    String::from_utf8_lossy(&terminal.output().unwrap().stdout).into_owned()
}

#[test]
fn a_terminal_shows_progress_and_a_pipe_and_json_do_not() {
    let Some(script) = peer("script") else { return };
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, token_for("https://127.0.0.1:1")).unwrap();
    let command = waits(&token);

    let screen = on_a_terminal(&script, &command);
    assert!(screen.contains("asking the server (") && screen.contains("is not there"), "{screen:?}");
    let behind = screen.rsplit("asking the server").next().unwrap();
    assert!(behind.contains(ERASED), "the line is erased at the end: {screen:?}");

    let of_json = on_a_terminal(&script, &format!("{command} --output json"));
    assert!(!of_json.contains("asking the server"), "{of_json:?}");

    let piped = Command::new("sh").args(["-c", &command]).stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8_lossy(&piped.stderr);
    assert!(!stderr.contains("asking the server") && stderr.contains("is not there"), "{stderr:?}");
}
