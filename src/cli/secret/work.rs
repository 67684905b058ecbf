//! A change of many files under way, and what came of it.

use super::not_rewritten::{NotRewritten, read};
use crate::cli::print::counted;
use crate::client::Failure;
use crate::client::checkout::Checkout;
use crate::client::journal::Journal;
use crate::secrets::Rewrite;
use crate::words::{Digest, plain, plain_lines};
use std::collections::BTreeSet;
use std::fmt::Display;

/// What became of the files.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) changed: usize,
    /// They were as they should be.
    pub(super) unchanged: usize,
    /// An earlier try did them.
    pub(super) before: usize,
    pub(super) faults: Vec<(String, String)>,
    /// Those that this or an earlier try wrote, of the files that were looked at.
    pub(super) written: BTreeSet<String>,
}

/// A change under way.
pub(super) struct Work<'a> {
    pub(super) checkout: &'a Checkout,
    pub(super) outcome: Outcome,
    journal: Journal,
}

impl<'a> Work<'a> {
    /// Begins, or goes on where an earlier try ended.
    pub(super) fn begin(checkout: &'a Checkout, how: Rewrite) -> Result<Self, Failure> {
        Ok(Self { checkout, outcome: Outcome::default(), journal: Journal::open(checkout, how.as_str())? })
    }

    /// Whether an earlier try did this file, for the same readers.
    pub(super) fn is_done(&mut self, name: &str, digest: &Digest, readers: &Digest) -> bool {
        let is_done = self.journal.has(name, digest, readers);
        if is_done {
            self.outcome.before += 1;
            self.outcome.written.insert(name.to_owned());
        }
        is_done
    }

    /// Puts a file's new form in its place, if the file is what the form was made of. What is wrong with one file ends no other's turn.
    pub(super) fn take(
        &mut self,
        name: &str,
        before: &Digest,
        readers: &Digest,
        done: Result<Option<Vec<u8>>, impl Display>,
    ) -> Result<(), Failure> {
        match done {
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

    /// Notes a file that is left as it is, and why.
    pub(super) fn fault(&mut self, name: String, fault: &impl Display) {
        self.outcome.faults.push((name, fault.to_string()));
    }

    /// All of it is done.
    pub(super) fn close(self) -> Result<(), Failure> {
        self.journal.close()
    }
}

/// What a person hears of it.
pub(super) fn tell(how: Rewrite, outcome: &Outcome, commit: Option<&str>) {
    for (file, fault) in &outcome.faults {
        anstream::eprintln!("{}: {}", plain(file), plain_lines(fault));
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
            "Who lost access by this, if anybody, may have kept the data keys: `daypass secret rotate`, then change what they guarded."
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
