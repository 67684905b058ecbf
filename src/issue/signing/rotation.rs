//! When keys are made, sign, retire and are removed, and until when they have to be published if another host serves the issuer.

use crate::answers::IssuerKey;
use crate::issue::keypair::SigningAlgorithm;
use crate::store::{HostedKeys, KeyRow, KeyState};
use crate::words::UnixTime;
use std::time::Duration;

/// Clouds cache a JWKS for up to a day. They know a key before it signs.
const PUBLISHED_BEFORE_SIGNING: Duration = Duration::from_secs(24 * 3600);
/// How long a key signs: a quarter of a year.
const SIGNING_MAX: Duration = Duration::from_secs(90 * 24 * 3600);
/// How long a retired key stays published: longer than the lifetime of any token that it signed.
const RETIRED_MAX: Duration = Duration::from_secs(24 * 3600);

pub(super) enum Step {
    Make(SigningAlgorithm, KeyState),
    Move(KeyRow, KeyState),
    Remove(String),
}

/// The steps that are due for one algorithm. A key signs a day after it was published, and if another host serves the keys, a day
/// after it was written for that host. Until then the previous key keeps signing. The function is pure, so that a test can run a year.
pub(super) fn due(rows: &[KeyRow], hosted: &HostedKeys, algorithm: SigningAlgorithm, now: UnixTime) -> Vec<Step> {
    let of = |state: KeyState| rows.iter().filter(move |row| row.algorithm == algorithm.as_str() && row.state == state);
    let aged = |row: &KeyRow, age: Duration| now >= row.changed_at.plus(age);
    let mut steps: Vec<Step> =
        of(KeyState::Retired).filter(|row| aged(row, RETIRED_MAX)).map(|row| Step::Remove(row.kid.clone())).collect();
    let Some(signing) = of(KeyState::Signing).next() else {
        steps.push(Step::Make(algorithm, KeyState::Signing));
        return steps;
    };
    match of(KeyState::Published).next() {
        None if aged(signing, SIGNING_MAX - PUBLISHED_BEFORE_SIGNING) => steps.push(Step::Make(algorithm, KeyState::Published)),
        Some(next) if signs_from(next, hosted).is_some_and(|at| now >= at) => {
            steps.push(Step::Move(next.clone(), KeyState::Signing));
            steps.push(Step::Move(signing.clone(), KeyState::Retired));
        }
        _ => {}
    }
    steps
}

/// When a published key may begin to sign; `None` while it waits to be hosted.
fn signs_from(row: &KeyRow, hosted: &HostedKeys) -> Option<UnixTime> {
    let published = row.changed_at.plus(PUBLISHED_BEFORE_SIGNING);
    match hosted {
        None => Some(published),
        Some(hosted) => Some(published.max(hosted.get(&row.kid)?.plus(PUBLISHED_BEFORE_SIGNING))),
    }
}

/// The keys, and when they have to be published again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Publication {
    /// The keys, the oldest first.
    pub keys: Vec<IssuerKey>,
    /// When the next key is made and has to be published.
    pub next_key_at: UnixTime,
    /// When the next key begins to sign: a day later.
    pub host_before: UnixTime,
}

impl Publication {
    /// Describes these keys and the next one.
    pub(super) fn of(rows: &[KeyRow], hosted: &HostedKeys, algorithms: &[SigningAlgorithm], now: UnixTime) -> Self {
        let next = algorithms.iter().filter_map(|algorithm| next_key_at(rows, hosted, *algorithm, now)).min();
        let next = next.unwrap_or(now);
        let keys = rows.iter().map(|row| report(row, hosted)).collect();
        Self { keys, next_key_at: next, host_before: next.plus(PUBLISHED_BEFORE_SIGNING) }
    }

    /// How many keys wait to be hosted.
    pub fn waiting(&self) -> usize {
        self.keys.iter().filter(|key| key.waits_to_be_hosted).count()
    }
}

fn report(row: &KeyRow, hosted: &HostedKeys) -> IssuerKey {
    let is_next = row.state == KeyState::Published;
    let signs_from = signs_from(row, hosted).filter(|_| is_next);
    IssuerKey {
        kid: row.kid.clone(),
        algorithm: row.algorithm.clone(),
        state: row.state.into(),
        since: row.changed_at,
        signs_from,
        hosted_at: hosted.as_ref().and_then(|hosted| hosted.get(&row.kid)).copied(),
        waits_to_be_hosted: is_next && signs_from.is_none(),
    }
}

/// When the next key of this algorithm will be made.
fn next_key_at(rows: &[KeyRow], hosted: &HostedKeys, algorithm: SigningAlgorithm, now: UnixTime) -> Option<UnixTime> {
    let of = |state: KeyState| rows.iter().find(|row| row.algorithm == algorithm.as_str() && row.state == state);
    let began = match (of(KeyState::Published), of(KeyState::Signing)) {
        (Some(next), _) => signs_from(next, hosted).unwrap_or(now),
        (None, signing) => signing?.changed_at,
    };
    Some(began.plus(SIGNING_MAX - PUBLISHED_BEFORE_SIGNING))
}
