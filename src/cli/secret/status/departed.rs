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

/// A file that the recipient opened once, and that HEAD has no more.
struct Gone {
    /// The newest commit at which it opened the file.
    commit: CommitId,
    /// The values that other files have today, unchanged and at the same path: the file was renamed, or its values moved.
    unchanged_in: BTreeMap<String, BTreeSet<String>>,
    compared: bool,
}

#[derive(Default)]
pub(super) struct Departed {
    recipient: String,
    today: Vec<String>,
    once: BTreeMap<String, Once>,
    gone: BTreeMap<String, Gone>,
    /// How many age files there are. They do not name their recipients.
    age_files: usize,
    commits: usize,
    /// Whether the clone is shallow, so that older commits could not be looked at.
    is_cut: bool,
}

impl Departed {
    /// Walks back from HEAD.
    pub(super) fn of(checkout: &Checkout, recipient: &str, keys: Option<&Identities>) -> Result<Self, Failure> {
        let told = |fault: String| Failure::new(STATUS_CONFIGURATION, fault);
        let source = Source { path: checkout.root().to_owned(), reference: "HEAD".to_owned() };
        let head = source.resolve("HEAD").map_err(|fault| told(fault.to_string()))?;
        let commits = source.history(&head, COMMITS_MAX).map_err(|fault| told(fault.to_string()))?;
        let today = source.read_at(&head, &Snapshot::default()).map_err(|fault| told(fault.to_string()))?;
        let is_cut = source.is_shallow().map_err(|fault| told(fault.to_string()))?;
        let mut found = Self { recipient: recipient.to_owned(), commits: commits.len(), is_cut, ..Self::default() };
        let mut left = found.opens_not(&today);
        let progress = Progress::of_steps("looking at commits", commits.len());
        let (mut gone, mut looked_at) = (BTreeMap::new(), BTreeMap::new());
        let mut newer = today.clone();
        for commit in commits {
            progress.step();
            let older = source.read_at(&commit, &newer).map_err(|fault| told(fault.to_string()))?;
            for (name, then) in encrypted(&older) {
                if !today.files.contains_key(name) {
                    let is_known = looked_at.get(name).is_some_and(|last| Arc::ptr_eq(last, then));
                    if !is_known && !gone.contains_key(name) {
                        looked_at.insert(name.clone(), then.clone());
                        gone.extend(names(name, then, recipient).map(|then| (name.clone(), (commit.clone(), then))));
                    }
                    continue;
                }
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
        }
        drop(progress);
        let others = if gone.is_empty() { Vec::new() } else { found.others(&today, keys) };
        found.gone = gone.into_iter().map(|(name, (commit, then))| (name, Gone::of(then, commit, &others, keys))).collect();
        Ok(found)
    }

    /// Notes the files that it opens today, and returns the others.
    fn opens_not(&mut self, today: &Snapshot) -> BTreeMap<String, Arc<[u8]>> {
        let mut left = BTreeMap::new();
        for (name, bytes) in encrypted(today) {
            match SecretPath::parse(name).ok().and_then(|path| look(&path, bytes).ok()) {
                Some(Seen::Age(_)) => self.age_files += 1,
                Some(Seen::Sops(sops)) if opens(&sops, &self.recipient) => self.today.push(name.clone()),
                Some(Seen::Sops(_)) => _ = left.insert(name.clone(), bytes.clone()),
                Some(Seen::Plain) | None => {}
            }
        }
        left
    }

    /// Today's SOPS files that it does not open. Those that it opens are to be changed in any case.
    fn others(&self, today: &Snapshot, keys: Option<&Identities>) -> Vec<(String, Held)> {
        let others = encrypted(today).filter(|(name, _)| !self.today.contains(name));
        others.filter_map(|(name, bytes)| Some((name.clone(), Held::of(sops(name, bytes)?, keys)))).collect()
    }
}

/// A file's values, once as ciphertexts and, if the keys open it, once as plaintexts.
struct Held {
    ciphertexts: Values,
    plaintexts: Option<Values>,
}

impl Held {
    fn of(mut sops: SopsFile, keys: Option<&Identities>) -> Self {
        let ciphertexts = sops.ciphertexts();
        Self { ciphertexts, plaintexts: keys.and_then(|keys| sops.open(keys).ok()?.plaintexts().ok()) }
    }

