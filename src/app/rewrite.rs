//! A source's files with other recipients or new data keys, made where the private keys are. Ciphertext goes out, and nothing else.

use super::revision::Revision;
use crate::secrets::{Creation, Identities, RULES_FILE, RepositoryPath, Rewrite, Rules, check, encrypted_path, rewrite};
use crate::words::{Digest, UnixTime};

/// What is done to one source's files.
pub struct Rewriting<'a> {
    revision: &'a Revision,
    rules: Rules<'a>,
    /// Those of the commit itself: other ones than those in force wait.
    waiting: Rules<'a>,
    identities: &'a Identities,
    how: Rewrite,
    now: UnixTime,
}

impl Revision {
    /// Begins: who asks can add no recipient, and neither can a commit that nobody confirmed.
    pub fn rewriting<'a>(&'a self, how: Rewrite, identities: &'a Identities, now: UnixTime) -> Rewriting<'a> {
        let (rules, waiting) = (Rules::among(self.rules()), Rules::among(&self.snapshot().files));
        Rewriting { revision: self, rules, waiting, identities, how, now }
    }
}

impl Rewriting<'_> {
    /// A file's new form; `None` where it is as it should be. Only a file in force has one, and what is asked for has to be its form.
    pub fn file(&self, name: &str, sha256: &Digest) -> Result<Option<Vec<u8>>, String> {
        let (path, place) = (
            encrypted_path(name).map_err(|fault| fault.to_string())?,
            RepositoryPath::parse(name).map_err(|fault| fault.to_string())?,
        );
        let snapshot = self.revision.snapshot().files.get(name).ok_or("the commit in force has no such file: push it first")?;
        if Digest::plain(snapshot) != *sha256 {
            return Err("the commit in force has another form of this file: pull, or push yours first".to_owned());
        }
        let bytes = self.revision.file_in_force(name).map_err(|fault| fault.to_string())?;
        if bytes != snapshot {
            return Err(format!(
                "{}: an older form of it is in force, and only files in force are encrypted anew",
                self.revision.lacks(name)
            ));
        }
        let to = Creation::to(&self.recipients(name)?).at(Some(place.clone()));
        let identities = self.identities.at(place.clone());
        let rewritten = rewrite(&path, bytes, self.how, &to, &identities, self.now).map_err(|fault| fault.to_string())?;
        if let Some(new) = &rewritten {
            check(&place, new, self.identities).map_err(|_| {
                format!("the recipients that {RULES_FILE} names do not include this source's own ({}): it could not open the file any more", self.identities.recipients().join(", "))
            })?;
        }
        Ok(rewritten)
    }

    /// Those whom the rules in force name, without one the source's own. While other rules wait, only who is named by both: whoever
    /// is taken out is out at once.
    fn recipients(&self, name: &str) -> Result<Vec<String>, String> {
        let own = self.identities.recipients();
        let named = |rules: &Rules<'_>| match rules.for_file(name) {
            Some(creation) => creation.map(|creation| creation.recipients().to_vec()),
            None => Ok(own.clone()),
        };
        let (mut recipients, waiting) = (named(&self.rules).map_err(|fault| fault.to_string())?, named(&self.waiting));
        if let Ok(waiting) = waiting {
            recipients.retain(|recipient| waiting.contains(recipient));
        }
        Ok(recipients)
    }
}
