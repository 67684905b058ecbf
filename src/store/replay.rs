//! The replay rules. A use is `intended`, then `released` or `failed`. One that was not released may be tried again.

use super::forgotten_mark::ForgottenMark;
use super::record::InFlight;
use super::{
    AwsSession, Binding, KeptToken, ProofUse, RequestRecord, aws_sessions, bindings, kept_tokens, proofs, reader, schema,
};
use crate::identity::ReplayRule;
use crate::words::names::DecisionId;
use crate::words::{CanonicalValue, Client, Digest, FirstUse, UnixTime};
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;
use std::time::Duration;

/// How long an answer is repeated. Clients retry within seconds, so a later use is taken for that of somebody else.
pub const REPEAT_WINDOW: Duration = Duration::from_secs(60);
/// A use is kept until its token cannot be accepted any more: `exp`, the leeway of 30 s, and 5 s for rounding.
const KEEP_BEYOND_EXPIRY: Duration = Duration::from_secs(35);

/// A release that is about to be made.
pub struct Intent {
    /// The decision.
    pub decision: DecisionId,
    /// The token's use for each credential.
    pub uses: Vec<TokenUse>,
    /// The caller's identity, whose answers are limited.
    pub identity: Digest,
    /// The client.
    pub client: Client,
    /// The token's binding, if it serves one client only.
    pub binding: Option<Binding>,
    /// The request's proof of possession, which can be used once.
    pub proof: Option<ProofUse>,
    /// The record, boxed because the futures that wait for the store hold it.
    pub body: Box<RequestRecord>,
    /// The claims as canonical text. They are personal data and are kept apart from the record.
    pub claims: Arc<str>,
}

impl Intent {
    /// Whether a retry may get the stored answer. Other answers are not stored.
    pub fn is_repeatable(&self) -> bool {
        self.uses.iter().all(|usage| usage.rule == ReplayRule::PerRequest)
    }
}

/// One token used for one credential.
pub struct TokenUse {
    /// The digest of token and credential.
    pub key: [u8; 32],
    /// How often it may be used.
    pub rule: ReplayRule,
    /// Until when the token, or a session of it, is valid.
    pub expires_at: UnixTime,
}

impl TokenUse {
    pub(super) fn keep_until(&self) -> UnixTime {
        self.expires_at.plus(KEEP_BEYOND_EXPIRY)
    }
}

/// The result of an intent. `T` proves that it is durable: [`Recorded`](super::Recorded), or already [`Released`](super::Released).
pub enum IntentOutcome<T> {
    /// It is durable.
    Recorded(T),
    /// The same request was answered within the last minute. This is the stored answer, sealed to the token.
    Repeat(Repeat),
    /// It may not be answered.
    Replayed(Replay),
}

/// Why a use may not be answered.
#[derive(Debug)]
pub enum Replay {
    /// It was answered before.
    Used,
    /// The token serves another client.
    Elsewhere(FirstUse),
    /// The proof of possession was used before.
    Proof,
}

impl<T> IntentOutcome<T> {
    pub(super) fn map<U>(self, proof: impl FnOnce(T) -> U) -> IntentOutcome<U> {
        match self {
            Self::Recorded(durable) => IntentOutcome::Recorded(proof(durable)),
            Self::Repeat(repeat) => IntentOutcome::Repeat(repeat),
            Self::Replayed(why) => IntentOutcome::Replayed(why),
        }
    }
}

/// A stored answer.
pub struct Repeat {
    /// The decision that made it.
    pub decision: DecisionId,
    /// The answer, sealed.
    pub sealed: Vec<u8>,
}

/// The outcome that is recorded with its intent, in one transaction and one record.
pub struct Outcome {
    /// What the store keeps for later.
    pub answer: Answer,
    /// What was issued as each credential, for the record.
    pub issued: Vec<CanonicalValue>,
}

/// What the store keeps of a release.
pub struct Answer {
    /// The answer for retries, sealed; empty if it may not be repeated.
    pub sealed: Vec<u8>,
    /// The AWS sessions in it, so that their holders can be found.
    pub sessions: Vec<AwsSession>,
    /// Copies of the tokens in it that an operator can have ended.
    pub kept: Vec<KeptToken>,
}

impl From<Vec<u8>> for Answer {
    fn from(sealed: Vec<u8>) -> Self {
        Self { sealed, sessions: Vec::new(), kept: Vec::new() }
    }
}

pub(super) enum Verdict {
    Recorded,
    Repeat(Repeat),
    Replayed(Replay),
    InFlight(String),
}

/// A recorded use.
struct RecordedUse {
    decision: String,
    released_at: Option<i64>,
    client: String,
}

/// The rules, which run in the store's thread.
pub(super) struct Rules {
    pub(super) flights: Arc<InFlight>,
    pub(super) forgotten: ForgottenMark,
    salt: [u8; 32],
}

