//! Passes each question about a target, an offer or terms on to its kind.

use super::{Compared, Grantable, Granted, OfferedTo, Terms};
use crate::identity::Facts;
use crate::kind::{Kind, Maker, Target, each_kind};
use crate::policy::guardrail::DeniedTargets;
use crate::policy::pattern::Pattern;
use crate::policy::sections::{Entry, Section, TermChange, beyond};
use crate::policy::{Rule, Tree, TrustPolicy};
use crate::words::Denial;
use crate::words::yaml::Place;
use std::collections::BTreeSet;

macro_rules! declare {
    ($($(#[$attribute:meta])* $kind:ident($target:ident) $word:literal $(=> $answer:ident)?;)*) => {
        $(use crate::kind::$target;)*

        /// The terms on which something is offered, for comparison.
        #[derive(Clone, PartialEq)]
        pub(in crate::policy) enum Offer<'a> {
            $($kind(<$target as Grantable>::Offer<'a>),)*
        }

        impl Offer<'_> {
            /// Whether a session may have it after its token has ended.
            pub(in crate::policy) const fn outlasts_token(&self) -> bool {
                match self { $(Self::$kind(_) => <$target>::OUTLASTS_TOKEN,)* }
            }

            /// Whether somebody outside knows its holder by the rule's subject.
            pub(in crate::policy) const fn shows_subject(&self) -> bool {
                match self { $(Self::$kind(_) => <<$target as Grantable>::Section as Section>::SHOWS_SUBJECT,)* }
            }

            /// The terms by which this gives more than the old one; empty if it gives no more.
            pub(in crate::policy) fn beyond(&self, old: &Self) -> Vec<TermChange> {
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
            pub(in crate::policy) const fn section(&self) -> &'static str {
                match self { $(Self::$kind(_) => <$target as Grantable>::Section::WORD,)* }
            }

            /// Whether a part of it fits one of these patterns.
            fn fits(&self, what: &DeniedTargets) -> bool {
                match self {
                    $(Self::$kind(target) => what.of(self.section()).any(|pattern| target.fits(pattern)),)*
                }
            }

            /// For a credential of the caller's own repository: which repositories that can be.
            pub(in crate::policy) fn own_pattern(&self) -> Option<Pattern> {
                match self { $(Self::$kind(target) => target.own_pattern(),)* }
            }

            /// Whether these patterns cover all of it.
            fn lies_within(&self, what: &DeniedTargets) -> bool {
                match self {
                    $(Self::$kind(target) => target.lies_within(what.of(self.section())),)*
                }
            }

            /// The credential that an open request means; `None` if the request is not open.
            pub(in crate::policy) fn choose<'a>(&self, rules: impl Iterator<Item = &'a Rule>) -> Result<Option<Self>, Denial> {
                match self {
                    $(Self::$kind(target) if target.is_open() => {
                        let chosen = <$target>::choose(rules.flat_map(|rule| rule.grants.of()))?;
                        Ok(chosen.map(Self::$kind))
                    })*
                    _ => Ok(None),
                }
            }

            /// Another credential whose holder can get this one.
            pub(in crate::policy) fn had_by(&self) -> Option<Self> {
                match self { $(Self::$kind(target) => target.had_by(),)* }
            }

            /// The parts of it that these rules grant.
            pub(in crate::policy) fn parts<'a>(&self, rules: impl Iterator<Item = &'a Rule>) -> BTreeSet<Self> {
                match self { $(Self::$kind(target) => target.parts(rules.flat_map(|rule| rule.grants.of())),)* }
            }

            /// The credentials that are files of a revision, or those parts of a file that these rules grant singly.
            pub(in crate::policy) fn filed<'a>(files: &Tree, rules: impl Iterator<Item = &'a Rule> + Clone) -> Vec<Self> {
                let mut filed = Vec::new();
                $(
                    let of_kind = <$target>::filed(files, rules.clone().flat_map(|rule| rule.grants.of()));
                    filed.extend(of_kind.into_iter().map(Self::$kind));
                )*
                filed
            }

            /// The credentials that either revision grants and the files of neither limit, and whether these stand for all.
            pub(in crate::policy) fn unlisted(revisions: &Compared<'_>) -> (Vec<Self>, bool) {
                let (mut unlisted, mut stand_for_all) = (Vec::new(), true);
                $(
                    let of_kind = <$target>::unlisted(revisions);
                    unlisted.extend(of_kind.of.into_iter().map(Self::$kind));
                    stand_for_all &= of_kind.stand_for_all;
                )*
                (unlisted, stand_for_all)
            }

            /// Joins the grants of its parts into one.
            pub(in crate::policy) fn together(&self, parts: Vec<Granted>) -> Result<Granted, Denial> {
                match self { $(Self::$kind(target) => target.together(parts),)* }
            }
        }

        impl Rule {
            /// Where the rule grants this, and on which terms.
            pub(in crate::policy) fn offer(&self, target: &Target) -> Option<(Place, Offer<'_>)> {
                match target {
                    $(Target::$kind(target) => {
                        target.offer(self.grants.of()).map(|(place, offer)| (place, Offer::$kind(offer)))
                    })*
                }
            }

            /// To which identities it offers this, by their repositories.
            pub(in crate::policy) fn offered_to(&self, target: &Target) -> OfferedTo {
                match target { $(Target::$kind(target) => target.offered_to(self.grants.of()),)* }
            }

            fn terms(&self, target: &Target, facts: &Facts) -> Option<Result<Terms, Denial>> {
                match target {
                    $(Target::$kind(target) => target.terms(self.grants.of(), facts).map(|terms| terms.map(Terms::$kind)),)*
                }
            }
        }

        impl Entry {
            /// Whether a session may have some of what it grants after its token has ended.
            pub(in crate::policy) fn outlasts_token(&self) -> bool {
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
            pub(in crate::policy) const fn outlasts_token(&self) -> bool {
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
            pub(in crate::policy) fn between(&self) -> Option<Target> {
                match self { $(Self::$kind(terms) => <$target>::between(terms),)* }
            }
        }
    };
}
each_kind!(declare);

impl Target {
    /// Those of these patterns that are of its section.
    pub(in crate::policy) fn compared_with<'a>(&self, what: &'a DeniedTargets) -> Vec<&'a Pattern> {
        what.of(self.section()).collect()
    }
}

impl Rule {
    pub(in crate::policy) fn grant(
        &self,
        policy: &TrustPolicy,
        facts: &Facts,
        target: &Target,
    ) -> Option<Result<Granted, Denial>> {
        let terms = self.terms(target, facts)?;
        let (source, name) = (policy.source.clone(), policy.name.clone());
        let row = self.row.clone();
        let (once, proof, session, expires) = (policy.once, policy.proof, policy.session, policy.expires);
        Some(terms.map(|terms| Granted { source, policy: name, row, terms, once, proof, session, expires }))
    }
}

impl DeniedTargets {
    /// Whether one of its patterns fits a part of the target. Then a denial counts.
    pub(in crate::policy) fn covers(&self, target: &Target) -> bool {
        target.fits(self)
    }

    /// Whether its patterns cover all of the target. Then bounds allow it.
    pub(in crate::policy) fn holds(&self, target: &Target) -> bool {
        target.lies_within(self)
    }
}
