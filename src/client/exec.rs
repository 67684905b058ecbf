//! `daypass exec`: one request for everything, the environment for the child alone, the child's own status as ours.

use super::environment::Environment;
use super::server::Server;
use super::{Failure, STATUS_EXEC, STATUS_USAGE};
use crate::words::Secret;
use crate::words::names::SecretName;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use tokio::signal::unix::{SignalKind, signal};

/// What the command shall find around it.
#[derive(Debug, Default)]
pub struct Wishes {
    /// AWS credentials; inside, the role where the policy leaves a choice.
    pub aws: Option<Option<String>>,
    /// `NAME=secret`: variables.
    pub variables: Vec<(String, SecretName)>,
    /// `PATH=secret`: files, mode 0600, removed when the command ends.
    pub files: Vec<(PathBuf, SecretName)>,
    /// The policy to use where several grant the same.
    pub policy: Option<String>,
}

/// Splits `NAME=shop/db.yaml#/password`.
pub fn parse_assignment(text: &str) -> Result<(String, SecretName), String> {
    let (name, secret) = text.split_once('=').ok_or("expected NAME=path/of/secret#/key")?;
    if name.is_empty() {
        return Err("expected a name before `=`".to_owned());
    }
    Ok((name.to_owned(), SecretName::parse(secret)?))
}

/// Fetches what is wished for, runs the command, and returns its status.
pub async fn run(server: &Server, wishes: &Wishes, command: &[String], environment: &Environment) -> Result<u8, Failure> {
    let [program, arguments @ ..] = command else {
        return Err(Failure::new(STATUS_USAGE, "name a command after `--`"));
    };
    let answer = server.exchange(&wishes.credentials(), wishes.policy.as_deref()).await.map_err(own)?;
    let given = Given::read(wishes, &answer)?;
    if environment.masks_by_command() {
        print_masks(&given, &mut std::io::stdout().lock()).map_err(|fault| Failure::new(STATUS_EXEC, fault.to_string()))?;
    }
    let files = given.write_files()?;
    let mut child = tokio::process::Command::new(program);
    child.args(arguments).env_remove("DAYPASS_TOKEN");
    for (name, value) in &given.variables {
        child.env(name, value.expose_text().unwrap_or_default());
    }
    let status = supervise(&mut child, program).await;
    drop(files);
    status
}

fn own(failure: Failure) -> Failure {
    Failure { status: STATUS_EXEC, ..failure }
}

impl Wishes {
    /// Each credential once, however many places want it.
    fn credentials(&self) -> Vec<Value> {
        let aws = self.aws.iter().map(|role| match role {
            Some(role) => json!({ "aws": { "role": role } }),
            None => json!({ "aws": {} }),
        });
        let secrets: BTreeSet<String> = self.secrets().map(ToString::to_string).collect();
        aws.chain(secrets.into_iter().map(|secret| json!({ "secret": secret }))).collect()
    }

    fn secrets(&self) -> impl Iterator<Item = &SecretName> {
        self.variables.iter().map(|(_, secret)| secret).chain(self.files.iter().map(|(_, secret)| secret))
    }
}

/// What the server gave, sorted by where it goes.
struct Given {
    variables: Vec<(String, Secret)>,
    files: Vec<(PathBuf, Secret)>,
}

impl Given {
    fn read(wishes: &Wishes, answer: &Value) -> Result<Self, Failure> {
        let missing = || Failure::new(STATUS_EXEC, "the server's answer does not hold what was asked for");
        let credentials = answer["credentials"].as_array().ok_or_else(missing)?;
        let secret = |name: &SecretName| {
            let found = credentials.iter().find(|credential| credential["secret"]["name"] == name.to_string().as_str());
            secret_value(found.ok_or_else(missing)?)
        };
        let mut given = Self { variables: Vec::new(), files: Vec::new() };
        if wishes.aws.is_some() {
            let aws = credentials.iter().find(|credential| credential["aws"]["AccessKeyId"].is_string());
            given.take_aws(&aws.ok_or_else(missing)?["aws"]);
        }
        for (name, wanted) in &wishes.variables {
            given.variables.push((name.clone(), secret(wanted)?));
        }
        for (path, wanted) in &wishes.files {
            given.files.push((path.clone(), secret(wanted)?));
        }
        Ok(given)
    }

    fn take_aws(&mut self, aws: &Value) {
        let names = [
            ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
            ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
            ("AWS_SESSION_TOKEN", "SessionToken"),
            ("AWS_CREDENTIAL_EXPIRATION", "Expiration"),
        ];
        for (variable, member) in names {
            let value = aws[member].as_str().unwrap_or_default();
            self.variables.push((variable.to_owned(), value.to_owned().into()));
        }
    }

