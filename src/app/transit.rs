//! The transit keys of one source: a file for each version, which opened when it came in force.

use crate::policy::Tree;
use crate::secrets::{Identities, OpenedTransitKey};
use crate::words::TransitFile;
use crate::words::names::TransitKey;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The keys in force, by their names within the source, each with its versions.
#[derive(Debug, Default)]
pub struct TransitKeys(BTreeMap<TransitKey, BTreeMap<u32, Arc<[u8]>>>);

/// What is wrong with the files of a revision, and which of them wait for a person.
#[derive(Default)]
pub(super) struct Told {
    /// The file and its fault.
    pub(super) faults: Vec<(String, String)>,
    /// Versions of keys that are new, where what widens waits.
    pub(super) held: Vec<String>,
}

impl TransitKeys {
    /// Those of the next revision. A version has to open before it is in force, a faulty one keeps its last good form, one that
    /// is gone is gone at once. A further version of a known key lets nobody in, and never waits.
    pub(super) fn next(&self, tree: &Tree, identities: &Identities, waits: bool) -> (Self, Told) {
        let (mut next, mut told) = (Self::default(), Told::default());
        for (file, bytes) in
            tree.range(TransitFile::FOLDER.to_owned()..).take_while(|(file, _)| file.starts_with(TransitFile::FOLDER))
        {
            let parsed = match TransitFile::parse(file) {
                Ok(parsed) => parsed,
                Err(fault) => {
                    told.faults.push((file.clone(), fault));
                    continue;
                }
            };
            if waits && !self.0.contains_key(&parsed.key) {
                told.held.push(file.clone());
                continue;
            }
            let kept = match self.check(&parsed, bytes, identities) {
                Ok(()) => Some(bytes.clone()),
                Err(fault) => {
                    told.faults.push((file.clone(), fault));
                    self.file(&parsed.key, parsed.version).cloned()
                }
            };
            if let Some(bytes) = kept {
                next.0.entry(parsed.key).or_default().insert(parsed.version, bytes);
            }
        }
        (next, told)
    }

    fn check(&self, file: &TransitFile, bytes: &Arc<[u8]>, identities: &Identities) -> Result<(), String> {
        match self.file(&file.key, file.version) {
            Some(old) if old == bytes => Ok(()),
            _ => OpenedTransitKey::open(&file.key, file.version, bytes, identities).map(drop),
        }
    }

    fn file(&self, key: &TransitKey, version: u32) -> Option<&Arc<[u8]>> {
        self.0.get(key)?.get(&version)
    }

    /// Each version's file, by its path in the repository.
    pub(super) fn files(&self) -> impl Iterator<Item = (String, &[u8])> {
        self.0.iter().flat_map(|(key, versions)| {
            let file = move |version: &u32| TransitFile { key: key.clone(), version: *version }.to_string();
            versions.iter().map(move |(version, bytes)| (file(version), &**bytes))
        })
    }

    /// The versions of a key, the lowest first. The error is for whom the key is granted.
    pub(super) fn versions(&self, key: &TransitKey) -> Result<Vec<u32>, String> {
        let versions = self.0.get(key).ok_or("the revision in force has no file of this key")?;
        Ok(versions.keys().copied().collect())
    }

    /// The file of this version, or of the highest one. The error is for whom the key is granted.
    pub(super) fn version(&self, key: &TransitKey, version: Option<u32>) -> Result<(u32, &[u8]), String> {
        let versions = self.0.get(key).ok_or("the revision in force has no file of this key")?;
        let found = match version {
            Some(version) => versions.get_key_value(&version),
            None => versions.last_key_value(),
        };
        let (version, file) =
            found.ok_or_else(|| format!("version {} of this key is not in force", version.unwrap_or_default()))?;
        Ok((*version, file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::create_transit_key;

    #[test]
    fn a_new_key_waits_where_what_widens_does_and_a_further_version_never() {
        let (file, recipient) = Identities::generate();
        let identities = Identities::parse(&file).unwrap();
        let tree = |files: &[&str]| -> Tree {
            let sealed = || Arc::from(create_transit_key(std::slice::from_ref(&recipient)).unwrap());
            files.iter().map(|file| (format!("transit/{file}.age"), sealed())).collect()
        };
        let (first, told) = TransitKeys::default().next(&tree(&["flux/1"]), &identities, false);
        assert!(told.held.is_empty() && told.faults.is_empty());
        let (second, told) = first.next(&tree(&["flux/1", "flux/2", "shop/1"]), &identities, true);
        let [flux, shop] = ["flux", "shop"].map(|name| TransitKey::parse(name).unwrap());
        assert_eq!(told.held, ["transit/shop/1.age"]);
        assert!(second.0.contains_key(&flux) && !second.0.contains_key(&shop));
        assert_eq!(second.version(&flux, None).map(|(version, _)| version), Ok(2));
        let (third, _) = second.next(&tree(&["flux/2"]), &identities, true);
        assert!(third.version(&flux, Some(1)).is_err() && third.version(&flux, Some(2)).is_ok());
    }
}
