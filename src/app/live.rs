//! Everything in force, of all sources together. It is replaced as a whole.

use super::opened::PlaintextCache;
use super::reported_faults::ReportedFaults;
use super::revision::Revision;
use super::revisions::Revisions;
use super::tracked_source::TrackedSource;
use crate::answers::{FaultsLeftOut, FileFault, listed_files};
use crate::policy::{Catalogue, Granted, PolicySet, TrustPolicy};
use crate::words::names::{CommitId, PolicyName, SecretPath, SourceName};
use crate::words::yaml::Fault;
use crate::words::{Denial, Reason, WidenedFile};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// One source in force: its settings and its revision.
#[derive(Clone)]
pub struct ActiveSource {
    /// The followed source.
    pub followed: Arc<TrackedSource>,
    /// Its revision in force.
    pub revision: Arc<Revision>,
    /// A further source's policies under their full names and within their bounds, and the faults of those outside of them.
    placed: Arc<(Vec<Arc<TrustPolicy>>, Vec<Fault>)>,
    /// Counted and listed once, because monitors ask all the time.
    reported: Arc<ReportedFaults>,
}

impl ActiveSource {
    /// A revision of the source, as it is followed now.
    pub fn new(followed: Arc<TrackedSource>, revision: Arc<Revision>, catalogue: &Catalogue) -> Self {
        let placed = if followed.name.is_root() {
            Arc::default()
        } else {
            Arc::new(revision.ruleset.placed(followed.bounds(), catalogue))
        };
        let reported = Arc::new(ReportedFaults::of(revision.faults().chain(&placed.1), |file| of_source(&followed.name, file)));
        Self { followed, revision, placed, reported }
    }

    /// The number of faulty files. One file can have several faults.
    pub fn faulty_files(&self) -> usize {
        self.reported.files
    }
}

/// Everything in force.
pub struct Live {
    root: ActiveSource,
    further: BTreeMap<SourceName, ActiveSource>,
    /// The policies of all sources; absent if there is only the root source, whose own set then decides.
    together: Option<PolicySet>,
    pub(super) opened: PlaintextCache,
}

impl Live {
    /// Merges the root source with further ones, each within its bounds. What did not change since `before` is reused.
    pub fn of(root: ActiveSource, further: BTreeMap<SourceName, ActiveSource>, before: Option<&Self>) -> Self {
        let placed: Vec<&[Arc<TrustPolicy>]> = further.values().map(|source| source.placed.0.as_slice()).collect();
        let before = before.and_then(|before| before.together.as_ref());
        let together = (!further.is_empty()).then(|| root.revision.ruleset.merge(&placed, before));
        Self { root, further, together, opened: PlaintextCache::default() }
    }

    /// The policies that decide; without a revision of the root source nothing is granted.
    pub fn policies(&self) -> Result<&PolicySet, Denial> {
        self.revision().map(|_| self.together.as_ref().unwrap_or_else(|| self.root.revision.ruleset.set()))
    }

    /// The root source's commit in force.
    pub fn revision(&self) -> Result<&CommitId, Denial> {
        self.root.revision.commit.as_ref().ok_or_else(|| Reason::PolicyUnavailable.with_cause("no revision could be read yet"))
    }

    /// The commits of these policies: those in force, or older ones whose forms are in force.
    pub fn revisions_of(&self, granted: &[Granted]) -> Revisions {
        Revisions::of(granted.iter().filter_map(|granted| {
            let revision = &self.source(&granted.source)?.revision;
            let commit = revision.commit_of_policy(&granted.source, &granted.policy)?;
            Some((granted.policy.as_str(), commit, revision.commit.as_ref()?))
        }))
    }

    /// The same for the policy that a login names; without one, for the root source's commit in force.
    pub fn revisions_of_login(&self, policy: Option<&PolicyName>) -> Revisions {
        let root = SourceName::root();
        let name = policy.and_then(|policy| self.further_of(policy)).unwrap_or(&root);
        let source = self.further.get(name).unwrap_or(&self.root);
        let in_force = source.revision.commit.as_ref();
        let own = policy.map_or(in_force, |policy| source.revision.commit_of_policy(name, policy));
        Revisions::of(own.zip(in_force).map(|(own, in_force)| ("", own, in_force)).into_iter())
    }

