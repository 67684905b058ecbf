//! Secrets that several policies grant.

use crate::kind::Target;
use crate::policy::lint::LintContext;
use crate::policy::sections::SecretGrant;
use crate::words::names::{SecretName, SecretPath};
use std::collections::BTreeSet;

/// The documents of the revision, and their values, that several entries cover whose terms differ.
pub(super) fn on_several_terms(look: &LintContext<'_>) -> BTreeSet<Target> {
    let rules = look.ruleset.set().policies().iter().flat_map(|policy| &policy.rules);
    let entries: Vec<&SecretGrant> = rules.flat_map(|rule| rule.grants.of::<SecretGrant>()).collect();
    let differ = |entries: &[&SecretGrant]| entries.iter().any(|entry| entry.kept != entries[0].kept);
    if !differ(&entries) {
        return BTreeSet::new();
    }
    let documents = look.tree.keys().filter_map(|file| SecretPath::parse(file.strip_prefix("secrets/")?).ok());
    let of_document = |path: SecretPath| {
        let covering: Vec<&SecretGrant> =
            entries.iter().copied().filter(|entry| entry.documents.matches(path.as_str())).collect();
        let keys: BTreeSet<Option<String>> =
            if differ(&covering) { covering.iter().map(|entry| entry.key.clone()).collect() } else { BTreeSet::new() };
        keys.into_iter().map(move |key| SecretName { path: path.clone(), key }.into())
    };
    documents.flat_map(of_document).collect()
}
