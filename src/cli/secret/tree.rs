//! `daypass secret updatekeys` and `rotate`: every encrypted file of a checkout, one by one, as one commit.

use super::keyring::KeyArgs;
use super::planned::Planned;
use super::work::{Outcome, Work, message, tell};
use super::{creation, served};
use crate::cli::print;
use crate::cli::progress::Progress;
use crate::client::checkout::Checkout;
use crate::client::environment::Environment;
use crate::client::journal::Journal;
use crate::client::keyring::Keyring;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::secrets::{Identities, RULES_FILE, Rewrite, SecretError, rewrite};
use crate::words::{Clock, SystemClock};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Names that one run of git takes as arguments, well below what the system does.
const NAMES_MAX: usize = 500;

#[derive(Args, Debug)]
pub(in crate::cli) struct TreeArgs {
    /// Files or folders; without any, all below secrets/ and transit/ of this checkout.
    paths: Vec<PathBuf>,
    /// A recipient; the nearest .sops.yaml above each file, or the source of --config, name them otherwise.
    #[arg(long = "recipient", short = 'r')]
    recipients: Vec<String>,
    /// Make one commit of what was changed.
    #[arg(long)]
    commit: bool,
    /// Write what was changed into this file too, as `git apply` takes it.
    #[arg(long, value_name = "FILE")]
    patch: Option<PathBuf>,
    /// Do not ask on a terminal before files are changed.
    #[arg(long, short = 'y')]
    yes: bool,
    #[command(flatten)]
    keys: KeyArgs,
}

/// Runs the change. One that is ended is gone on with by the same command.
pub(super) async fn run(arguments: &TreeArgs, how: Rewrite, environment: &Environment, json: bool) -> Result<u8, Failure> {
    let checkout = Checkout::around(arguments.paths.first().map_or(Path::new("."), PathBuf::as_path))?;
    let names = checkout.files(&arguments.paths)?;
    let mut journal = Journal::open(&checkout, how.as_str())?;
    let (mut outcome, mut left) = (Outcome::default(), Vec::new());
    for name in names {
        let bytes = checkout.read(&name)?;
        if journal.has(&name, &bytes) {
            outcome.before += 1;
        } else {
            left.push((name, bytes));
        }
    }
    let keyring = arguments.keys.keyring(environment).await?;
    // The server rewrites by the rules that it has in force, which need not be those of this checkout.
    if !json && matches!(keyring, Keyring::Held(_)) {
        let planned = Planned::of(&checkout, &left, &arguments.recipients, &arguments.keys).await;
        if !planned.is_agreed(!arguments.yes)? {
            anstream::println!("nothing was changed");
            return Ok(0);
        }
    }
    let progress = Progress::of_steps("changing files", left.len());
    let mut work = Work { checkout: &checkout, journal: &mut journal, outcome: &mut outcome };
    match keyring {
        Keyring::Held(identities) => {
            let own = arguments.keys.source_recipients().await?;
            for (name, bytes) in &left {
                let done = arguments.rewritten(&checkout, name, bytes, how, &identities, own.as_deref()).await;
                work.take(name, done)?;
                progress.step();
            }
        }
        Keyring::Server(server) => served::run(&server, how, left, &mut work, &progress).await?,
    }
    drop(progress);
    finish(arguments, how, &checkout, journal, &outcome, json)
}

/// Why a file has no new form.
#[derive(Debug, thiserror::Error)]
enum NotRewritten {
    /// Nobody can tell for whom it is.
    #[error("{0}")]
    Recipients(Failure),
    /// The server would be locked out, as by its own rotation it never is.
    #[error(
        "the recipients that it would be encrypted to do not include the source's own ({}), so the server could not open it any more: \
         add one of them to {RULES_FILE} or by --recipient", .0.join(", ")
    )]
    LockedOut(Vec<String>),
    /// It does not open, or is not written.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl TreeArgs {
    async fn rewritten(
        &self,
        checkout: &Checkout,
        name: &str,
        bytes: &[u8],
        how: Rewrite,
        identities: &Identities,
        own: Option<&[String]>,
    ) -> Result<Option<Vec<u8>>, NotRewritten> {
        let file = checkout.root().join(name);
        let path = super::target::path_of(&file).map_err(NotRewritten::Recipients)?;
        let creation = creation::of_path(&file, &self.recipients, &self.keys).await.map_err(NotRewritten::Recipients)?;
        if let Some(own) = own.filter(|own| !own.iter().any(|one| creation.recipients().contains(one))) {
            return Err(NotRewritten::LockedOut(own.to_vec()));
        }
        Ok(rewrite(&path, bytes, how, &creation, identities, SystemClock.now())?)
    }
}

fn finish(
    arguments: &TreeArgs,
    how: Rewrite,
    checkout: &Checkout,
    journal: Journal,
    outcome: &Outcome,
    json: bool,
) -> Result<u8, Failure> {
    let names: Vec<&str> = journal.names().collect();
    let whole = outcome.faults.is_empty();
    if let Some(patch) = arguments.patch.as_ref().filter(|_| !names.is_empty()) {
        let diffs =
            names.chunks(NAMES_MAX).map(|names| checkout.git(&[&["diff", "--binary", "HEAD", "--"], names].concat(), &[]));
        crate::client::checkout::replace(patch, &diffs.collect::<Result<Vec<_>, _>>()?.concat())?;
    }
    let mut commit = None;
    if arguments.commit && whole && !names.is_empty() {
        let message = message(how, names.len());
        let by_names = ["--only", "--pathspec-from-file=-", "--pathspec-file-nul"];
        checkout.git(&[&["commit", "--quiet", "--message", &message], &by_names[..]].concat(), names.join("\0").as_bytes())?;
        let head = checkout.git(&["rev-parse", "HEAD"], &[])?;
        commit = Some(String::from_utf8_lossy(&head).trim().to_owned());
    }
    if json {
        let faults: Vec<_> = outcome.faults.iter().map(|(file, fault)| json!({ "file": file, "fault": fault })).collect();
        print::json(&json!({
            "change": how.as_str(), "changed": outcome.changed, "unchanged": outcome.unchanged, "done_before": outcome.before,
            "faults": faults, "commit": commit,
        }));
    } else {
        tell(how, outcome, commit.as_deref());
    }
    if whole {
        journal.close()?;
    }
    Ok(if whole { 0 } else { STATUS_CONFIGURATION })
}
