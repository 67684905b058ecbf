//! One source in force: its policies, its encrypted secrets and transit keys, and its faults.

mod defined;
mod file_key;
mod forms;
mod recorded;
mod secret;
mod transit;

pub(super) use defined::Defined;
pub(super) use recorded::Recorded;
pub use recorded::recorded_policies;
pub(super) use secret::open_granted;

use super::ages::Ages;
use super::not_in_force::NotInForce;
use crate::config::SourceFiles;
use crate::git::Snapshot;
use crate::policy::{Bounds, Catalogue, Loaded, Ruleset, Tree, Widening, may_be_guardrails, of_further_source, with_left_out};
use crate::secrets::{self, Header, Identities, RepositoryPath};
use crate::words::names::{CommitId, PolicyName, SecretPath, SourceName};
use crate::words::yaml::{Fault, Place, Severity};
use crate::words::{Forms, Gain, TransitFile, WidenedFile};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use transit::TransitKeys;

/// One source at one commit.
#[derive(Debug, Default)]
pub struct Revision {
    /// The commit; `None` before the first one was read.
    pub commit: Option<CommitId>,
    /// Who signed it, if signers are named.
    pub signer: Option<String>,
    /// The address of the repository that it was read from. A source's name may belong to another repository later.
    pub repository: Option<String>,
    /// Its files as the commit has them. The forms in force may be older.
    snapshot: Snapshot,
    /// Its policies.
    pub ruleset: Ruleset,
    secrets: BTreeMap<SecretPath, Arc<[u8]>>,
    transit: TransitKeys,
    /// Every `.sops.yaml`, from the last commit in which no rule waited.
    rules: BTreeMap<String, Arc<[u8]>>,
    /// The files whose form of this commit is not in force, or not the only one.
    forms: Forms,
    /// The headers by which a document is found for age.
    headers: BTreeMap<SecretPath, Arc<[Header]>>,
    ages: Ages,
    /// The further sources that the root repository names.
    pub sources: BTreeMap<SourceName, Defined>,
    faults: Vec<Fault>,
    /// Files that widen access and wait for a person.
    pub pending: Vec<WidenedFile>,
}

/// Everything for reading a source's files.
pub struct ReadContext<'a> {
    /// The issuers that policies may name.
    pub catalogue: &'a Catalogue,
    /// The identities that open its secrets.
    pub identities: &'a Identities,
    /// Whether the identities have changed, so that every secret is opened again.
    pub rekeyed: bool,
    /// How changes that widen access are treated.
    pub widening: Widening,
    /// The encrypted files and rules that widen access; used only if they wait.
    pub widened: &'a [WidenedFile],
    /// The source's bounds; `None` for the root source, which has none.
    pub bounds: Option<&'a [Arc<Bounds>]>,
    /// The folders of files that further sources name.
    pub files: &'a SourceFiles,
}

