//! A running change of many files, and its outcome.

use super::not_rewritten::{NotRewritten, read};
use crate::cli::print::counted;
use crate::client::checkout::Checkout;
use crate::client::journal::Journal;
use crate::client::{Failure, note};
use crate::secrets::Rewrite;
use crate::words::Digest;
use std::collections::BTreeSet;
use std::fmt::Display;

/// What became of the files.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) changed: usize,
    /// They needed no change.
    pub(super) unchanged: usize,
    /// An earlier run changed them.
    pub(super) before: usize,
    pub(super) faults: Vec<(String, String)>,
    /// The files that this or an earlier run wrote, of those that were looked at.
    pub(super) written: BTreeSet<String>,
}

/// A running change.
pub(super) struct Work<'a> {
    pub(super) checkout: &'a Checkout,
    pub(super) outcome: Outcome,
    journal: Journal,
}

impl<'a> Work<'a> {
    /// Begins, or continues where an earlier run ended.
    pub(super) fn begin(checkout: &'a Checkout, how: Rewrite) -> Result<Self, Failure> {
        Ok(Self { checkout, outcome: Outcome::default(), journal: Journal::open(checkout, how.as_str())? })
    }

    /// Whether an earlier run changed this file, for the same readers.
    pub(super) fn is_done(&mut self, name: &str, digest: &Digest, readers: &Digest) -> bool {
        let is_done = self.journal.has(name, digest, readers);
        if is_done {
            self.outcome.before += 1;
            self.outcome.written.insert(name.to_owned());
        }
        is_done
    }

    /// Replaces a file by its new form, if it still has the content from which the form was made. A fault in one file does not
    /// stop the others.
    pub(super) fn take(
        &mut self,
        name: &str,
        before: &Digest,
        readers: &Digest,
        rewritten: Result<Option<Vec<u8>>, impl Display>,
    ) -> Result<(), Failure> {
        match rewritten {
            Ok(Some(bytes)) => match read(&self.checkout.root().join(name)) {
                Ok(now) if Digest::plain(&now) == *before => {
                    self.checkout.replace(name, &bytes)?;
                    self.journal.note(name, &Digest::plain(&bytes), readers)?;
                    self.outcome.changed += 1;
                    self.outcome.written.insert(name.to_owned());
                }
                Ok(_) => self.fault(name.to_owned(), &NotRewritten::Changed),
                Err(fault) => self.fault(name.to_owned(), &fault),
            },
            Ok(None) => self.outcome.unchanged += 1,
            Err(fault) => self.fault(name.to_owned(), &fault),
        }
        Ok(())
    }

    /// Notes a file that is left unchanged, and why.
    pub(super) fn fault(&mut self, name: String, fault: &impl Display) {
        self.outcome.faults.push((name, fault.to_string()));
    }

    /// Ends the change, which is complete.
    pub(super) fn close(self) -> Result<(), Failure> {
        self.journal.close()
    }
}

/// Prints the outcome for people.
pub(super) fn print(how: Rewrite, outcome: &Outcome, commit: Option<&str>) {
    for (file, fault) in &outcome.faults {
        note(format!("{file}: {fault}"));
    }
    let before = if outcome.before == 0 { String::new() } else { format!(", {} by an earlier try", outcome.before) };
    anstream::println!("{} changed{before}, {} as they should be", counted(outcome.changed, "file"), outcome.unchanged);
    if let Some(commit) = commit {
        anstream::println!("committed as {commit}");
    }
    if !outcome.faults.is_empty() {
        let faulty = counted(outcome.faults.len(), "file");
        anstream::println!("{faulty} could not be changed; the same command goes on with what is left");
    } else if how == Rewrite::UpdateKeys && outcome.changed > 0 {
        anstream::println!(
            "Anybody who lost access by this may have kept the data keys: run `daypass secret rotate`, then change the secret values."
        );
    }
}

/// The commit's subject.
pub(super) fn message(how: Rewrite, files: usize) -> String {
    match how {
        Rewrite::UpdateKeys => format!("Encrypt {} to today's recipients", counted(files, "file")),
        Rewrite::Rotate => format!("Give {} new data keys", counted(files, "file")),
    }
}
