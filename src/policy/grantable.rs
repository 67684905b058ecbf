//! How policies grant each kind of credential: by which section, on which terms, and what its holder gets. The code of one kind is
//! with the section that grants it; code that all kinds share is here, over the list of kinds.

use super::guardrail::DeniedTargets;
use super::pattern::Pattern;
use super::sections::{Entry, Section, Term, TermChange, beyond};
use super::subject::subject;
use super::{Rule, Tree, TrustPolicy};
use crate::identity::Facts;
use crate::kind::{Kind, Maker, Target, each_kind};
use crate::token::Possession;
use crate::words::names::{PolicyName, RowName, SourceName};
use crate::words::yaml::Place;
use crate::words::{Denial, Reason, UnixTime};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;

/// One credential, and the policy that grants it.
#[derive(PartialEq, Eq, Debug)]
pub struct Granted {
    /// The repository that the policy comes from.
    pub source: SourceName,
    /// The policy.
    pub policy: PolicyName,
    /// The row of the policy, if its rows have names.
    pub row: Option<RowName>,
    /// The terms of the credential.
    pub terms: Terms,
    /// Whether the policy lets a token be used only once.
    pub once: bool,
    /// The proof of possession that the policy demands besides the token.
    pub proof: Possession,
    /// How long the policy lets a session last after its token has ended.
    pub session: Option<Duration>,
    /// When the last of the policies ends that grant it, if all of them end.
    pub expires: Option<UnixTime>,
}

impl Granted {
    /// Whether a session of this age may have it after its token has ended. Credentials that live on by themselves, such as an AWS
    /// session or a token of our own, are not for such a session.
    pub(super) fn outlasts_token(&self, session_age: Duration) -> bool {
        self.terms.outlasts_token() && self.session.is_some_and(|lasting| session_age < lasting)
    }

    /// The subject of a token that we sign for it: source, policy and row.
    pub fn subject(&self) -> String {
        subject(&self.source, &self.policy, self.row.as_ref())
    }
}

/// A kind that is granted on terms.
pub trait HasTerms: Kind {
    /// The terms for one identity.
    type Terms: Clone + Eq + Debug;
}

