//! What a section of `grant:` says of itself, and how the frames take it.

use super::forms::key;
use serde_json::{Map, Value};

/// A section's part of the schemas.
pub(in crate::policy) struct SectionSchema {
    /// Its entries, below `grant`.
    pub(in crate::policy) entries: Values,
    /// Its patterns, in guardrails and in the bounds of sources.
    pub(in crate::policy) patterns: Values,
    /// Its kinds of credentials, as tests of policies name them.
    pub(in crate::policy) credentials: Vec<CredentialSchema>,
    /// What these refer to. The names begin with the section's.
    pub(in crate::policy) definitions: Vec<(&'static str, Value)>,
}

/// The values of a key that has one or many of them.
pub(in crate::policy) struct Values {
    /// What the key is for.
    pub(in crate::policy) description: &'static str,
    /// Each of them.
    pub(in crate::policy) each: Value,
    /// Samples of the key's value, in an array.
    pub(in crate::policy) examples: Value,
}

/// A kind of credential.
pub(in crate::policy) struct CredentialSchema {
    /// The kind's word.
    pub(in crate::policy) word: &'static str,
    /// What the word alone stands for, if the policies may choose.
    pub(in crate::policy) alone: Option<&'static str>,
    /// The text behind the word.
    pub(in crate::policy) named: Value,
}

/// A section's part, with what the frames know of the section.
pub(in crate::policy) struct SectionPart {
    pub(in crate::policy) word: &'static str,
    /// Whether a source grants only what it has itself.
    pub(in crate::policy) is_own: bool,
    pub(in crate::policy) schema: SectionSchema,
}

impl Values {
    /// The value of the key, of which `form` says how many there can be.
    pub(super) fn of_key(&self, form: fn(Value) -> Value) -> Value {
        key(self.description, form(self.each.clone()), self.examples.clone())
    }
}

/// A value of each section, by the section's key.
pub(super) fn by_word(sections: &[SectionPart], value: impl Fn(&SectionPart) -> Value) -> Value {
    sections.iter().map(|section| (section.word.to_owned(), value(section))).collect::<Map<_, _>>().into()
}

/// The first sample of one section, as a mapping with the section's key.
pub(super) fn sample(section: Option<&SectionPart>, values: impl Fn(&SectionSchema) -> &Values) -> Value {
    let sample = |section: &SectionPart| (section.word.to_owned(), values(&section.schema).examples[0].clone());
    section.map(sample).into_iter().collect::<Map<_, _>>().into()
}
