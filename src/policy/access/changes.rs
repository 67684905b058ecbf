//! What two revisions permit, compared: who gains and who loses which credential, with one identity that proves it.

use super::looser::{looser, owners_of_both, renamed};
use super::missing::missing;
use super::past;
use super::permits::{Permit, mapping, permits, without};
use super::region::Region;
use super::repositories::{Granting, Parts, parts};
use super::unfiled::unfiled;
use crate::identity::Mapping;
use crate::kind::{PastSecret, Target, TransitUse};
use crate::policy::file::{Rule, TrustPolicy};
use crate::policy::guardrail::GUARDRAILS_FILE;
use crate::policy::pattern::Pattern;
use crate::policy::sections::{GitHubGrant, SecretGrant, Section, TermChange};
use crate::policy::{Catalogue, Ruleset, Tree};
use crate::words::names::{IssuerName, SecretName, SecretPath, TransitKey};
use crate::words::{TransitFile, UnixTime};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// Whether a change lets more identities in or fewer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Some identity may now what it might not.
    Widens,
    /// Some identity may no longer what it might.
    Narrows,
}

/// One grant that reaches more or fewer identities than before.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Change {
    /// More or fewer.
    pub direction: Direction,
    /// What they reach: one credential, or several that change alike.
    pub credentials: Vec<String>,
    /// The grant: file and line, in the new revision when it widens and in the old one when it narrows.
    pub at: String,
    /// The issuer of the identities.
    pub issuer: IssuerName,
    /// The identities, in parts that do not overlap.
    pub parts: Vec<Part>,
    /// Why, where it is not the policy: a new file under a grant that stood.
    pub because: Option<String>,
    /// Of those who had it before: by which terms they get more of it, or less. Empty: they did not have it.
    pub terms: Vec<TermChange>,
    /// Who answers for the policy.
    pub owners: Vec<String>,
}

/// Identities that change, and one of them.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Part {
    /// In the words of the policy; what was taken away stands last, after `not`.
    pub who: String,
    /// One of them, as claims of that issuer.
    pub example: Map<String, Value>,
}

/// One revision: what it permits, and the files that it has.
pub(super) struct Side<'a> {
    ruleset: &'a Ruleset,
    tree: &'a Tree,
}

/// Compares two revisions. Widenings stand first.
pub fn changes(old: (&Ruleset, &Tree), new: (&Ruleset, &Tree), catalogue: &Catalogue, now: UnixTime) -> Vec<Change> {
    let (old, new) = (Side::new(old.0, old.1), Side::new(new.0, new.1));
    let credentials = old.credentials().chain(new.credentials());
    let credentials: BTreeSet<Target> = credentials.chain(past([&old, &new]).0).collect();
    let mut found: Vec<Change> = credentials.iter().flat_map(|wanted| of_one(wanted, &old, &new, catalogue, now)).collect();
    found.extend(of_parts(&credentials, &found, &old, &new, catalogue, now));
    found.extend(unfiled(&old, &new, catalogue, now));
    together(found)
}

/// Who gains and who loses one credential.
fn of_one(wanted: &Target, old: &Side<'_>, new: &Side<'_>, catalogue: &Catalogue, now: UnixTime) -> Vec<Change> {
    let (before, after) = (old.permits(wanted, catalogue, now), new.permits(wanted, catalogue, now));
    let mut found = gained(&before, &after, catalogue, wanted, Direction::Widens, old);
    found.extend(gained(&after, &before, catalogue, wanted, Direction::Narrows, new));
    found.extend(looser(&before, &after, catalogue, wanted, Direction::Widens));
    found.extend(looser(&after, &before, catalogue, wanted, Direction::Narrows));
    found.extend(renamed(&before, &after, catalogue, wanted));
    found
}