impl Rules {
    pub(super) fn new(salt: [u8; 32], forgotten: ForgottenMark) -> Self {
        Self { flights: Arc::default(), salt, forgotten }
    }

    /// Does the check, and records the intent, or the release if the outcome is given.
    pub(super) fn intend(
        &self,
        connection: &Connection,
        intent: &Intent,
        outcome: Option<&Outcome>,
        now: UnixTime,
    ) -> rusqlite::Result<Verdict> {
        if intent.uses.iter().any(|usage| self.forgotten.covers(usage.keep_until())) {
            return Ok(Verdict::Replayed(Replay::Used));
        }
        if let Some(refused) = self.check_client(connection, intent)? {
            return Ok(refused);
        }
        let counted: Vec<&TokenUse> = intent.uses.iter().filter(|usage| usage.rule != ReplayRule::PerJob).collect();
        let client = intent.client.to_string();
        let known = counted.iter().map(|usage| find(connection, usage)).collect::<rusqlite::Result<Vec<_>>>()?;
        // A use that this client may repeat and had before needs no check, and its row stays.
        let new = counted.into_iter().zip(known).filter(|(usage, known)| !is_same_client(usage, known.as_ref(), &client));
        let (counted, known): (Vec<&TokenUse>, Vec<Option<RecordedUse>>) = new.unzip();
        let open = known.iter().flatten().find(|known| known.released_at.is_none() && self.flights.holds(&known.decision));
        if let Some(open) = open {
            return Ok(Verdict::InFlight(open.decision.clone()));
        }
        if known.iter().flatten().any(|known| known.released_at.is_some()) {
            let again = repeat(connection, intent, &counted, &known, now)?;
            return Ok(again.map_or(Verdict::Replayed(Replay::Used), Verdict::Repeat));
        }
        self.forgotten.forget_expired(connection)?;
        intent.proof.as_ref().map_or(Ok(()), |proof| proofs::keep(connection, proof))?;
        let released_at = outcome.map(|_| now.millis());
        for usage in &counted {
            let mut statement = connection.prepare_cached(
                "INSERT OR REPLACE INTO replay (key, decision, released_at, client, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            let keep_until = usage.keep_until().millis();
            statement.execute(params![usage.key, intent.decision.as_str(), released_at, client, keep_until])?;
        }
        let claims = self.keep_claims(connection, &intent.claims, now)?;
        let record = RequestRecord { claims: Some(claims), ..RequestRecord::clone(&intent.body) };
        let Some(Outcome { answer, issued }) = outcome else {
            schema::append_bytes(connection, now, "intended", Some(&intent.decision), &record.bytes())?;
            intent.binding.iter().for_each(|binding| self.flights.bind(&intent.decision, binding));
            return Ok(Verdict::Recorded);
        };
        bind(connection, &intent.decision, intent.binding.as_ref())?;
        keep_answer(connection, &intent.decision, answer, !counted.is_empty(), now)?;
        let record = RequestRecord { issued: Some(issued.clone()), ..record };
        schema::append_bytes(connection, now, "released", Some(&intent.decision), &record.bytes())?;
        Ok(Verdict::Recorded)
    }

    /// Refuses a used proof, and a token that serves another client. Says to wait while a request in flight may bind the token.
    fn check_client(&self, connection: &Connection, intent: &Intent) -> rusqlite::Result<Option<Verdict>> {
        if let Some(proof) = &intent.proof
            && proofs::is_used(connection, proof)?
        {
            return Ok(Some(Verdict::Replayed(Replay::Proof)));
        }
        let Some(binding) = &intent.binding else { return Ok(None) };
        if let Some(first) = bindings::elsewhere(connection, binding)? {
            return Ok(Some(Verdict::Replayed(Replay::Elsewhere(first))));
        }
        Ok(self.flights.elsewhere(binding).map(Verdict::InFlight))
    }

    /// Keeps the claims in their own table, by a salted hash. They can be pruned without a change of the log.
    pub(super) fn keep_claims(&self, connection: &Connection, claims: &str, now: UnixTime) -> rusqlite::Result<Digest> {
        let hash = Digest::of(&[&self.salt, claims.as_bytes()]);
        let mut statement = connection.prepare_cached("INSERT OR IGNORE INTO claims (hash, at, body) VALUES (?1, ?2, ?3)")?;
        statement.execute(params![hash.to_string(), now.millis(), claims.as_bytes()])?;
        Ok(hash)
    }
}

fn is_same_client(usage: &TokenUse, known: Option<&RecordedUse>, client: &str) -> bool {
    usage.rule == ReplayRule::PerClient && known.is_some_and(|known| known.released_at.is_some() && known.client == client)
}

fn find(connection: &Connection, usage: &TokenUse) -> rusqlite::Result<Option<RecordedUse>> {
    let mut statement = connection.prepare_cached("SELECT decision, released_at, client FROM replay WHERE key = ?1")?;
    statement
        .query_row(params![usage.key], |row| {
            Ok(RecordedUse { decision: row.get(0)?, released_at: row.get(1)?, client: row.get(2)? })
        })
        .optional()
}

/// The stored answer, if exactly this request was released to this client within the window and may be repeated.
fn repeat(
    connection: &Connection,
    intent: &Intent,
    counted: &[&TokenUse],
    known: &[Option<RecordedUse>],
    now: UnixTime,
) -> rusqlite::Result<Option<Repeat>> {
    let Some(Some(first)) = known.first() else { return Ok(None) };
    let client = intent.client.to_string();
    let fresh = |known: &RecordedUse| known.released_at.is_some_and(|at| now <= UnixTime::from_millis(at).plus(REPEAT_WINDOW));
    let same = |known: &Option<RecordedUse>| {
        known.as_ref().is_some_and(|known| known.decision == first.decision && known.client == client && fresh(known))
    };
    let complete: i64 =
        connection.query_row("SELECT count(*) FROM replay WHERE decision = ?1", params![first.decision], |row| row.get(0))?;
    let repeatable = intent.is_repeatable() && intent.uses.len() == counted.len();
    let complete = complete == i64::try_from(counted.len()).unwrap_or(-1);
    if !repeatable || !complete || !known.iter().all(same) || !is_narrowed_alike(connection, &first.decision, intent)? {
        return Ok(None);
    }
    let sealed: Option<Vec<u8>> = connection
        .query_row("SELECT sealed FROM answers WHERE decision = ?1", params![first.decision], |row| row.get(0))
        .optional()?;
    let (Some(sealed), Ok(decision)) = (sealed, DecisionId::parse(&first.decision)) else { return Ok(None) };
    intent.proof.as_ref().map_or(Ok(()), |proof| proofs::keep(connection, proof))?;
    let record = RequestRecord { repeats: Some(decision.clone()), ..RequestRecord::clone(&intent.body) };
    schema::append_bytes(connection, now, "repeated", Some(&intent.decision), &record.bytes())?;
    Ok(Some(Repeat { decision, sealed }))
}

/// Whether the request of this decision narrowed its grant in the same way.
fn is_narrowed_alike(connection: &Connection, decision: &str, intent: &Intent) -> rusqlite::Result<bool> {
    let sql = "SELECT body FROM audit WHERE decision = ?1 AND kind IN ('intended', 'released') ORDER BY seq LIMIT 1";
    let recorded = connection.prepare_cached(sql)?.query_row(params![decision], |row| reader::request(row, 0)).optional()?;
    Ok(recorded.flatten().is_some_and(|recorded| recorded.narrowed == intent.body.narrowed))
}

pub(super) fn release(
    connection: &Connection,
    decision: &DecisionId,
    binding: Option<&Binding>,
    answer: &Answer,
    record: &RequestRecord,
    now: UnixTime,
) -> rusqlite::Result<()> {
    bind(connection, decision, binding)?;
    let counted = connection
        .prepare_cached("UPDATE replay SET released_at = ?1 WHERE decision = ?2")?
        .execute(params![now.millis(), decision.as_str()])?;
    keep_answer(connection, decision, answer, counted > 0, now)?;
    schema::append_bytes(connection, now, "released", Some(decision), &record.bytes())
}

fn bind(connection: &Connection, decision: &DecisionId, binding: Option<&Binding>) -> rusqlite::Result<()> {
    binding.map_or(Ok(()), |binding| bindings::bind(connection, decision, binding, KEEP_BEYOND_EXPIRY))
}

/// Keeps the answer for retries, the AWS sessions and the copies of tokens. An answer whose uses are not `counted` is made again, so it is not kept.
fn keep_answer(
    connection: &Connection,
    decision: &DecisionId,
    answer: &Answer,
    counted: bool,
    now: UnixTime,
) -> rusqlite::Result<()> {
    if counted && !answer.sealed.is_empty() {
        let mut statement = connection.prepare_cached("INSERT INTO answers (decision, until, sealed) VALUES (?1, ?2, ?3)")?;
        statement.execute(params![decision.as_str(), now.plus(REPEAT_WINDOW).millis(), answer.sealed])?;
    }
    kept_tokens::keep(connection, decision, &answer.kept)?;
    aws_sessions::keep(connection, decision, &answer.sessions)
}

pub(super) fn fail(
    connection: &Connection,
    decision: &DecisionId,
    record: &RequestRecord,
    now: UnixTime,
) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM replay WHERE decision = ?1")?.execute(params![decision.as_str()])?;
    schema::append_bytes(connection, now, "failed", Some(decision), &record.bytes())
}