impl Revision {
    /// The next revision: every file's good form, or the last good one of this revision.
    pub fn next(&self, snapshot: Snapshot, reading: &ReadContext<'_>) -> Self {
        let fault_of = |file: &str, fault: &str, code| Fault::new(file, Place { line: 1, column: 1 }, fault).coded(code);
        let mut faults = Vec::new();
        let (tree, unread) = match reading.bounds {
            Some(_) => of_further_source(&snapshot.files),
            None => (Cow::Borrowed(&snapshot.files), Vec::new()),
        };
        faults.extend(unread);
        let last_good = self.commit.is_some().then_some(&self.ruleset);
        let bounds = reading.bounds.unwrap_or_default();
        let loaded = Ruleset::load_with(&tree, reading.catalogue, last_good, reading.widening, bounds);
        let Loaded { ruleset, faults: found, pending } = loaded;
        faults.extend(found);
        let mut pending: Vec<WidenedFile> = pending.iter().map(|file| of_policies(file)).collect();
        let waits = self.holds(reading.widening);
        let waiting: BTreeSet<&str> = reading.widened.iter().filter(|_| waits).map(|waits| waits.file.as_str()).collect();
        let mut secrets = BTreeMap::new();
        for (file, bytes) in snapshot.files.range("secrets/".to_owned()..) {
            let Some(name) = file.strip_prefix("secrets/") else { break };
            if secrets::is_rules_file(file) {
                continue;
            }
            match self.keep_secret(name, bytes.clone(), reading) {
                Ok((path, _)) if waiting.contains(file.as_str()) => {
                    secrets.extend(self.secrets.get(&path).map(|old| (path, old.clone())));
                }
                Ok((path, bytes)) => _ = secrets.insert(path, bytes),
                Err((fault, old)) => {
                    faults.push(fault_of(file, &fault, "secret_unreadable"));
                    secrets.extend(old);
                }
            }
        }
        let (transit, of_transit) = self.transit.next(&snapshot.files, reading.identities, &waiting);
        faults.extend(of_transit.iter().map(|(file, fault)| fault_of(file, fault, "transit_unreadable")));
        let is_rules = |(file, _): &(&String, &Arc<[u8]>)| secrets::is_rules_file(file);
        let rules_wait = waiting.iter().any(|file| secrets::is_rules_file(file));
        let rules = if rules_wait { &self.rules } else { &snapshot.files };
        let rules = rules.iter().filter(is_rules).map(|(file, bytes)| (file.clone(), bytes.clone())).collect();
        // A faulty file is reported as faulty. It is not in force either.
        let is_left_out = |name: &str| snapshot.left_out.iter().any(|(file, _)| file == name);
        let good =
            |waits: &&WidenedFile| !is_left_out(&waits.file) && !faults.iter().any(|fault| fault.file.exact() == waits.file);
        pending.extend(reading.widened.iter().filter(|_| waits).filter(good).cloned());
        let waits = waits || ruleset.has_faulty_guardrails();
        let sources = if reading.bounds.is_none() {
            self.define(&snapshot.files, reading, waits, &mut faults, &mut pending)
        } else {
            BTreeMap::new()
        };
        drop(tree);
        let faults = with_left_out(faults, &snapshot.left_out);
        let headers = self.headers_of(&secrets);
        let mut next = Self {
            commit: snapshot.revision.clone(),
            signer: None,
            repository: None,
            snapshot,
            ruleset,
            secrets,
            forms: Forms::default(),
            headers,
            transit,
            ages: self.ages.next(),
            rules,
            sources,
            faults,
            pending,
        };
        next.forms = next.forms_since(self);
        next
    }

    /// A changed secret comes into force only if it opens; a faulty one keeps its last good form.
    #[expect(clippy::type_complexity, reason = "a fault, and what stays in force")]
    fn keep_secret(
        &self,
        name: &str,
        bytes: Arc<[u8]>,
        reading: &ReadContext<'_>,
    ) -> Result<(SecretPath, Arc<[u8]>), (String, Option<(SecretPath, Arc<[u8]>)>)> {
        let path = SecretPath::parse(name).map_err(|fault| (fault.to_string(), None))?;
        let old = self.secrets.get(&path);
        if !reading.rekeyed && old.is_some_and(|old| Arc::ptr_eq(old, &bytes) || *old == bytes) {
            return Ok((path, bytes));
        }
        match secrets::check(&RepositoryPath::of_secret(&path), &bytes, reading.identities) {
            Ok(()) => Ok((path, bytes)),
            Err(fault) => Err((fault.to_string(), old.cloned().map(|old| (path, old)))),
        }
    }

    /// The headers of these secrets. Those of unchanged secrets are not read again.
    fn headers_of(&self, secrets: &BTreeMap<SecretPath, Arc<[u8]>>) -> BTreeMap<SecretPath, Arc<[Header]>> {
        let of = |(path, bytes): (&SecretPath, &Arc<[u8]>)| {
            let same = self.secrets.get(path).is_some_and(|old| Arc::ptr_eq(old, bytes));
            let known = if same { self.headers.get(path).cloned() } else { None };
            (path.clone(), known.unwrap_or_else(|| secrets::headers(bytes).into()))
        };
        secrets.iter().map(of).collect()
    }

    /// Whether changes that widen access wait. Before the first revision there is nothing to measure them against.
    pub fn holds(&self, widening: Widening) -> bool {
        widening == Widening::Waits && self.commit.is_some()
    }

    /// The commit whose form of this file is in force.
    pub fn commit_of(&self, file: &str) -> Option<&CommitId> {
        self.forms.of(file).and_then(|commits| commits.first()).or(self.commit.as_ref())
    }

    /// The forms in force that are not the commit's own.
    pub const fn forms(&self) -> &Forms {
        &self.forms
    }

