//! How policies grant each kind of credential: by which section, on which terms, and what its holder gets. The code of one kind is
//! with the section that grants it; code that all kinds share is in `dispatch.rs`, over the list of kinds.

mod dispatch;
mod granted;

pub(super) use dispatch::Offer;
pub use granted::{Granted, HasTerms, Terms};

use super::pattern::Pattern;
use super::sections::{Section, Term};
use super::{Rule, Tree};
use crate::identity::Facts;
use crate::kind::Target;
use crate::words::yaml::Place;
use crate::words::{Denial, Reason};
use std::collections::BTreeSet;

/// To which identities something is offered, by their repositories, among those that a rule matches.
pub(super) enum OfferedTo {
    /// To those of any repository.
    Anyone,
    /// Only to those of these repositories, each for its own.
    Only(Vec<String>),
    /// To those of all other repositories.
    AllBut(Vec<String>),
    /// To no identity: it is granted on several terms, and no request can choose one.
    NoOne,
}

/// Two revisions that are compared.
pub(super) struct Compared<'a> {
    /// The rules of both.
    pub(super) rules: Vec<&'a Rule>,
    /// What the guardrails of either deny of things that are files: patterns, each with the key of its section.
    pub(super) denied: Vec<(&'static str, &'a Pattern)>,
    /// The files of each.
    pub(super) files: [&'a Tree; 2],
}

/// Credentials that no file stands for, some of which are listed.
pub(super) struct Unlisted<T> {
    pub(super) of: Vec<T>,
    /// Whether these stand for all.
    pub(super) stand_for_all: bool,
}

impl<T> Default for Unlisted<T> {
    /// There are none.
    fn default() -> Self {
        Self { of: Vec::new(), stand_for_all: true }
    }
}

/// What an open request means: the only thing that is granted. `none` says that nothing is, `several` that a request has to choose.
pub(super) fn only_one<T: Ord>(
    granted: impl Iterator<Item = T>,
    none: &'static str,
    several: impl FnOnce() -> Denial,
) -> Result<Option<T>, Denial> {
    let mut granted: BTreeSet<T> = granted.collect();
    match (granted.pop_first(), granted.is_empty()) {
        (None, _) => Err(Reason::NoMatchingPolicy.with_cause(none)),
        (Some(only), true) => Ok(Some(only)),
        (Some(_), false) => Err(several()),
    }
}

/// A kind of credential as policies grant it.
pub(super) trait Grantable: HasTerms {
    /// The section of `grant:` by which it is granted.
    type Section: Section;
    /// The terms on which the entries of one rule offer it, for comparison.
    type Offer<'a>: Clone + PartialEq;
    /// Whether a session may have it after its token has ended. What lives on by itself would outlive the session.
    const OUTLASTS_TOKEN: bool = false;

    /// The text that the patterns of guardrails and bounds are compared with; `None` if the policies have yet to choose.
    fn guarded(&self) -> Option<&str>;

    /// Whether a part of it fits a pattern. Then a denial counts.
    fn fits(&self, pattern: &Pattern) -> bool {
        self.guarded().is_some_and(|text| pattern.matches(text))
    }

    /// Whether these patterns cover all of it. Then bounds allow it.
    fn lies_within<'a>(&self, mut patterns: impl Iterator<Item = &'a Pattern> + Clone) -> bool {
        patterns.any(|pattern| self.fits(pattern))
    }

    /// For a credential of the caller's own repository: which repositories that can be. The patterns of guardrails are compared with it.
    fn own_pattern(&self) -> Option<Pattern> {
        None
    }

    /// To which identities these entries of one rule offer it, by their repositories.
    fn offered_to<'a>(&self, _entries: impl Iterator<Item = &'a Self::Section> + Clone) -> OfferedTo {
        OfferedTo::Anyone
    }

    /// The terms on which these entries of one rule offer it, and where.
    fn offer<'a>(&self, entries: impl Iterator<Item = &'a Self::Section> + Clone) -> Option<(Place, Self::Offer<'a>)>;

    /// The terms on which this identity gets it by these entries of one rule.
    fn terms<'a>(
        &self,
        entries: impl Iterator<Item = &'a Self::Section> + Clone,
        facts: &Facts,
    ) -> Option<Result<Self::Terms, Denial>>;

    /// The terms of an offer, one by one and always in the same order.
    fn values(offer: &Self::Offer<'_>) -> Vec<Term>;

    /// The credential that an open request means.
    fn choose<'a>(_entries: impl Iterator<Item = &'a Self::Section>) -> Result<Option<Self>, Denial> {
        Ok(None)
    }

    /// The credential that these terms are of, if a request may leave it open. One request may not ask for it both openly and by name.
    fn chosen(_terms: &Self::Terms) -> Option<Target> {
        None
    }

    /// The name of what these terms are a part of, if a request may choose among overlapping parts. `replay: once` counts all of
    /// them as one use.
    fn whole(_terms: &Self::Terms) -> Option<String> {
        None
    }

    /// Whether the same request again is a retry. The body of a use of daypass itself says more than the credential's name, so a
    /// second one is no retry.
    const IS_RETRIED: bool = true;

    /// The credential that is used on the way to it. A denial of that one counts too.
    fn between(_terms: &Self::Terms) -> Option<Target> {
        None
    }

    /// Another credential whose holder can get this one from somebody else.
    fn had_by(&self) -> Option<Target> {
        None
    }

    /// The parts of it that these entries grant, if it is not granted whole.
    fn parts<'a>(&self, _entries: impl Iterator<Item = &'a Self::Section>) -> BTreeSet<Target> {
        BTreeSet::new()
    }

    /// The credentials of this kind that are files of a revision, or those parts of a file that these entries grant singly.
    fn filed<'a>(_files: &Tree, _entries: impl Iterator<Item = &'a Self::Section>) -> Vec<Self> {
        Vec::new()
    }

    /// The credentials of this kind that either revision grants and the files of neither limit.
    fn unlisted(_revisions: &Compared<'_>) -> Unlisted<Self> {
        Unlisted::default()
    }

    /// Joins the grants of its parts into one.
    fn together(&self, _parts: Vec<Granted>) -> Result<Granted, Denial> {
        Err(Reason::Internal.with_cause("a credential that has no parts"))
    }
}