/// The same of parts of credentials, where the same is not told of the whole.
fn of_parts(
    known: &BTreeSet<Target>,
    told: &[Change],
    old: &Side<'_>,
    new: &Side<'_>,
    catalogue: &Catalogue,
    now: UnixTime,
) -> Vec<Change> {
    let parts = Side::parts([old, new]);
    let mut found = Vec::new();
    for (part, whole) in parts.of.iter().filter(|(part, _)| !known.contains(part)) {
        let target = whole.target.to_string();
        let is_told = |change: &Change| told.iter().any(|of_whole| of_whole.is_of(&target) && of_whole.tells(change));
        let because = whole.has_more_like_it.then(|| "for example: whichever repository is like it".to_owned());
        let changes = of_one(part, old, new, catalogue, now).into_iter().filter(|change| !is_told(change));
        found.extend(changes.map(|change| Change { because: because.clone(), ..change }));
    }
    // Of what cannot be taken apart, all that a new policy grants may be a gain, and all that an old one does where denials changed.
    let (stood, all_count): (HashSet<_>, _) = (old.policies().map(Arc::as_ptr).collect(), guardrails_differ([old, new]));
    let is_new = |policy: &Arc<TrustPolicy>| new.policies().any(|one| Arc::ptr_eq(one, policy));
    let may_gain = |policy: &Arc<TrustPolicy>| is_new(policy) && (all_count || !stood.contains(&Arc::as_ptr(policy)));
    for (policy, whole) in parts.too_many.iter().filter(|(policy, _)| may_gain(policy)) {
        let alone = Ruleset::alone(policy);
        let after = permits(&alone, catalogue, whole, now);
        let because = Some("guardrails deny so many parts of it that nobody can tell which of them are gained".to_owned());
        let gains = gained(&[], &after, catalogue, whole, Direction::Widens, old).into_iter();
        found.extend(gains.map(|change| Change { because: because.clone(), ..change }));
    }
    found
}

impl Change {
    /// Whether it is told of this credential alone.
    fn is_of(&self, credential: &str) -> bool {
        matches!(&self.credentials[..], [only] if only == credential)
    }

    /// Whether both tell the same, of whichever credentials.
    fn tells(&self, other: &Self) -> bool {
        let is_alike = self.direction == other.direction && self.at == other.at;
        is_alike && self.parts == other.parts && self.terms == other.terms
    }
}

/// Whether the new form of a policy lets nobody in whom the old one did not, and gives nobody more.
pub(in crate::policy) fn narrows(old: &Arc<TrustPolicy>, new: &Arc<TrustPolicy>, tree: &Tree, catalogue: &Catalogue) -> bool {
    if Arc::ptr_eq(old, new) {
        return true;
    }
    if old.issuer != new.issuer || new.beyond(old).next().is_some() {
        return false;
    }
    let (before, after) = (Ruleset::alone(old), Ruleset::alone(new));
    let (before, after) = (Side { ruleset: &before, tree }, Side { ruleset: &after, tree });
    // Both are looked at before they expire.
    let now = UnixTime::from_seconds(0);
    let (past, stand_for_all) = past([&before, &after]);
    stand_for_all
        && unfiled(&before, &after, catalogue, now).is_empty()
        && after.credentials().chain(past).chain(Side::parts([&before, &after]).of.into_keys()).all(|wanted| {
            let (before, after) = (before.permits(&wanted, catalogue, now), after.permits(&wanted, catalogue, now));
            after.iter().all(|permit| {
                // Under another row's name one is somebody else to a cloud, as under another policy's.
                let alike = before.iter().filter(|other| other.row == permit.row);
                let alike: Vec<&Permit<'_>> = alike.filter(|other| permit.terms.beyond(&other.terms).is_empty()).collect();
                let Some(mapping) = mapping(catalogue, permit.policy) else { return false };
                let known = alike.iter().flat_map(|other| &other.regions);
                let rest = known.fold(permit.regions.clone(), |rest, known| without(rest, known, mapping));
                rest.iter().all(|region| region.example(mapping).is_none())
            })
        })
}

