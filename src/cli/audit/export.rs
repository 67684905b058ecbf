//! `daypass audit export`: every record as a line of JSON, for a log archive. A record is written at least once: its `seq` shows
//! a repetition.

use super::place::ExportPosition;
use super::{Log, failed};
use crate::cli::examples::examples;
use crate::cli::progress::if_piped;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_UNAVAILABLE};
use crate::store::{Entry, Reader};
use crate::words::plain_json;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// How often `--follow` reads again.
const FOLLOW_PAUSE: Duration = Duration::from_millis(500);
/// How many records are written before the position is saved: few enough to be repeated after a crash.
const PAGE: usize = 1000;

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass audit export --config daypass.yaml > audit.jsonl",
    "daypass audit export --config daypass.yaml --follow --state /var/lib/siem/daypass.seq",
]))]
pub(in crate::cli) struct ExportArgs {
    #[command(flatten)]
    log: Log,
    /// Begin after the record with this `seq`.
    #[arg(long, value_name = "SEQ", default_value_t = 0, conflicts_with = "state")]
    after: i64,
    /// Save the position in this file, and continue from it after a restart.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Go on, and print new records as they come.
    #[arg(long, short)]
    follow: bool,
}

/// Writes the records to standard output. It waits for a slow reader, and loses nothing.
pub(super) async fn run(arguments: &ExportArgs) -> Result<u8, Failure> {
    let reader = arguments.log.open()?;
    let state = arguments.state.as_deref();
    let mut after = match state {
        Some(state) => ExportPosition::read(state, &reader)?,
        None => arguments.after,
    };
    check_place(&reader, after)?;
    let mut progress = if_piped("exporting the log");
    loop {
        let entries = reader.after(after, PAGE).map_err(failed)?;
        if let Some(last) = entries.last() {
            write(&entries)?;
            after = last.seq;
            state.map_or(Ok(()), |state| ExportPosition::behind(last).note(state))?;
            continue;
        }
        if !arguments.follow {
            return Ok(0);
        }
        progress.take();
        tokio::time::sleep(FOLLOW_PAUSE).await;
    }
}

/// A position from another log would skip records of this one.
fn check_place(reader: &Reader, after: i64) -> Result<(), Failure> {
    let newest = reader.newest(1).map_err(failed)?.last().map_or(0, |entry| entry.seq);
    if (0..=newest).contains(&after) {
        return Ok(());
    }
    let message = format!("the log has no record {after} yet, its newest one is {newest}: the position is from another store");
    Err(Failure::new(STATUS_CONFIGURATION, message))
}

fn write(entries: &[Entry]) -> Result<(), Failure> {
    let reader_gone =
        |fault: std::io::Error| Failure::new(STATUS_UNAVAILABLE, format!("the reader of the records is gone: {fault}"));
    let mut out = std::io::stdout().lock();
    for entry in entries {
        let line = serde_json::to_string(entry).map_err(|fault| Failure::new(STATUS_CONFIGURATION, fault))?;
        writeln!(out, "{}", plain_json(&line)).map_err(reader_gone)?;
    }
    out.flush().map_err(reader_gone)
}
