//! What was typed counts more than what a variable names, and two servers that were both typed are a mistake.

use std::process::{Command, Output};

const SERVER: &str = "https://127.0.0.1:9";

/// Runs the command with these variables alone.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    for name in ["DAYPASS_SERVER", "DAYPASS_CONFIG", "SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE"] {
        command.env_remove(name);
    }
    command.args(arguments).envs(variables.iter().copied()).output().unwrap()
}

#[test]
fn two_servers_that_were_typed_are_a_mistake_whatever_variables_name_them_too() {
    let folder = tempfile::tempdir().unwrap();
    let (config, data) = (folder.path().join("daypass.yaml"), folder.path().join("data"));
    let (config, data) = (config.to_str().unwrap(), data.to_str().unwrap());
    for command in [
        &["deny", "--policy", "shop/deploy", "--reason", "x"][..],
        &["audit", "query"],
        &["secret", "status", "--in-force"],
        &["policy", "replay", "HEAD", "--data", data],
        &["policy", "replay", "HEAD"],
    ] {
        for variables in [
            &[][..],
            &[("DAYPASS_SERVER", SERVER)],
            &[("DAYPASS_CONFIG", config)],
            &[("DAYPASS_SERVER", SERVER), ("DAYPASS_CONFIG", config)],
        ] {
            let output = run(&[command, &["--config", config, "--server", SERVER]].concat(), variables);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                output.status.code() == Some(64) && told.contains("leave one of them out"),
                "{command:?} {variables:?}: {told}"
            );
        }
    }
}

/// A server that is typed is the one that is asked, also where variables name the same one and a configuration.
#[test]
fn a_server_that_was_typed_wins_over_variables() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("daypass.yaml");
    let config = config.to_str().unwrap();
    let (key, token) = (folder.path().join("key"), folder.path().join("token"));
    std::fs::write(&token, "x.y.z").unwrap();
    let (key, token) = (key.to_str().unwrap(), token.to_str().unwrap());
    let variables = [("DAYPASS_SERVER", SERVER), ("DAYPASS_CONFIG", config), ("SOPS_AGE_KEY_FILE", key)];
    for command in
        [&["deny", "--policy", "shop/deploy", "--reason", "x"][..], &["audit", "query"], &["secret", "status", "--in-force"]]
    {
        let output = run(&[command, &["--server", SERVER, "--token-file", token]].concat(), &variables);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() != Some(64) && told.contains("127.0.0.1:9"), "{command:?}: {told}");
    }
}
