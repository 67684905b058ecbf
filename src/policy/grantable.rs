//! What policies say of each kind of credential: by which section it is granted, on which terms, and what its holder gets. What one
//! kind says stands with the section that grants it; what all kinds have in common is written here, once, over the list.

use super::guardrail::What;
use super::pattern::Pattern;
use super::sections::{Entry, Section, Term, TermChange, beyond};
use super::subject::subject;
use super::{Rule, TrustPolicy};
use crate::identity::Facts;
use crate::kind::{Kind, Made, Target, each_kind};
use crate::token::Possession;
use crate::words::names::{PolicyName, RowName, SecretPath, SourceName};
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
    /// The row of the policy, where it has rows with names.
    pub row: Option<RowName>,
    /// What exactly.
    pub terms: Terms,
    /// Whether the policy lets a token be used only once.
    pub once: bool,
    /// What the policy wants proved beside the token.
    pub proof: Possession,
    /// How long the policy lets a session last although its token has ended.
    pub session: Option<Duration>,
    /// When the last of the policies that grant it ends, if all of them do.
    pub expires: Option<UnixTime>,
}

impl Granted {
    /// Whether a session of this age may have it although its token has ended: an AWS session or a token of our own would outlive it.
    pub(super) fn outlasts_token(&self, session_age: Duration) -> bool {
        self.terms.outlasts_token() && self.session.is_some_and(|lasting| session_age < lasting)
    }

    /// The subject of a token that we sign for it: source, policy and row.
    pub fn subject(&self) -> String {
        subject(&self.source, &self.policy, self.row.as_ref())
    }
}

/// A kind that is granted on terms.
pub trait OnTerms: Kind {
    /// What one identity gets.
    type Terms: Clone + Eq + Debug;
}

/// To the identities of which repositories something is offered, among those that a rule is for.
pub(super) enum Whose {
    /// Of whichever.
    Anybodys,
    /// Of these alone: to each for its own.
    Only(Vec<String>),
    /// Of all others.
    AllBut(Vec<String>),
    /// Of none: on several terms, of which no request can name one.
    Nobodys,
}

/// A kind of credential as policies grant it.
pub(super) trait Grantable: OnTerms {
    /// The section of `grant:` by which it is granted.
    type Section: Section;
    /// The terms on which the entries of one rule offer it to anybody, to compare.
    type Offer<'a>: Clone + PartialEq;
    /// Whether a session may have it although its token has ended: what lives on by itself would outlive the session.
    const OUTLASTS_TOKEN: bool = false;

    /// What the patterns of guardrails and bounds are compared with; `None` where policies have yet to choose.
    fn guarded(&self) -> Option<&str>;

    /// Whether something of it fits a pattern: then a denial counts.
    fn fits(&self, pattern: &Pattern) -> bool {
        self.guarded().is_some_and(|text| pattern.matches(text))
    }

