//! A granted secret at an older commit: read from Git for one answer, opened by today's identities, and not cached.

use super::App;
use super::live::Live;
use super::revision::open_granted;
use super::secret::{secret_value, unreadable};
use super::were_in_force::was_in_force;
use crate::git::{HistoryWindow, Source};
use crate::kind::PastValue;
use crate::policy::{Granted, PastSecretTerms, SecretTerms, Widening};
use crate::secrets::{Identities, Plaintext, Unopened};
use crate::store::{Licence, Reader};
use crate::words::names::{CommitId, SecretName, SourceName};
use crate::words::{Denial, Reason};
use std::sync::Arc;
use std::time::Duration;

/// How many old values are read at once: each may walk a long history, and other exchanges need the processors too.
pub(super) const READ_AT_ONCE: usize = 2;
/// How long a request waits for its turn: enough for a handful of the longest walks.
const TURN_MAX: Duration = Duration::from_secs(10);

/// Everything for reading an old value on a blocking thread.
struct PastRead {
    name: SourceName,
    source: Source,
    past: HistoryWindow,
    commit: CommitId,
    /// The secret's name within the source.
    within: SecretName,
    terms: SecretTerms,
    identities: Arc<Identities>,
    /// The records of what was in force; present if only what was in force may be read.
    records: Option<Reader>,
}

impl App {
    /// Opens a granted secret at this commit. The policies in force have decided; the commit has to be in the history of the one in force.
    pub async fn open_past_secret(&self, live: &Live, licence: &Licence<'_, PastSecretTerms>) -> Result<PastValue, Denial> {
        let (granted, PastSecretTerms { secret: terms, commit }) = (licence.granted(), licence.terms());
        let commit = commit.as_ref().ok_or_else(|| Reason::Internal.with_cause("a secret of the past without its commit"))?;
        let reading = self.reading_of_past(live, granted, terms, commit)?;
        let turn = self.past_turns.acquire(&granted.source, TURN_MAX).await;
        let _turn = turn.map_err(|_| Reason::Overloaded.with_cause("too many old values are read at once"))?;
        let broken = |fault: tokio::task::JoinError| Reason::Internal.with_cause(fault.to_string());
        let read = tokio::task::spawn_blocking(move || reading.read().map(|bytes| (reading, bytes))).await;
        let (reading, bytes) = read.map_err(broken)??;
        let (followed, path) = (&live.owned(&granted.source, &terms.name)?.0.followed, &reading.within.path);
        if !self.belongs(followed, path, &bytes).await? {
            let message =
                "The secret is granted, but at this commit its file had the content of another path, which nobody has confirmed.";
            return Err(unreadable(&terms.name, format!("at {commit}: a copy that was never confirmed")).with_detail(message));
        }
        let opened = tokio::task::spawn_blocking(move || reading.open(&bytes)).await;
        let plaintext = opened.map_err(broken)??;
        Ok(PastValue(secret_value(granted, terms, &plaintext, commit.clone())))
    }

    fn reading_of_past(
        &self,
        live: &Live,
        granted: &Granted,
        terms: &SecretTerms,
        commit: &CommitId,
    ) -> Result<PastRead, Denial> {
        let (in_force, within) = live.owned(&granted.source, &terms.name)?;
        let (revision, followed) = (&in_force.revision, &in_force.followed);
        let now = revision.commit.clone().ok_or_else(|| unreadable(&terms.name, "its source has no revision"))?;
        // A file that waits has an older commit in force, and a file that somebody added and removed had one: neither was ever confirmed.
        let waits = revision.pending_files().contains(&format!("secrets/{}", within.path).as_str());
        if waits || (self.widening == Widening::Waits && !revision.has_document(&within.path)) {
            let message = "The secret is granted, but nobody has confirmed its file: where widening waits, only files in force have a past.";
            return Err(unreadable(&terms.name, "its file is not in force, and widening waits").with_detail(message));
        }
        let past = HistoryWindow { in_force: now, since: followed.settings.since.clone() };
        let (source, identities) = (followed.source(), followed.identities());
        let records = (self.widening == Widening::Waits).then(|| self.store.reader()).transpose();
        let records = records.map_err(|fault| unreadable(&terms.name, fault))?;
        let name = followed.name.clone();
        Ok(PastRead { name, source, past, commit: commit.clone(), within, terms: terms.clone(), identities, records })
    }
}

impl PastRead {
    fn read(&self) -> Result<Vec<u8>, Denial> {
        let (name, commit) = (&self.terms.name, &self.commit);
        let fault = |cause: String| self.fault(&cause);
        if !self.source.is_past(commit, &self.past).map_err(|found| fault(found.to_string()))? {
            return Err(
                Reason::CommitRefused.with_cause(format!("{name}: {commit} is none of the history of {}", self.past.in_force))
            );
        }
        let file = format!("secrets/{}", self.within.path);
        let bytes = self.source.file_at(commit, &file).map_err(|found| fault(found.to_string()))?;
        let bytes = bytes.ok_or_else(|| self.missing("the commit has no such file"))?;
        if let Some(records) = &self.records {
            let was =
                was_in_force(records, (&self.name, &self.source), commit, &file).map_err(|found| fault(found.to_string()))?;
            was.then_some(()).ok_or_else(|| {
                let message = "The secret is granted, but as the commit has it, it was never in force here: nobody has confirmed that form, or it is from before the server's first start.";
                fault("the records do not have this form in force".to_owned()).with_detail(message)
            })?;
        }
        Ok(bytes)
    }

    fn open(&self, bytes: &[u8]) -> Result<Plaintext, Denial> {
        open_granted(&self.within, bytes, &self.terms, &self.identities).map_err(|unopened| match unopened {
            Unopened::Missing(cause) => self.missing(&format!("as the commit has it {cause}")),
            Unopened::Unreadable(cause) => self
                .fault(&cause.to_string())
                .with_detail("The secret is granted, but no current key opens it as the commit has it.")
                .with_hint("Ask the operator: the audit log has the cause by the decision's id."),
        })
    }

    fn fault(&self, cause: &str) -> Denial {
        unreadable(&self.terms.name, format!("at {}: {cause}", self.commit))
    }

    fn missing(&self, cause: &str) -> Denial {
        Reason::SecretMissing
            .with_cause(format!("{}: at {}: {cause}", self.terms.name, self.commit))
            .with_detail(format!("The secret is granted, but {cause}."))
            .with_hint("Name a commit that has it: `git log --first-parent -- FILE` lists those that change the file.")
    }
}