/// To which identities something is offered, by their repositories, among those that a rule matches.
pub(super) enum OfferedTo {
    /// To those of any repository.
    Anybodys,
    /// Only to those of these repositories, each for its own.
    Only(Vec<String>),
    /// To those of all other repositories.
    AllBut(Vec<String>),
    /// To nobody: it is granted on several terms, and no request can choose one.
    Nobodys,
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
    fn whose<'a>(&self, _entries: impl Iterator<Item = &'a Self::Section> + Clone) -> OfferedTo {
        OfferedTo::Anybodys
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

macro_rules! declare {
    ($($(#[$attribute:meta])* $kind:ident($target:ident) $word:literal $(=> $answer:ident)?;)*) => {
        $(use crate::kind::$target;)*

        /// The terms on which something is offered, for comparison.
        #[derive(Clone, PartialEq)]
        pub(super) enum Offer<'a> {
            $($kind(<$target as Grantable>::Offer<'a>),)*
        }

        impl Offer<'_> {
            /// Whether a session may have it after its token has ended.
            pub(super) const fn outlasts_token(&self) -> bool {
                match self { $(Self::$kind(_) => <$target>::OUTLASTS_TOKEN,)* }
            }

            /// Whether somebody outside knows its holder by the rule's subject.
            pub(super) const fn shows_subject(&self) -> bool {
                match self { $(Self::$kind(_) => <<$target as Grantable>::Section as Section>::SHOWS_SUBJECT,)* }
            }

            /// The terms by which this gives more than the old one; empty if it gives no more.
            pub(super) fn beyond(&self, old: &Self) -> Vec<TermChange> {
                match (self, old) {
                    // Most of thousands of pairs are equal.
                    (one, other) if one == other => Vec::new(),
                    $((Self::$kind(new), Self::$kind(old)) => beyond(<$target>::values(new), <$target>::values(old)),)*
                    _ => vec![TermChange::more("grant", "another kind", "this one")],
                }
            }
        }

        impl Target {
            /// The key of the section by which it is granted.
            pub(super) const fn section(&self) -> &'static str {
                match self { $(Self::$kind(_) => <$target as Grantable>::Section::WORD,)* }
            }

            /// Whether a part of it fits one of these patterns.
            fn fits(&self, what: &DeniedTargets) -> bool {
                match self {
                    $(Self::$kind(target) => what.of(self.section()).any(|pattern| target.fits(pattern)),)*
                }
            }

            /// For a credential of the caller's own repository: which repositories that can be.
            pub(super) fn own_pattern(&self) -> Option<Pattern> {
                match self { $(Self::$kind(target) => target.own_pattern(),)* }
            }

            /// Whether these patterns cover all of it.
            fn lies_within(&self, what: &DeniedTargets) -> bool {
                match self {
                    $(Self::$kind(target) => target.lies_within(what.of(self.section())),)*
                }
            }

            /// The credential that an open request means; `None` if the request is not open.
            pub(super) fn choose<'a>(&self, rules: impl Iterator<Item = &'a Rule>) -> Result<Option<Self>, Denial> {
                match self {
                    $(Self::$kind(target) if target.is_open() => {
                        let chosen = <$target>::choose(rules.flat_map(|rule| rule.grants.of()))?;
                        Ok(chosen.map(Self::$kind))
                    })*
                    _ => Ok(None),
                }
            }

            /// Another credential whose holder can get this one.
            pub(super) fn had_by(&self) -> Option<Self> {
                match self { $(Self::$kind(target) => target.had_by(),)* }
            }

            /// The parts of it that these rules grant.
            pub(super) fn parts<'a>(&self, rules: impl Iterator<Item = &'a Rule>) -> BTreeSet<Self> {
                match self { $(Self::$kind(target) => target.parts(rules.flat_map(|rule| rule.grants.of())),)* }
            }

            /// The credentials that are files of a revision, or those parts of a file that these rules grant singly.
            pub(super) fn filed<'a>(files: &Tree, rules: impl Iterator<Item = &'a Rule> + Clone) -> Vec<Self> {
                let mut filed = Vec::new();
                $(
                    let of_kind = <$target>::filed(files, rules.clone().flat_map(|rule| rule.grants.of()));
                    filed.extend(of_kind.into_iter().map(Self::$kind));
                )*
                filed
            }

            /// The credentials that either revision grants and the files of neither limit, and whether these stand for all.
            pub(super) fn unlisted(revisions: &Compared<'_>) -> (Vec<Self>, bool) {
                let (mut unlisted, mut stand_for_all) = (Vec::new(), true);
                $(
                    let of_kind = <$target>::unlisted(revisions);
                    unlisted.extend(of_kind.of.into_iter().map(Self::$kind));
                    stand_for_all &= of_kind.stand_for_all;
                )*
                (unlisted, stand_for_all)
            }

            /// Joins the grants of its parts into one.
            pub(super) fn together(&self, parts: Vec<Granted>) -> Result<Granted, Denial> {
                match self { $(Self::$kind(target) => target.together(parts),)* }
            }
        }

        impl Rule {
            /// Where the rule grants this, and on which terms.
            pub(super) fn offer(&self, target: &Target) -> Option<(Place, Offer<'_>)> {
                match target {
                    $(Target::$kind(target) => {
                        target.offer(self.grants.of()).map(|(place, offer)| (place, Offer::$kind(offer)))
                    })*
                }
            }

            /// To which identities it offers this, by their repositories.
            pub(super) fn whose(&self, target: &Target) -> OfferedTo {
                match target { $(Target::$kind(target) => target.whose(self.grants.of()),)* }
            }

            fn terms(&self, target: &Target, facts: &Facts) -> Option<Result<Terms, Denial>> {
                match target {
                    $(Target::$kind(target) => target.terms(self.grants.of(), facts).map(|terms| terms.map(Terms::$kind)),)*
                }
            }
        }

        impl Entry {
            /// Whether a session may have some of what it grants after its token has ended.
            pub(super) fn outlasts_token(&self) -> bool {
                let word = self.word();
                $((<$target>::OUTLASTS_TOKEN && word == <$target as Grantable>::Section::WORD))||*
            }
        }

        impl Terms {
            /// The word of its kind.
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$kind(_) => $word,)* }
            }

            /// Whether a session may have it after its token has ended.
            pub(super) const fn outlasts_token(&self) -> bool {
                match self { $(Self::$kind(_) => <$target>::OUTLASTS_TOKEN,)* }
            }

            /// Who makes the credential.
            pub const fn made(&self) -> Maker {
                match self { $(Self::$kind(_) => <$target as Kind>::MADE,)* }
            }

            /// The name that all overlapping credentials share, if there may be several.
            pub fn whole(&self) -> Option<String> {
                match self { $(Self::$kind(terms) => <$target>::whole(terms),)* }
            }

            /// Whether the same request again is a retry.
            pub const fn is_retried(&self) -> bool {
                match self { $(Self::$kind(_) => <$target>::IS_RETRIED,)* }
            }

            /// The credential that these terms are of, if a request may leave it open.
            pub fn chosen(&self) -> Option<Target> {
                match self { $(Self::$kind(terms) => <$target>::chosen(terms),)* }
            }

            /// The credential that is used on the way.
            pub(super) fn between(&self) -> Option<Target> {
                match self { $(Self::$kind(terms) => <$target>::between(terms),)* }
            }
        }

        /// The terms of one credential.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Terms {
            $(
                #[doc = concat!("`", $word, "`.")]
                $kind(<$target as HasTerms>::Terms),
            )*
        }
    };
}
each_kind!(declare);

impl Target {
    /// Those of these patterns that are of its section.
    pub(super) fn compared_with<'a>(&self, what: &'a DeniedTargets) -> Vec<&'a Pattern> {
        what.of(self.section()).collect()
    }
}

impl Rule {
    pub(super) fn grant(&self, policy: &TrustPolicy, facts: &Facts, target: &Target) -> Option<Result<Granted, Denial>> {
        let terms = self.terms(target, facts)?;
        let (source, name) = (policy.source.clone(), policy.name.clone());
        let row = self.row.clone();
        let (once, proof, session, expires) = (policy.once, policy.proof, policy.session, policy.expires);
        Some(terms.map(|terms| Granted { source, policy: name, row, terms, once, proof, session, expires }))
    }
}

impl DeniedTargets {
    /// Whether one of its patterns fits a part of the target. Then a denial counts.
    pub(super) fn covers(&self, target: &Target) -> bool {
        target.fits(self)
    }

    /// Whether its patterns cover all of the target. Then bounds allow it.
    pub(super) fn holds(&self, target: &Target) -> bool {
        target.lies_within(self)
    }
}
