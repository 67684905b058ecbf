//! `status`: everything that an operator has to know of a running server.

use super::in_order;
use super::{ActiveDenial, Alarm, FaultsLeftOut, FileFault};
use crate::words::names::{CommitId, DecisionId, SourceName};
use crate::words::{UnixTime, WidenedFile};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::num::NonZeroUsize;

/// The state of the whole server. The members at the top that each source has too are those of the root source.
#[derive(Serialize, Deserialize, Debug)]
pub struct Status {
    /// The commit in force.
    pub revision: Option<CommitId>,
    /// How many policies are in force.
    pub policies: usize,
    /// How many guardrails are in force.
    pub guardrails: usize,
    /// The faults of files, whose older forms stay in force.
    pub faults: Vec<FileFault>,
    /// The faults that are not listed, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults_left_out: Option<FaultsLeftOut>,
    /// Whether the guardrails cannot be read, so that nothing widens.
    pub guardrails_unreadable: bool,
    /// The files that wait for a person.
    pub held: Vec<String>,
    /// The same, each with the reason.
    pub waiting: Vec<WidenedFile>,
    /// How many files wait that are not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_left_out: Option<NonZeroUsize>,
    /// The first alarm of a source.
    pub alarm: Option<String>,
    /// How many keys do not sign before they are hosted.
    pub keys_waiting_to_be_hosted: usize,
    /// Each source, the root first.
    #[serde(with = "in_order")]
    pub sources: Vec<(SourceName, SourceStatus)>,
    /// The uses of tokens by a second client, if there were any.
    pub shown_elsewhere: Option<SecondUses>,
    /// What is wrong with the clock.
    pub clock: Option<String>,
    /// What is wrong with the store's disk.
    pub space: Option<String>,
    /// The addresses that speak for many identities.
    pub crowded_addresses: Vec<IpAddr>,
    /// Operators' denials.
    pub denials: Vec<ActiveDenial>,
    /// What somebody has to repair, apart from faults of sources, as texts.
    #[serde(default)]
    pub alarms: Vec<String>,
    /// The same, by kind.
    #[serde(default)]
    pub alarm_details: Vec<Alarm>,
}

impl Status {
    /// The source of this name.
    pub fn source(&self, name: &SourceName) -> Option<&SourceStatus> {
        self.sources.iter().find(|(known, _)| known == name).map(|(_, source)| source)
    }

    /// Whether something keeps the server from its work. A single faulty file, or a change that waits for a person, does not.
    pub fn is_alarming(&self) -> bool {
        self.sources.iter().any(|(_, source)| source.alarm.is_some() || source.stale)
            || !self.alarms.is_empty()
            || self.guardrails_unreadable
            || self.shown_elsewhere.is_some()
            || self.space.is_some()
            || self.clock.is_some()
    }
}

/// A source, as the server follows it.
#[derive(Serialize, Deserialize, Debug)]
pub struct SourceStatus {
    /// Its commit in force.
    pub revision: Option<CommitId>,
    /// Who signed that commit.
    pub signer: Option<String>,
    /// When it was last read.
    pub read_at: Option<UnixTime>,
    /// Whether that is too long ago, so that its policies grant nothing.
    pub stale: bool,
    /// Why it cannot be followed.
    pub alarm: Option<String>,
    /// The commit that an operator accepted, and that the source is not at yet.
    pub accepted: Option<CommitId>,
    /// Its files that wait for a person, by their paths in its repository.
    #[serde(default)]
    pub waiting: Vec<WidenedFile>,
    /// How many wait that are not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_left_out: Option<NonZeroUsize>,
}

/// Uses of tokens or sessions by a second client: a theft, or an egress that the configuration does not list.
#[derive(Serialize, Deserialize, Debug)]
pub struct SecondUses {
    /// How many there were since the start.
    pub count: u64,
    /// The last one.
    pub last: SecondUse,
}

/// The use of a token or session by a second client.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub struct SecondUse {
    /// When it was.
    pub at: UnixTime,
    /// Its decision.
    pub decision: DecisionId,
    /// The second client.
    pub client: IpAddr,
    /// The use that bound the token to the first client.
    pub first_use: FirstUseOf,
}

/// The use that bound a token to its client.
#[derive(Clone, Serialize, Deserialize, Debug)]
pub struct FirstUseOf {
    /// The first client.
    pub client: String,
    /// Its decision.
    pub decision: String,
}
