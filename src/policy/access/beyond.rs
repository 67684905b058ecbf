//! The identities that one grant lets in and others do not.

use super::permits::{Permit, without, without_all};
use super::region::Region;
use crate::identity::Mapping;

impl Permit<'_> {
    /// The identities that this grant lets in and none of the others does. If all denials against another grant are also against this
    /// one, the two are compared without these denials first: denials may leave more parts than can be compared.
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

    /// Whether an identity may be reported as gained although this grant let it in: the guardrails leave too many parts to know.
    pub(super) fn is_unknown_to(&self, other: &Permit<'_>) -> bool {
        !self.is_exact && !self.is_denied_no_more_than(other)
    }

    fn is_denied_no_more_than(&self, other: &Permit<'_>) -> bool {
        self.denied.iter().all(|denied| other.denied.contains(denied))
    }
}
