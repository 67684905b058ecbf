//! Grants by pattern without a file under the pattern. Their holders get every future file there, and no present file shows that.

use super::change::{Change, Direction};
use super::gained::gained;
use super::kinds::{Interpretation, Kind};
use super::looser::looser;
use super::permits::permits;
use super::search::patterns_overlap;
use super::side::{Side, guardrails_differ};
use crate::kind::Target;
use crate::policy::file::TrustPolicy;
use crate::policy::pattern::Pattern;
use crate::policy::sections::{Filed, OfFile, Term, names_in, own};
use crate::policy::{Catalogue, Ruleset};
use crate::words::UnixTime;
use crate::words::names::SecretPath;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// Why a document stands for others.
const UNFILED: &str = "no file stands under it yet: it grants whatever comes";
/// Why a reported gain may be larger than the real one.
const TOO_MANY_PATTERNS: &str = "so many patterns meet it that nobody can tell which documents are gained";
/// The most kinds of documents into which other patterns divide one pattern.
const KINDS_MAX: usize = 64;
/// The most patterns of one comparison that have more kinds. Each takes a second or more, and none was seen outside of tests.
const CROWDED_MAX: usize = 4;

/// A pattern of a grant, and what is granted for each file that fits it.
struct GrantedPattern<'a> {
    /// The key of its section.
    word: &'static str,
    pattern: &'a Pattern,
    terms: Vec<Term>,
    of: OfFile<'a>,
}

/// Another pattern, of a grant or a denial: the old revision may have granted more of the documents that fit it, or less.
struct OtherPattern<'a> {
    pattern: &'a Pattern,
    was_denied: bool,
    /// The terms on which the old revision granted it.
    had: Vec<Vec<Term>>,
}

impl OtherPattern<'_> {
    /// Whether the old revision gave less for what fits it than an entry with these terms gives.
    fn gave_less(&self, terms: &[Term]) -> bool {
        self.was_denied || self.had.iter().any(|had| *had != *terms)
    }
}

/// The patterns by the keys of their sections, and by their texts.
type Patterns<'a> = BTreeMap<(&'static str, String), OtherPattern<'a>>;

/// Who gains something by a pattern of the new revision that has no file yet.
pub(super) fn unfiled<'a>(old: &Side<'a>, new: &Side<'a>, catalogue: &Catalogue, now: UnixTime) -> Vec<Change> {
    let changed = may_gain(old, new);
    if changed.is_empty() {
        return Vec::new();
    }
    let patterns = patterns(old, new, &changed);
    let names: BTreeMap<&str, BTreeSet<String>> = own().map(|(word, _)| (word, names_in(word, new.tree))).collect();
    let (mut found, mut crowded) = (Vec::new(), 0);
    for (policy, granted) in changed.into_iter().flat_map(|policy| granted_by(policy).map(move |granted| (policy, granted))) {
        let Some(files) = names.get(granted.word) else { continue };
        let kinds_max = if crowded < CROWDED_MAX { KINDS_MAX } else { 1 };
        let (documents, has_more) = documents(&granted, &patterns, files, kinds_max);
        crowded += usize::from(has_more);
        for Representative { document, is_alike, why } in documents {
            let Some(wanted) = (granted.of.wanted)(&document) else { continue };
            let past = if is_alike { old.would_permit(&wanted, catalogue, now) } else { Vec::new() };
            // If nobody can tell what is denied of its kind, denials do not count.
            let alone = Ruleset::alone(policy);
            let next =
                if is_alike { new.would_permit(&wanted, catalogue, now) } else { permits(&alone, catalogue, &wanted, now) };
            let gains = gained(&past, &next, catalogue, &wanted, Direction::Widens, old).into_iter();
            found.extend(gains.chain(looser(&past, &next, catalogue, &wanted, Direction::Widens)).map(|change| Change {
                credentials: vec![granted.of.description.clone()],
                because: Some(why.to_owned()),
                ..change
            }));
        }
    }
    found.dedup();
    found
}

/// Who gains credentials that the present files do not limit, if these do not stand for all: everything that the policies grant by which
/// somebody may gain.
pub(super) fn unreported(
    unlisted: &[Target],
    old: &Side<'_>,
    new: &Side<'_>,
    catalogue: &Catalogue,
    now: UnixTime,
) -> Vec<Change> {
    let mut found = Vec::new();
    for policy in may_gain(old, new) {
        let alone = Ruleset::alone(policy);
        for wanted in unlisted {
            let next = permits(&alone, catalogue, wanted, now);
            let gains = gained(&[], &next, catalogue, wanted, Direction::Widens, old).into_iter();
            found.extend(gains.map(|change| Change { because: Some(TOO_MANY_PATTERNS.to_owned()), ..change }));
        }
    }
    found
}

