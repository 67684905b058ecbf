//! `--env` and `--file`: secrets of a repository in variables and in files. With `--refresh`, the files are read again.

mod assignment;
mod request;

pub use request::{SecretRequest, only_secret};

use super::command::Delivery;
use super::delivered::Delivered;
use super::private_file::PrivateFile;
use super::source::Renewal;
use crate::answers::Document;
use crate::client::Failure;
use crate::client::renewal::Expiring;
use crate::client::request::Request;
use crate::words::names::SecretName;
use crate::words::{Clock, Secret, SystemClock};
use assignment::{parse_assignment, parse_variable};
use clap::Args;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Secrets do not expire, so their files are read again this often. Each time is a decision and a record.
const READ_EVERY: Duration = Duration::from_secs(5 * 60);

#[derive(Args, Debug)]
pub(super) struct SecretDelivery {
    /// NAME=SECRET: a variable of the command, such as DB=shop/production/db.yaml#/password.
    #[arg(long, value_parser = parse_variable)]
    env: Vec<(String, SecretName)>,
    /// PATH=SECRET: a file for the command, removed when it ends.
    #[arg(long, value_parser = parse_assignment)]
    file: Vec<(String, SecretName)>,
}

impl Delivered for SecretDelivery {
    const REFRESHED: Option<&'static str> = Some("--file");

    /// A variable cannot change while its command runs.
    fn is_refreshed(&self) -> bool {
        !self.file.is_empty()
    }

    fn requests(&self) -> Vec<Value> {
        requests(self.env.iter().chain(&self.file))
    }

    /// Also the paths of files.
    fn variables(&self) -> Vec<String> {
        let files = self.file.iter().map(|(path, _)| format!("--file {path}"));
        self.env.iter().map(|(name, _)| name.clone()).chain(files).collect()
    }

    async fn deliver(&self, answer: &mut Document, delivery: &mut Delivery) -> Result<(), Failure> {
        let variables = values(&self.env, answer)?;
        let mut files = Vec::new();
        for ((path, _), value) in self.file.iter().zip(values(&self.file, answer)?) {
            files.push(delivery.file(Path::new(path), value)?);
        }
        for ((name, _), value) in self.env.iter().zip(variables) {
            delivery.variables.set(name, value);
        }
        if delivery.refresh.all && !files.is_empty() {
            let secrets = self.file.clone();
            let requests = requests(secrets.iter());
            let renewal = Renewal { what: "the files of secrets", requests, ahead: Some(Duration::ZERO) };
            delivery.renew(renewal, read_now(), move |answer| replace(&files, &secrets, &answer));
        }
        Ok(())
    }
}

fn requests<'a>(secrets: impl Iterator<Item = &'a (String, SecretName)>) -> Vec<Value> {
    let names: BTreeMap<String, &SecretName> = secrets.map(|(_, secret)| (secret.to_string(), secret)).collect();
    names.into_values().map(|name| SecretRequest(name.clone()).body()).collect()
}

fn values(secrets: &[(String, SecretName)], answer: &Document) -> Result<Vec<Secret>, Failure> {
    secrets.iter().map(|(_, name)| SecretRequest(name.clone()).value(answer)).collect()
}

/// Replaces all files or none. A file whose secret did not change is not touched.
fn replace(files: &[Arc<PrivateFile>], secrets: &[(String, SecretName)], answer: &Document) -> Result<Expiring<()>, Failure> {
    for (file, value) in files.iter().zip(values(secrets, answer)?).filter(|(file, value)| !file.holds(value)) {
        file.replace(value)?;
    }
    Ok(read_now())
}

fn read_now() -> Expiring<()> {
    Expiring { value: (), expires_at: SystemClock.now().plus(READ_EVERY) }
}

#[cfg(test)]
mod tests {
    use crate::client::delivery::tests::{delivered, environment};

    #[tokio::test]
    async fn a_secret_is_in_its_variable_and_in_its_file_until_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let file = format!("{}=shop/db.yaml#/a", path.display());
        let delivery = delivered(&["--env", "DB=shop/db.yaml#/a", "--file", &file], true, &["secret"]).await;
        assert_eq!(environment(&delivery), [("DB".to_owned(), Some("hunter2".to_owned()))]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "hunter2");
        delivery.end().await;
        assert!(!path.exists());
    }
}
