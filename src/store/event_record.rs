//! The bodies of records that people and other programs read, and daypass does not.

use super::top_counts::TopCount;
use crate::words::ClockEvent;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The server started.
#[derive(Serialize)]
pub(super) struct StartRecord {
    /// How many intents of the last run have no outcome.
    pub(super) unresolved: usize,
    pub(super) version: &'static str,
}

/// A flush to the disk failed.
#[derive(Serialize)]
pub(super) struct WriteFailedRecord {
    pub(super) fault: String,
    /// How many writes were lost with it.
    pub(super) void: usize,
}

/// The wall clock was set, agrees again, or settled.
#[derive(Serialize)]
#[serde(tag = "clock", rename_all = "lowercase")]
pub(super) enum ClockRecord {
    Stepped {
        by_milliseconds: i64,
    },
    #[serde(rename = "agrees again")]
    Back,
    Settled {
        by_milliseconds: i64,
    },
    /// By an operator.
    Accepted,
}

/// An operator ended a denial.
#[derive(Serialize)]
pub(super) struct LiftedRecord<'a> {
    pub(super) denies: &'a Value,
    pub(super) id: &'a str,
}

/// Refusals that were only counted: by class and reason, and who caused most of them.
#[derive(Serialize)]
pub(super) struct AggregatedRecord {
    #[serde(flatten)]
    pub(super) classes: BTreeMap<&'static str, BTreeMap<&'static str, u64>>,
    pub(super) top_issuers: Vec<TopCount>,
    pub(super) top_networks: Vec<TopCount>,
    pub(super) top_owners: Vec<TopCount>,
    pub(super) total: u64,
}

impl From<ClockEvent> for ClockRecord {
    fn from(event: ClockEvent) -> Self {
        match event {
            ClockEvent::Stepped(by_milliseconds) => Self::Stepped { by_milliseconds },
            ClockEvent::Back => Self::Back,
            ClockEvent::Settled(by_milliseconds) => Self::Settled { by_milliseconds },
        }
    }
}