    /// The paths of unchanged values, and whether plaintexts were compared.
    fn alike(&self, today: &Self) -> (BTreeSet<String>, bool) {
        match (&self.plaintexts, &today.plaintexts) {
            (Some(then), Some(today)) => (alike(then, today), true),
            _ => (alike(&self.ciphertexts, &today.ciphertexts), false),
        }
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
    sops(name, bytes).filter(|sops| opens(sops, recipient))
}

/// Whether the file names this recipient. An SSH key may have a comment as its third word.
fn opens(sops: &SopsFile, recipient: &str) -> bool {
    let key = |recipient: &'_ str| recipient.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>();
    sops.recipients().into_iter().any(|one| key(one) == key(recipient))
}

impl Once {
    fn of(then: SopsFile, today: SopsFile, keys: Option<&Identities>, commit: CommitId) -> Self {
        let (unchanged, compared) = Held::of(then, keys).alike(&Held::of(today, keys));
        Self { commit, unchanged, compared }
    }
}

impl Gone {
    fn of(then: SopsFile, commit: CommitId, others: &[(String, Held)], keys: Option<&Identities>) -> Self {
        let then = Held::of(then, keys);
        let alike = others.iter().map(|(name, today)| (name, then.alike(today)));
        let (mut unchanged_in, mut compared) = (BTreeMap::new(), then.plaintexts.is_some());
        for (name, (unchanged, is_compared)) in alike {
            compared &= is_compared;
            if !unchanged.is_empty() {
                unchanged_in.insert(name.clone(), unchanged);
            }
        }
        Self { commit, unchanged_in, compared }
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
        !self.today.is_empty()
            || self.once.values().any(|once| !once.unchanged.is_empty())
            || self.gone.values().any(|gone| !gone.unchanged_in.is_empty())
    }

    pub(super) const fn is_cut(&self) -> bool {
        self.is_cut
    }

    pub(super) fn to_json(&self) -> Value {
        let once = self.once.iter().map(|(file, once)| {
            json!({ "file": file, "last_opened_at": once.commit, "unchanged": once.unchanged, "values_compared": once.compared })
        });
        let gone = self.gone.iter().map(|(file, gone)| {
            json!({ "file": file, "last_opened_at": gone.commit, "unchanged_in": gone.unchanged_in, "values_compared": gone.compared })
        });
        json!({
            "recipient": self.recipient, "opens_today": self.today, "opened_once": once.collect::<Vec<_>>(),
            "opened_once_and_gone": gone.collect::<Vec<_>>(),
            "age_files_not_known": self.age_files, "commits_looked_at": self.commits, "history_is_cut": self.is_cut,
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
        for (file, gone) in &self.gone {
            let (file, short) = (plain(file), &gone.commit.as_str()[..12]);
            let _ =
                writeln!(out, "{file}: is gone, and the recipient could open it at {short}: change what of it is still valid");
            for (other, values) in &gone.unchanged_in {
                let values = values.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                let _ = writeln!(out, "{file}: unchanged since then in {}: {}", plain(other), plain(&values));
            }
        }
        if !self.today.is_empty() || !self.once.is_empty() || !self.gone.is_empty() {
            out.push('\n');
        }
        let _ = writeln!(
            out,
            "opens {} today, and once opened {} ({} looked at); {} with unknown recipients",
            counted(self.today.len(), "file"),
            counted(self.once.len() + self.gone.len(), "file"),
            counted(self.commits, "commit"),
            counted(self.age_files, "age file")
        );
        if self.is_cut {
            out.push_str(
                "this clone is shallow, so older commits were not looked at: run `git fetch --unshallow`, and ask again\n",
            );
        }
        out
    }
}

#[cfg(test)]
mod tests;
