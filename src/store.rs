//! Layer C: the durable store: an append-only audit log, the replay check, and the encrypted answers of the last minute.
//!
//! SQLite in WAL mode with `synchronous=FULL`: a commit returns after the operating system has confirmed that the bytes are on the disk.

mod aws_holders;
mod aws_sessions;
mod bindings;
mod body;
mod clock;
mod decisions;
mod ended;
mod ended_tokens;
mod error;
mod event_record;
mod filter;
mod forgotten_mark;
mod history;
mod kept_tokens;
mod keys;
pub(crate) mod licence;
mod matching;
mod outcome;
mod page;
mod proofs;
mod reader;
mod record;
mod record_body;
mod refusal_limits;
mod release;
mod replay;
mod request_record;
mod revision_record;
mod schema;
mod seal;
mod sessions;
mod space;
mod standing;
mod top_counts;
mod use_record;
mod witness;
mod wrapped_keys;
mod writer;

pub use aws_sessions::AwsSession;
pub use bindings::Binding;
pub use body::{FormatVersion, RECORD_BYTES_MAX};
pub use decisions::{Decided, DecisionSearch};
pub use error::{ReadError, StoreError};
pub use filter::{RECORD_KINDS, RecordFilter};
pub use history::ReleasedDecision;
pub use kept_tokens::KeptToken;
pub use keys::{HostedKeys, KeyRecord, KeyRow, KeyState, OwnIssuer};
pub use licence::{Licence, Licensed, LocalGrant};
pub use page::{Page, PageBounds, Span};
pub use proofs::ProofUse;
pub use reader::{Entry, Reader};
pub use record::{Recorded, Released};
pub use record_body::{OperatorRecord, RecordBody};
pub use refusal_limits::Class;
pub use release::{HasGrant, StillGranted};
pub use replay::{Answer, Intent, IntentOutcome, Outcome, REPEAT_WINDOW, Repeat, Replay, TokenUse};
pub use request_record::{CredentialsLeftOut, RecordedSources, RequestRecord, SessionRecord};
pub use revision_record::RevisionRecord;
pub use sessions::SessionKeyRow;
pub use standing::{DenialRow, HighWaterMarks};
pub use use_record::{
    AuditReadRecord, DenialRecord, ReplayRecord, RewriteRecord, RewrittenForm, SecretStatusRecord, TransitRecord, UseRecord,
};
pub use witness::{Witness, Witnesses};
pub use wrapped_keys::WrappedKey;

use crate::words::names::DecisionId;
use crate::words::{Clock, Denial, Digest, Reason, Secret, Timeline};
use ended::EndedSessions;
use forgotten_mark::ForgottenMark;
use prometheus_client::metrics::histogram::Histogram;
use refusal_limits::{Refusal, RefusalLimits};
use replay::Rules;
use rusqlite::Connection;
use seal::Seals;
use serde::Serialize;
use space::{Purpose, Space};
use std::net::IpAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use writer::Writer;

/// How long a copy of a request waits for the first one: longer than any provider takes (AWS: 10 s).
const FLIGHT_WAIT_MAX: Duration = Duration::from_secs(15);

/// The kind of the records of dry runs. One with a `reason` would have been refused.
pub const DRY_RUN: &str = "dry_run";

/// The store. A data directory belongs to one process at a time.
pub struct Store {
    writer: Writer,
    /// A connection for reading only, which works on a full disk.
    readings: Arc<Mutex<Reader>>,
    rules: Arc<Rules>,
    gate: RefusalLimits,
    space: Arc<Space>,
    timeline: Arc<Timeline>,
    seals: Seals,
    ended: Arc<EndedSessions>,
    directory: PathBuf,
}

/// The record of a dry run that would be granted.
pub struct DryRunRecord {
    /// The decision.
    pub decision: DecisionId,
    /// The identity, for its share of records.
    pub identity: Digest,
    /// The record.
    pub body: Box<RequestRecord>,
    /// The claims in their canonical text.
    pub claims: Arc<str>,
}

/// A refusal.
pub struct RefusalRecord<'a> {
    /// Whether the request was a dry run.
    pub dry_run: bool,
    /// Its class, which limits how many records it may use.
    pub class: Class,
    /// The reason.
    pub reason: Reason,
    /// The address of the client.
    pub client: IpAddr,
    /// The token's issuer; empty if that is not proved.
    pub issuer: &'a str,
    /// The owner of the identity, for the counts.
    pub owner: &'a str,
    /// The subject.
    pub subject: &'a str,
    /// The record.
    pub body: Box<RequestRecord>,
    /// The claims in their canonical text.
    pub claims: Option<Arc<str>>,
}

/// How a refusal was kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kept {
    /// It has a record with its decision's id.
    Recorded,
    /// It was only counted, and no record has its id.
    Counted,
}

