//! What one recipient opens today, and what it once opened and has not changed since. A person who left keeps what they read.

mod held;

use crate::cli::print::counted;
use crate::cli::progress::Progress;
use crate::client::checkout::Checkout;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::git::{GitError, Snapshot, Source};
use crate::secrets::{FileKind, Identities, SopsFile, look};
use crate::words::names::{CommitId, SecretPath};
use crate::words::{Digest, plain};
use held::Held;
use serde_json::{Value, json};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write;
use std::sync::Arc;

/// How many commits are looked at, the newest first: years of most repositories.
const COMMITS_MAX: usize = 20_000;

/// A file that the recipient opened once.
struct OpenedFile {
    /// The newest commit at which it opened the file.
    commit: CommitId,
    /// What the file is today.
    is: Is,
    /// The values of today that some form had that the recipient opened.
    unchanged: BTreeSet<String>,
    /// Whether values were compared; otherwise only ciphertexts, or nothing.
    compared: bool,
}

/// A file that the recipient opened once, and that HEAD has no more.
struct DeletedFile {
    /// The newest commit at which it opened the file.
    commit: CommitId,
    /// The values that other files have today, unchanged and at the same path: the file was renamed, or its values moved.
    unchanged_in: BTreeMap<String, BTreeSet<String>>,
    compared: bool,
}

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Sops,
    Age,
    Plain,
    Damaged,
}

impl Is {
    const fn name(self) -> &'static str {
        match self {
            Self::Sops => "sops",
            Self::Age => "age",
            Self::Plain => "not_encrypted",
            Self::Damaged => "damaged",
        }
    }

    /// How it is said of a file whose values cannot be compared.
    const fn description(self) -> &'static str {
        match self {
            Self::Sops => "encrypted again",
            Self::Age => "an age file",
            Self::Plain => "not encrypted",
            Self::Damaged => "damaged",
        }
    }
}

/// A file's forms that the recipient opened.
struct Opened {
    /// The newest commit that has one of them.
    commit: CommitId,
    held: Held,
}

#[derive(Default)]
pub(super) struct DepartedRecipient {
    recipient: String,
    today: BTreeSet<String>,
    once: BTreeMap<String, OpenedFile>,
    gone: BTreeMap<String, DeletedFile>,
    /// How many age files there are. They do not name their recipients.
    age_files: usize,
    commits: usize,
    /// Whether the clone is shallow, so that older commits could not be looked at.
    is_shallow: bool,
    /// Whether there are more commits than are looked at.
    is_long: bool,
}

impl DepartedRecipient {
    /// Walks back from HEAD.
    pub(super) fn of(checkout: &Checkout, recipient: &str, keys: Option<&Identities>) -> Result<Self, Failure> {
        Self::within(checkout, recipient, keys, COMMITS_MAX)
    }

    /// The same over at most so many commits.
    fn within(checkout: &Checkout, recipient: &str, keys: Option<&Identities>, most: usize) -> Result<Self, Failure> {
        let source = Source { path: checkout.root().to_owned(), reference: "HEAD".to_owned() };
        let head = source.resolve("HEAD").map_err(unread)?;
        let mut commits = source.history(&head, most + 1).map_err(unread)?;
        let today = source.read_at(&head, &Snapshot::default()).map_err(unread)?;
        let is_shallow = source.is_shallow().map_err(unread)?;
        let is_long = commits.len() > most;
        commits.truncate(most);
        let mut found = Self { recipient: recipient.to_owned(), commits: commits.len(), is_shallow, is_long, ..Self::default() };
        found.look_at(&today);
        let opened = found.opened(&source, commits, &today, keys)?;
        found.compare(opened, &today, keys);
        Ok(found)
    }

    /// Notes the files that it opens today.
    fn look_at(&mut self, today: &Snapshot) {
        for (name, bytes) in encrypted(today) {
            match kind(name, bytes) {
                (Is::Age, _) => self.age_files += 1,
                (_, Some(sops)) if opens(&sops, &self.recipient) => _ = self.today.insert(name.clone()),
                _ => {}
            }
        }
    }

