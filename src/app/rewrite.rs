//! A source's files with other recipients or new data keys, made where the private keys are. Ciphertext goes out, and nothing else.

use super::not_in_force::NotInForce;
use super::revision::Revision;
use crate::secrets::{
    AgeError, Binding, Creation, FileRewrite, Identities, NotBelow, RULES_FILE, RepositoryPath, Rewrite, Rules, RulesError,
    SecretError, check, encrypted_path,
};
use crate::words::{Digest, UnixTime};

/// Why a file has no new form.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    /// It is no encrypted file.
    #[error(transparent)]
    Path(#[from] NotBelow),
    /// Nobody committed it.
    #[error("the commit in force has no such file: push it first")]
    NoFile,
    /// What is asked for is not what was committed.
    #[error("the commit in force has another form of this file: pull, or push yours first")]
    OtherForm,
    /// No form of it is in force.
    #[error(transparent)]
    NotInForce(#[from] NotInForce),
    /// The one that was committed is not.
    #[error("{0}: an older form of it is in force, and only files in force are encrypted anew")]
    OlderInForce(#[source] NotInForce),
    /// Its rules do not say who reads it.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// It does not open, or is not written.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The server would lose it.
    #[error(
        "the recipients that {RULES_FILE} names do not include this source's own ({}): it could not open the file any more",
        .own.join(", ")
    )]
    NotForItsOwn {
        /// To whom it has to be encrypted too.
        own: Vec<String>,
    },
}

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
    pub fn file(&self, name: &str, sha256: &Digest) -> Result<Option<Vec<u8>>, RewriteError> {
        let (path, place) = (encrypted_path(name)?, RepositoryPath::parse(name)?);
        let snapshot = self.revision.snapshot().files.get(name).ok_or(RewriteError::NoFile)?;
        if Digest::plain(snapshot) != *sha256 {
            return Err(RewriteError::OtherForm);
        }
        let bytes = self.revision.file_in_force(name)?;
        if bytes != snapshot {
            return Err(RewriteError::OlderInForce(self.revision.lacks(name)));
        }
        let to = Creation::to(&self.recipients(name)?).at(Some(place.clone()));
        let identities = self.identities.at(place.clone());
        let rewrite = FileRewrite::of(&path, bytes, self.how, &to)?;
        // Also where a part of it opens here: nobody who asks moves a file.
        if let Binding::Elsewhere(path) = rewrite.binding() {
            return Err(SecretError::from(AgeError::ForOtherPath { path, here: place }).into());
        }
        let rewritten = rewrite.run(&identities, self.now)?;
        if let Some(new) = &rewritten {
            let own = || self.identities.recipients();
            check(&place, new, self.identities).map_err(|_| RewriteError::NotForItsOwn { own: own() })?;
        }
        Ok(rewritten)
    }

    /// Those whom the rules in force name, without one the source's own. While other rules wait, only who is named by both: whoever
    /// is taken out is out at once.
    fn recipients(&self, name: &str) -> Result<Vec<String>, RulesError> {
        let own = self.identities.recipients();
        let named = |rules: &Rules<'_>| match rules.for_file(name) {
            Some(creation) => creation.map(|creation| creation.recipients().to_vec()),
            None => Ok(own.clone()),
        };
        let (mut recipients, waiting) = (named(&self.rules)?, named(&self.waiting));
        if let Ok(waiting) = waiting {
            recipients.retain(|recipient| waiting.contains(recipient));
        }
        Ok(recipients)
    }
}
