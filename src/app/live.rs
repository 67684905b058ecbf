//! Everything in force, of all sources together. It is replaced as a whole.

use super::error::NoTransitKey;
use super::not_in_force::NoValue;
use super::opened::PlaintextCache;
use super::revision::Revision;
use super::revisions::Revisions;
use super::tracked_source::TrackedSource;
use crate::kind::TransitUse;
use crate::kind::{FileKey, SecretValue};
use crate::policy::{Catalogue, FileKeyTerms, Granted, PolicySet, SecretTerms, TrustPolicy};
use crate::secrets::{Header, OpenedTransitKey, Plaintext};
use crate::store::Licence;
use crate::telemetry::SourceState;
use crate::words::names::{CommitId, PolicyName, SecretName, SecretPath, SourceName, TransitKey};
use crate::words::yaml::Fault;
use crate::words::{Denial, Digest, Reason, TransitFile, WidenedFile};
use std::collections::{BTreeMap, BTreeSet};
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
}

impl ActiveSource {
    /// A revision of the source, as it is followed now.
    pub fn new(followed: Arc<TrackedSource>, revision: Arc<Revision>, catalogue: &Catalogue) -> Self {
        let placed = if followed.name.is_root() {
            Arc::default()
        } else {
            Arc::new(revision.ruleset.placed(followed.bounds(), catalogue))
        };
        Self { followed, revision, placed }
    }
}

impl ActiveSource {
    /// Its state, for its gauges.
    pub fn state(&self) -> SourceState {
        SourceState {
            faulty: self.faulty_files(),
            held: self.revision.pending_files().len(),
            read_at: self.followed.looked_at(),
            alarmed: self.followed.alarm.load().is_some(),
        }
    }

    /// The number of faulty files. One file can have several faults.
    fn faulty_files(&self) -> usize {
        let faults = self.revision.faults().chain(&self.placed.1);
        faults.map(|fault| &*fault.file).collect::<BTreeSet<&str>>().len()
    }
}

/// Everything in force.
pub struct Live {
    root: ActiveSource,
    further: BTreeMap<SourceName, ActiveSource>,
    /// The policies of all sources; absent if there is only the root source, whose own set then decides.
    together: Option<PolicySet>,
    opened: PlaintextCache,
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

    /// The faults of all sources, at `FILE`, or at `SOURCE:FILE` for a further source.
    pub fn faults(&self) -> impl Iterator<Item = Fault> {
        let qualified = self.sources().flat_map(|(name, source)| {
            source.revision.faults().map(move |fault| {
                let mut fault = fault.clone();
                fault.file = of_source(&name, &fault.file).into();
                fault
            })
        });
        qualified.chain(self.further.values().flat_map(|source| source.placed.1.iter().cloned()))
    }

    /// The faults of the guardrails if they cannot be read. Then nothing widens in any source.
    pub fn guardrail_faults(&self) -> impl Iterator<Item = &Fault> {
        self.root.revision.ruleset.guardrail_faults().iter()
    }

    /// The first alarm of any source.
    pub fn alarm(&self) -> Option<String> {
        self.sources().find_map(|(name, source)| {
            let alarm = source.followed.alarm.load_full()?;
            Some(if name.is_root() { alarm.to_string() } else { format!("{name}: {alarm}") })
        })
    }

    /// Files that widen access and wait for a person: an older form of them, or none, is in force.
    pub fn pending_files(&self) -> Vec<String> {
        let mut files: Vec<String> = self.waiting().into_iter().map(|waits| waits.file).collect();
        files.dedup();
        files
    }

