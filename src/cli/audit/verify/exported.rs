//! Compares a log with an export of it: each exported record has to be in the log, unchanged.

use crate::cli::audit::failed;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::store::{RECORD_BYTES_MAX, Reader};
use crate::token::{JsonError, parse_document};
use crate::words::PlainPath;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The longest line of an export that is compared. Servers before the bound on a record wrote longer ones than today's do: one of a
/// revision could have some MiB.
pub(super) const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// An export writes a character of two bytes or more in six bytes at most, and the other members of a line are few.
const _: () = assert!(4 * RECORD_BYTES_MAX <= LINE_BYTES_MAX);

/// Takes a finding: the record's place, and what is wrong with it.
type Find<'a> = &'a mut dyn FnMut(Option<i64>, String);

/// The number of a record. The others of its members are compared as they stand in the export.
#[derive(Deserialize)]
struct Numbered {
    seq: i64,
}

/// What an export has. It may have less than the log: it may begin later, and may have records of one kind only.
#[derive(Default, Serialize, Debug)]
pub(super) struct Exported {
    /// Records that are in the log unchanged, each counted once: an export that was continued may have one twice.
    records: usize,
    first: Option<i64>,
    last: Option<i64>,
    /// Records of the log between the first and the last of these that the export does not have.
    not_exported: i64,
}

impl Exported {
    pub(super) fn summary(&self) -> String {
        let span = self.first.zip(self.last).map(|(first, last)| format!(", {first} to {last},")).unwrap_or_default();
        let between = match self.not_exported {
            0 => String::new(),
            several => format!(", and the log has {several} between them that the export lacks"),
        };
        format!("{} of the export{span} are in the log unchanged{between}", self.records)
    }
}

/// Finds exported records that the log has changed, or lacks.
pub(super) fn compare(reader: &Reader, export: &Path, find: Find<'_>) -> Result<Exported, Failure> {
    let fault = |fault: std::io::Error| failure(export, &fault);
    let input: Box<dyn Read> = match export.as_os_str() == "-" {
        true => Box::new(std::io::stdin()),
        false => Box::new(std::fs::File::open(export).map_err(fault)?),
    };
    compare_lines(reader, (export, BufReader::new(input)), LINE_BYTES_MAX, find)
}

/// The same for the lines of an export, of which those are compared that are no longer than `longest`.
pub(super) fn compare_lines(
    reader: &Reader,
    (export, mut input): (&Path, impl BufRead),
    longest: usize,
    find: Find<'_>,
) -> Result<Exported, Failure> {
    let mut seen = BTreeSet::new();
    for number in 1_u64.. {
        let mut line = Vec::new();
        let most = u64::try_from(longest).unwrap_or(u64::MAX).saturating_add(1);
        let read = input.by_ref().take(most).read_until(b'\n', &mut line).map_err(|fault| failure(export, &fault))?;
        if read == 0 {
            break;
        }
        if line.len() > longest {
            if line.last() != Some(&b'\n') {
                input.skip_until(b'\n').map_err(|fault| failure(export, &fault))?;
            }
            find(None, format!("line {number} of the export has more than {longest} bytes, and was not compared"));
            continue;
        }
        // One line that a full disk cut must not hide what is wrong with the others.
        match read_record(&line) {
            Ok((seq, record)) => look_for(reader, seq, &record, &mut seen, find)?,
            Err(fault) => find(None, format!("line {number} of the export is no record: {fault}")),
        }
    }
    let (first, last) = (seen.first().copied(), seen.last().copied());
    let between = first.zip(last).map_or(Ok(0), |(first, last)| reader.count_between(first, last)).map_err(failed)?;
    let records = seen.len();
    let not_exported = between.saturating_sub(i64::try_from(records).unwrap_or(i64::MAX));
    if records == 0 {
        find(None, "no record of the export is in the log unchanged, so it shows nothing".to_owned());
    }
    Ok(Exported { records, first, last, not_exported })
}

fn failure(export: &Path, fault: &dyn std::fmt::Display) -> Failure {
    Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", export.plain()))
}

/// Reads a line. A repeated member is refused: another reader may take its other value.
fn read_record(line: &[u8]) -> Result<(i64, Value), LineError> {
    let record = parse_document(line)?;
    let numbered = Numbered::deserialize(&record).ok().filter(|_| record.is_object());
    numbered.map(|Numbered { seq }| (seq, record)).ok_or(LineError::NoNumber)
}

/// Why a line of an export is no record.
#[derive(Debug, thiserror::Error)]
enum LineError {
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error("it has no `seq`")]
    NoNumber,
}

fn look_for(reader: &Reader, seq: i64, record: &Value, seen: &mut BTreeSet<i64>, find: Find<'_>) -> Result<(), Failure> {
    let found = reader.after(seq.saturating_sub(1), 1).map_err(failed)?.pop().filter(|found| found.seq == seq);
    match found {
        // Compared in the exported form, in which a time has seconds.
        Some(found) if json!(found) == *record => _ = seen.insert(seq),
        Some(_) => find(Some(seq), "it differs from the export".to_owned()),
        None => find(Some(seq), "it was exported, and the log does not have it".to_owned()),
    }
    Ok(())
}
