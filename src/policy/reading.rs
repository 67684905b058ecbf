//! Reads policy files in parallel. A file is not read again while it and the files that it uses are unchanged.

use super::catalogue::{Catalogue, Tree};
use super::expectation::{self, Outcome};
use super::file::TrustPolicy;
use crate::words::yaml::{Fault, Node, Place, Severity, Yaml};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The fewest files for one thread. For fewer, starting a thread would cost more than it saves.
const FILES_PER_THREAD_MIN: usize = 64;

/// Faults that are kept of the policies of a revision. Of each faulty file beyond them one is kept: a repository has room for many
/// millions, and a fault takes far more memory than the text that is wrong.
pub(super) const REVISION_FAULTS_MAX: usize = 100_000;

/// The result of reading one policy file.
#[derive(Debug)]
pub(super) struct FileRead {
    pub(super) file: String,
    bytes: Arc<[u8]>,
    /// The other files of the tree that it uses, as they were.
    others: Vec<(String, Option<Arc<[u8]>>)>,
    /// The policy, if it is good and its own tests hold.
    pub(super) policy: Option<Arc<TrustPolicy>>,
    /// The results of the policy's own tests, if one of them does not hold.
    pub(super) own_outcomes: Vec<Outcome>,
    pub(super) faults: Vec<Fault>,
}

impl FileRead {
    /// With the first of its faults alone, errors before warnings, if so many are kept already.
    fn bounded(self, kept: &AtomicUsize) -> Self {
        if kept.fetch_add(self.faults.len(), Ordering::Relaxed) < REVISION_FAULTS_MAX {
            return self;
        }
        let first = self.faults.iter().position(|fault| fault.severity == Severity::Error).unwrap_or_default();
        let faults = self.faults.into_iter().skip(first).take(1).collect();
        Self { faults, ..self }
    }

    fn is_of(&self, bytes: &Arc<[u8]>, tree: &Tree) -> bool {
        same(&self.bytes, bytes)
            && self.others.iter().all(|(file, then)| match (then, tree.get(file)) {
                (None, None) => true,
                (Some(then), Some(now)) => same(then, now),
                _ => false,
            })
    }
}

/// A policy file, and the form of it that is in force.
#[derive(Clone, Debug)]
pub(super) struct LoadedFile {
    pub(super) read: Arc<FileRead>,
    pub(super) policy: Option<Arc<TrustPolicy>>,
}

/// Looks up files in a list that is sorted by their names. The names have to be asked for in that order.
pub(super) struct Cursor<'a>(&'a [LoadedFile]);

impl<'a> Cursor<'a> {
    pub(super) fn new(known: &'a [LoadedFile], first: &str) -> Self {
        Self(&known[known.partition_point(|kept| *kept.read.file < *first)..])
    }

    pub(super) fn find(&mut self, file: &str) -> Option<&'a LoadedFile> {
        while let [next, rest @ ..] = self.0
            && *next.read.file < *file
        {
            self.0 = rest;
        }
        self.0.first().filter(|next| next.read.file == file)
    }
}

fn same(one: &Arc<[u8]>, other: &Arc<[u8]>) -> bool {
    Arc::ptr_eq(one, other) || one == other
}

