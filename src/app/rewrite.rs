//! A source's files with other recipients or new data keys, made where the private keys are. Ciphertext goes out, and nothing else.

use super::revision::Revision;
use crate::secrets::{Creations, Identities, Rewrite, check, rewrite};
use crate::words::names::SecretPath;
use crate::words::{Digest, TransitFile, UnixTime};
use std::collections::BTreeMap;
use std::sync::Arc;

/// To whom a source's files are encrypted, by the root of its repository.
const RULES: &str = ".sops.yaml";

/// What is done to one source's files.
pub struct Rewriting<'a> {
    files: &'a BTreeMap<String, Arc<[u8]>>,
    rules: Option<Creations>,
    identities: &'a Identities,
    how: Rewrite,
    now: UnixTime,
}

impl Revision {
    /// Begins: the recipients are those of the commit itself, so that nobody who asks can add one.
    pub fn rewriting<'a>(&'a self, how: Rewrite, identities: &'a Identities, now: UnixTime) -> Result<Rewriting<'a>, String> {
        let files = &self.snapshot().files;
        let rules = files.get(RULES).map(|bytes| Creations::parse(bytes)).transpose()?;
        Ok(Rewriting { files, rules, identities, how, now })
    }
}

impl Rewriting<'_> {
    /// A file's new form; `None` where it is as it should be. The file that is asked for has to be the one of the commit.
    pub fn file(&self, name: &str, sha256: &Digest) -> Result<Option<Vec<u8>>, String> {
        let path = path_of(name)?;
        let bytes = self.files.get(name).ok_or("the commit in force has no such file: push it first")?;
        if Digest::plain(bytes) != *sha256 {
            return Err("the commit in force has another form of this file: pull, or push yours first".to_owned());
        }
        let own = self.identities.recipients();
        let recipients = match &self.rules {
            Some(rules) => rules.for_path(name)?.recipients(),
            None => &own,
        };
        let rewritten = rewrite(&path, bytes, self.how, recipients, self.identities, self.now)?;
        if let Some(new) = &rewritten {
            check(&path, new, self.identities).map_err(|_| {
                format!("the recipients that {RULES} names do not include this source's own ({}): it could not open the file any more", own.join(", "))
            })?;
        }
        Ok(rewritten)
    }
}

/// What is below the folders of encrypted files, and nothing else.
fn path_of(name: &str) -> Result<SecretPath, String> {
    let parsed = match name.strip_prefix("secrets/") {
        Some(path) => SecretPath::parse(path),
        None => TransitFile::parse(name).and_then(|_| SecretPath::parse(name)),
    };
    parsed.map_err(|_| "expected a file below secrets/ or transit/".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_encrypted_files_have_a_name_here() {
        assert!(path_of("secrets/shop/db.yaml").is_ok() && path_of("transit/flux/1.age").is_ok());
        for name in ["policies/shop.yaml", ".sops.yaml", "secrets/../x", "transit/flux/x.age", "transit/1.age", "db.yaml", ""] {
            assert!(path_of(name).is_err(), "{name}");
        }
    }
}
