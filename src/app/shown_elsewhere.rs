//! Tokens and sessions that a second client used: a theft, or an egress that the configuration does not list.

use crate::words::names::DecisionId;
use crate::words::{FirstUse, UnixTime};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// The number since the start, and the last one.
#[derive(Default)]
pub struct ShownElsewhere(Mutex<(u64, Option<Value>)>);

impl ShownElsewhere {
    /// Raises an alarm in the log and in `daypass status`. The audit record has it too.
    pub fn note(&self, decision: &DecisionId, client: IpAddr, first: &FirstUse, now: UnixTime) {
        let FirstUse { client: first_client, decision: first_decision } = first;
        tracing::warn!(%decision, %client, first_client, first_decision, "a second client used a token or session");
        let first = json!({ "client": first_client, "decision": first_decision });
        let last = json!({ "at": now.to_string(), "decision": decision, "client": client.to_string(), "first_use": first });
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *held = (held.0 + 1, Some(last));
    }

    /// The JSON for `daypass status`; `null` if there was none.
    pub fn told(&self) -> Value {
        let (count, last) = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.map_or(Value::Null, |last| json!({ "count": count, "last": last }))
    }
}