/// Secrets of the past, whichever commit they are of: those of the documents that there are, and of those that no tree tells of some;
/// and whether these stand for all.
fn past<'a>(sides: [&Side<'a>; 2]) -> (Vec<Target>, bool) {
    if !sides.iter().flat_map(|side| side.rules()).any(|rule| rule.grants.of::<SecretGrant>().any(|grant| grant.kept.history)) {
        return (Vec::new(), true);
    }
    let present: BTreeSet<SecretPath> = sides.iter().flat_map(|side| side.secrets()).collect();
    let denied = denied_otherwise(sides).filter_map(|(is_secret, pattern)| is_secret.then_some(pattern));
    let past = past::documents(sides.iter().flat_map(|side| side.rules()), denied, &present);
    let documents = past.documents.union(&present);
    let keys: BTreeSet<Option<&str>> = sides.iter().flat_map(|side| side.keys()).map(Some).chain([None]).collect();
    let named = |path: &SecretPath, key: &Option<&str>| SecretName { path: path.clone(), key: key.map(str::to_owned) };
    let of = |path| keys.iter().map(move |key| Target::SecretAt(PastSecret { commit: None, name: named(path, key) }));
    (documents.flat_map(of).collect(), past.stand_for_all)
}

/// Where the guardrails of the two differ, the patterns of documents (`true`) and of transit keys that either denies something of:
/// what they tell apart may change though no policy does.
pub(super) fn denied_otherwise<'a>(sides: [&Side<'a>; 2]) -> impl Iterator<Item = (bool, &'a Pattern)> {
    let differing = guardrails_differ(sides).then_some(sides);
    differing.into_iter().flatten().flat_map(|side| side.ruleset.set().guardrails().patterns())
}

pub(super) fn guardrails_differ(sides: [&Side<'_>; 2]) -> bool {
    let [old, new] = sides.map(|side| side.tree.get(GUARDRAILS_FILE));
    old != new
}

impl<'a> Side<'a> {
    pub(super) const fn new(ruleset: &'a Ruleset, tree: &'a Tree) -> Self {
        Self { ruleset, tree }
    }

    fn rules(&self) -> impl Iterator<Item = &'a Rule> + Clone + use<'a> {
        self.ruleset.set().policies().iter().flat_map(|policy| &policy.rules)
    }

    /// The parts of what either grants, as the guardrails of either leave it.
    fn parts(sides: [&Self; 2]) -> Parts<&'a Arc<TrustPolicy>> {
        let policies = sides.iter().flat_map(|side| side.policies());
        let granting: Vec<Granting<'a, _>> = policies
            .flat_map(|policy| {
                let entries = policy.rules.iter().flat_map(|rule| rule.grants.of::<GitHubGrant>());
                entries.map(move |entry| (policy, &policy.issuer, entry))
            })
            .collect();
        let denied = sides.iter().flat_map(|side| side.ruleset.set().guardrails().denied_of(GitHubGrant::WORD));
        parts(&granting, &denied.collect::<Vec<_>>())
    }

    /// The values that are granted by themselves, of whichever document.
    fn keys(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.rules().flat_map(|rule| rule.grants.of::<SecretGrant>().filter_map(|grant| grant.key.as_deref()))
    }

    /// Every credential that a policy names, and every secret and use of a transit key that the revision has.
    pub(super) fn credentials(&self) -> impl Iterator<Item = Target> + 'a {
        let rules = self.rules();
        let keys: BTreeSet<&str> = self.keys().collect();
        let secrets = self.secrets().flat_map(move |path| {
            let whole = std::iter::once(None).chain(keys.clone().into_iter().map(Some));
            whole
                .map(move |key| Target::Secret(SecretName { path: path.clone(), key: key.map(str::to_owned) }))
                .collect::<Vec<_>>()
        });
        let keys: BTreeSet<TransitKey> = TransitFile::among(self.tree).map(|file| file.key).collect();
        let transit = keys.into_iter().flat_map(|key| TransitUse::of_key(&key).map(Target::Transit).collect::<Vec<_>>());
        rules.flat_map(|rule| rule.grants.named()).chain(secrets).chain(transit)
    }

    fn secrets(&self) -> impl Iterator<Item = SecretPath> + 'a {
        self.tree.keys().filter_map(|file| SecretPath::parse(file.strip_prefix("secrets/")?).ok())
    }

    fn has(&self, wanted: &Target) -> bool {
        missing(self.tree, wanted).is_none()
    }

    /// Whether it is a secret of the past that has no file now, and stands for others like it.
    fn lacks_now(&self, wanted: &Target) -> bool {
        matches!(wanted, Target::SecretAt(past) if !self.tree.contains_key(&format!("secrets/{}", past.name.path)))
    }

    /// The policies in force.
    pub(super) fn policies(&self) -> impl Iterator<Item = &'a Arc<TrustPolicy>> + use<'a> {
        self.ruleset.set().policies().iter()
    }

    /// The names of the documents that it has.
    pub(super) fn secret_names(&self) -> BTreeSet<String> {
        self.secrets().map(|path| path.to_string()).collect()
    }

    /// The names of the transit keys that it has.
    pub(super) fn key_names(&self) -> BTreeSet<String> {
        TransitFile::among(self.tree).map(|file| file.key.to_string()).collect()
    }

    /// Who may have it, if it were there.
    pub(super) fn would_permit(&self, wanted: &Target, catalogue: &Catalogue, now: UnixTime) -> Vec<Permit<'a>> {
        permits(self.ruleset, catalogue, wanted, now)
    }

    /// A secret or a key that the revision does not have is nobody's.
    fn permits(&self, wanted: &Target, catalogue: &Catalogue, now: UnixTime) -> Vec<Permit<'a>> {
        if self.has(wanted) { permits(self.ruleset, catalogue, wanted, now) } else { Vec::new() }
    }
}

