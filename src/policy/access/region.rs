//! A region: the identities for which several tests hold at once. One region can be subtracted from another, and each has an example.

use super::literal::{Dimension, Literal, denied_ways, value_of, ways};
use super::matcher::SearchResult;
use crate::identity::Mapping;
use crate::policy::condition::Condition;
use std::collections::BTreeMap;

/// Identities for which all literals hold.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in crate::policy) struct Region(Vec<Literal>);

/// A value for each dimension that needs one.
pub(super) type Example = BTreeMap<Dimension, String>;

impl Region {
    /// The regions in which all of these lines hold. There are several if a line can hold by an id or by a name.
    pub(in crate::policy) fn of(conditions: &[Condition]) -> Vec<Self> {
        Self::where_all(conditions.iter().map(ways))
    }

    /// The regions of a denial's lines: the identities to which it applies, and those of which nobody can tell.
    pub(in crate::policy) fn denied(conditions: &[Condition], mapping: &Mapping) -> Vec<Self> {
        Self::where_all(conditions.iter().map(|condition| denied_ways(condition, mapping)))
    }

    fn where_all(lines: impl Iterator<Item = Vec<Vec<Literal>>>) -> Vec<Self> {
        let mut regions = vec![Self::default()];
        for ways in lines {
            let extended = regions.iter().flat_map(|region| {
                ways.iter().map(|way| Self(region.0.iter().chain(way).cloned().collect())).collect::<Vec<_>>()
            });
            regions = extended.collect();
        }
        regions
    }

    pub(in crate::policy) fn and(mut self, literal: Literal) -> Self {
        self.0.push(literal);
        self
    }

    /// This region without the other, in parts that do not overlap. This region may not be empty.
    pub(super) fn minus(&self, other: &Self, mapping: &Mapping) -> Vec<Self> {
        let mut parts = Vec::new();
        if self == other {
            return parts;
        }
        let mut rest = self.clone();
        for literal in &other.0 {
            let part = rest.clone().and(literal.negated());
            if !part.has_value_of(&literal.dimension, mapping) {
                // All of the rest passes this test.
                continue;
            }
            parts.push(part);
            rest.0.push(literal.clone());
            if !rest.has_value_of(&literal.dimension, mapping) {
                return vec![self.clone()];
            }
        }
        parts
    }

    /// Whether the two have no identity in common, as far as is seen at once: a test of one excludes a test of the other.
    pub(super) fn is_apart(&self, other: &Self) -> bool {
        self.0.iter().any(|literal| other.0.iter().any(|other| literal.is_apart(other)))
    }

    /// The identities that are in both.
    pub(super) fn both(&self, other: &Self) -> Self {
        Self(self.0.iter().chain(&other.0).cloned().collect())
    }

    fn has_value_of(&self, dimension: &Dimension, mapping: &Mapping) -> bool {
        let literals: Vec<&Literal> = self.0.iter().filter(|literal| literal.dimension == *dimension).collect();
        value_of(dimension, &literals, mapping) != Some(SearchResult::Nothing)
    }

    /// An identity of the region, with a value for each dimension that needs one; `None` if the region is empty. If a search stops early, the
    /// region counts as not empty: a doubt is never reported as "nobody".
    pub(super) fn example(&self, mapping: &Mapping) -> Option<Example> {
        let mut example = Example::new();
        for (dimension, literals) in self.by_dimension() {
            match value_of(dimension, &literals, mapping) {
                Some(SearchResult::Example(text)) => _ = example.insert(dimension.clone(), text),
                None | Some(SearchResult::Unknown) => {}
                Some(SearchResult::Nothing) => return None,
            }
        }
        self.name_the_ids(&mut example, mapping)?;
        Some(example)
    }

    /// Adds a name for each id, because no token has an id without a name: the policy's own name if the tests allow it.
    fn name_the_ids(&self, example: &mut Example, mapping: &Mapping) -> Option<()> {
        for (dimension, id) in example.clone() {
            let Dimension::Id(attribute) = &dimension else { continue };
            let named = Dimension::Attribute(*attribute);
            if example.contains_key(&named) {
                continue;
            }
            let candidates =
                [Literal::some_text(named.clone(), self.name_of(&dimension, &id)), Literal::some_text(named.clone(), None)];
            let here = self.0.iter().filter(|literal| literal.dimension == named);
            let [own, other] = candidates
                .each_ref()
                .map(|candidate| value_of(&named, &here.clone().chain([candidate]).collect::<Vec<_>>(), mapping));
            match [own, other].into_iter().flatten().find(|found| *found != SearchResult::Nothing)? {
                SearchResult::Example(name) => _ = example.insert(named, name),
                SearchResult::Unknown | SearchResult::Nothing => {}
            }
        }
        Some(())
    }

    /// The tests of each dimension, in the order of the policy's lines.
    pub(super) fn by_dimension(&self) -> Vec<(&Dimension, Vec<&Literal>)> {
        let mut grouped: Vec<(&Dimension, Vec<&Literal>)> = Vec::new();
        for literal in &self.0 {
            match grouped.iter_mut().find(|(dimension, _)| **dimension == literal.dimension) {
                Some((_, literals)) => literals.push(literal),
                None => grouped.push((&literal.dimension, vec![literal])),
            }
        }
        grouped
    }

    /// The name that a policy writes before this id.
    pub(super) fn name_of(&self, dimension: &Dimension, id: &str) -> Option<&str> {
        let matchers =
            self.0.iter().filter(|literal| literal.dimension == *dimension).flat_map(|literal| literal.matchers.iter());
        matchers.filter(|matcher| matcher.matches(id)).find_map(|matcher| matcher.name.as_deref())
    }
}
