//! The sections of `grant:`, each checked when the file is read. A section has a module of its name and one line in the list below.
//! Code that all sections share is written once, over the list.

mod aws;
mod azure;
mod daypass;
mod error;
mod filed;
mod gcp;
mod github;
mod id_token;
mod secrets;
mod templates;
mod term;
mod token_exchange;
mod transit;

pub(super) use aws::AwsGrant;
pub use aws::{DECISION_NAMES, RoleUse, Roles};
pub(super) use azure::AzureGrant;
pub(super) use daypass::PermissionGrant;
pub(super) use filed::{Filed, OfFile};
pub(super) use gcp::GcpGrant;
pub use gcp::{GcpUse, Impersonators};
pub(super) use github::{Divisions, GitHubGrant};
pub(super) use id_token::IdTokenGrant;
pub(super) use secrets::SecretGrant;
pub use secrets::{DocumentGrant, document_grants, grants_of};
pub(super) use templates::{Templates, render_templates};
pub use term::TermChange;
pub(super) use term::{NONE, Term, Value, beyond, joined};
pub(super) use token_exchange::TokenExchangeGrant;
pub(super) use transit::TransitGrant;

use super::Tree;
use super::error::PatternError;
use super::pattern::Pattern;
use super::schema::section::{SectionPart, SectionSchema};
use super::template::{Row, Template};
use super::trusting::SubjectTrust;
use crate::identity::Attribute;
use crate::kind::Target;
use crate::words::parse_duration;
use crate::words::yaml::{Fields, Node, Place};
use error::TtlError;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::Duration;

/// The terms that an identity gets by the entries of each section.
pub(super) mod terms {
    pub use super::aws::{AwsNarrowing, AwsParameters, AwsTerms, IntermediateRole};
    pub use super::azure::AzureTerms;
    pub use super::gcp::{Boundary, GcpTerms};
    pub use super::github::{GitHubTerms, InRepositories};
    pub use super::id_token::IdTokenTerms;
    pub use super::secrets::{FileKeyTerms, OFFLINE_DEFAULT, PastSecretTerms, SecretTerms};
    pub use super::token_exchange::TokenExchangeTerms;
}

/// Passes the list of all sections to a macro: the name of each section, and the type of its entries.
macro_rules! each_section {
    ($($then:tt)*) => {
        $($then)*! {
            Aws(AwsGrant);
            Secrets(SecretGrant);
            IdToken(IdTokenGrant);
            GitHub(GitHubGrant);
            Azure(AzureGrant);
            TokenExchange(TokenExchangeGrant);
            Gcp(GcpGrant);
            Transit(TransitGrant);
            Daypass(PermissionGrant);
        }
    };
}

/// One entry of a section.
pub(super) trait Section: Sized + Clone + Eq + Debug + 'static {
    /// The section's key in policies, guardrails and bounds.
    const WORD: &'static str;
    /// For a section of which a further source grants only what it has itself: the name of these things for people.
    const OWN: Option<&'static str> = None;
    /// Whether somebody outside sees a token of ours, and may identify its user by the subject.
    const SHOWS_SUBJECT: bool = true;

    /// Why a text is no pattern of it.
    type PatternError: From<PatternError>;

    fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Option<Self>;

    fn place(&self) -> Place;

    /// Whether its holder can change something elsewhere, as with a role or a token.
    fn acts(&self) -> bool {
        false
    }

    /// The same entry with what it grants below the folder of a further source.
    fn below(&self, _folder: &str) -> Self {
        self.clone()
    }

    /// The templates: texts with placeholders for attributes.
    fn templates(&self) -> Vec<&Template> {
        Vec::new()
    }

    /// What it grants by name.
    fn named(&self) -> Option<Target> {
        None
    }

    /// What it uses on the way. Nobody receives that.
    fn between(&self) -> Option<Target> {
        None
    }

    /// What it grants by pattern, if these things are files of a revision.
    fn filed(&self) -> Option<Filed<'_>> {
        None
    }

    /// The names of such things that a revision has.
    fn names_in(_files: &Tree) -> BTreeSet<String> {
        BTreeSet::new()
    }

    /// Who outside has to trust the subject of its users.
    fn trusting(&self) -> Option<SubjectTrust> {
        None
    }

    /// Reads a pattern of the section, from a guardrail or from bounds.
    fn pattern(text: &str) -> Result<Pattern, Self::PatternError> {
        Ok(Pattern::parse(text)?)
    }

    /// Whether something that it grants, or uses on the way, fits the pattern.
    fn meets(&self, pattern: &Pattern) -> bool;

    /// What a reviewer should know before it is merged: a code, a message, and a hint.
    fn findings(&self) -> Vec<(&'static str, String, &'static str)> {
        Vec::new()
    }

    /// What the JSON Schemas say of it. A bound there is the constant that the reader compares with.
    fn schema() -> SectionSchema;

    /// Whether both grant the same, on the same terms.
    fn is_like(&self, other: &Self) -> bool;

    /// The entry, if it is one of this section.
    fn of(entry: &Entry) -> Option<&Self>;
}