    /// Whether all of it fits some of these patterns: then bounds allow it.
    fn lies_within<'a>(&self, mut patterns: impl Iterator<Item = &'a Pattern> + Clone) -> bool {
        patterns.any(|pattern| self.fits(pattern))
    }

    /// Where it is of the repository of whoever asks: which repositories that can be. The patterns of guardrails are compared with it.
    fn own_pattern(&self) -> Option<Pattern> {
        None
    }

    /// To the identities of which repositories these entries of one rule offer it.
    fn whose<'a>(&self, _entries: impl Iterator<Item = &'a Self::Section> + Clone) -> Whose {
        Whose::Anybodys
    }

    /// What these entries of one rule offer, and where.
    fn offer<'a>(&self, entries: impl Iterator<Item = &'a Self::Section> + Clone) -> Option<(Place, Self::Offer<'a>)>;

    /// What one of these identities gets by these entries of one rule.
    fn terms<'a>(
        &self,
        entries: impl Iterator<Item = &'a Self::Section> + Clone,
        facts: &Facts,
    ) -> Option<Result<Self::Terms, Denial>>;

    /// The terms of an offer, one by one and always in the same order.
    fn values(offer: &Self::Offer<'_>) -> Vec<Term>;

    /// What is meant where nothing was named.
    fn choose<'a>(_entries: impl Iterator<Item = &'a Self::Section>) -> Result<Option<Self>, Denial> {
        Ok(None)
    }

    /// What these terms are of, where a request may leave that open: asked for openly and by its name it is asked for twice.
    fn chosen(_terms: &Self::Terms) -> Option<Target> {
        None
    }

    /// The document that these terms are of, where policies say `replay` of a whole document.
    fn document(_terms: &Self::Terms) -> Option<&SecretPath> {
        None
    }

    /// Whether the same asked for again is a retry. A use of daypass itself says more than its name tells, so it is none.
    const IS_RETRIED: bool = true;

    /// What is used on the way to it. A denial of that counts too.
    fn between(_terms: &Self::Terms) -> Option<Target> {
        None
    }

    /// What else gives this to its holder, who then asks somebody else for it.
    fn had_by(&self) -> Option<Target> {
        None
    }

    /// The parts that these entries grant of it, where it is not granted whole.
    fn parts<'a>(&self, _entries: impl Iterator<Item = &'a Self::Section>) -> BTreeSet<Target> {
        BTreeSet::new()
    }

    /// One grant of all that were decided part by part.
    fn together(&self, _parts: Vec<Granted>) -> Result<Granted, Denial> {
        Err(Reason::Internal.because("a credential that has no parts"))
    }
}

