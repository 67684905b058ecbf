//! The replay rules. A use is `intended`, then `released` or `failed`; one that was not released may be tried again.

use super::forgotten::Forgotten;
use super::record::Flights;
use super::{AwsSession, Binding, Body, ProofUse, aws_sessions, bindings, proofs, reader, schema};
use crate::identity::ReplayRule;
use crate::words::names::DecisionId;
use crate::words::{Client, Digest, FirstUse, UnixTime, canonical};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Clients retry within seconds; what comes later is somebody else's use.
pub const REPEAT_WINDOW: Duration = Duration::from_secs(60);
/// A key is kept until its token cannot be accepted any more: `exp`, the leeway of 30 s, and 5 s beyond every rounding.
const KEEP_BEYOND_EXPIRY: Duration = Duration::from_secs(35);

/// The member of a record that tells how a request made less of what it was granted. A stored answer serves nobody who asks for
/// more, or for less in another way.
pub const NARROWED: &str = "narrowed";

/// What is about to be released, for whom.
pub struct Intent {
    /// The decision.
    pub decision: DecisionId,
    /// The token with each credential.
    pub uses: Vec<Use>,
    /// Who asks: how often an identity is answered is limited.
    pub identity: Digest,
    /// The client.
    pub client: Client,
    /// What binds the token, where it serves one client alone.
    pub binding: Option<Binding>,
    /// The proof of possession that comes with it, which opens nothing a second time.
    pub proof: Option<ProofUse>,
    /// The record.
    pub body: Body,
    /// The claims in their canonical text: personal data, and kept apart.
    pub claims: Arc<str>,
}

impl Intent {
    /// Whether a retry may hear the stored answer. Nobody else's answer is worth keeping.
    pub fn is_repeatable(&self) -> bool {
        self.uses.iter().all(|usage| usage.rule == ReplayRule::PerRequest)
    }
}

/// One token used for one credential.
pub struct Use {
    /// What identifies the pair.
    pub key: [u8; 32],
    /// How often it may be used.
    pub rule: ReplayRule,
    /// Until when the token, or a session of it, may be shown.
    pub expires_at: UnixTime,
}

impl Use {
    pub(super) fn keep_until(&self) -> UnixTime {
        self.expires_at.plus(KEEP_BEYOND_EXPIRY)
    }
}