macro_rules! declare {
    ($($section:ident($entry:ty);)*) => {
        /// One entry of any section. Boxed, so that a rule with one small entry holds no room for a large one.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub(super) enum Entry {
            $($section(Box<$entry>),)*
        }

        impl Entry {
            /// The key of its section.
            pub(super) const fn word(&self) -> &'static str {
                match self { $(Self::$section(_) => <$entry>::WORD,)* }
            }

            const fn shows_subject(&self) -> bool {
                match self { $(Self::$section(_) => <$entry>::SHOWS_SUBJECT,)* }
            }

            pub(super) fn place(&self) -> Place {
                match self { $(Self::$section(entry) => entry.place(),)* }
            }

            fn below(&self, folder: &str) -> Self {
                match self { $(Self::$section(entry) => Self::$section(Box::new(entry.below(folder))),)* }
            }

            fn templates(&self) -> Vec<&Template> {
                match self { $(Self::$section(entry) => entry.templates(),)* }
            }

            pub(super) fn named(&self) -> Option<Target> {
                match self { $(Self::$section(entry) => entry.named(),)* }
            }

            pub(super) fn findings(&self) -> Vec<(&'static str, String, &'static str)> {
                match self { $(Self::$section(entry) => entry.findings(),)* }
            }

            fn is_like(&self, other: &Self) -> bool {
                match (self, other) {
                    $((Self::$section(one), Self::$section(other)) => one.is_like(other),)*
                    _ => false,
                }
            }

            pub(super) fn acts(&self) -> bool {
                match self { $(Self::$section(entry) => entry.acts(),)* }
            }

            pub(super) fn filed(&self) -> Option<Filed<'_>> {
                match self { $(Self::$section(entry) => entry.filed(),)* }
            }

            pub(super) fn trusting(&self) -> Option<SubjectTrust> {
                match self { $(Self::$section(entry) => entry.trusting(),)* }
            }

            fn between(&self) -> Option<Target> {
                match self { $(Self::$section(entry) => entry.between(),)* }
            }

            pub(super) fn meets(&self, word: &str, pattern: &Pattern) -> bool {
                word == self.word() && match self { $(Self::$section(entry) => entry.meets(pattern),)* }
            }
        }

        /// Why a text is no pattern of a section.
        #[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
        pub(super) enum SectionPatternError {
            $(
                #[error(transparent)]
                $section(<$entry as Section>::PatternError),
            )*
        }

        /// Each section's key, and how a pattern of it is read.
        pub(super) const PATTERNS: &[(&str, fn(&str) -> Result<Pattern, SectionPatternError>)] =
            &[$((<$entry>::WORD, |text| <$entry>::pattern(text).map_err(SectionPatternError::$section)),)*];

        /// The sections of which a further source grants only what it has itself, each with the name of these things for people.
        pub(super) fn own() -> impl Iterator<Item = (&'static str, &'static str)> {
            [$((<$entry>::WORD, <$entry>::OWN)),*].into_iter().filter_map(|(word, told)| Some((word, told?)))
        }

        /// The names of the things of the section with this key that are files of a revision.
        pub(super) fn names_in(word: &str, files: &Tree) -> BTreeSet<String> {
            match word { $(<$entry>::WORD => <$entry>::names_in(files),)* _ => BTreeSet::new() }
        }

        /// What each section says of itself in the JSON Schemas.
        pub(super) fn schemas() -> Vec<SectionPart> {
            vec![$(SectionPart { word: <$entry>::WORD, is_own: <$entry>::OWN.is_some(), schema: <$entry>::schema() },)*]
        }

        fn read_entries<'a>(fields: &mut Fields<'a, '_>, row: Option<&Row>) -> Vec<Entry> {
            let mut entries = Vec::new();
            $(if let Some(list) = fields.optional(<$entry>::WORD) {
                for node in fields.one_or_many(list) {
                    entries.extend(<$entry>::read(fields, node, row).map(|entry| Entry::$section(Box::new(entry))));
                }
            })*
            entries
        }
    };
}
each_section!(declare);

