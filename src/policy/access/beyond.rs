//! What one grant lets in that others do not.

use super::permits::{Permit, without, without_all};
use super::region::Region;
use crate::identity::Mapping;

impl Permit<'_> {
    /// Whom this lets in, and none of the others does. Guardrails that take no less from this than from the other are put aside
    /// first: they may leave more parts than are looked at.
    pub(super) fn beyond_all<'a, 'b: 'a>(
        &self,
        others: impl IntoIterator<Item = &'a Permit<'b>>,
        mapping: &Mapping,
    ) -> Vec<Region> {
        let (alike, unlike): (Vec<_>, Vec<_>) = others.into_iter().partition(|other| other.is_denied_no_more_than(self));
        let alike = alike.into_iter().flat_map(|other| &other.matched);
        let rest = alike.fold(self.matched.clone(), |rest, known| without(rest, known, mapping));
        let (rest, _) = without_all(rest, &self.denied, mapping);
        let known = unlike.into_iter().filter(|other| other.is_exact).flat_map(|other| &other.regions);
        known.fold(rest, |rest, known| without(rest, known, mapping))
    }

    /// Whether of what the other lets in somebody may be told as gained who had it: nobody can tell whom guardrails left.
    pub(super) fn is_unknown_beside(&self, other: &Permit<'_>) -> bool {
        !self.is_exact && !self.is_denied_no_more_than(other)
    }

    fn is_denied_no_more_than(&self, other: &Permit<'_>) -> bool {
        self.denied.iter().all(|denied| other.denied.contains(denied))
    }
}