impl Store {
    /// Opens the directory, creates what is missing, and records the start and every intent without an outcome.
    pub fn open(directory: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        // Nobody else may read it, from its creation on.
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|fault| StoreError::Directory { path: directory.to_owned(), fault })?;
        let lock = schema::lock(directory)?;
        // Before the first write, because a store on a full disk starts with its reserve.
        let space = Arc::new(Space::open(directory));
        let connection = schema::open(directory).map_err(|fault| StoreError::Open { directory: directory.to_owned(), fault })?;
        let timeline = Arc::new(Timeline::new(clock.clone()));
        let unresolved = outcome::unresolved(&connection)?;
        schema::forget_answers(&connection).map_err(StoreError::Answers)?;
        outcome::record_start(&connection, timeline.now(), &unresolved).map_err(StoreError::Start)?;
        for decision in &unresolved {
            tracing::warn!(%decision, "an intent of the last run has no outcome; nothing was released for it");
        }
        let forgotten = ForgottenMark::load(&connection, timeline.clone())?;
        let rules = Arc::new(Rules::new(schema::salt(&connection)?, forgotten));
        let ended = Arc::new(EndedSessions::load(&connection)?);
        let readings = Arc::new(Mutex::new(Reader::open(directory)?));
        let writer = Writer::start(directory.to_owned(), lock, connection, timeline.clone(), space.clone());
        let (gate, seals, directory) = (RefusalLimits::default(), Seals::new(clock), directory.to_owned());
        Ok(Self { writer, readings, rules, gate, space, timeline, seals, ended, directory })
    }

    /// A reader of the log with its own connection, for another thread.
    pub fn reader(&self) -> Result<Reader, ReadError> {
        Reader::open(&self.directory)
    }

    /// The histogram of how long records waited until they were durable. It is updated by later writes.
    pub fn waits(&self) -> Histogram {
        self.writer.waits()
    }

    /// Whether a record can be written, tried with a row that is no record. For readiness.
    pub async fn is_writable(&self) -> bool {
        let (now, rules) = (self.now().millis(), self.rules.clone());
        self.write(move |connection| {
            rules.forgotten.forget_expired(connection)?;
            connection.execute("INSERT OR REPLACE INTO settings (name, value) VALUES ('probe', ?1)", [now.to_be_bytes()])
        })
        .await
        .is_ok()
    }

    /// Encrypts an answer with a key from its token. It can be opened for [`REPEAT_WINDOW`].
    pub fn seal(&self, answer: &Secret, token: &[u8]) -> Result<Vec<u8>, Denial> {
        self.seals.seal(answer, token)
    }

    /// Opens a stored answer; `None` if it is sealed to another token, or has expired.
    pub fn unseal(&self, repeat: &Repeat, token: &[u8]) -> Option<Secret> {
        self.seals.unseal(&repeat.sealed, token)
    }

    /// Wipes expired keys of stored answers.
    pub fn forget_old(&self) {
        self.seals.forget_old();
    }

    /// Does the replay check and records the intent, in one durable transaction. Only this makes a [`Recorded`].
    pub async fn intend<G>(&self, grant: G, intent: Intent) -> Result<IntentOutcome<Recorded<G>>, Denial> {
        let flight = self.rules.flights.start(&intent.decision, intent.binding.as_ref());
        let (decision, binding) = (intent.decision.clone(), intent.binding.clone());
        let recorded = || Recorded::new(grant, decision, binding, flight);
        Ok(self.settle(intent, None).await?.map(|()| recorded()))
    }

    /// The same with the outcome in the same record, for a credential that was made without a provider and leaves only after the record.
    pub async fn intend_and_release(
        &self,
        _made: StillGranted<LocalGrant>,
        intent: Intent,
        outcome: Outcome,
    ) -> Result<IntentOutcome<Released>, Denial> {
        Ok(self.settle(intent, Some(outcome)).await?.map(|()| Released::at_once()))
    }

    /// Records the intent. If the same request is running, it waits for that one.
    async fn settle(&self, intent: Intent, outcome: Option<Outcome>) -> Result<IntentOutcome<()>, Denial> {
        self.check_share(&intent.identity)?;
        let job = Arc::new((intent, outcome));
        let started = tokio::time::Instant::now();
        loop {
            let (now, job, rules) = (self.now(), job.clone(), self.rules.clone());
            match self.write(move |connection| rules.intend(connection, &job.0, job.1.as_ref(), now)).await? {
                replay::Verdict::Recorded => return Ok(IntentOutcome::Recorded(())),
                replay::Verdict::Repeat(repeat) => return Ok(IntentOutcome::Repeat(repeat)),
                replay::Verdict::Replayed(why) => return Ok(IntentOutcome::Replayed(why)),
                replay::Verdict::InFlight(first) => {
                    let waited = tokio::time::timeout_at(started + FLIGHT_WAIT_MAX, self.rules.flights.wait(&first)).await;
                    if waited.is_err() {
                        return Ok(IntentOutcome::Replayed(Replay::Used));
                    }
                }
            }
        }
    }

    /// Records a refusal, or only counts it if its class, its identity or its network has used up its share.
    pub async fn refuse(&self, decision: &DecisionId, refused: RefusalRecord<'_>) -> Result<Kept, Denial> {
        let RefusalRecord { dry_run, class, reason, client, issuer, owner, subject, body, claims } = refused;
        let identity = Digest::of(&[issuer.as_bytes(), subject.as_bytes()]);
        let bytes = body.bytes().len() + 2 * claims.as_ref().map_or(0, |claims| claims.len());
        let class = if dry_run { class.tried() } else { class };
        let refusal = Refusal { class, reason, client, issuer, owner, identity, bytes };
        if !self.gate.admits(&refusal, &self.space) {
            return Ok(Kept::Counted);
        }
        let (now, decision, rules) = (self.now(), decision.clone(), self.rules.clone());
        self.write(move |connection| {
            let claims = claims.map(|claims| rules.keep_claims(connection, &claims, now)).transpose()?;
            let record = RequestRecord { claims, ..*body };
            schema::append_bytes(connection, now, if dry_run { DRY_RUN } else { "refused" }, Some(&decision), &record.bytes())
        })
        .await?;
        Ok(Kept::Recorded)
    }

    /// Records what a dry run would be granted. Like a release, the record is durable before the answer leaves.
    pub async fn record_dry_run(&self, record: DryRunRecord) -> Result<Released, Denial> {
        let DryRunRecord { decision, identity, body, claims } = record;
        self.check_share(&identity)?;
        let (now, rules) = (self.now(), self.rules.clone());
        self.write(move |connection| {
            let record = RequestRecord { claims: Some(rules.keep_claims(connection, &claims, now)?), ..*body };
            schema::append_bytes(connection, now, DRY_RUN, Some(&decision), &record.bytes())
        })
        .await?;
        Ok(Released::at_once())
    }

    /// Checks that this identity may get another record of an answer now.
    fn check_share(&self, identity: &Digest) -> Result<(), Denial> {
        if !self.space.allows(Purpose::Grant) {
            return Err(Reason::AuditUnavailable.with_cause("too little room is left on the store's disk"));
        }
        if !self.gate.admits_use(identity) {
            return Err(Reason::RateLimited.with_cause("this identity was answered too often in the last minutes"));
        }
        Ok(())
    }

    /// Writes what was only counted since the last call; called every minute. If that fails, the counts are kept.
    pub async fn write_aggregates(&self) -> Result<(), Denial> {
        let counted = self.gate.take();
        if counted.is_empty() {
            return Ok(());
        }
        if !self.space.allows(Purpose::Known) {
            self.gate.give_back(counted);
            return Ok(());
        }
        let recorded = self.record("aggregated", counted.record()).await;
        if recorded.is_err() {
            self.gate.give_back(counted);
        }
        recorded
    }

    /// The space left on the store's disk, in bytes, and what is no longer recorded for lack of space. It is measured now:
    /// another program may fill the disk, and the last write may be long ago.
    pub fn space(&self) -> (u64, Option<String>) {
        self.space.measure();
        (self.space.left(), self.space.alarm())
    }

    /// Records an event that is not a decision, such as an active revision, an alarm or a key.
    pub async fn record(&self, kind: &'static str, body: impl Serialize + Send + 'static) -> Result<(), Denial> {
        let now = self.now();
        self.write(move |connection| schema::append(connection, now, kind, None, body)).await
    }

    /// Records what took effect already. Until the record is durable, it is part of every transaction, so that nothing is
    /// recorded before it.
    async fn write_or_defer(
        &self,
        name: String,
        work: impl Fn(&Connection) -> rusqlite::Result<()> + Send + Sync + 'static,
    ) -> Result<(), Denial> {
        self.writer
            .run_or_defer(name, work)
            .await
            .ok_or_else(|| Reason::AuditUnavailable.with_cause("the store cannot write yet"))
    }

    /// Tries again to write records that `owe` could not make durable; called every few seconds.
    pub async fn retry_deferred(&self) {
        if self.writer.has_pending() {
            let _ = self.write(|_| Ok(())).await;
        }
    }

    /// Reads without waiting for the writer.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Denial> {
        let readings = self.readings.clone();
        let read = move || work(readings.lock().unwrap_or_else(PoisonError::into_inner).connection());
        let read = tokio::task::spawn_blocking(read).await.map_err(|fault| Reason::Internal.with_cause(fault.to_string()))?;
        read.map_err(|fault| Reason::Internal.with_cause(format!("the store cannot be read: {fault}")))
    }

    /// Runs `work` in the next group commit and returns after it is durable.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Denial> {
        self.writer.write(work).await.ok_or_else(|| Reason::AuditUnavailable.with_cause("the store cannot write"))
    }
}

#[cfg(test)]
mod tests;