    /// What the log says of a faulty file. A file of an upgraded server may be faulty by a new rule, and have no form before it.
    pub(super) fn of_faulty(&self, file: &str) -> &'static str {
        match self.forms.of(file) {
            Some([]) => "a file is faulty, and is not in force: it has no good form",
            Some(_) => "a file is faulty; its last good form stays in force",
            // It has no form of its own, such as a file of rows.
            None => "a file is faulty",
        }
    }

    /// The same for a document, by its name within this source.
    pub fn commit_of_document(&self, path: &SecretPath) -> Option<&CommitId> {
        let others = !self.forms.is_empty();
        if others { self.commit_of(&RepositoryPath::of_secret(path).to_string()) } else { self.commit.as_ref() }
    }

    /// The same for a policy, by its full name among all sources.
    pub fn commit_of_policy(&self, source: &SourceName, policy: &PolicyName) -> Option<&CommitId> {
        if self.forms.is_empty() {
            return self.commit.as_ref();
        }
        let within = if source.is_root() { Some(policy.as_str()) } else { source.within(policy.as_str()) };
        self.commit_of(&format!("policies/{}.yaml", within?))
    }

    /// The files that wait, each once.
    pub fn pending_files(&self) -> Vec<&str> {
        let mut files: Vec<&str> = self.pending.iter().map(|waits| waits.file.as_str()).collect();
        files.dedup();
        files
    }

    /// The encrypted files and rules in force, by their paths in the repository.
    pub fn in_force(&self) -> Tree {
        let rules = self.rules.iter().map(|(file, bytes)| (file.clone(), bytes));
        self.files_in_force().chain(rules).map(|(file, bytes)| (file, bytes.clone())).collect()
    }

    /// The form in force of an encrypted file. The error says why there is none.
    pub fn file_in_force(&self, file: &str) -> Result<&Arc<[u8]>, NotInForce> {
        let found = match TransitFile::parse(file) {
            Ok(transit) => self.transit.file(&transit),
            Err(_) => file.strip_prefix("secrets/").and_then(|path| self.secrets.get(&SecretPath::parse(path).ok()?)),
        };
        found.ok_or_else(|| self.why_not_in_force(file))
    }

    /// The rules for encrypting files again.
    pub const fn rules(&self) -> &BTreeMap<String, Arc<[u8]>> {
        &self.rules
    }

    /// The files of the commit, with which the next one is compared.
    pub const fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Its faults.
    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| fault.severity == Severity::Error)
    }

    /// Its transit keys.
    pub const fn transit(&self) -> &TransitKeys {
        &self.transit
    }

    /// The documents that hold its secrets, by their names within this source.
    pub fn documents(&self) -> impl Iterator<Item = &SecretPath> {
        self.secrets.keys()
    }

    /// When its files last changed.
    pub(super) const fn ages(&self) -> &Ages {
        &self.ages
    }

    /// Its encrypted files in force, by their paths in the repository.
    pub(super) fn files_in_force(&self) -> impl Iterator<Item = (String, &Arc<[u8]>)> {
        files_of(&self.secrets).chain(self.transit.files())
    }

    /// Whether there is a document of this name within this source.
    pub fn has_document(&self, path: &SecretPath) -> bool {
        self.secrets.contains_key(path)
    }

    /// Why a file is not in force.
    pub fn why_not_in_force(&self, file: &str) -> NotInForce {
        if let Some(waits) = self.pending.iter().find(|waits| waits.file == file) {
            return NotInForce::Waits(waits.clone());
        }
        let fault = self.faults.iter().find(|fault| fault.file.exact() == file);
        fault.map_or(NotInForce::Missing, |fault| NotInForce::Faulty(Box::new(fault.clone())))
    }
}

/// Encrypted documents by their paths in the repository.
fn files_of(secrets: &BTreeMap<SecretPath, Arc<[u8]>>) -> impl Iterator<Item = (String, &Arc<[u8]>)> {
    secrets.iter().map(|(path, bytes)| (RepositoryPath::of_secret(path).to_string(), bytes))
}

/// A file of policies that waits.
fn of_policies(file: &str) -> WidenedFile {
    let guardrails = may_be_guardrails(file);
    let gain = if guardrails { Gain::Guardrail } else { Gain::Policy };
    WidenedFile::new(file, gain, if guardrails { "changes what is denied" } else { "lets somebody in" })
}

#[cfg(test)]
mod tests;
