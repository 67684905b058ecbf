//! Where wrapped keys come from. Each stanza that wraps a file's key is known by a digest: who copies a ciphertext has to keep
//! one that the server opens, and whoever could wrap the key anew can read it already.

use super::age_file::{is_age, is_bystander};
use super::header::stanza;
use super::{SopsFile, age_file, check_size, encrypted_path};
use crate::words::Digest;
use crate::words::names::{SecretPath, SourceName};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// What stands in every age file in armor, and so in every SOPS file for an age recipient as tools write it.
const ARMOR: &str = "AGE ENCRYPTED FILE";

/// The digests of the keys that are wrapped in an encrypted file, of its path in the repository. They are over what the armor
/// and the document's quotes hold, so that another spelling is no other key. A file that cannot be read opens to nobody and has none.
/// Files that the server answers nobody from count too, such as those that Flux opens: their ciphertexts can be copied as well.
pub fn wrapped_keys(file: &str, bytes: &[u8]) -> Vec<Digest> {
    let path = encrypted_path(file).ok().or_else(|| path_outside(file, bytes));
    let (Some(path), Ok(())) = (path, check_size(bytes)) else { return Vec::new() };
    let age_files: Vec<Vec<u8>> = if is_age(bytes) {
        vec![bytes.to_vec()]
    } else {
        let wrapped = |file: SopsFile| file.wrapped().map(|armored| armored.as_bytes().to_vec()).collect();
        SopsFile::parse(&path, bytes).map(wrapped).unwrap_or_default()
    };
    let stanzas = age_files.iter().filter_map(|file| age_file::stanzas(file)).flatten();
    stanzas.filter(|one| !is_bystander(one)).map(|one| stanza(&one.tag, &one.args, &one.body)).collect()
}

/// The path as which a file outside of the folders of encrypted files is read, if it looks encrypted: its ending tells its form.
fn path_outside(file: &str, bytes: &[u8]) -> Option<SecretPath> {
    let is_encrypted = is_age(bytes) || std::str::from_utf8(bytes).is_ok_and(|text| text.contains(ARMOR));
    let ending = file.rsplit('.').next().unwrap_or_default();
    let named = || SecretPath::parse(&format!("file.{ending}")).or_else(|_| SecretPath::parse("file"));
    is_encrypted.then(named)?.ok()
}

/// The wrapped keys of the encrypted files that `new` has and `old` does not have as they are.
pub fn changed_keys(old: &Files, new: &Files) -> BTreeMap<String, Vec<Digest>> {
    let changed = new.iter().filter(|(file, bytes)| encrypted_path(file).is_ok() && old.get(*file) != Some(*bytes));
    changed.map(|(file, bytes)| (file.clone(), wrapped_keys(file, bytes))).collect()
}

/// The files of a revision, by path.
pub(super) type Files = BTreeMap<String, Arc<[u8]>>;

/// A path of a source's repository.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The source.
    pub source: SourceName,
    /// The file.
    pub file: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.source.is_root() { f.write_str(&self.file) } else { write!(f, "{}:{}", self.source, self.file) }
    }
}

/// Where keys stand or stood, by their digests.
#[derive(Default, Debug)]
pub struct Origins {
    known: BTreeMap<Digest, BTreeMap<Place, bool>>,
    /// Further keys are not kept: what is not known here may have stood anywhere.
    pub full: bool,
}

impl Origins {
    /// Adds that this key stands or stood here; and whether it was in force, or only in some commit.
    pub fn add(&mut self, key: Digest, place: Place, in_force: bool) {
        *self.known.entry(key).or_default().entry(place).or_default() |= in_force;
    }

    /// The other places of these keys. One that was in force at this place belongs here, wherever else it stands.
    pub fn elsewhere(&self, here: &Place, keys: &[Digest]) -> BTreeSet<&Place> {
        let places = keys.iter().filter_map(|key| self.known.get(key)).filter(|places| places.get(here) != Some(&true));
        places.flat_map(BTreeMap::keys).filter(|place| *place != here).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{Identities, encrypt, encrypt_document};
    use crate::words::UnixTime;

    #[test]
    fn a_key_is_the_same_in_another_armor_and_in_a_file_of_its_own() {
        let recipients = [Identities::generate().1, Identities::generate().1];
        let path = SecretPath::parse("a.json").unwrap();
        let sealed = encrypt_document(&path, b"{\"a\": 1}", &recipients, UnixTime::from_seconds(1_795_000_000)).unwrap();
        let keys = wrapped_keys("secrets/a.json", &sealed);
        assert_eq!(keys.len(), 2, "grease is nobody's key");
        let text = String::from_utf8(sealed).unwrap();
        let spelled = text.replace("BEGIN AGE", "BEGIN\\u0020AGE");
        assert!(spelled != text && wrapped_keys("secrets/b.yaml", spelled.as_bytes()) == keys);
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let alone = document["sops"]["age"][1]["enc"].as_str().unwrap();
        assert_eq!(wrapped_keys("transit/flux/1.age", alone.as_bytes()), keys[1..]);
        for foreign in ["flux/prod.json", "secrets/od d.json", "a/.b.yaml"] {
            assert_eq!(wrapped_keys(foreign, text.as_bytes()), keys, "{foreign}");
        }
        let again = encrypt(b"x", &recipients, false).unwrap();
        assert!(wrapped_keys("secrets/a.age", &again).iter().all(|key| !keys.contains(key)));
        for none in [&b"a: b\n"[..], b"", b"age-encryption.org/v1\n-> X25519"] {
            assert_eq!(wrapped_keys("secrets/a.yaml", none), []);
        }
    }

    #[test]
    fn what_was_in_force_here_belongs_here_and_what_a_commit_had_does_not() {
        let place = |file: &str| Place { source: SourceName::root(), file: file.to_owned() };
        let (key, mut origins) = (Digest::plain(b"x"), Origins::default());
        origins.add(key, place("secrets/a"), true);
        origins.add(key, place("secrets/b"), false);
        assert!(origins.elsewhere(&place("secrets/a"), &[key]).is_empty());
        for other in ["secrets/b", "secrets/c"] {
            assert!(origins.elsewhere(&place(other), &[key]).contains(&place("secrets/a")), "{other}");
        }
        assert!(origins.elsewhere(&place("secrets/c"), &[Digest::plain(b"y")]).is_empty());
    }
}