/// The policies by which somebody may gain. If denials changed, these are also the unchanged ones.
fn may_gain<'a>(old: &Side<'a>, new: &Side<'a>) -> Vec<&'a Arc<TrustPolicy>> {
    let known: HashSet<*const TrustPolicy> = old.policies().map(Arc::as_ptr).collect();
    let all_count = guardrails_differ([old, new]);
    new.policies().filter(|policy| all_count || !known.contains(&Arc::as_ptr(policy))).collect()
}

/// The patterns that divide kinds: those of denials, and those of other entries. A document that fits one of them does not stand for one
/// that does not.
fn patterns<'a>(old: &Side<'a>, new: &Side<'a>, changed: &[&'a Arc<TrustPolicy>]) -> Patterns<'a> {
    let mut patterns = Patterns::new();
    let mut add = |word, pattern: &'a Pattern, was_denied, had: Option<Vec<Term>>| {
        let new = OtherPattern { pattern, was_denied: false, had: Vec::new() };
        let known = patterns.entry((word, pattern.to_string())).or_insert(new);
        known.was_denied |= was_denied;
        known.had.extend(had);
    };
    for (side, was_denied) in [(old, true), (new, false)] {
        side.denied().for_each(|(word, pattern)| add(word, pattern, was_denied, None));
    }
    let (before, changed) = (old.policies().map(|policy| (policy, true)), changed.iter().map(|policy| (*policy, false)));
    for (rule, is_old) in before.chain(changed).flat_map(|(policy, is_old)| policy.rules.iter().map(move |rule| (rule, is_old))) {
        for entry in rule.grants.entries() {
            let Some(filed) = entry.filed() else { continue };
            add(entry.word(), filed.pattern, false, is_old.then_some(filed.terms));
        }
    }
    patterns
}

/// In the order of the sections.
fn granted_by(policy: &TrustPolicy) -> impl Iterator<Item = GrantedPattern<'_>> {
    let entries = || policy.rules.iter().flat_map(|rule| rule.grants.entries());
    own().flat_map(move |(word, _)| entries().filter(move |entry| entry.word() == word)).flat_map(|entry| {
        let filed = entry.filed().into_iter();
        filed.flat_map(move |Filed { pattern, terms, each }| {
            each.into_iter().map(move |of| GrantedPattern { word: entry.word(), pattern, terms: terms.clone(), of })
        })
    })
}

/// A document that stands for its kind.
struct Representative {
    document: SecretPath,
    /// Whether all of its kind is granted to the same identities by the old revision.
    is_alike: bool,
    why: &'static str,
}

/// One document of each kind that fits the pattern and has no file in the new revision, and whether there are more than `kinds_max` kinds.
/// If there are, it is one that fits none of the remaining patterns. If there is none, or if the old revision gave less for what fits
/// one of these, nobody can tell who had it.
fn documents(
    granted: &GrantedPattern<'_>,
    patterns: &Patterns<'_>,
    files: &BTreeSet<String>,
    kinds_max: usize,
) -> (Vec<Representative>, bool) {
    let (mut kinds, mut left, mut gave_less) = (vec![Kind::of(granted.pattern)], Vec::new(), false);
    let own = granted.pattern.to_string();
    let others = patterns.iter().filter(|((word, text), other)| {
        *word == granted.word && *text != own && patterns_overlap(granted.pattern, other.pattern)
    });
    let mut others: Vec<&OtherPattern<'_>> = others.map(|(_, other)| other).collect();
    // Patterns that remain make the report larger and hide nothing. Those that matter most divide the kinds first.
    others.sort_by_key(|other| !other.gave_less(&granted.terms));
    for other in others {
        // Once there are too many, the others are not tried: a thousand patterns would be divided by a thousand.
        let apart: Vec<Kind<'_>> =
            if left.is_empty() { kinds.iter().flat_map(|kind| kind.apart(other.pattern)).collect() } else { Vec::new() };
        if left.is_empty() && apart.len() <= kinds_max {
            kinds = apart;
        } else {
            left.push(other.pattern);
            gave_less |= other.gave_less(&granted.terms);
        }
    }
    let stand = |kind: &Kind<'_>| {
        let alike = left.iter().fold(kind.clone(), |kind, other| kind.but(other));
        if !gave_less && files.iter().any(|name| alike.holds(name)) {
            return None;
        }
        match alike.document() {
            Interpretation::One(document) if !gave_less => Some(Representative { document, is_alike: true, why: UNFILED }),
            Interpretation::None if left.is_empty() => None,
            // Nobody knows whether there is one: any document that fits the pattern stands for it.
            _ => {
                let any = match kind.document() {
                    Interpretation::One(document) => Some(document),
                    _ => SecretPath::parse(&granted.pattern.sample()).ok(),
                };
                let why = if left.is_empty() { UNFILED } else { TOO_MANY_PATTERNS };
                any.map(|document| Representative { document, is_alike: false, why })
            }
        }
    };
    (kinds.iter().filter_map(stand).collect(), !left.is_empty())
}
