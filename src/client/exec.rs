//! `daypass exec`: one request for everything, the environment for the child alone, the child's own status as ours.

mod given;
mod private_file;
mod refresh;
mod supervise;

use super::error::AssignmentError;
use super::server::Server;
use super::{Failure, STATUS_EXEC, STATUS_USAGE, job_token};
use crate::words::names::{Audience, SecretName};
use given::Given;
use refresh::Refreshed;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What the command shall find around it.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// AWS credentials; inside, the role where the policy leaves a choice.
    pub aws: Option<Option<String>>,
    /// `NAME=secret`: variables.
    pub variables: Vec<(String, SecretName)>,
    /// `PATH=secret`: files, mode 0600, removed when the command ends.
    pub files: Vec<(PathBuf, SecretName)>,
    /// The audience of a token of our issuer, in the file that `AZURE_FEDERATED_TOKEN_FILE` names; always renewed.
    pub azure_token: Option<Audience>,
    /// Serve the AWS credentials on loopback and renew them, and read the secrets of files again.
    pub refresh: bool,
    /// Renew when less than this is left; see [`super::renewal::Renewed::new`] for what holds without it.
    pub refresh_before: Option<Duration>,
    /// The policy to use where several grant the same.
    pub policy: Option<String>,
    /// Leave the job's own token to the command.
    pub keep_token: bool,
}

/// Splits `NAME=shop/db.yaml#/password`.
pub fn parse_assignment(text: &str) -> Result<(String, SecretName), AssignmentError> {
    let (name, secret) = text.split_once('=').ok_or(AssignmentError::NoEquals)?;
    if name.is_empty() {
        return Err(AssignmentError::NoName);
    }
    Ok((name.to_owned(), SecretName::parse(secret)?))
}

/// Fetches what is wished for, runs the command, and returns its status.
pub async fn run(server: Server, wishes: &Wishes, command: &[String]) -> Result<u8, Failure> {
    let [program, arguments @ ..] = command else {
        return Err(Failure::new(STATUS_USAGE, "name a command after `--`"));
    };
    wishes.check()?;
    let answer = server.exchange(&wishes.credentials(), wishes.policy.as_deref()).await.map_err(own)?;
    let given = Given::read(wishes, answer).map_err(own)?;
    let mut child = tokio::process::Command::new(program);
    child.args(arguments);
    if !wishes.keep_token {
        job_token::variables().for_each(|name| _ = child.env_remove(name));
    }
    for (name, value) in given.variables() {
        child.env(name, value.expose_text().unwrap_or_default());
    }
    let around = Refreshed::start(given, wishes, Arc::new(server)).await?;
    for name in around.variables_removed() {
        child.env_remove(name);
    }
    for (name, value) in around.variables() {
        child.env(name, value.expose_text().unwrap_or_default());
    }
    let status = supervise::run(&mut child, program).await;
    drop(around);
    status
}

fn own(failure: Failure) -> Failure {
    Failure { status: STATUS_EXEC, ..failure }
}

impl Wishes {
    fn check(&self) -> Result<(), Failure> {
        if self.refresh && self.aws.is_none() && self.files.is_empty() {
            let advice = "--refresh renews what --aws and --file bring: name one of them. A variable cannot change while its command runs.";
            return Err(Failure::new(STATUS_USAGE, advice));
        }
        Ok(())
    }

    /// Each credential once, however many places want it.
    fn credentials(&self) -> Vec<Value> {
        let secrets: BTreeSet<String> = self.secrets().map(ToString::to_string).collect();
        let secrets = secrets.into_iter().map(|secret| json!({ "secret": secret }));
        self.aws_wish().into_iter().chain(secrets).chain(self.token_wish()).collect()
    }

    fn aws_wish(&self) -> Option<Value> {
        self.aws.as_ref().map(|role| match role {
            Some(role) => json!({ "aws": { "role": role } }),
            None => json!({ "aws": {} }),
        })
    }

    fn token_wish(&self) -> Option<Value> {
        self.azure_token.as_ref().map(|audience| json!({ "id_token": { "audience": audience } }))
    }

    fn secrets(&self) -> impl Iterator<Item = &SecretName> {
        self.variables.iter().map(|(_, secret)| secret).chain(self.files.iter().map(|(_, secret)| secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_asks_for_everything_in_order() {
        let secret = SecretName::parse("shop/db.yaml#/password").unwrap();
        let wishes = Wishes {
            aws: Some(None),
            variables: vec![("DB".to_owned(), secret.clone())],
            files: vec![("db".into(), secret)],
            azure_token: Some(Audience::parse("https://a").unwrap()),
            ..Wishes::default()
        };
        let token = json!({"id_token": {"audience": "https://a"}});
        assert_eq!(wishes.credentials(), vec![json!({"aws": {}}), json!({"secret": "shop/db.yaml#/password"}), token]);
    }

    #[test]
    fn there_has_to_be_something_to_refresh() {
        assert!(Wishes { refresh: true, ..Wishes::default() }.check().is_err());
        assert!(Wishes { refresh: true, aws: Some(None), ..Wishes::default() }.check().is_ok());
    }
}
