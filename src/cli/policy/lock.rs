//! `daypass policy lock`: prints a patch that adds ids to names, from the tokens that were seen. It changes no file itself.

use super::place::PolicyTreeArgs;
use crate::cli::examples::examples;
use crate::cli::progress::Progress;
use crate::cli::{Output, print};
use crate::client::{Failure, STATUS_CONFIGURATION, note};
use crate::policy::{Catalogue, Lock, LockOutcome, NameFound, Sightings, lock};
use crate::store::{ReadError, Reader, RequestRecord};
use clap::Args;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// How many outcomes are read, the newest first: that takes seconds, and covers years of most servers.
const OUTCOMES_MAX: usize = 1_000_000;

#[derive(Args, Debug)]
#[command(after_help = examples(&["daypass policy lock --config daypass.yaml --folder . > lock.patch"]))]
pub(in crate::cli) struct LockArgs {
    #[command(flatten)]
    at: PolicyTreeArgs,
    /// The server's data directory; without it, that of the configuration.
    #[arg(long)]
    data: Option<PathBuf>,
}

/// Prints the patch on standard output, and what needs a person on standard error.
pub(super) fn run(arguments: &LockArgs, output: Output) -> Result<u8, Failure> {
    let progress = Progress::of("reading the log");
    let (snapshot, catalogue) = arguments.at.load()?;
    let data = arguments.data.clone().map_or_else(|| arguments.at.data(), Ok)?;
    let failed = |fault: ReadError| Failure::new(STATUS_CONFIGURATION, fault);
    let (sightings, is_whole) = Reader::open(&data).and_then(|reader| sightings(&reader, &catalogue)).map_err(failed)?;
    let proposed = lock(&snapshot.files, &catalogue, &sightings);
    drop(progress);
    if !is_whole {
        note(format!("only the newest {OUTCOMES_MAX} outcomes were looked at"));
    }
    if output == Output::Json {
        print::json(&serde_json::to_value(&proposed).unwrap_or_default());
    } else {
        print::document("patch", &proposed.patch)?;
        proposed.names.iter().filter_map(unpinned).for_each(note);
        note(summary(&proposed));
    }
    let contested = proposed.names.iter().any(|name| name.outcome == LockOutcome::Contested);
    Ok(if contested { STATUS_CONFIGURATION } else { 0 })
}

/// What verified tokens showed, refused ones included, since whoever took over a name is among them; and whether the whole log was read.
fn sightings(reader: &Reader, catalogue: &Catalogue) -> Result<(Sightings, bool), ReadError> {
    let (mut sightings, mut looked_at) = (Sightings::default(), 0);
    reader.outcomes(|at, record| {
        if let Some(RequestRecord { issuer: Some(issuer), attributes: Some(attributes), .. }) = &record
            && let Some(entry) = catalogue.issuer(issuer)
        {
            sightings.add(&entry.mapping.facts_of_record(issuer, attributes), &entry.mapping, at);
        }
        looked_at += 1;
        if looked_at < OUTCOMES_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok((sightings, looked_at < OUTCOMES_MAX))
}

/// Why the patch leaves a name as it is; `None` if it does not.
fn unpinned(found: &NameFound) -> Option<String> {
    let why = match found.outcome {
        LockOutcome::Pinned => return None,
        LockOutcome::Unseen => "no token with this name and an id was seen".to_owned(),
        LockOutcome::Contested => {
            let ids = found.ids.iter().map(|seen| format!("{} (last {})", seen.id, seen.last_at)).collect::<Vec<_>>();
            format!("was seen with several ids, so it changed its owner; write the right id: {}", ids.join(", "))
        }
        LockOutcome::Unwritable => {
            let id = found.ids.first().map(|seen| seen.id.as_str()).unwrap_or_default();
            format!(
                "was seen with the id {id}; write it by hand: the name stands behind an alias, or in a column with several uses, or the id is unusual"
            )
        }
    };
    Some(format!("{}: {} {}: {why}", found.at, found.attribute, found.name))
}

fn summary(proposed: &Lock) -> String {
    let pinned = proposed.names.iter().filter(|name| name.outcome == LockOutcome::Pinned).count();
    format!("{} without an id, {pinned} of them pinned by the patch", print::counted(proposed.names.len(), "name"))
}