    /// Every form that it opened of the other files, those that are gone among them. A value may be set back to any of them.
    fn opened(
        &self,
        source: &Source,
        commits: Vec<CommitId>,
        today: &Snapshot,
        keys: Option<&Identities>,
    ) -> Result<BTreeMap<String, Opened>, Failure> {
        let progress = Progress::of_steps("looking at commits", commits.len());
        let (mut opened, mut seen) = (BTreeMap::<String, Opened>::new(), HashSet::new());
        let (mut newer, mut looked_at) = (today.clone(), BTreeMap::<String, Arc<[u8]>>::new());
        for commit in commits {
            progress.step();
            let older = source.read_at(&commit, &newer).map_err(unread)?;
            for (name, then) in encrypted(&older).filter(|(name, _)| !self.today.contains(*name)) {
                // Most files are as the newer commit has them. Branches that were merged come in turns, so the rest is known too.
                let last = looked_at.insert(name.clone(), then.clone());
                let is_same = last.is_some_and(|last| Arc::ptr_eq(&last, then));
                if is_same || !seen.insert(Digest::of(&[name.as_bytes(), then])) {
                    continue;
                }
                let Some(form) = sops(name, then).filter(|sops| opens(sops, &self.recipient)) else { continue };
                let held = Held::of(form, keys);
                match opened.entry(name.clone()) {
                    Entry::Vacant(new) => _ = new.insert(Opened { commit: commit.clone(), held }),
                    Entry::Occupied(mut known) => known.get_mut().held.join(held),
                }
            }
            newer = older;
        }
        drop(progress);
        Ok(opened)
    }

    /// Compares the forms that it opened with the files of today.
    fn compare(&mut self, opened: BTreeMap<String, Opened>, today: &Snapshot, keys: Option<&Identities>) {
        if opened.is_empty() {
            return;
        }
        // Those that it opens today are to be changed in any case.
        let others = encrypted(today).filter(|(name, _)| !self.today.contains(*name));
        let others = others.filter_map(|(name, bytes)| Some((name.clone(), Held::of(sops(name, bytes)?, keys))));
        let others: BTreeMap<String, Held> = others.collect();
        for (name, then) in opened {
            match today.files.get(&name) {
                Some(bytes) => _ = self.once.insert(name.clone(), OpenedFile::of(then, kind(&name, bytes).0, others.get(&name))),
                None => _ = self.gone.insert(name, DeletedFile::of(then, &others)),
            }
        }
    }
}

fn unread(fault: GitError) -> Failure {
    Failure::new(STATUS_CONFIGURATION, fault)
}

fn encrypted(snapshot: &Snapshot) -> impl Iterator<Item = (&String, &Arc<[u8]>)> {
    snapshot.files.iter().filter(|(name, _)| name.starts_with("secrets/") || name.starts_with("transit/"))
}

/// What a file is, and the SOPS file if it is one.
fn kind(name: &str, bytes: &[u8]) -> (Is, Option<SopsFile>) {
    match SecretPath::parse(name).ok().and_then(|path| look(&path, bytes).ok()) {
        Some(FileKind::Sops(sops)) => (Is::Sops, Some(*sops)),
        Some(FileKind::Age(_)) => (Is::Age, None),
        Some(FileKind::Plain) => (Is::Plain, None),
        None => (Is::Damaged, None),
    }
}

fn sops(name: &str, bytes: &[u8]) -> Option<SopsFile> {
    SopsFile::parse(&SecretPath::parse(name).ok()?, bytes).ok()
}

/// Whether the file names this recipient.
fn opens(sops: &SopsFile, recipient: &str) -> bool {
    sops.recipients().into_iter().any(|one| key(one) == key(recipient))
}

/// The key of a recipient. One of age may be in capitals as a whole; an SSH key may have a comment as its third word.
fn key(recipient: &str) -> Vec<String> {
    let words = recipient.split_whitespace().take(2);
    words.map(|word| if word.starts_with("AGE1") { word.to_ascii_lowercase() } else { word.to_owned() }).collect()
}

