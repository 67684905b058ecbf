//! What the process reports of itself: log lines, metrics and traces, but no core dump.

mod counters;
mod decisions;
mod durations;
mod hardening;
mod log;
mod rate_limits;
mod traces;

pub use counters::TraceCounters;
pub use hardening::{forbid_core_dumps, harden, with_given_limit};
pub use log::log;
pub use traces::{RequestSpan, Step, Traces, TracesError};

use crate::issue::RateLimit;
use crate::words::names::{IssuerName, PolicyName, SourceName};
use crate::words::{Reason, UnixTime};
use decisions::Decisions;
use durations::{Durations, Route, Seconds};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use rate_limits::RateLimits;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Installs aws-lc-rs as the only provider of cryptography. `main` calls it first.
pub fn install_crypto() {
    install_tls();
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}

/// The same for a program that uses TLS, but neither signs nor verifies tokens.
pub fn install_tls() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// The server's metrics.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    released: Family<Kind, Counter>,
    decisions: Decisions,
    requests: Durations<Route>,
    issued: Durations<Kind>,
    store_writes: Seconds,
    keys_read_at: Family<Issuer, Gauge>,
    refused: Family<Code, Counter>,
    dry_runs: Counter,
    /// Connections that are open.
    pub connections: Gauge,
    faulty_files: Family<Source, Gauge>,
    pending_files: Family<Source, Gauge>,
    read_at: Family<Source, Gauge>,
    alarmed: Family<Source, Gauge>,
    keys_waiting: Gauge,
    space_left: Gauge,
    clock_offset: Gauge,
    clock_steps: Gauge,
    certificates: Family<Listener, Gauge>,
    unreadable_issuers: Family<Issuer, Gauge>,
    unreachable_providers: Family<Provider, Gauge>,
    rate_limits: RateLimits,
    /// Tokens and sessions that a second client showed.
    pub tokens_used_elsewhere: Counter,
    /// TLS handshakes that failed.
    pub handshakes_failed: Counter,
    /// Connections closed at once, because there were too many, in total or from one address.
    pub connections_refused: Counter,
    /// Idle connections that made room for others.
    pub connections_shed: Counter,
    /// Connections closed for a faulty or missing PROXY header.
    pub proxy_faults: Counter,
    /// Addresses with so many identities that they may be load balancers missing in the configuration.
    pub crowded_addresses: Gauge,
    /// The counters of the export of traces.
    pub traces: TraceCounters,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Kind {
    credential: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Code {
    code: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Source {
    source: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Listener {
    listener: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Issuer {
    issuer: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Provider {
    provider: &'static str,
}

/// The state of a source, for its gauges.
#[derive(Clone, Copy, Debug)]
pub struct SourceState {
    /// Faulty files, of which an older form stays active.
    pub faulty: usize,
    /// Files that wait for an approval.
    pub held: usize,
    /// When it was last read successfully.
    pub read_at: Option<UnixTime>,
    /// Whether the source as a whole has a problem.
    pub alarmed: bool,
}

impl Metrics {
    /// All metrics at zero. The store measures its own writes.
    pub fn new(store_writes: Histogram) -> Self {
        let new = Self { store_writes: Seconds(store_writes), ..Self::default() };
        // Every series starts at zero: `rate` would not see the first event of a series that starts with it.
        Reason::ALL.iter().for_each(|reason| drop(new.refused.get_or_create(&Code { code: reason.code() })));
        new
    }

    /// Counts the result of a grant by these policies: `granted`, or the code of a later failure.
    pub fn decided<'a>(&self, policies: impl IntoIterator<Item = &'a PolicyName>, failed: Option<Reason>) {
        let code = failed.map_or("granted", |reason| reason.code());
        policies.into_iter().for_each(|policy| self.decisions.count(policy, code));
    }

    /// Measures a request, by its route.
    pub fn served(&self, route: &str, took: Duration) {
        self.requests.observe(&Route { route: route.to_owned() }, took);
    }

    /// Measures the making of a credential, including its provider's answer.
    pub fn minted(&self, credential: &'static str, took: Duration) {
        self.issued.observe(&Kind { credential }, took);
    }

    /// Sets when each issuer's keys were last read.
    pub fn keys_read<'a>(&self, read: impl Iterator<Item = (&'a IssuerName, UnixTime)>) {
        for (name, at) in read {
            self.keys_read_at.get_or_create(&Issuer { issuer: name.to_string() }).set(at.seconds());
        }
    }

    /// Sets how many signing keys wait to be hosted elsewhere.
    pub fn keys_waiting(&self, count: usize) {
        self.keys_waiting.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Sets the space that is left on the store's disk.
    pub fn space(&self, left: u64) {
        self.space_left.set(i64::try_from(left).unwrap_or(i64::MAX));
    }

    /// Sets how many seconds the wall clock differs from the store's settled time, and how often it was set.
    pub fn clock(&self, (offset, steps): (i64, u64)) {
        self.clock_offset.set(offset);
        self.clock_steps.set(i64::try_from(steps).unwrap_or(i64::MAX));
    }

    /// Sets when the certificates expire.
    pub fn certificates(&self, ends: impl Iterator<Item = (&'static str, UnixTime)>) {
        for (listener, end) in ends {
            self.certificates.get_or_create(&Listener { listener }).set(end.seconds());
        }
    }

    /// Sets which issuers' keys cannot be read.
    pub fn issuers<'a>(&self, unreadable: impl Iterator<Item = (&'a IssuerName, bool)>) {
        for (name, is_unreadable) in unreadable {
            self.unreadable_issuers.get_or_create(&Issuer { issuer: name.to_string() }).set(i64::from(is_unreadable));
        }
    }

    /// Sets which providers do not answer, on at least one of their hosts.
    pub fn providers(&self, results: impl Iterator<Item = (&'static str, bool)>) {
        let mut silent = BTreeMap::new();
        results.for_each(|(provider, is_silent)| *silent.entry(provider).or_insert(false) |= is_silent);
        for (provider, is_silent) in silent {
            self.unreachable_providers.get_or_create(&Provider { provider }).set(i64::from(is_silent));
        }
    }

    /// Sets the gauges of these rate limits, each with its provider and its App, and removes all others.
    pub fn rate_limits<'a>(&self, reported: impl Iterator<Item = (&'static str, &'a str, RateLimit)>) {
        self.rate_limits.set(reported);
    }

    /// Sets the gauges of all sources, and removes those of other sources.
    pub fn sources(&self, states: impl Iterator<Item = (SourceName, SourceState)>) {
        let families = [&self.faulty_files, &self.pending_files, &self.read_at, &self.alarmed];
        families.iter().for_each(|family| family.clear());
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        for (name, state) in states {
            let read_at = state.read_at.map_or(0, UnixTime::seconds);
            let values = [count(state.faulty), count(state.held), read_at, i64::from(state.alarmed)];
            for (family, value) in families.iter().zip(values) {
                family.get_or_create(&Source { source: name.to_string() }).set(value);
            }
        }
    }

    /// Counts released credentials, and uses of what stays on the server, by the words of their kinds.
    pub fn released(&self, kinds: impl IntoIterator<Item = &'static str>) {
        for credential in kinds {
            self.released.get_or_create(&Kind { credential }).inc();
        }
    }

    /// Counts a refusal.
    pub fn refused(&self, reason: Reason) {
        self.refused.get_or_create(&Code { code: reason.code() }).inc();
    }

    /// Counts a dry run.
    pub fn tried(&self) {
        self.dry_runs.inc();
    }

    /// OpenMetrics text.
    pub fn render(&self) -> String {
        let mut registry = Registry::with_prefix("daypass");
        registry.register(
            "credentials_released",
            "Credentials released, and uses of what stays on the server, by kind",
            self.released.clone(),
        );
        registry.register("requests_refused", "Requests refused, by code", self.refused.clone());
        registry.register("dry_runs", "Dry runs", self.dry_runs.clone());
        registry.register(
            "tokens_shown_elsewhere",
            "Tokens and sessions that a second client showed",
            self.tokens_used_elsewhere.clone(),
        );
        registry.register("connections", "Open connections", self.connections.clone());
        registry.register("source_faulty_files", "Faulty files of the active commit", self.faulty_files.clone());
        registry.register(
            "source_held_files",
            "Files of the active commit that wait for an approval",
            self.pending_files.clone(),
        );
        registry.register("source_read_timestamp_seconds", "When the source was last read", self.read_at.clone());
        registry.register("source_alarmed", "1 while the source is not followed", self.alarmed.clone());
        registry.register("handshakes_failed", "TLS handshakes that failed", self.handshakes_failed.clone());
        registry.register("connections_refused", "Connections beyond a limit", self.connections_refused.clone());
        registry.register("store_left_bytes", "Bytes left on the store's disk, with its reserve", self.space_left.clone());
        registry.register(
            "clock_offset_seconds",
            "Seconds between the wall clock and the server's settled time",
            self.clock_offset.clone(),
        );
        registry.register("clock_steps", "How often the wall clock was set since the start", self.clock_steps.clone());
        registry.register("connections_shed", "Idle connections that made room for others", self.connections_shed.clone());
        registry.register("proxy_faults", "Connections closed for a faulty or missing PROXY header", self.proxy_faults.clone());
        registry.register("crowded_addresses", "Addresses with suspiciously many identities", self.crowded_addresses.clone());
        registry.register(
            "signing_keys_waiting",
            "Keys of our issuer that wait to be hosted elsewhere",
            self.keys_waiting.clone(),
        );
        registry.register(
            "certificate_expiration_timestamp_seconds",
            "When the certificate of a listener ends",
            self.certificates.clone(),
        );
        registry.register(
            "issuer_keys_unreadable",
            "1 while the keys of an issuer cannot be read",
            self.unreadable_issuers.clone(),
        );
        registry.register(
            "provider_unreachable",
            "1 while a provider of credentials does not answer",
            self.unreachable_providers.clone(),
        );
        registry.register(
            "provider_rate_limit",
            "Requests that a provider takes of an App in one window",
            self.rate_limits.limits.clone(),
        );
        registry.register(
            "provider_rate_limit_remaining",
            "Requests of the window that are left",
            self.rate_limits.remaining.clone(),
        );
        registry.register(
            "provider_rate_limit_reset_timestamp_seconds",
            "When the next window begins",
            self.rate_limits.resets_at.clone(),
        );
        registry.register(
            "issuer_keys_read_timestamp_seconds",
            "When the keys of an issuer were last read",
            self.keys_read_at.clone(),
        );
        registry.register(
            "decisions",
            "Grants by policy, and what came of them: granted, or a code",
            self.decisions.counters.clone(),
        );
        registry.register("request_duration_seconds", "How long requests took, by address", self.requests.0.clone());
        registry.register(
            "issue_duration_seconds",
            "How long making a credential took, its provider's answer included",
            self.issued.0.clone(),
        );
        registry.register(
            "store_write_duration_seconds",
            "How long a record waited until it was durable",
            self.store_writes.0.clone(),
        );
        registry.register(
            "trace_exports_failed",
            "Batches of traces that the collector did not take",
            self.traces.exports_failed.clone(),
        );
        registry.register("trace_spans_dropped", "Spans that reached no collector", self.traces.spans_dropped.clone());
        let mut text = String::new();
        if encode(&mut text, &registry).is_err() {
            text.clear();
        }
        text
    }
}

/// Shared by everything that counts.
pub type SharedMetrics = Arc<Metrics>;