    /// The same, each with the reason.
    pub fn waiting(&self) -> Vec<WidenedFile> {
        let waiting = self.sources().flat_map(|(name, source)| {
            source.revision.pending.iter().map(move |waits| WidenedFile { file: of_source(&name, &waits.file), ..waits.clone() })
        });
        waiting.collect()
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

    /// Opens a granted transit key in this version, or in its highest one, and returns the version. As for secrets, a source's
    /// policies reach only its own keys, and only its own identities open them. The caller learns only of a missing key or
    /// version; other causes stay in the log.
    pub fn open_transit_key(
        &self,
        licence: &Licence<'_, TransitUse>,
        version: Option<u32>,
    ) -> Result<(u32, OpenedTransitKey), Denial> {
        let key = &licence.terms().key;
        let (in_force, within) = self.transit_key(&licence.granted().source, key)?;
        let found = in_force.revision.transit().version(&within, version);
        let (version, bytes) = found.map_err(|cause| no_transit_key(key, cause))?;
        let file = TransitFile { key: within, version };
        let opened = OpenedTransitKey::open(key, &file, bytes, &in_force.followed.identities());
        Ok((version, opened.map_err(|cause| unreadable_transit_key(key, cause))?))
    }

    /// The versions of a granted transit key, the lowest first.
    pub fn transit_versions(&self, source: &SourceName, key: &TransitKey) -> Result<Vec<u32>, Denial> {
        let (in_force, within) = self.transit_key(source, key)?;
        in_force.revision.transit().versions(&within).map_err(|cause| no_transit_key(key, cause))
    }

    /// The source that grants a transit key, and the key's name within it.
    pub(super) fn transit_key(&self, source: &SourceName, key: &TransitKey) -> Result<(&ActiveSource, TransitKey), Denial> {
        let in_force = self.source(source).ok_or_else(|| unreadable_transit_key(key, "its source is not in force"))?;
        let within = if source.is_root() { Some(key.clone()) } else { key.below(source) };
        let foreign = || unreadable_transit_key(key, format!("it does not belong to the source {source}"));
        Ok((in_force, within.ok_or_else(foreign)?))
    }

    /// The documents with a header that has all of these stanzas, and that header, whoever may read them. The header with the
    /// fewest other stanzas comes first, so that nobody gets ahead by copying these stanzas into a longer header.
    pub fn with_stanzas(&self, stanzas: &[Digest]) -> Vec<(SecretPath, Digest)> {
        let found = self.sources().flat_map(|(name, source)| {
            let full = move |path: &SecretPath| {
                if name.is_root() { Ok(path.clone()) } else { SecretPath::parse(&format!("{name}/{path}")) }
            };
            source.revision.with_stanzas(stanzas).filter_map(move |(path, header)| Some((full(path).ok()?, header)))
        });
        let mut found: Vec<(SecretPath, &Header)> = found.collect();
        found.sort_by_key(|(_, header)| header.stanza_count());
        found.into_iter().map(|(path, header)| (path, *header.id())).collect()
    }

    /// The file key of a granted document. Like the document itself, only its own source's identities open it.
    pub fn file_key(&self, licence: &Licence<'_, FileKeyTerms>) -> Result<FileKey, Denial> {
        let (source, terms) = (&licence.granted().source, licence.terms());
        let whole = SecretName { path: terms.document.clone(), key: None };
        let (in_force, within) = self.owned(source, &whole)?;
        let key = in_force.revision.file_key(&within.path, &terms.header, &in_force.followed.identities());
        let key = key.map_err(|fault| unreadable(&whole, fault))?;
        Ok(FileKey { document: terms.document.clone(), header: terms.header, key })
    }

    /// Opens a granted secret. A source's policies reach only its own files, and only its own identities open them.
    pub fn open_secret(&self, licence: &Licence<'_, SecretTerms>) -> Result<SecretValue, Denial> {
        let (granted, terms) = (licence.granted(), licence.terms());
        let (source, name) = (&granted.source, &terms.name);
        let (in_force, within) = self.owned(source, name)?;
        let revision = &in_force.revision;
        let commit =
            revision.commit_of_document(&within.path).cloned().ok_or_else(|| unreadable(name, "its source has no revision"))?;
        let open = || revision.open_secret(&within, terms, &in_force.followed.identities());
        let plaintext = self.opened.value(source, terms, open).map_err(|cause| not_given(name, &cause))?;
        Ok(secret_value(granted, terms, &plaintext, commit))
    }

    /// The source that grants a secret, and the secret's name within it.
    pub(super) fn owned(&self, source: &SourceName, name: &SecretName) -> Result<(&ActiveSource, SecretName), Denial> {
        let in_force = self.source(source).ok_or_else(|| unreadable(name, "its source is not in force"))?;
        let within = if source.is_root() { Some(name.clone()) } else { name.below(source) };
        let within = within.ok_or_else(|| unreadable(name, format!("it does not belong to the source {source}")))?;
        Ok((in_force, within))
    }

    /// Wipes expired decrypted values.
    pub fn forget_old(&self) {
        self.opened.forget_old();
    }
}

/// The answer with an opened value.
pub(super) fn secret_value(granted: &Granted, terms: &SecretTerms, plaintext: &Plaintext, commit: CommitId) -> SecretValue {
    let (encoding, value) = SecretValue::written(&plaintext.value);
    SecretValue {
        commit,
        encoding,
        expires_at: granted.expires,
        name: terms.name.clone(),
        offline_seconds: terms.offline.as_secs(),
        only: terms.only.clone(),
        unauthenticated: plaintext.unauthenticated,
        value,
    }
}

/// A file's name in reports: `FILE` for the root source, `SOURCE:FILE` for a further one.
fn of_source(name: &SourceName, file: &str) -> String {
    if name.is_root() { file.to_owned() } else { format!("{name}:{file}") }
}

fn unreadable_transit_key(key: &TransitKey, cause: impl std::fmt::Display) -> Denial {
    Reason::SecretUnreadable.with_cause(format!("transit key {key}: {cause}"))
}

fn no_transit_key(key: &TransitKey, cause: NoTransitKey) -> Denial {
    let message = format!("The key {key} is granted, but {cause}.");
    Reason::SecretMissing.with_cause(format!("transit key {key}: {cause}")).with_detail(message)
}

/// The denial for a value that is not given. The caller learns what the file lacks, because the caller may read everything granted in it.
fn not_given(name: &SecretName, cause: &NoValue) -> Denial {
    if cause.is_missing() {
        let message = format!("The secret is granted, but {cause}.");
        return Reason::SecretMissing.with_cause(format!("{name}: {cause}")).with_detail(message);
    }
    unreadable(name, cause)
}

pub(super) fn unreadable(name: &SecretName, cause: impl std::fmt::Display) -> Denial {
    Reason::SecretUnreadable.with_cause(format!("{name}: {cause}"))
}
