//! Rewrites a source's files for other recipients or with new data keys, on the server that has the private keys. Only ciphertext
//! leaves it.

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
    /// It is no path of an encrypted file.
    #[error(transparent)]
    Path(#[from] NotBelow),
    /// Nobody committed it.
    #[error("the commit in force has no such file: push it first")]
    NoFile,
    /// The requested form is not the committed one.
    #[error("the commit in force has another form of this file: pull, or push yours first")]
    OtherForm,
    /// No form of it is in force.
    #[error(transparent)]
    NotInForce(#[from] NotInForce),
    /// The committed form is not in force.
    #[error("{0}: an older form of it is in force, and only files in force are encrypted again")]
    OlderInForce(#[source] NotInForce),
    /// Its rules do not name its recipients.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// It does not open, or cannot be encrypted.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The server could not open it any more.
    #[error(
        "the recipients that {RULES_FILE} names do not include this source's own ({}): the server could not open the file any more",
        .own.join(", ")
    )]
    NotForItsOwn {
        /// The source's own recipients.
        own: Vec<String>,
    },
}

/// A change of one source's files.
pub struct Rewriting<'a> {
    revision: &'a Revision,
    rules: Rules<'a>,
    /// The rules of the commit itself, which may differ from those in force and wait.
    waiting: Rules<'a>,
    identities: &'a Identities,
    how: Rewrite,
    now: UnixTime,
}

impl Revision {
    /// Begins a change. Neither the client nor an unconfirmed commit can add a recipient.
    pub fn rewriting<'a>(&'a self, how: Rewrite, identities: &'a Identities, now: UnixTime) -> Rewriting<'a> {
        let (rules, waiting) = (Rules::among(self.rules()), Rules::among(&self.snapshot().files));
        Rewriting { revision: self, rules, waiting, identities, how, now }
    }
}

impl Rewriting<'_> {
    /// A file's new form; `None` if it needs none. The file has to be in force, in the requested form.
    pub fn file(&self, name: &str, sha256: &Digest) -> Result<Option<Vec<u8>>, RewriteError> {
        let (path, place) = (encrypted_path(name)?, RepositoryPath::parse(name)?);
        let snapshot = self.revision.snapshot().files.get(name).ok_or(RewriteError::NoFile)?;
        if Digest::plain(snapshot) != *sha256 {
            return Err(RewriteError::OtherForm);
        }
        let bytes = self.revision.file_in_force(name)?;
        if bytes != snapshot {
            return Err(RewriteError::OlderInForce(self.revision.why_not_in_force(name)));
        }
        let to = Creation::to(&self.recipients(name)?).at(Some(place.clone()));
        let identities = self.identities.at(place.clone());
        let rewrite = FileRewrite::of(&path, bytes, self.how, &to)?;
        // Even if a part of it opens here: a client cannot move a file.
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

    /// The recipients of the rules in force; without a rule the source's own. While other rules wait, only recipients that both
    /// name, so that a removed one is out at once.
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