    /// Writes each file for its owner alone; the guards remove them.
    fn write_files(&self) -> Result<Vec<Removed>, Failure> {
        self.files.iter().map(|(path, value)| write_file(path, value)).collect()
    }
}

fn write_file(path: &PathBuf, value: &Secret) -> Result<Removed, Failure> {
    let failure = |fault: std::io::Error| Failure::new(STATUS_EXEC, format!("{} cannot be written: {fault}", path.display()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failure)?;
    let removed = Removed(path.clone());
    file.write_all(value.expose()).map_err(failure)?;
    Ok(removed)
}

/// A file that goes when the command ends.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A secret's value; what is not text travels as base64 (RFC 4648) and says so.
pub fn secret_value(credential: &Value) -> Result<Secret, Failure> {
    use base64::Engine;
    let secret = &credential["secret"];
    let unreadable = || Failure::new(STATUS_EXEC, "the server's answer does not hold the secret");
    let text = secret["value"].as_str().ok_or_else(unreadable)?;
    if secret["encoding"].as_str() == Some("base64") {
        return base64::engine::general_purpose::STANDARD.decode(text).map(Secret::new).map_err(|_| unreadable());
    }
    Ok(text.to_owned().into())
}

/// One mask a line, as GitHub masks line by line; the access key's id and the expiry are no secrets.
fn print_masks(given: &Given, out: &mut impl Write) -> std::io::Result<()> {
    let public = ["AWS_ACCESS_KEY_ID", "AWS_CREDENTIAL_EXPIRATION"];
    let variables = given.variables.iter().filter(|(name, _)| !public.contains(&name.as_str())).map(|(_, value)| value);
    for value in variables.chain(given.files.iter().map(|(_, value)| value)) {
        for line in value.expose_text().unwrap_or_default().lines().filter(|line| !line.trim().is_empty()) {
            writeln!(out, "::add-mask::{}", line.replace('%', "%25"))?;
        }
    }
    out.flush()
}

/// Waits for the child and passes on the signals that a CI or a person sends.
async fn supervise(command: &mut tokio::process::Command, program: &str) -> Result<u8, Failure> {
    let failure = |fault: std::io::Error| Failure::new(STATUS_EXEC, format!("`{program}` cannot be run: {fault}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failure)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failure)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(failure)?;
    let mut child = command.spawn().map_err(failure)?;
    loop {
        let passed = tokio::select! {
            status = child.wait() => return status.map(exit_status).map_err(failure),
            _ = interrupt.recv() => rustix::process::Signal::INT,
            _ = terminate.recv() => rustix::process::Signal::TERM,
            _ = hangup.recv() => rustix::process::Signal::HUP,
        };
        let id = child.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(id) = id {
            let _ = rustix::process::kill_process(id, passed);
        }
    }
}

/// As shells do: the status, or 128 and the signal.
fn exit_status(status: std::process::ExitStatus) -> u8 {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    u8::try_from(code).unwrap_or(STATUS_EXEC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes() -> Wishes {
        let secret = SecretName::parse("shop/db.yaml#/password").unwrap();
        Wishes { aws: Some(None), variables: vec![("DB".to_owned(), secret)], ..Wishes::default() }
    }

    fn answer() -> Value {
        json!({"credentials": [
            {"aws": {"AccessKeyId": "ASIA1", "SecretAccessKey": "s3cr%et", "SessionToken": "tok", "Expiration": "2027-01-01T00:00:00Z"}},
            {"secret": {"name": "shop/db.yaml#/password", "value": "two\nlines"}}]})
    }

    #[test]
    fn one_request_asks_for_everything_in_order() {
        let asked = wishes().credentials();
        assert_eq!(asked, vec![json!({"aws": {}}), json!({"secret": "shop/db.yaml#/password"})]);
    }

    #[test]
    fn secrets_are_masked_line_by_line_and_public_values_are_not() {
        let given = Given::read(&wishes(), &answer()).unwrap();
        let mut out = Vec::new();
        print_masks(&given, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "::add-mask::s3cr%25et\n::add-mask::tok\n::add-mask::two\n::add-mask::lines\n"
        );
    }

    #[test]
    fn an_answer_that_lacks_something_is_refused() {
        assert!(Given::read(&wishes(), &json!({"credentials": [{"aws": {}}]})).is_err());
    }

    #[test]
    fn files_are_private_never_overwrite_and_go_away() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.env");
        let removed = write_file(&path, &Secret::new(b"x".to_vec())).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write_file(&path, &Secret::new(b"y".to_vec())).is_err());
        drop(removed);
        assert!(!path.exists());
    }
}