/// Implements what is alike for the entries of all variants: each has a `place`, and its module a `schema`.
macro_rules! of {
    ($section:ident) => {
        fn place(&self) -> $crate::policy::sections::Place {
            self.place
        }

        fn schema() -> $crate::policy::sections::SectionSchema {
            schema::schema()
        }

        fn of(entry: &$crate::policy::sections::Entry) -> Option<&Self> {
            if let $crate::policy::sections::Entry::$section(entry) = entry { Some(entry) } else { None }
        }

        fn is_like(&self, other: &Self) -> bool {
            *self == Self { place: self.place, ..other.clone() }
        }
    };
}
use of;

/// Everything that a rule grants, in the order of the sections.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Grants(Box<[Entry]>);

impl Grants {
    pub(super) fn read<'a>(fields: &mut Fields<'a, '_>, row: Option<&Row>) -> Option<Self> {
        let entries = read_entries(fields, row);
        let mut named: BTreeMap<Target, &Entry> = BTreeMap::new();
        for (entry, target) in entries.iter().filter_map(|entry| Some((entry, entry.named()?))) {
            if let Some(known) = named.get(&target).filter(|known| !known.is_like(entry)) {
                let twice = format!("`{target}` is granted here on other terms than in line {}: leave one", known.place().line);
                fields.fault(entry.place(), twice);
            }
            named.entry(target).or_insert(entry);
        }
        for (key, place, _) in fields.members() {
            if !PATTERNS.iter().any(|(word, _)| word == key) {
                let known: Vec<&str> = PATTERNS.iter().map(|(word, _)| *word).collect();
                let (last, others) = known.split_last()?;
                fields.report(
                    fields
                        .draft(*place, format!("`{key}` cannot be granted"))
                        .coded("unknown_key")
                        .help(format!("this version grants {} and {last}", others.join(", "))),
                );
            }
        }
        Some(Self(entries.into()))
    }

    /// The entries of one section.
    pub(super) fn of<S: Section>(&self) -> impl Iterator<Item = &S> + Clone {
        self.0.iter().filter_map(S::of)
    }

    /// All entries.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// Whether both grant the same, on the same terms.
    pub(super) fn are_like(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(own, other)| own.is_like(other))
    }

    /// Whether somebody outside sees the rule's subject in any of them.
    pub(super) fn show_subject(&self) -> bool {
        self.0.iter().any(Entry::shows_subject)
    }

    /// The same entries, with what belongs to a further source below its folder.
    pub(super) fn below(&self, folder: &str) -> Self {
        Self(self.0.iter().map(|entry| entry.below(folder)).collect())
    }

    /// The place of each of them.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        self.0.iter().map(Entry::place)
    }

    /// The attributes in the templates.
    pub(super) fn attributes(&self) -> impl Iterator<Item = Attribute> {
        self.0.iter().flat_map(Entry::templates).flat_map(Template::attributes)
    }

    /// What is used on the way, with the place of its entry.
    pub(super) fn between(&self) -> impl Iterator<Item = (Place, Target)> {
        self.0.iter().filter_map(|entry| Some((entry.place(), entry.between()?)))
    }

    /// What it grants by name.
    pub(super) fn named(&self) -> impl Iterator<Item = Target> {
        self.0.iter().filter_map(Entry::named)
    }
}

/// Reads an entry that is a mapping. A key that `read` does not ask for is a fault.
fn within<'a, T>(fields: &mut Fields<'a, '_>, node: &'a Node, read: impl FnOnce(&mut Fields<'a, '_>) -> T) -> T {
    let mut inner = fields.below(node);
    let read = read(&mut inner);
    inner.finish();
    read
}

fn bounded(text: &str, least: Duration, most: Duration) -> Result<Duration, TtlError> {
    let duration = parse_duration(text)?;
    if duration < least || duration > most {
        return Err(TtlError::OutOfRange { least, most });
    }
    Ok(duration)
}
