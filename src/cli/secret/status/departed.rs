//! What one recipient opens today, and what it once opened and has not changed since. A person who left keeps what they read.

use crate::cli::print::counted;
use crate::cli::progress::Progress;
use crate::client::checkout::Checkout;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::git::{Snapshot, Source};
use crate::secrets::{Identities, Seen, SopsFile, Values, look, pointer};
use crate::words::names::{CommitId, SecretPath};
use crate::words::plain;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

/// How many commits are looked at, the newest first: years of most repositories.
const COMMITS_MAX: usize = 20_000;

/// A file that the recipient opened once.
struct Once {
    /// The newest commit at which it opened the file.
    commit: CommitId,
    /// The values that are unchanged since then.
    unchanged: BTreeSet<String>,
    /// Whether values were compared; otherwise only ciphertexts.
    compared: bool,
}

#[derive(Default)]
pub(super) struct Departed {
    recipient: String,
    today: Vec<String>,
    once: BTreeMap<String, Once>,
    /// How many age files there are. They do not name their recipients.
    age_files: usize,
    commits: usize,
}

impl Departed {
    /// Walks back from HEAD.
    pub(super) fn of(checkout: &Checkout, recipient: &str, keys: Option<&Identities>) -> Result<Self, Failure> {
        let told = |fault: String| Failure::new(STATUS_CONFIGURATION, fault);
        let source = Source { path: checkout.root().to_owned(), reference: "HEAD".to_owned() };
        let head = source.resolve("HEAD").map_err(|fault| told(fault.to_string()))?;
        let commits = source.history(&head, COMMITS_MAX).map_err(|fault| told(fault.to_string()))?;
        let today = source.read_at(&head, &Snapshot::default()).map_err(|fault| told(fault.to_string()))?;
        let mut found = Self { recipient: recipient.to_owned(), commits: commits.len(), ..Self::default() };
        let mut left = found.opens_not(&today);
        let progress = Progress::of_steps("looking at commits", commits.len());
        let mut newer = today.clone();
        for commit in commits {
            progress.step();
            let older = source.read_at(&commit, &newer).map_err(|fault| told(fault.to_string()))?;
            for (name, then) in encrypted(&older) {
                // A file that the next commit has unchanged was looked at there.
                if left.get(name).is_none_or(|last| Arc::ptr_eq(last, then)) {
                    continue;
                }
                if let (Some(then), Some(today)) = (names(name, then, recipient), today.files.get(name)) {
                    found.once.extend(sops(name, today).map(|today| (name.clone(), Once::of(then, today, keys, commit.clone()))));
                    left.remove(name);
                } else {
                    left.insert(name.clone(), then.clone());
                }
            }
            newer = older;
            if left.is_empty() {
                break;
            }
        }
        drop(progress);
        Ok(found)
    }

    /// Notes the files that it opens today, and returns the others.
    fn opens_not(&mut self, today: &Snapshot) -> BTreeMap<String, Arc<[u8]>> {
        let mut left = BTreeMap::new();
        for (name, bytes) in encrypted(today) {
            match SecretPath::parse(name).ok().and_then(|path| look(&path, bytes).ok()) {
                Some(Seen::Age(_)) => self.age_files += 1,
                Some(Seen::Sops(sops)) if sops.recipients().contains(&self.recipient.as_str()) => self.today.push(name.clone()),
                Some(Seen::Sops(_)) => _ = left.insert(name.clone(), bytes.clone()),
                Some(Seen::Plain) | None => {}
            }
        }
        left
    }
}

fn encrypted(snapshot: &Snapshot) -> impl Iterator<Item = (&String, &Arc<[u8]>)> {
    snapshot.files.iter().filter(|(name, _)| name.starts_with("secrets/") || name.starts_with("transit/"))
}

fn sops(name: &str, bytes: &[u8]) -> Option<SopsFile> {
    SopsFile::parse(&SecretPath::parse(name).ok()?, bytes).ok()
}

/// The file, if this recipient opens it.
fn names(name: &str, bytes: &[u8], recipient: &str) -> Option<SopsFile> {
    sops(name, bytes).filter(|sops| sops.recipients().contains(&recipient))
}

impl Once {
    fn of(mut then: SopsFile, mut today: SopsFile, keys: Option<&Identities>, commit: CommitId) -> Self {
        let ciphertexts = (then.ciphertexts(), today.ciphertexts());
        let opened = keys.and_then(|keys| {
            let (then, today) = (then.open(keys).ok()?, today.open(keys).ok()?);
            Some((then.plaintexts().ok()?, today.plaintexts().ok()?))
        });
        let compared = opened.is_some();
        let (then, today) = opened.unwrap_or(ciphertexts);
        Self { commit, unchanged: alike(&then, &today), compared }
    }
}

/// The paths of unchanged values.
fn alike(then: &Values, today: &Values) -> BTreeSet<String> {
    let same = |(path, values): (&String, &Vec<_>)| {
        let then = then.get(path)?;
        values.iter().any(|value| then.contains(value)).then(|| pointer(path))
    };
    today.iter().filter_map(same).collect()
}

impl Departed {
    pub(super) fn is_to_do(&self) -> bool {
        !self.today.is_empty() || self.once.values().any(|once| !once.unchanged.is_empty())
    }

    pub(super) fn to_json(&self) -> Value {
        let once = self.once.iter().map(|(file, once)| {
            json!({ "file": file, "last_opened_at": once.commit, "unchanged": once.unchanged, "values_compared": once.compared })
        });
        json!({
            "recipient": self.recipient, "opens_today": self.today, "opened_once": once.collect::<Vec<_>>(),
            "age_files_not_known": self.age_files, "commits_looked_at": self.commits,
        })
    }

    pub(super) fn told(&self) -> String {
        let mut out = String::new();
        for file in &self.today {
            let _ = writeln!(out, "{}: opens today", plain(file));
        }
        for (file, once) in &self.once {
            let (file, short) = (plain(file), &once.commit.as_str()[..12]);
            let values = once.unchanged.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let values = plain(&values);
            let _ = match (once.unchanged.is_empty(), once.compared) {
                (false, _) => writeln!(out, "{file}: unchanged since {short}, when the recipient could open it: {values}"),
                (true, true) => writeln!(out, "{file}: every value was changed since {short}, when the recipient could open it"),
                (true, false) => {
                    writeln!(
                        out,
                        "{file}: encrypted again since {short}, when the recipient could open it; with the keys (--identity) the values are compared"
                    )
                }
            };
        }
        if !self.today.is_empty() || !self.once.is_empty() {
            out.push('\n');
        }
        let _ = writeln!(
            out,
            "opens {} today, and once opened {} ({} looked at); {} with unknown recipients",
            counted(self.today.len(), "file"),
            counted(self.once.len(), "file"),
            counted(self.commits, "commit"),
            counted(self.age_files, "age file")
        );
        out
    }
}
