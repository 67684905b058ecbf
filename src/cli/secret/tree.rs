//! `daypass secret updatekeys` and `rotate`: rewrite every encrypted file of a checkout, one by one, as one commit.

use super::keyring::KeyArgs;
use super::planned::{Planned, TreeChange};
use super::work::{Work, message, print};
use super::{place, served};
use crate::cli::print;
use crate::client::checkout::Checkout;
use crate::client::environment::Environment;
use crate::client::keyring::Keyring;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::secrets::Rewrite;
use clap::Args;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How many names one run of Git gets as arguments, well below the system's limit.
const NAMES_MAX: usize = 500;

#[derive(Args, Debug)]
pub(in crate::cli) struct TreeArgs {
    /// Files or folders; without any, everything below secrets/ and transit/ of this checkout.
    paths: Vec<PathBuf>,
    /// A recipient; without any, the nearest .sops.yaml above each file, or the source of --config, names them.
    #[arg(long = "recipient", short = 'r')]
    recipients: Vec<String>,
    /// Commit what was changed, as one commit.
    #[arg(long)]
    commit: bool,
    /// Also write what was changed to this file, as a patch for `git apply`.
    #[arg(long, value_name = "FILE")]
    patch: Option<PathBuf>,
    /// Do not ask on a terminal before files are changed.
    #[arg(long, short = 'y')]
    yes: bool,
    #[command(flatten)]
    keys: KeyArgs,
}

/// Runs the change. After an interruption, the same command continues it.
pub(super) async fn run(arguments: &TreeArgs, how: Rewrite, environment: &Environment, json: bool) -> Result<u8, Failure> {
    let paths = arguments.paths.iter().map(|path| place::settled(path)).collect::<Result<Vec<_>, _>>()?;
    let checkout = Checkout::around(paths.first().map_or(Path::new("."), PathBuf::as_path))?;
    paths.iter().try_for_each(|path| place::check_unlinked(&checkout, path))?;
    let names = checkout.files(&paths)?;
    let files = paths.iter().filter(|path| path.is_file()).map(|path| checkout.name(path));
    let named = files.collect::<Result<BTreeSet<_>, _>>()?;
    let mut work = Work::begin(&checkout, how)?;
    match arguments.keys.keyring(environment).await? {
        Keyring::Held(identities) => {
            let change = TreeChange { how, recipients: &arguments.recipients, keys: &arguments.keys, named };
            let planned = Planned::of(&change, names, &mut work).await?;
            if !json && !planned.is_agreed(!arguments.yes)? {
                anstream::println!("nothing was changed");
                return Ok(0);
            }
            planned.run(&identities, &mut work)?;
        }
        // The server uses the rules that it has in force, which may differ from those of this checkout.
        Keyring::Server(server) => served::run(&server, how, names, &mut work).await?,
    }
    finish(arguments, how, work, json)
}

fn finish(arguments: &TreeArgs, how: Rewrite, work: Work<'_>, json: bool) -> Result<u8, Failure> {
    let (checkout, outcome) = (work.checkout, &work.outcome);
    let names = changed(checkout, &outcome.written)?;
    let whole = outcome.faults.is_empty();
    if let Some(patch) = arguments.patch.as_ref().filter(|_| !names.is_empty()) {
        let diffs = names.chunks(NAMES_MAX).map(|names| {
            let names = names.iter().map(String::as_str);
            checkout.git(&["diff", "--binary", "HEAD", "--"].into_iter().chain(names).collect::<Vec<_>>(), &[])
        });
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
        print(how, outcome, commit.as_deref());
    }
    if whole {
        work.close()?;
    }
    Ok(if whole { 0 } else { STATUS_CONFIGURATION })
}

/// The files that differ from the commit. A rewritten file need not differ, if it has the commit's recipients again.
fn changed(checkout: &Checkout, names: &BTreeSet<String>) -> Result<Vec<String>, Failure> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut changed = BTreeSet::new();
    for names in names.chunks(NAMES_MAX) {
        let status = ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--"];
        let listed = checkout.git(&[&status, names].concat(), &[])?;
        // Two letters and a space stand before each name.
        let listed = String::from_utf8_lossy(&listed);
        changed.extend(listed.split('\0').filter_map(|entry| entry.get(3..)).map(str::to_owned));
    }
    Ok(changed.into_iter().collect())
}