    /// The repository of each further source among these. Records of their decisions name it, because a source's name may belong
    /// to another repository later, or may have been a folder of the root's.
    pub fn repositories<'a>(&'a self, sources: impl Iterator<Item = &'a SourceName>) -> BTreeMap<&'a SourceName, &'a str> {
        let further = sources.filter(|name| !name.is_root());
        further.filter_map(|name| Some((name, self.further.get(name)?.revision.repository.as_deref()?))).collect()
    }

    /// The further source that a policy belongs to, by the policy's name.
    pub fn further_of(&self, policy: &PolicyName) -> Option<&SourceName> {
        let (folder, _) = policy.as_str().split_once('/')?;
        self.further.keys().find(|name| name.as_str() == folder)
    }

    /// Every source: the root source first.
    pub fn sources(&self) -> impl Iterator<Item = (SourceName, &ActiveSource)> {
        let further = self.further.iter().map(|(name, source)| (name.clone(), source));
        std::iter::once((SourceName::root(), &self.root)).chain(further)
    }

    /// The source of this name.
    pub fn source(&self, name: &SourceName) -> Option<&ActiveSource> {
        if name.is_root() { Some(&self.root) } else { self.further.get(name) }
    }

    /// The faults of all sources, as many as are listed of each, at `FILE`, or at `SOURCE:FILE` for a further source.
    pub fn listed_faults(&self) -> Vec<FileFault> {
        self.sources().flat_map(|(_, source)| source.reported.listed.clone()).collect()
    }

    /// The faults that are not listed, if there are any.
    pub fn faults_left_out(&self) -> Option<FaultsLeftOut> {
        self.sources().map(|(_, source)| source.reported.left_out).fold(FaultsLeftOut::default(), FaultsLeftOut::and).if_any()
    }

    /// The faults of the guardrails if they cannot be read. Then nothing widens in any source.
    pub fn guardrail_faults(&self) -> impl Iterator<Item = &Fault> {
        self.root.revision.ruleset.guardrail_faults().iter()
    }

    /// Files that widen access and wait for a person, as many as are listed of each source: an older form of them, or none, is in
    /// force.
    pub fn pending_files(&self) -> Vec<String> {
        let mut files: Vec<String> = self.waiting().into_iter().map(|waits| waits.file).collect();
        files.dedup();
        files
    }

    /// The same, each with the reason.
    pub fn waiting(&self) -> Vec<WidenedFile> {
        let waiting = self.sources().flat_map(|(name, source)| {
            let (listed, _) = listed_files(&source.revision.pending);
            listed.iter().map(move |waits| WidenedFile { file: of_source(&name, &waits.file), ..waits.clone() })
        });
        waiting.collect()
    }

    /// How many wait that are not listed.
    pub fn waiting_left_out(&self) -> Option<NonZeroUsize> {
        let left_out = self.sources().filter_map(|(_, source)| listed_files(&source.revision.pending).1);
        NonZeroUsize::new(left_out.map(usize::from).sum())
    }

    /// Policy files of which the newest form is not in force, because it is faulty or waits for a person.
    pub fn newer_forms(&self) -> Vec<String> {
        let of = |(name, source): (SourceName, &ActiveSource)| -> Vec<String> {
            source.revision.ruleset.other_forms().map(|(file, _)| of_source(&name, file)).collect()
        };
        self.sources().flat_map(of).collect()
    }

    /// Refuses a source that could not be read for longer than its `max_stale`, by the time since boot.
    pub fn check_fresh(&self, source: &SourceName, boot: std::time::Duration) -> Result<(), Denial> {
        let source = self.source(source);
        source.map_or(Err(Reason::Internal.with_cause("a grant of no source")), |source| source.followed.check_fresh(boot))
    }

    /// The documents of every source, whoever may read them.
    pub fn documents(&self) -> impl Iterator<Item = SecretPath> {
        self.sources().flat_map(|(name, source)| {
            let full = move |path: &SecretPath| match name.is_root() {
                true => Some(path.clone()),
                false => SecretPath::parse(&format!("{name}/{path}")).ok(),
            };
            source.revision.documents().filter_map(full)
        })
    }

    /// Whether there is a document of this name.
    pub fn has_document(&self, path: &SecretPath) -> bool {
        self.place(path).is_some_and(|(source, within)| source.revision.has_document(&within))
    }

    /// The source that a document of this name belongs to, whether it exists or not, and its name there.
    pub(super) fn place(&self, path: &SecretPath) -> Option<(&ActiveSource, SecretPath)> {
        let further = self.further.iter().find_map(|(name, source)| {
            let within = name.within(path.as_str())?;
            Some(SecretPath::parse(within).ok().map(|within| (source, within)))
        });
        further.unwrap_or_else(|| Some((&self.root, path.clone())))
    }

    /// Wipes expired decrypted values.
    pub fn forget_old(&self) {
        self.opened.forget_old();
    }
}

/// A file's name in reports: `FILE` for the root source, `SOURCE:FILE` for a further one.
fn of_source(name: &SourceName, file: &str) -> String {
    if name.is_root() { file.to_owned() } else { format!("{name}:{file}") }
}
