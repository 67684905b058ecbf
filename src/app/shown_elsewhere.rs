//! Tokens and sessions that a second client showed: a theft, or an egress that the configuration does not know.

use crate::words::names::DecisionId;
use crate::words::{FirstUse, UnixTime};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// How many since the start, and the last one.
#[derive(Default)]
pub struct ShownElsewhere(Mutex<(u64, Option<Value>)>);

impl ShownElsewhere {
    /// Raises the alarm: in the log and in `daypass status`. The record has it too.
    pub fn note(&self, decision: &DecisionId, client: IpAddr, first: &FirstUse, now: UnixTime) {
        let FirstUse { client: first_client, decision: first_decision } = first;
        tracing::warn!(%decision, %client, first_client, first_decision, "a token or session was shown by a second client");
        let first = json!({ "client": first_client, "decision": first_decision });
        let last = json!({ "at": now.to_string(), "decision": decision, "client": client.to_string(), "first_use": first });
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *held = (held.0 + 1, Some(last));
    }

    /// For `daypass status`; `null` when there was none.
    pub fn told(&self) -> Value {
        let (count, last) = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        last.map_or(Value::Null, |last| json!({ "count": count, "last": last }))
    }
}