impl OpenedFile {
    fn of(then: Opened, is: Is, today: Option<&Held>) -> Self {
        let Opened { commit, held } = then;
        let unchanged = today.map(|today| held.alike(today)).unwrap_or_default();
        Self { commit, is, unchanged, compared: today.is_some_and(|today| held.compares(today)) }
    }

    /// Whether a value is unchanged, or nobody can tell that none is.
    fn is_to_do(&self) -> bool {
        !self.unchanged.is_empty() || !self.compared
    }
}

impl DeletedFile {
    fn of(then: Opened, others: &BTreeMap<String, Held>) -> Self {
        let Opened { commit, held } = then;
        let alike = others.iter().map(|(name, today)| (name.clone(), held.alike(today)));
        let unchanged_in = alike.filter(|(_, unchanged)| !unchanged.is_empty()).collect();
        let compared = held.is_open() && others.values().all(|today| held.compares(today));
        Self { commit, unchanged_in, compared }
    }
}

impl DepartedRecipient {
    pub(super) fn is_to_do(&self) -> bool {
        !self.today.is_empty()
            || self.once.values().any(OpenedFile::is_to_do)
            || self.gone.values().any(|gone| !gone.unchanged_in.is_empty())
    }

    pub(super) const fn is_cut(&self) -> bool {
        self.is_shallow || self.is_long
    }

    pub(super) fn to_json(&self) -> Value {
        let once = self.once.iter().map(|(file, once)| {
            json!({ "file": file, "last_opened_at": once.commit, "is": once.is.name(), "unchanged": once.unchanged, "values_compared": once.compared })
        });
        let removed = self.gone.iter().map(|(file, one)| {
            json!({ "file": file, "last_opened_at": one.commit, "unchanged_in": one.unchanged_in, "values_compared": one.compared })
        });
        json!({
            "recipient": self.recipient, "opens_today": self.today, "opened_once": once.collect::<Vec<_>>(),
            "opened_once_and_gone": removed.collect::<Vec<_>>(),
            "age_files_not_known": self.age_files, "commits_looked_at": self.commits, "history_is_cut": self.is_cut(),
        })
    }

    pub(super) fn render(&self) -> String {
        let mut out = String::new();
        for file in &self.today {
            let _ = writeln!(out, "{}: opens today", plain(file));
        }
        for (file, once) in &self.once {
            let (file, short) = (plain(file), &once.commit.as_str()[..12]);
            let values = once.unchanged.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let values = plain(&values);
            let _ = match (once.unchanged.is_empty(), once.compared, once.is) {
                (false, ..) => writeln!(out, "{file}: has values that the recipient could open, last at {short}: {values}"),
                (true, true, _) => {
                    writeln!(out, "{file}: every value was changed since {short}, when the recipient could open it")
                }
                (true, false, Is::Sops) => {
                    writeln!(
                        out,
                        "{file}: encrypted again since {short}, when the recipient could open it; with the keys (--identity) the values are compared"
                    )
                }
                (true, false, is) => {
                    let is = is.description();
                    writeln!(
                        out,
                        "{file}: is {is} today, so its values were not compared; the recipient could open it at {short}"
                    )
                }
            };
        }
        for (file, removed) in &self.gone {
            let (file, short) = (plain(file), &removed.commit.as_str()[..12]);
            let _ =
                writeln!(out, "{file}: is gone, and the recipient could open it at {short}: change what of it is still valid");
            for (other, values) in &removed.unchanged_in {
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
        if self.is_shallow {
            out.push_str(
                "this clone is shallow, so older commits were not looked at: run `git fetch --unshallow`, and ask again\n",
            );
        }
        if self.is_long {
            out.push_str(
                "there are older commits, which were not looked at: a file that the recipient opened only then is not listed\n",
            );
        }
        out
    }
}

#[cfg(test)]
mod tests;