/// What became of an intent: `T` is the proof that it is durable, [`Recorded`](super::Recorded) or already [`Released`](super::Released).
pub enum Intended<T> {
    /// It is durable.
    Recorded(T),
    /// The same was answered within the last minute: the stored answer, sealed to the token.
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

impl<T> Intended<T> {
    pub(super) fn map<U>(self, proof: impl FnOnce(T) -> U) -> Intended<U> {
        match self {
            Self::Recorded(durable) => Intended::Recorded(proof(durable)),
            Self::Repeat(repeat) => Intended::Repeat(repeat),
            Self::Replayed(why) => Intended::Replayed(why),
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

/// What is released with its intent, in one transaction and one record.
pub struct Outcome {
    /// What it leaves behind.
    pub answer: Answer,
    /// What the record says beside the intent, and under which name.
    pub record: (&'static str, Value),
}

/// What a release leaves behind for later.
pub struct Answer {
    /// The answer for retries, sealed; empty where nobody may hear it again.
    pub sealed: Vec<u8>,
    /// The AWS sessions in it, so that their holders are known.
    pub sessions: Vec<AwsSession>,
}

impl From<Vec<u8>> for Answer {
    fn from(sealed: Vec<u8>) -> Self {
        Self { sealed, sessions: Vec::new() }
    }
}

pub(super) enum Verdict {
    Recorded,
    Repeat(Repeat),
    Replayed(Replay),
    InFlight(String),
}

/// A use that is known already.
struct Known {
    decision: String,
    released_at: Option<i64>,
    client: String,
}

/// The rules, for the store's one thread.
pub(super) struct Rules {
    pub(super) flights: Arc<Flights>,
    pub(super) forgotten: Forgotten,
    salt: [u8; 32],
}

impl Rules {
    pub(super) fn new(salt: [u8; 32], forgotten: Forgotten) -> Self {
        Self { flights: Arc::default(), salt, forgotten }
    }

    /// The check, and the record: of the intent, or of the release where its outcome comes with it.
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
        let counted: Vec<&Use> = intent.uses.iter().filter(|usage| usage.rule != ReplayRule::PerJob).collect();
        let client = intent.client.to_string();
        let known = counted.iter().map(|usage| find(connection, usage)).collect::<rusqlite::Result<Vec<_>>>()?;
        // What this very client may have often, and has had: nothing is to be checked, and what is known of it stays.
        let new = counted.into_iter().zip(known).filter(|(usage, known)| !is_theirs(usage, known.as_ref(), &client));
        let (counted, known): (Vec<&Use>, Vec<Option<Known>>) = new.unzip();
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
        let Some(Outcome { answer, record: (name, told) }) = outcome else {
            schema::append_bytes(connection, now, "intended", Some(&intent.decision), &intent.body.bytes(&[claims.member()]))?;
            intent.binding.iter().for_each(|binding| self.flights.bind(&intent.decision, binding));
            return Ok(Verdict::Recorded);
        };
        bind(connection, &intent.decision, intent.binding.as_ref())?;
        keep_answer(connection, &intent.decision, answer, !counted.is_empty(), now)?;
        let bytes = intent.body.bytes(&[claims.member(), (name, &canonical(told))]);
        schema::append_bytes(connection, now, "released", Some(&intent.decision), &bytes)?;
        Ok(Verdict::Recorded)
    }

    /// Refuses a proof that was used, and a token that serves another client; waits while another client's use may yet bind it.
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

    /// Keeps the claims beside the log, by a salted hash: they can be pruned, and the log stays whole.
    pub(super) fn keep_claims(&self, connection: &Connection, claims: &str, now: UnixTime) -> rusqlite::Result<ClaimsHash> {
        let hash = Digest::of(&[&self.salt, claims.as_bytes()]).to_string();
        let mut statement = connection.prepare_cached("INSERT OR IGNORE INTO claims (hash, at, body) VALUES (?1, ?2, ?3)")?;
        statement.execute(params![hash, now.millis(), claims.as_bytes()])?;
        Ok(ClaimsHash(format!("\"{hash}\"")))
    }
}

/// By what a record refers to its claims.
pub(super) struct ClaimsHash(String);

impl ClaimsHash {
    /// As the member of a record.
    pub(super) fn member(&self) -> (&str, &str) {
        ("claims", &self.0)
    }
}

fn is_theirs(usage: &Use, known: Option<&Known>, client: &str) -> bool {
    usage.rule == ReplayRule::PerClient && known.is_some_and(|known| known.released_at.is_some() && known.client == client)
}

fn find(connection: &Connection, usage: &Use) -> rusqlite::Result<Option<Known>> {
    let mut statement = connection.prepare_cached("SELECT decision, released_at, client FROM replay WHERE key = ?1")?;
    statement
        .query_row(params![usage.key], |row| Ok(Known { decision: row.get(0)?, released_at: row.get(1)?, client: row.get(2)? }))
        .optional()
}

/// The stored answer, when exactly this request was released to this client within the window and may be repeated at all.
fn repeat(
    connection: &Connection,
    intent: &Intent,
    counted: &[&Use],
    known: &[Option<Known>],
    now: UnixTime,
) -> rusqlite::Result<Option<Repeat>> {
    let Some(Some(first)) = known.first() else { return Ok(None) };
    let client = intent.client.to_string();
    let fresh = |known: &Known| known.released_at.is_some_and(|at| now <= UnixTime::from_millis(at).plus(REPEAT_WINDOW));
    let same = |known: &Option<Known>| {
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
    let mut body = intent.body.clone();
    body.set("repeats", first.decision.as_str());
    schema::append(connection, now, "repeated", Some(&intent.decision), body)?;
    Ok(Some(Repeat { decision, sealed }))
}

/// Whether the request of this decision made less of its grant in the same way.
fn is_narrowed_alike(connection: &Connection, decision: &str, intent: &Intent) -> rusqlite::Result<bool> {
    let sql = "SELECT body FROM audit WHERE decision = ?1 AND kind IN ('intended', 'released') ORDER BY seq LIMIT 1";
    let recorded = connection.prepare_cached(sql)?.query_row(params![decision], |row| reader::body(row, 0)).optional()?;
    let narrowed = recorded.map_or(Value::Null, |mut recorded| recorded[NARROWED].take());
    Ok(intent.body.member(NARROWED).unwrap_or("null") == canonical(&narrowed))
}

pub(super) fn release(
    connection: &Connection,
    decision: &DecisionId,
    binding: Option<&Binding>,
    answer: &Answer,
    body: Body,
    now: UnixTime,
) -> rusqlite::Result<()> {
    bind(connection, decision, binding)?;
    let counted = connection
        .prepare_cached("UPDATE replay SET released_at = ?1 WHERE decision = ?2")?
        .execute(params![now.millis(), decision.as_str()])?;
    keep_answer(connection, decision, answer, counted > 0, now)?;
    schema::append(connection, now, "released", Some(decision), body)
}

fn bind(connection: &Connection, decision: &DecisionId, binding: Option<&Binding>) -> rusqlite::Result<()> {
    binding.map_or(Ok(()), |binding| bindings::bind(connection, decision, binding, KEEP_BEYOND_EXPIRY))
}

/// Keeps what the release of a use that is `counted` leaves behind: what nobody counts is made anew.
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
    aws_sessions::keep(connection, decision, &answer.sessions)
}

pub(super) fn fail(connection: &Connection, decision: &DecisionId, body: Body, now: UnixTime) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM replay WHERE decision = ?1")?.execute(params![decision.as_str()])?;
    schema::append(connection, now, "failed", Some(decision), body)
}
