//! What an entry grants, in the parts that guardrails leave of it. An identity has all of an entry but what is denied to it, so that
//! what it has is one of these parts, or within one; of repositories without number some stand for all that are alike.

use super::GitHubGrant;
use super::reach::{Reach, fits, folded};
use crate::kind::{GitHubTarget, Where};
use crate::policy::access::{Kind, Met, meet};
use crate::policy::pattern::Pattern;
use crate::words::github::{Owner, RepositoryName};
use std::collections::BTreeSet;

/// Parts of one entry, and kinds of repositories of one account, that are told apart: guardrails have a handful of denials that differ,
/// and the work grows with each. Beyond it nothing is claimed.
const PARTS_MAX: usize = 64;
/// Names of policies among the repositories of one kind that are looked around.
const LISTED_MAX: usize = 32;
/// What may stand for `*` and for `**` in a name.
const FILLERS: [(&str, &str); 8] =
    [("a", "a"), ("b", "b"), ("c", "c"), ("x7", "x7"), ("z0", "z0"), ("example", "example"), ("k-9", "k-9"), ("q_q", "q_q")];
/// Names that no repository has.
const NO_NAMES: [&str; 2] = [".", ".."];

/// By what entries are taken apart.
pub(in crate::policy) struct Knives<'a> {
    /// The patterns of each denial.
    denials: Vec<Vec<&'a Pattern>>,
    /// Every repository that some entry names, whatever the case: one that none names stands for more.
    listed: &'a BTreeSet<RepositoryName>,
}

impl<'a> Knives<'a> {
    /// Denials that say nothing of repositories cut nothing.
    pub(in crate::policy) fn new(denials: impl Iterator<Item = Vec<&'a Pattern>>, listed: &'a BTreeSet<RepositoryName>) -> Self {
        Self { denials: denials.filter(|patterns| !patterns.is_empty()).collect(), listed }
    }
}

impl GitHubGrant {
    /// The repositories that it names.
    pub(in crate::policy) fn names(&self) -> impl Iterator<Item = &RepositoryName> {
        self.reach.names()
    }

    /// Whether it is for all of an account.
    pub(in crate::policy) const fn is_of_all(&self) -> bool {
        matches!(self.reach, Reach::All(_))
    }

    /// Its parts, each as what could be asked for. `None`: they are too many to be told apart.
    pub(in crate::policy) fn parts(&self, by: &Knives<'_>) -> Option<Vec<GitHubTarget>> {
        let parts: Vec<Where> = match &self.reach {
            Reach::All(owner) => some_of_each_kind(owner, by)?.into_iter().map(|name| Where::Named([name].into())).collect(),
            Reach::Some { own, .. } => {
                let left = left(self.names().cloned().collect(), by)?;
                let beside = own.iter().flat_map(|_| left.iter().cloned().chain([BTreeSet::new()])).map(Where::Own);
                let beside: Vec<Where> = beside.collect();
                left.into_iter().map(Where::Named).chain(beside).collect()
            }
        };
        let target = |part| GitHubTarget { repositories: Some(part), ..self.whole() };
        Some(parts.into_iter().map(target).collect())
    }
}

/// What is left of these where any of the denials count.
fn left(named: BTreeSet<RepositoryName>, by: &Knives<'_>) -> Option<BTreeSet<BTreeSet<RepositoryName>>> {
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

/// Of the repositories of an account that are alike to every denial, two of each kind where it has two: to one of them whoever asks may
/// have another way, because it is its own.
fn some_of_each_kind(owner: &Owner, by: &Knives<'_>) -> Option<BTreeSet<RepositoryName>> {
    let all = Pattern::parse(&format!("{}/*", owner.folded())).ok()?;
    let mut patterns: Vec<Pattern> = Vec::new();
    for pattern in by.denials.iter().flatten().map(|pattern| folded(pattern)) {
        if !patterns.contains(&pattern) && can_name(&pattern) && meet(&all, &pattern) {
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
    // Where nothing is denied, all of them are alike, and are compared as one.
    let told = kinds.iter().filter(|_| !patterns.is_empty()).map(|kind| some_of(kind, owner, by.listed));
    Some(told.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
}

/// Two of this kind that no entry names, or as many as there are and those that are named.
fn some_of(kind: &Kind<'_>, owner: &Owner, listed: &BTreeSet<RepositoryName>) -> Option<Vec<RepositoryName>> {
    let text = |name: &RepositoryName| name.to_string().to_ascii_lowercase();
    let read = |text: &str| RepositoryName::parse(text).ok();
    // Of an account with a thousand repositories nearly all are named: most kinds have others that are easily found.
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
    let first = match unnamed.meet(read) {
        Met::One(first) => first,
        Met::None => return Some(here.into_iter().cloned().collect()),
        Met::Unknown => return None,
    };
    let known = Pattern::literal_of(&text(&first));
    match unnamed.but(&known).meet(read) {
        Met::One(second) => Some(vec![first, second]),
        Met::None => Some(here.into_iter().cloned().chain([first]).collect()),
        Met::Unknown => None,
    }
}

/// Whether every character that it names can stand in the name of a repository.
fn can_name(pattern: &Pattern) -> bool {
    pattern.named().all(|character| character.is_ascii_alphanumeric() || matches!(character, '/' | '-' | '_' | '.'))
}
