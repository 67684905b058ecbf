//! `daypass secret status --in-force`: the encrypted files as a server has them in force.

use super::keyring::KeyArgs;
use crate::answers::{FileStatus, SecretStatus};
use crate::cli::operate::Server;
use crate::cli::print::{self, counted};
use crate::cli::progress::Progress;
use crate::cli::reached::with_permission_hint;
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_UNAVAILABLE};
use serde_json::json;

/// Reads all pages.
pub(super) async fn status(keys: &KeyArgs, environment: &Environment, below: Option<&str>) -> Result<SecretStatus, Failure> {
    let progress = Progress::of("asking the server");
    let mut all = page(keys, environment, below, None).await?;
    while let Some(after) = all.next_after.take() {
        let next = page(keys, environment, below, Some(&after)).await?;
        if next.commit != all.commit || next.files.first().is_none_or(|first| first.file <= after) {
            let message = "the server has put another commit in force meanwhile, or sent the same page twice: ask again";
            return Err(Failure::new(STATUS_UNAVAILABLE, message));
        }
        all.files.extend(next.files);
        all.next_after = next.next_after;
    }
    drop(progress);
    Ok(all)
}

async fn page(
    keys: &KeyArgs,
    environment: &Environment,
    below: Option<&str>,
    after: Option<&str>,
) -> Result<SecretStatus, Failure> {
    let query: Vec<(&str, &str)> =
        [("below", below), ("after", after)].into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let Some((config, source)) = keys.on_this_machine()? else {
        let found = keys.server(environment)?.secret_status(&query).await;
        return found.map_err(|failure| with_permission_hint(failure, "secret.status"));
    };
    let body = json!({ "source": source, "below": below, "after": after });
    Server::of(config.to_owned()).post("secret-status", &body).await
}

/// Whether something needs to be done. An empty folder is probably a mistake.
pub(super) fn is_to_do(status: &SecretStatus) -> bool {
    if status.files.is_empty() {
        return true;
    }
    let granted = |granted: &Option<Vec<String>>| granted.as_ref().is_none_or(|granted| !granted.is_empty());
    let is_good = status.files.iter().all(|file| file.not_in_force.is_none() && granted(&file.granted_by));
    !is_good || !status.granted_and_not_there.is_empty()
}

pub(super) fn render(status: &SecretStatus) -> String {
    let commit = status.commit.as_ref().map_or("none", |commit| commit.as_str());
    let mut out = format!("{} {commit}: {}\n", status.source, counted(status.files.len(), "encrypted file"));
    if status.files.is_empty() {
        out.push_str("There is no encrypted file: is the folder spelled as in the repository, such as secrets/shop?\n");
    }
    let of = |why: &dyn Fn(&FileStatus) -> Option<String>| -> Vec<String> {
        status.files.iter().filter_map(|file| Some(format!("{}{}", file.file, why(file)?))).collect()
    };
    let older = of(&|file| {
        let commit = file.commit.as_ref()?;
        Some(format!(" (that of {commit} is): {}", file.not_in_force.as_ref()?))
    });
    let none = of(&|file| {
        let why = file.not_in_force.as_ref().filter(|_| file.commit.is_none())?;
        Some(format!(": {why}"))
    });
    let unused = of(&|file| file.granted_by.as_ref().filter(|granted| granted.is_empty()).map(|_| String::new()));
    let empty: Vec<String> =
        status.granted_and_not_there.iter().map(|grant| format!("{}: {}", grant.at, grant.documents)).collect();
    let titles = ["The newest form is not in force", "Not in force", "Granted to nobody", "Granted, and there is no such file"];
    for (title, lines) in titles.into_iter().zip([older, none, unused, empty]) {
        print::section(&mut out, title, &lines);
    }
    if !is_to_do(status) {
        out.push_str("\nNothing is to be done.\n");
    }
    out
}
