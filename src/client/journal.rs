//! The finished files of a long change, so that an interrupted change can continue.

use super::checkout::{Checkout, read_if_there, replace};
use super::{Failure, STATUS_CONFIGURATION};
use crate::words::{Digest, PlainPath};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

/// The digest of each finished file, and of its readers. The journal is in the `.git` folder, and holds nothing secret.
pub struct Journal {
    path: PathBuf,
    written: BTreeMap<String, WrittenFile>,
}

/// The digest of a file, and of its readers.
#[derive(PartialEq, Eq)]
struct WrittenFile {
    digest: Digest,
    readers: Digest,
}

impl WrittenFile {
    /// A line of the journal. Names may hold line ends.
    fn line(&self, name: &str) -> String {
        format!("{} {} {}\n", self.digest, self.readers, serde_json::json!(name))
    }

    fn parse(line: &str) -> Option<(String, Self)> {
        let mut parts = line.splitn(3, ' ');
        let (digest, readers) = (Digest::parse(parts.next()?)?, Digest::parse(parts.next()?)?);
        Some((serde_json::from_str(parts.next()?).ok()?, Self { digest, readers }))
    }
}

impl Journal {
    /// Opens the journal that an earlier run of the same change left on the same commit, or an empty one.
    pub fn open(checkout: &Checkout, change: &str) -> Result<Self, Failure> {
        let line = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
        let place = line(checkout.git(&["rev-parse", "--git-path", &format!("daypass-{change}")], &[])?);
        let path = checkout.root().join(place);
        // A checkout without a commit has no HEAD.
        let head = checkout.git(&["rev-parse", "--verify", "--quiet", "HEAD"], &[]).map(line).unwrap_or_default();
        let text = read_if_there(&path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let mut lines = text.lines();
        let mut written = BTreeMap::new();
        if lines.next() == Some(head.as_str()) {
            // If the last line was cut off, its file is done again.
            written.extend(lines.filter_map(WrittenFile::parse));
        }
        let journal = Self { path, written };
        journal.write(&head)?;
        Ok(journal)
    }

    fn write(&self, head: &str) -> Result<(), Failure> {
        let lines: String = self.written.iter().map(|(name, file)| file.line(name)).collect();
        replace(&self.path, format!("{head}\n{lines}").as_bytes())
    }

    /// Whether the file is unchanged since it was finished, for these readers.
    pub fn has(&self, name: &str, digest: &Digest, readers: &Digest) -> bool {
        self.written.get(name) == Some(&WrittenFile { digest: *digest, readers: *readers })
    }

    /// Notes a file that was written.
    pub fn note(&mut self, name: &str, digest: &Digest, readers: &Digest) -> Result<(), Failure> {
        let written = WrittenFile { digest: *digest, readers: *readers };
        let append = || {
            let mut file = std::fs::OpenOptions::new().append(true).open(&self.path)?;
            file.write_all(written.line(name).as_bytes())
        };
        append().map_err(|fault| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", self.path.plain())))?;
        self.written.insert(name.to_owned(), written);
        Ok(())
    }

    /// Ends the change.
    pub fn close(self) -> Result<(), Failure> {
        std::fs::remove_file(&self.path)
            .map_err(|fault| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", self.path.plain())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written_and_a_damaged_one_is_not() {
        let written = WrittenFile { digest: Digest::plain(b"file"), readers: Digest::plain(b"readers") };
        for name in ["secrets/a.yaml", "secrets/a b.yaml", "secrets/a\nb.yaml"] {
            let line = written.line(name);
            assert!(line.ends_with('\n') && line.lines().count() == 1, "{line}");
            assert!(WrittenFile::parse(line.trim_end()).is_some_and(|(read, same)| read == name && same == written), "{line}");
            assert!(WrittenFile::parse(&line[..line.len() - 5]).is_none(), "a line that was cut off");
        }
        assert!(WrittenFile::parse(&format!("{} secrets/a.yaml", written.digest)).is_none(), "without readers");
    }
}
