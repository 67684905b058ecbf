//! A source's files with other recipients or new data keys, made where the private keys are. Ciphertext goes out, and nothing else.

use super::revision::Revision;
use crate::secrets::{Creations, Identities, RULES_FILE, Rewrite, check, encrypted_path, rewrite};
use crate::words::{Digest, UnixTime};
use std::collections::BTreeMap;
use std::sync::Arc;

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
        let rules = files.get(RULES_FILE).map(|bytes| Creations::parse(bytes)).transpose()?;
        Ok(Rewriting { files, rules, identities, how, now })
    }
}

impl Rewriting<'_> {
    /// A file's new form; `None` where it is as it should be. The file that is asked for has to be the one of the commit.
    pub fn file(&self, name: &str, sha256: &Digest) -> Result<Option<Vec<u8>>, String> {
        let path = encrypted_path(name)?;
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
                format!("the recipients that {RULES_FILE} names do not include this source's own ({}): it could not open the file any more", own.join(", "))
            })?;
        }
        Ok(rewritten)
    }
}
