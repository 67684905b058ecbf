//! The transit keys of one source: a file for each version, which was opened before it came into force.

use crate::app::error::NoTransitKey;
use crate::policy::Tree;
use crate::secrets::{Identities, OpenedTransitKey, TransitError};
use crate::words::TransitFile;
use crate::words::names::TransitKey;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The keys in force, by their names within the source, each with its versions.
#[derive(Debug, Default)]
pub struct TransitKeys(BTreeMap<TransitKey, BTreeMap<u32, Arc<[u8]>>>);

impl TransitKeys {
    /// The keys of the next revision, and the faulty files. A version comes into force only if it opens. A faulty or waiting
    /// version keeps its last good form; a removed one is gone at once.
    pub(super) fn next(&self, tree: &Tree, identities: &Identities, waiting: &BTreeSet<&str>) -> (Self, Vec<(String, String)>) {
        let (mut next, mut faults) = (Self::default(), Vec::new());
        for (file, bytes) in
            tree.range(TransitFile::FOLDER.to_owned()..).take_while(|(file, _)| file.starts_with(TransitFile::FOLDER))
        {
            let parsed = match TransitFile::parse(file) {
                Ok(parsed) => parsed,
                Err(fault) => {
                    faults.push((file.clone(), fault.to_string()));
                    continue;
                }
            };
            let old = self.file(&parsed);
            let kept = match self.check(&parsed, bytes, identities) {
                Ok(()) if waiting.contains(file.as_str()) => old.cloned(),
                Ok(()) => Some(bytes.clone()),
                Err(fault) => {
                    faults.push((file.clone(), fault.to_string()));
                    old.cloned()
                }
            };
            if let Some(bytes) = kept {
                next.0.entry(parsed.key).or_default().insert(parsed.version, bytes);
            }
        }
        (next, faults)
    }

    fn check(&self, file: &TransitFile, bytes: &Arc<[u8]>, identities: &Identities) -> Result<(), TransitError> {
        match self.file(file) {
            Some(old) if old == bytes => Ok(()),
            _ => OpenedTransitKey::open(&file.key, file, bytes, identities).map(drop),
        }
    }

    /// The file of one version that is in force.
    pub(super) fn file(&self, file: &TransitFile) -> Option<&Arc<[u8]>> {
        self.0.get(&file.key)?.get(&file.version)
    }

    /// Each version's file, by its path in the repository.
    pub(super) fn files(&self) -> impl Iterator<Item = (String, &Arc<[u8]>)> {
        self.0.iter().flat_map(|(key, versions)| {
            let file = move |version: &u32| TransitFile { key: key.clone(), version: *version }.to_string();
            versions.iter().map(move |(version, bytes)| (file(version), bytes))
        })
    }

    /// The versions of a key, the lowest first. The error is for callers to whom the key is granted.
    pub(in crate::app) fn versions(&self, key: &TransitKey) -> Result<Vec<u32>, NoTransitKey> {
        let versions = self.0.get(key).ok_or(NoTransitKey::Key)?;
        Ok(versions.keys().copied().collect())
    }

    /// The file of this version, or of the highest one. The error is for callers to whom the key is granted.
    pub(in crate::app) fn version(&self, key: &TransitKey, version: Option<u32>) -> Result<(u32, &[u8]), NoTransitKey> {
        let versions = self.0.get(key).ok_or(NoTransitKey::Key)?;
        let found = match version {
            Some(version) => versions.get_key_value(&version),
            None => versions.last_key_value(),
        };
        let (version, file) = found.ok_or(NoTransitKey::Version { version: version.unwrap_or_default() })?;
        Ok((*version, file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::create_transit_key;

    #[test]
    fn a_waiting_version_is_not_in_force_and_a_removed_one_is_gone() {
        let (file, recipient) = Identities::generate();
        let identities = Identities::parse(&file).unwrap();
        let tree = |files: &[&str]| -> Tree {
            let sealed = || Arc::from(create_transit_key(std::slice::from_ref(&recipient), None).unwrap());
            files.iter().map(|file| (format!("transit/{file}.age"), sealed())).collect()
        };
        let nothing = BTreeSet::new();
        let (first, faults) = TransitKeys::default().next(&tree(&["flux/1"]), &identities, &nothing);
        assert!(faults.is_empty());
        let waiting = ["transit/shop/1.age", "transit/flux/1.age"].into();
        let (second, _) = first.next(&tree(&["flux/1", "flux/2", "shop/1"]), &identities, &waiting);
        let [flux, shop] = ["flux", "shop"].map(|name| TransitKey::parse(name).unwrap());
        assert_eq!(second.0[&flux][&1], first.0[&flux][&1], "the older form stays");
        assert!(second.0.contains_key(&flux) && !second.0.contains_key(&shop));
        assert_eq!(second.version(&flux, None).map(|(version, _)| version), Ok(2));
        let (third, _) = second.next(&tree(&["flux/2"]), &identities, &nothing);
        assert!(third.version(&flux, Some(1)).is_err() && third.version(&flux, Some(2)).is_ok());
    }
}
