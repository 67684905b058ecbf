//! Divides what an entry grants into the parts that guardrails can leave of it. An identity has all of an entry except what is denied to
//! it, so what it has is one of these parts, or within one. Among all repositories of an account, some stand for all that are alike.

use super::GitHubGrant;
use super::reach::{Reach, fits, folded};
use crate::kind::{GitHubTarget, RepositoryScope};
use crate::policy::access::{Interpretation, Kind, patterns_overlap};
use crate::policy::pattern::Pattern;
use crate::words::github::{Owner, RepositoryName};
use std::collections::BTreeSet;

/// The most parts of one entry, and the most kinds of repositories of one account. Guardrails have a handful of denials that differ, and
/// the work grows with each. With more, the result is unknown.
const PARTS_MAX: usize = 64;
/// The most repositories of one kind that policies name, if an unnamed one has to be searched for among them.
const LISTED_MAX: usize = 32;
/// Texts for `*` and for `**` in a name.
const FILLERS: [(&str, &str); 8] =
    [("a", "a"), ("b", "b"), ("c", "c"), ("x7", "x7"), ("z0", "z0"), ("example", "example"), ("k-9", "k-9"), ("q_q", "q_q")];
/// Names that no repository has.
const NO_NAMES: [&str; 2] = [".", ".."];

/// The denials and names by which entries are divided.
pub(in crate::policy) struct Divisions<'a> {
    /// The patterns of each denial.
    denials: Vec<Vec<&'a Pattern>>,
    /// Every repository that some entry names, whatever the case. A repository that no entry names stands for others.
    listed: &'a BTreeSet<RepositoryName>,
}

impl<'a> Divisions<'a> {
    /// Denials without patterns of repositories divide nothing and are left out.
    pub(in crate::policy) fn new(denials: impl Iterator<Item = Vec<&'a Pattern>>, listed: &'a BTreeSet<RepositoryName>) -> Self {
        Self { denials: denials.filter(|patterns| !patterns.is_empty()).collect(), listed }
    }
}

impl GitHubGrant {
    /// The repositories that it names.
    pub(in crate::policy) fn names(&self) -> impl Iterator<Item = &RepositoryName> {
        self.reach.names()
    }

    /// Whether it is for all repositories of an account.
    pub(in crate::policy) const fn is_of_all(&self) -> bool {
        matches!(self.reach, Reach::All(_))
    }

    /// Its parts, each as a request for it; `None` if they are too many.
    pub(in crate::policy) fn parts(&self, by: &Divisions<'_>) -> Option<Vec<GitHubTarget>> {
        let parts: Vec<RepositoryScope> = match &self.reach {
            Reach::All(owner) => {
                some_of_each_kind(owner, by)?.into_iter().map(|name| RepositoryScope::Named([name].into())).collect()
            }
            Reach::Some { own, .. } => {
                let left = left(self.names().cloned().collect(), by)?;
                let with_own = own.iter().flat_map(|_| left.iter().cloned().chain([BTreeSet::new()])).map(RepositoryScope::Own);
                let with_own: Vec<RepositoryScope> = with_own.collect();
                left.into_iter().map(RepositoryScope::Named).chain(with_own).collect()
            }
        };
        let target = |part| GitHubTarget { repositories: Some(part), ..self.whole() };
        Some(parts.into_iter().map(target).collect())
    }
}

/// What any of the denials, alone or together, can leave of these.
fn left(named: BTreeSet<RepositoryName>, by: &Divisions<'_>) -> Option<BTreeSet<BTreeSet<RepositoryName>>> {
    let mut all = BTreeSet::from([named.clone()]);
    for patterns in &by.denials {
        let is_left = |name: &&RepositoryName| !patterns.iter().any(|pattern| fits(pattern, name));
        if named.iter().all(|name| is_left(&name)) {
            continue;
        }
        let fewer: Vec<BTreeSet<_>> = all.iter().map(|some| some.iter().filter(is_left).cloned().collect()).collect();
        all.extend(fewer);
        if all.len() > PARTS_MAX {
            return None;
        }
    }
    all.retain(|some| !some.is_empty());
    Some(all)
}

/// Repositories of an account that stand for their kind: repositories of a kind are alike to every denial. Each kind has two if it can,
/// because the caller may reach one of them another way, as its own repository.
fn some_of_each_kind(owner: &Owner, by: &Divisions<'_>) -> Option<BTreeSet<RepositoryName>> {
    let all = Pattern::parse(&format!("{}/*", owner.folded())).ok()?;
    let mut patterns: Vec<Pattern> = Vec::new();
    for pattern in by.denials.iter().flatten().map(|pattern| folded(pattern)) {
        if !patterns.contains(&pattern) && can_name(&pattern) && patterns_overlap(&all, &pattern) {
            patterns.push(pattern);
        }
    }
    let mut kinds = vec![Kind::of(&all)];
    for pattern in &patterns {
        kinds = kinds.iter().flat_map(|kind| kind.apart(pattern)).collect();
        if kinds.len() > PARTS_MAX {
            return None;
        }
    }
    // If nothing is denied, all of them are alike: they are compared as one.
    let some = kinds.iter().filter(|_| !patterns.is_empty()).map(|kind| some_of(kind, owner, by.listed));
    Some(some.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
}

/// Two repositories of this kind that no entry names. If there are fewer, the named ones too.
fn some_of(kind: &Kind<'_>, owner: &Owner, listed: &BTreeSet<RepositoryName>) -> Option<Vec<RepositoryName>> {
    let text = |name: &RepositoryName| name.to_string().to_ascii_lowercase();
    let read = |text: &str| RepositoryName::parse(text).ok();
    // Even if policies name a thousand repositories, unnamed ones of most kinds are easily found.
    let easy: BTreeSet<RepositoryName> =
        kind.filled(&FILLERS).filter(|text| kind.holds(text)).filter_map(|text| read(&text)).collect();
    let unnamed: Vec<RepositoryName> = easy.difference(listed).take(2).cloned().collect();
    if unnamed.len() == 2 {
        return Some(unnamed);
    }
    let here: Vec<&RepositoryName> = listed.iter().filter(|name| name.owner() == owner && kind.holds(&text(name))).collect();
    if here.len() > LISTED_MAX {
        return None;
    }
    let none = NO_NAMES.map(|name| Pattern::literal_of(&format!("{}/{name}", owner.folded())));
    let around: Vec<Pattern> = here.iter().map(|name| Pattern::literal_of(&text(name))).chain(none).collect();
    let unnamed = around.iter().fold(kind.clone(), |kind, pattern| kind.but(pattern));
    let first = match unnamed.read_first(read) {
        Interpretation::One(first) => first,
        Interpretation::None => return Some(here.into_iter().cloned().collect()),
        Interpretation::Unknown => return None,
    };
    let known = Pattern::literal_of(&text(&first));
    match unnamed.but(&known).read_first(read) {
        Interpretation::One(second) => Some(vec![first, second]),
        Interpretation::None => Some(here.into_iter().cloned().chain([first]).collect()),
        Interpretation::Unknown => None,
    }
}

/// Whether a repository's name can have all characters of the pattern.
fn can_name(pattern: &Pattern) -> bool {
    pattern.named().all(|character| character.is_ascii_alphanumeric() || matches!(character, '/' | '-' | '_' | '.'))
}