/// What `after` lets in that `before` did not.
pub(super) fn gained(
    before: &[Permit<'_>],
    after: &[Permit<'_>],
    catalogue: &Catalogue,
    wanted: &Target,
    direction: Direction,
    without_it: &Side<'_>,
) -> Vec<Change> {
    let mut found = Vec::new();
    for permit in after {
        let Some(mapping) = mapping(catalogue, permit.policy) else { continue };
        let known = before.iter().filter(|other| other.policy.issuer == permit.policy.issuer).flat_map(|other| &other.regions);
        let rest = known.fold(permit.regions.clone(), |rest, known| without(rest, known, mapping));
        let parts: Vec<Part> = rest.iter().filter_map(|region| part(region, mapping)).collect();
        if parts.is_empty() {
            continue;
        }
        let because = match direction {
            _ if without_it.lacks_now(wanted) => Some("for example: whatever the past has under this grant".to_owned()),
            _ if without_it.has(wanted) => None,
            Direction::Widens => Some("a new file under a grant that names it".to_owned()),
            Direction::Narrows => Some("the file is gone".to_owned()),
        };
        let (issuer, owners) = (permit.policy.issuer.clone(), owners(permit.policy, without_it, direction));
        let (credentials, terms) = (vec![wanted.to_string()], Vec::new());
        found.push(Change { direction, credentials, at: permit.at(), issuer, parts, because, terms, owners });
    }
    found
}

/// Those of the file in both revisions: a change may name other owners as well.
fn owners(policy: &TrustPolicy, other: &Side<'_>, direction: Direction) -> Vec<String> {
    let there = other.policies().find(|other| other.file == policy.file).map_or(policy, |there| there);
    match direction {
        Direction::Widens => owners_of_both(there, policy),
        Direction::Narrows => owners_of_both(policy, there),
    }
}

pub(super) fn part(region: &Region, mapping: &Mapping) -> Option<Part> {
    Some(Part { example: region.token(mapping)?, who: region.wording(mapping) })
}

/// Credentials that change alike by the same grant are one change.
fn together(found: Vec<Change>) -> Vec<Change> {
    let mut joined: BTreeMap<(Direction, String), Vec<Change>> = BTreeMap::new();
    for change in found {
        let alike = joined.entry((change.direction, change.at.clone())).or_default();
        let same =
            |other: &&mut Change| other.parts == change.parts && other.because == change.because && other.terms == change.terms;
        match alike.iter_mut().find(same) {
            Some(other) => other.credentials.extend(change.credentials),
            None => alike.push(change),
        }
    }
    joined.into_values().flatten().collect()
}
