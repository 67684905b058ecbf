//! The values that somebody could read of a file, in all forms that they opened.

use crate::secrets::{Identities, SopsFile, Values, pointer};
use crate::words::Digest;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The digests of the values at each path, of one form of a file or of several: once of the ciphertexts, and once of the
/// plaintexts, as far as the keys open the forms.
pub(super) struct Held {
    ciphertexts: BTreeMap<String, HashSet<Digest>>,
    plaintexts: BTreeMap<String, HashSet<Digest>>,
    /// Whether the keys opened every form.
    is_open: bool,
}

impl Held {
    /// The values of one form.
    pub(super) fn of(mut sops: SopsFile, keys: Option<&Identities>) -> Self {
        let ciphertexts = sets(sops.ciphertexts());
        let plaintexts = keys.and_then(|keys| sops.open(keys).ok()?.plaintexts().ok());
        Self { ciphertexts, is_open: plaintexts.is_some(), plaintexts: plaintexts.map(sets).unwrap_or_default() }
    }

    /// Adds the values of another form: whoever opened both knows the values of both.
    pub(super) fn join(&mut self, other: Self) {
        join(&mut self.ciphertexts, other.ciphertexts);
        join(&mut self.plaintexts, other.plaintexts);
        self.is_open &= other.is_open;
    }

    /// The paths at which `today` has a value that is among these.
    pub(super) fn alike(&self, today: &Self) -> BTreeSet<String> {
        let mut found = alike(&self.plaintexts, &today.plaintexts);
        if !self.compares(today) {
            found.extend(alike(&self.ciphertexts, &today.ciphertexts));
        }
        found
    }

    /// Whether the keys opened every form.
    pub(super) const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether all values were compared; otherwise some only as ciphertexts.
    pub(super) const fn compares(&self, today: &Self) -> bool {
        self.is_open && today.is_open
    }
}

fn sets(values: Values) -> BTreeMap<String, HashSet<Digest>> {
    values.into_iter().map(|(path, values)| (path, values.into_iter().collect())).collect()
}

fn join(all: &mut BTreeMap<String, HashSet<Digest>>, other: BTreeMap<String, HashSet<Digest>>) {
    for (path, values) in other {
        all.entry(path).or_default().extend(values);
    }
}

fn alike(then: &BTreeMap<String, HashSet<Digest>>, today: &BTreeMap<String, HashSet<Digest>>) -> BTreeSet<String> {
    let same = |(path, values): (&String, &HashSet<Digest>)| {
        let then = then.get(path)?;
        (!then.is_disjoint(values)).then(|| pointer(path))
    };
    today.iter().filter_map(same).collect()
}
