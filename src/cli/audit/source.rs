//! Where records are read: from the store on the server's own machine, or through a server, for anybody whom a policy lets.

use super::failed;
use super::pages::Pages;
use crate::answers::AuditRecord;
use crate::cli::reached::{ReachArgs, ServerAccess, with_permission_hint};
use crate::client::environment::Environment;
use crate::client::server::Server;
use crate::client::{Failure, STATUS_UNAVAILABLE};
use crate::exchange::RECORDS_MAX;
use crate::store::{Entry, Page, PageBounds, Reader, RecordFilter, Span};
use crate::words::names::IssuerName;
use crate::words::{Clock, SystemClock, UnixTime, duration_text};
use std::time::Duration;

/// Where records are read.
pub(super) enum Source {
    /// On this machine, with the configured issuers.
    Store(Box<Reader>, Vec<IssuerName>),
    /// Elsewhere.
    Server(Box<Server>, Pages),
}

impl Source {
    pub(super) fn open(reach: &ReachArgs, environment: &Environment) -> Result<Self, Failure> {
        match reach.reach(environment)? {
            ServerAccess::Through(server) => Ok(Self::Server(server, Pages::default())),
            ServerAccess::Here(config) => {
                let config = crate::cli::serve::load(config)?;
                let issuers = config.issuers.iter().map(|issuer| issuer.name.clone()).collect();
                Ok(Self::Store(Box::new(Reader::open(&config.data).map_err(failed)?), issuers))
            }
        }
    }

    /// A page before this `seq`, or the newest one.
    pub(super) async fn page(
        &mut self,
        filter: &RecordFilter,
        lasting: Option<Duration>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Page, Failure> {
        match self {
            Self::Store(reader, _) => {
                let since: Option<UnixTime> = lasting.map(|lasting| SystemClock.now().minus(lasting));
                let bounds = PageBounds { records: limit, bytes: usize::MAX, looked_at: usize::MAX };
                reader
                    .page(&Span { before, after: 0, since }, bounds, |entry| Some(entry).filter(|entry| filter.matches(entry)))
                    .map_err(failed)
            }
            Self::Server(server, pages) => {
                let limit = limit.clamp(1, RECORDS_MAX);
                let mut query: Vec<(&str, String)> = vec![("limit", limit.to_string())];
                let mut ask = |name, value: Option<String>| query.extend(value.map(|value| (name, value)));
                ask("kind", filter.kind.clone());
                ask("code", filter.code.clone());
                ask("policy", filter.policy.clone());
                ask("repository", filter.repository.clone());
                ask("issuer", filter.issuer.clone());
                ask("decision", filter.decision.as_ref().map(ToString::to_string));
                ask("since", lasting.map(duration_text));
                ask("before", before.map(|before| before.to_string()));
                let found = server.audit(&query).await.map_err(|failure| with_permission_hint(failure, "audit.read"))?;
                let result = pages.take(before, (found.records.len(), limit), found.next_before);
                result.map_err(|fault| Failure::new(STATUS_UNAVAILABLE, fault))?;
                Ok(Page { records: found.records.into_iter().map(read).collect(), next: found.next_before })
            }
        }
    }
}

fn read(record: AuditRecord) -> Entry {
    let AuditRecord { seq, at, kind, decision_id, body } = record;
    Entry { seq, at, kind, decision: decision_id, body }
}
