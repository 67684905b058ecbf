//! A change of many files under way, and what came of it.

use crate::cli::print::counted;
use crate::client::Failure;
use crate::client::checkout::Checkout;
use crate::client::journal::Journal;
use crate::secrets::Rewrite;
use crate::words::{plain, plain_lines};

/// What became of the files.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) changed: usize,
    /// They were as they should be.
    pub(super) unchanged: usize,
    /// An earlier try did them.
    pub(super) before: usize,
    pub(super) faults: Vec<(String, String)>,
}

/// A change under way.
pub(super) struct Work<'a> {
    pub(super) checkout: &'a Checkout,
    pub(super) journal: &'a mut Journal,
    pub(super) outcome: &'a mut Outcome,
}

impl Work<'_> {
    /// Puts a file's new form in its place. What is wrong with one file ends no other's turn.
    pub(super) fn take(&mut self, name: &str, done: Result<Option<Vec<u8>>, impl std::fmt::Display>) -> Result<(), Failure> {
        match done {
            Ok(Some(bytes)) => {
                self.checkout.replace(name, &bytes)?;
                self.journal.note(name, &bytes)?;
                self.outcome.changed += 1;
            }
            Ok(None) => self.outcome.unchanged += 1,
            Err(fault) => self.outcome.faults.push((name.to_owned(), fault.to_string())),
        }
        Ok(())
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