/// Reads every policy file of the tree, in its order.
pub(super) fn read_all(tree: &Tree, catalogue: &Catalogue, known: &[LoadedFile]) -> Vec<Arc<FileRead>> {
    let files: Vec<(&String, &Arc<[u8]>)> = tree.iter().filter(|(file, _)| is_policy(file)).collect();
    let kept = AtomicUsize::new(0);
    let read = |files: &[(&String, &Arc<[u8]>)]| {
        let mut cursor = Cursor::new(known, files.first().map_or("", |(file, _)| file));
        let one = |(file, bytes): &(&String, &Arc<[u8]>)| {
            let old = cursor.find(file).filter(|old| old.read.is_of(bytes, tree));
            let Some(old) = old else { return Arc::new(read_one(file, bytes, tree, catalogue).bounded(&kept)) };
            kept.fetch_add(old.read.faults.len(), Ordering::Relaxed);
            old.read.clone()
        };
        files.iter().map(one).collect::<Vec<_>>()
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // The server serves exchanges at the same time if a revision is in force: half of the cores are left to them.
    let threads = if known.is_empty() { cores } else { cores.div_ceil(2) };
    let share = files.len().div_ceil(threads).max(FILES_PER_THREAD_MIN);
    if files.len() <= share {
        return read(&files);
    }
    std::thread::scope(|scope| {
        let shares: Vec<_> = files.chunks(share).map(|share| scope.spawn(move || read(share))).collect();
        shares.into_iter().flat_map(|share| share.join().unwrap_or_default()).collect()
    })
}

/// The file of a policy's rows. It is known without the policy's issuer.
pub fn rows_file(policy: &Node) -> Option<String> {
    let Yaml::Mapping(members) = &policy.value else { return None };
    members.iter().find(|(key, ..)| key == "for_each").and_then(|(_, _, node)| node.as_text()).map(str::to_owned)
}

/// Whether this is the path of a policy.
pub fn is_policy(file: &str) -> bool {
    file.starts_with("policies/") && file.ends_with(".yaml")
}

/// The policy of one file in this tree, if it is good and its own tests hold.
pub fn read_policy(file: &str, tree: &Tree, catalogue: &Catalogue) -> Option<Arc<TrustPolicy>> {
    read_one(file, tree.get(file)?, tree, catalogue).policy
}

fn read_one(file: &str, bytes: &Arc<[u8]>, tree: &Tree, catalogue: &Catalogue) -> FileRead {
    let empty = |faults| FileRead {
        file: file.to_owned(),
        bytes: bytes.clone(),
        others: Vec::new(),
        policy: None,
        own_outcomes: Vec::new(),
        faults,
    };
    let (policy, mut faults) = match TrustPolicy::parse(file, bytes, tree, catalogue) {
        Ok((policy, warnings)) => (Arc::new(policy), warnings),
        Err(faults) => {
            // Nobody knows which other files it uses. This entry never matches, so the file is read again each time.
            return FileRead { others: vec![(file.to_owned(), None)], ..empty(faults) };
        }
    };
    let mut own_outcomes = expectation::run_own(&policy, tree, catalogue);
    if own_outcomes.iter().all(|outcome| outcome.holds) {
        own_outcomes = Vec::new();
    }
    faults.extend(test_faults(&policy, tree, &own_outcomes));
    let others = policy.other_files().map(|other| (other.to_owned(), tree.get(other).cloned())).collect();
    FileRead { others, policy: own_outcomes.is_empty().then_some(policy), own_outcomes, ..empty(faults) }
}

/// A fault for each of the policy's own tests that does not hold.
pub(super) fn failed_tests(policy: &Arc<TrustPolicy>, tree: &Tree, catalogue: &Catalogue) -> Vec<Fault> {
    test_faults(policy, tree, &expectation::run_own(policy, tree, catalogue))
}

fn test_faults(policy: &TrustPolicy, tree: &Tree, outcomes: &[Outcome]) -> Vec<Fault> {
    let failed = outcomes.iter().filter(|outcome| !outcome.holds);
    let bytes = tree.get(&policy.file).cloned().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let fault_of = |outcome: &Outcome| {
        let line = outcome.at.rsplit_once(':').and_then(|(_, line)| line.parse().ok()).unwrap_or(0);
        let why = outcome.why.as_deref().unwrap_or_default();
        let message = format!("the policy's own test does not hold: {}: {why}", outcome.expected);
        Fault::new(&policy.file, Place { line, column: 1 }, message).coded("test_failed")
    };
    Fault::kept(failed.map(|outcome| fault_of(outcome).in_text(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn many_faulty_files_keep_a_bounded_number_of_faults_and_each_file_keeps_one() {
        let keys: Arc<[u8]> = (0..100).map(|key| format!("k{key}: 1\n")).collect::<String>().into_bytes().into();
        let files = REVISION_FAULTS_MAX / 100 + 200;
        let tree: Tree = (0..files).map(|file| (format!("policies/{file}.yaml"), keys.clone())).collect();
        let reads = read_all(&tree, &Catalogue::of_github(), &[]);
        let faults: Vec<&Fault> = reads.iter().flat_map(|read| &read.faults).collect();
        let named: BTreeSet<&str> = faults.iter().map(|fault| fault.file.exact()).collect();
        assert_eq!(named.len(), files);
        // Each thread may read one more whole file.
        assert!((REVISION_FAULTS_MAX..REVISION_FAULTS_MAX + 2 * files).contains(&faults.len()), "{}", faults.len());
    }
}