macro_rules! declare {
    ($($(#[$attribute:meta])* $kind:ident($target:ident) $word:literal $(=> $answer:ident)?;)*) => {
        $(use crate::kind::$target;)*

        /// The terms on which something is offered, to compare.
        #[derive(Clone, PartialEq)]
        pub(super) enum Offer<'a> {
            $($kind(<$target as Grantable>::Offer<'a>),)*
        }

        impl Offer<'_> {
            /// Whether a session may have it although its token has ended.
            pub(super) const fn outlasts_token(&self) -> bool {
                match self { $(Self::$kind(_) => <$target>::OUTLASTS_TOKEN,)* }
            }

            /// Whether somebody outside knows its holder by the rule's subject.
            pub(super) const fn shows_subject(&self) -> bool {
                match self { $(Self::$kind(_) => <<$target as Grantable>::Section as Section>::SHOWS_SUBJECT,)* }
            }

            /// The terms by which this gives more than the old one; none when nobody gets more by it.
            pub(super) fn beyond(&self, old: &Self) -> Vec<TermChange> {
                match (self, old) {
                    // Nearly always, of thousands of pairs.
                    (one, other) if one == other => Vec::new(),
                    $((Self::$kind(new), Self::$kind(old)) => beyond(<$target>::values(new), <$target>::values(old)),)*
                    _ => vec![TermChange::more("grant", "another kind", "this one")],
                }
            }
        }

        impl Target {
            /// Whether something of it fits one of these patterns.
            fn fits(&self, what: &What) -> bool {
                match self {
                    $(Self::$kind(target) => {
                        what.of(<$target as Grantable>::Section::WORD).any(|pattern| target.fits(pattern))
                    })*
                }
            }

            /// Where it is of the repository of whoever asks: which repositories that can be.
            pub(super) fn own_pattern(&self) -> Option<Pattern> {
                match self { $(Self::$kind(target) => target.own_pattern(),)* }
            }

            /// Those of these patterns that what is asked for is compared with.
            pub(super) fn compared_with<'a>(&self, what: &'a What) -> Vec<&'a Pattern> {
                match self { $(Self::$kind(_) => what.of(<$target as Grantable>::Section::WORD).collect(),)* }
            }

            /// Whether all of it fits some of these patterns.
            fn lies_within(&self, what: &What) -> bool {
                match self {
                    $(Self::$kind(target) => target.lies_within(what.of(<$target as Grantable>::Section::WORD)),)*
                }
            }

            /// Itself, or what is meant where nothing was named.
            pub(super) fn choose<'a>(&self, rules: impl Iterator<Item = &'a Rule>) -> Result<Option<Self>, Denial> {
                match self {
                    $(Self::$kind(target) if target.is_open() => {
                        let chosen = <$target>::choose(rules.flat_map(|rule| rule.grants.of()))?;
                        Ok(chosen.map(Self::$kind))
                    })*
                    _ => Ok(None),
                }
            }

            /// What else gives this to its holder.
            pub(super) fn had_by(&self) -> Option<Self> {
                match self { $(Self::$kind(target) => target.had_by(),)* }
            }

            /// The parts that are granted of it.
            pub(super) fn parts<'a>(&self, rules: impl Iterator<Item = &'a Rule>) -> BTreeSet<Self> {
                match self { $(Self::$kind(target) => target.parts(rules.flat_map(|rule| rule.grants.of())),)* }
            }

            /// One grant of all that were decided part by part.
            pub(super) fn together(&self, parts: Vec<Granted>) -> Result<Granted, Denial> {
                match self { $(Self::$kind(target) => target.together(parts),)* }
            }
        }

        impl Rule {
            /// Where it grants what is asked for and on which terms, if it does so for anybody.
            pub(super) fn offer(&self, target: &Target) -> Option<(Place, Offer<'_>)> {
                match target {
                    $(Target::$kind(target) => {
                        target.offer(self.grants.of()).map(|(place, offer)| (place, Offer::$kind(offer)))
                    })*
                }
            }

            /// To the identities of which repositories it offers this.
            pub(super) fn whose(&self, target: &Target) -> Whose {
                match target { $(Target::$kind(target) => target.whose(self.grants.of()),)* }
            }

            fn terms(&self, target: &Target, facts: &Facts) -> Option<Result<Terms, Denial>> {
                match target {
                    $(Target::$kind(target) => target.terms(self.grants.of(), facts).map(|terms| terms.map(Terms::$kind)),)*
                }
            }
        }

        impl Entry {
            /// Whether a session may have some of what it grants although its token has ended.
            pub(super) fn outlasts_token(&self) -> bool {
                let word = self.word();
                $((<$target>::OUTLASTS_TOKEN && word == <$target as Grantable>::Section::WORD))||*
            }
        }

        impl Terms {
            /// Whether a session may have it although its token has ended.
            pub(super) const fn outlasts_token(&self) -> bool {
                match self { $(Self::$kind(_) => <$target>::OUTLASTS_TOKEN,)* }
            }

            /// Who makes it.
            pub const fn made(&self) -> Made {
                match self { $(Self::$kind(_) => <$target as Kind>::MADE,)* }
            }

            /// The document that they are of, if they are of one.
            pub fn document(&self) -> Option<&SecretPath> {
                match self { $(Self::$kind(terms) => <$target>::document(terms),)* }
            }

            /// Whether the same asked for again is a retry.
            pub const fn is_retried(&self) -> bool {
                match self { $(Self::$kind(_) => <$target>::IS_RETRIED,)* }
            }

            /// What these terms are of, where a request may leave that open.
            pub fn chosen(&self) -> Option<Target> {
                match self { $(Self::$kind(terms) => <$target>::chosen(terms),)* }
            }

            /// What is used on the way.
            pub(super) fn between(&self) -> Option<Target> {
                match self { $(Self::$kind(terms) => <$target>::between(terms),)* }
            }
        }

        /// The terms of one credential.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Terms {
            $(
                #[doc = concat!("`", $word, "`.")]
                $kind(<$target as OnTerms>::Terms),
            )*
        }
    };
}
each_kind!(declare);

impl Rule {
    pub(super) fn grant(&self, policy: &TrustPolicy, facts: &Facts, target: &Target) -> Option<Result<Granted, Denial>> {
        let terms = self.terms(target, facts)?;
        let (source, name) = (policy.source.clone(), policy.name.clone());
        let row = self.row.clone();
        let (once, proof, session, expires) = (policy.once, policy.proof, policy.session, policy.expires);
        Some(terms.map(|terms| Granted { source, policy: name, row, terms, once, proof, session, expires }))
    }
}

impl What {
    /// Whether something of what is asked for fits one of its patterns: a denial counts.
    pub(super) fn covers(&self, target: &Target) -> bool {
        target.fits(self)
    }

    /// Whether all of what is asked for fits some of its patterns: bounds allow it.
    pub(super) fn holds(&self, target: &Target) -> bool {
        target.lies_within(self)
    }
}
