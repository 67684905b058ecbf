//! `grant: transit`: keys by pattern, and the operations with them.

mod credential;
mod schema;
#[cfg(test)]
mod tests;

use super::{Filed, OfFile, Section};
use crate::kind::{Operation, TransitUse};
use crate::policy::Tree;
use crate::policy::access::patterns_overlap;
use crate::policy::error::{FilledError, PatternError};
use crate::policy::pattern::{NameForm, NoNameError, Pattern};
use crate::policy::template::{Row, fill_row};
use crate::words::TransitFile;
use crate::words::names::{NameError, SecretPath, TransitKey, patterns};
use crate::words::yaml::{Fields, Node, Place};
use std::collections::BTreeSet;

/// The keys' names.
const KEYS: NameForm =
    NameForm { kind: "transit key", form: patterns::PATH, example: "its name below transit/, such as `flux` or `shop/*`" };

/// Keys by pattern, and the operations that are granted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) struct TransitGrant {
    pub(in crate::policy) place: Place,
    pub(in crate::policy) keys: Pattern,
    operations: Box<[Operation]>,
}

/// Why a text is no pattern of transit keys.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::policy) enum TransitPatternError {
    /// It is no pattern at all.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// No transit key fits it.
    #[error(transparent)]
    NoTransitKey(#[from] NoNameError),
    /// It has a segment that no key's name has.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl Section for TransitGrant {
    const WORD: &'static str = "transit";
    const OWN: Option<&'static str> = Some("transit keys");
    const SHOWS_SUBJECT: bool = false;

    type PatternError = TransitPatternError;

    /// `KEY` stands for both operations, `{ key: KEY, allow: [decrypt] }` for those that it lists.
    fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Option<Self> {
        let keys = |text: &str| -> Result<Pattern, FilledError<TransitPatternError>> {
            let pattern = Pattern::from_pieces(&fill_row(text, row)?).map_err(TransitPatternError::from);
            pattern.and_then(keys_by).map_err(FilledError::Value)
        };
        if node.as_text().is_some() {
            let keys = fields.parsed(node, keys)?;
            return Some(Self { place: node.place, keys, operations: Operation::ALL.into() });
        }
        let mut inner = fields.below(node);
        let keys = inner.required("key").and_then(|node| inner.parsed(node, keys));
        let operations = match inner.optional("allow") {
            None => Some(Operation::ALL.into()),
            Some(list) => read_operations(&mut inner, list),
        };
        inner.finish();
        Some(Self { place: node.place, keys: keys?, operations: operations? })
    }

    fn below(&self, folder: &str) -> Self {
        Self { keys: self.keys.below(folder), ..self.clone() }
    }

    fn pattern(text: &str) -> Result<Pattern, Self::PatternError> {
        keys_by(Pattern::parse(text)?)
    }

    fn meets(&self, pattern: &Pattern) -> bool {
        patterns_overlap(pattern, &self.keys)
    }

    fn filed(&self) -> Option<Filed<'_>> {
        let of = |operation: Operation| {
            let wanted = move |name: &SecretPath| {
                let wanted = TransitUse { operation, key: TransitKey::parse(name.as_str()).ok()?, input: None };
                self.covers(&wanted).then(|| wanted.into())
            };
            OfFile { description: format!("transit {} {}", operation.as_str(), self.keys), wanted: Box::new(wanted) }
        };
        Some(Filed { pattern: &self.keys, terms: Vec::new(), each: Operation::ALL.map(of).into() })
    }

    fn names_in(files: &Tree) -> BTreeSet<String> {
        TransitFile::among(files).map(|file| file.key.to_string()).collect()
    }

    super::of!(Transit);
}

impl TransitGrant {
    /// Whether it grants this, whatever the input.
    pub(in crate::policy) fn covers(&self, requested: &TransitUse) -> bool {
        self.keys.matches(requested.key.as_str()) && self.operations.contains(&requested.operation)
    }
}

/// The pattern, if the name of some key may fit it. With a letter for each wildcard it has the segments of a name.
fn keys_by(pattern: Pattern) -> Result<Pattern, TransitPatternError> {
    pattern.check_can_name(&KEYS)?;
    TransitKey::parse(&pattern.expanded().sample())?;
    Ok(pattern)
}

fn read_operations<'a>(fields: &mut Fields<'a, '_>, list: &'a Node) -> Option<Box<[Operation]>> {
    let nodes = fields.one_or_many(list);
    let operations: Vec<Operation> = nodes.iter().filter_map(|node| fields.parsed(node, Operation::parse)).collect();
    if nodes.is_empty() {
        fields.fault(list.place, "expected `encrypt`, `decrypt`, or both: leave `allow` out to grant both");
    }
    (!operations.is_empty() && operations.len() == nodes.len()).then(|| operations.into())
}
