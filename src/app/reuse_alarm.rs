//! Tokens and sessions that a second client used: a theft, or an egress that the configuration does not list.

use crate::answers::{FirstUseOf, SecondUse, SecondUses};
use crate::words::names::DecisionId;
use crate::words::{FirstUse, UnixTime};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// The number since the start, and the last one.
#[derive(Default)]
pub struct ReuseAlarm(Mutex<(u64, Option<SecondUse>)>);

impl ReuseAlarm {
    /// Raises an alarm in the log and in `daypass status`. The audit record has it too.
    pub fn note(&self, decision: &DecisionId, client: IpAddr, first: &FirstUse, now: UnixTime) {
        let FirstUse { client: first_client, decision: first_decision } = first;
        tracing::warn!(%decision, %client, first_client, first_decision, "a second client used a token or session");
        let first_use = FirstUseOf { client: first_client.clone(), decision: first_decision.clone() };
        let last = SecondUse { at: now, decision: decision.clone(), client, first_use };
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *held = (held.0 + 1, Some(last));
    }

    /// The number and the last one, for `daypass status`; `None` if there was none.
    pub fn second_uses(&self) -> Option<SecondUses> {
        let (count, last) = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.map(|last| SecondUses { count, last })
    }
}
