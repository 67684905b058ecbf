//! Where wrapped keys come from. Each stanza that wraps a file's key is identified by a digest. Somebody who copies a ciphertext must
//! keep a stanza that the server opens; only somebody who can already read the file could wrap its key anew.

use super::age_file::{is_age, is_bystander};
use super::header::stanza;
use super::{SopsFile, age_file, check_size, encrypted_path};
use crate::words::Digest;
use crate::words::names::{SecretPath, SourceName};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// A text in every armored age file, and so in every SOPS file with an age recipient that a tool wrote.
const ARMOR: &str = "AGE ENCRYPTED FILE";

/// The digests of the keys that are wrapped in an encrypted file. `file` is its path in the repository. They are computed after the
/// armor and the document's quoting are decoded, so that another spelling gives the same digests. A file that cannot be read opens for
/// nobody and has none. Files that the server serves to nobody, such as those that Flux opens, count too: their ciphertexts can be
/// copied as well.
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

/// A path for reading a file outside of the folders of encrypted files, if it looks encrypted. Its extension decides the form.
fn path_outside(file: &str, bytes: &[u8]) -> Option<SecretPath> {
    let is_encrypted = is_age(bytes) || std::str::from_utf8(bytes).is_ok_and(|text| text.contains(ARMOR));
    let ending = file.rsplit('.').next().unwrap_or_default();
    let named = || SecretPath::parse(&format!("file.{ending}")).or_else(|_| SecretPath::parse("file"));
    is_encrypted.then(named)?.ok()
}

/// The wrapped keys of the encrypted files in `new` that are missing or different in `old`.
pub fn changed_keys(old: &Files, new: &Files) -> BTreeMap<String, Vec<Digest>> {
    let changed = new.iter().filter(|(file, bytes)| encrypted_path(file).is_ok() && old.get(*file) != Some(*bytes));
    changed.map(|(file, bytes)| (file.clone(), wrapped_keys(file, bytes))).collect()
}

/// The files of a revision, by path.
pub(super) type Files = BTreeMap<String, Arc<[u8]>>;

/// A path of a source's repository.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SourceFile {
    /// The source.
    pub source: SourceName,
    /// The file.
    pub file: String,
}

impl fmt::Display for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.source.is_root() { f.write_str(&self.file) } else { write!(f, "{}:{}", self.source, self.file) }
    }
}

/// The places where wrapped keys are or were, by digest.
#[derive(Default, Debug)]
pub struct Origins {
    known: BTreeMap<Digest, BTreeMap<SourceFile, bool>>,
    /// The record is full and takes no more keys. A key that is not in it may have been anywhere.
    pub full: bool,
}

impl Origins {
    /// Records that this key is or was at this place. `in_force`: the file was active there, not only in some commit.
    pub fn add(&mut self, key: Digest, place: SourceFile, in_force: bool) {
        *self.known.entry(key).or_default().entry(place).or_default() |= in_force;
    }

    /// The other places of these keys. A key that was active at this place belongs here, wherever else it is.
    pub fn elsewhere(&self, here: &SourceFile, keys: &[Digest]) -> BTreeSet<&SourceFile> {
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
    fn a_wrapped_key_has_the_same_digest_in_another_spelling_and_in_its_own_file() {
        let recipients = [Identities::generate().1, Identities::generate().1];
        let path = SecretPath::parse("a.json").unwrap();
        let sealed = encrypt_document(&path, b"{\"a\": 1}", &recipients, UnixTime::from_seconds(1_795_000_000)).unwrap();
        let keys = wrapped_keys("secrets/a.json", &sealed);
        assert_eq!(keys.len(), 2, "grease wraps no key");
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
    fn keys_belong_to_places_where_they_were_active_and_not_to_places_in_commits() {
        let place = |file: &str| SourceFile { source: SourceName::root(), file: file.to_owned() };
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
