//! What a long change of many files has done already, so that one that was ended goes on where it was.

use super::checkout::{Checkout, read_if_there, replace};
use super::{Failure, STATUS_CONFIGURATION};
use crate::words::{Digest, PlainPath};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

/// Of each file that is done what it holds since then. It stands in the `.git` folder, and holds nothing secret.
pub struct Journal {
    path: PathBuf,
    done: BTreeMap<String, Digest>,
}

impl Journal {
    /// What an earlier try of the same change on the same commit left, or nothing.
    pub fn open(checkout: &Checkout, change: &str) -> Result<Self, Failure> {
        let line = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
        let place = line(checkout.git(&["rev-parse", "--git-path", &format!("daypass-{change}")], &[])?);
        let path = checkout.root().join(place);
        // A checkout without a commit has none to be at.
        let head = checkout.git(&["rev-parse", "--verify", "--quiet", "HEAD"], &[]).map(line).unwrap_or_default();
        let text = read_if_there(&path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let mut lines = text.lines();
        let mut done = BTreeMap::new();
        if lines.next() == Some(head.as_str()) {
            // A last line that was cut off is a file that is done again.
            done.extend(
                lines
                    .filter_map(|line| line.split_once(' '))
                    .filter_map(|(digest, name)| Some((name.to_owned(), Digest::parse(digest)?))),
            );
        }
        let made = Self { path, done };
        made.write(&head)?;
        Ok(made)
    }

    fn write(&self, head: &str) -> Result<(), Failure> {
        let lines: String = self.done.iter().map(|(name, digest)| format!("{digest} {name}\n")).collect();
        replace(&self.path, format!("{head}\n{lines}").as_bytes())
    }

    /// Whether the file is as it was left.
    pub fn has(&self, name: &str, bytes: &[u8]) -> bool {
        self.done.get(name).is_some_and(|digest| *digest == Digest::plain(bytes))
    }

    /// Notes a file that was written.
    pub fn note(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let digest = Digest::plain(bytes);
        let append = || {
            let mut file = std::fs::OpenOptions::new().append(true).open(&self.path)?;
            writeln!(file, "{digest} {name}")
        };
        append().map_err(|fault| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", self.path.plain())))?;
        self.done.insert(name.to_owned(), digest);
        Ok(())
    }

    /// The files that are done.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.done.keys().map(String::as_str)
    }

    /// The change is over.
    pub fn close(self) -> Result<(), Failure> {
        std::fs::remove_file(&self.path)
            .map_err(|fault| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", self.path.plain())))
    }
}
