//! Where records are read: in the store on the server's own machine, or through a server, by whom a policy grants it.

use super::failed;
use super::pages::Pages;
use crate::answers::AuditRecord;
use crate::cli::job::ServerArgs;
use crate::client::environment::Environment;
use crate::client::server::Server;
use crate::client::{Failure, STATUS_UNAVAILABLE, STATUS_USAGE};
use crate::exchange::RECORDS_MAX;
use crate::store::{Entry, Page, PageBounds, Reader, RecordFilter, Span};
use crate::words::names::IssuerName;
use crate::words::{Clock, SystemClock, UnixTime, duration_text};
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;

const CONFIG: &str = "DAYPASS_CONFIG";
const SERVER: &str = "DAYPASS_SERVER";

#[derive(Args, Debug)]
pub(super) struct SourceArgs {
    /// The server's configuration, on its own machine. Without it the server is asked, which a policy has to grant: daypass: [audit.read].
    #[arg(long, env = "DAYPASS_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Where records are read.
pub(super) enum Source {
    /// On this machine; and the issuers that are configured.
    Store(Box<Reader>, Vec<IssuerName>),
    /// Elsewhere.
    Server(Box<Server>, Pages),
}

impl SourceArgs {
    pub(super) fn open(&self, environment: &Environment) -> Result<Source, Failure> {
        let Some(config) = self.config.as_deref().filter(|config| self.is_meant(config, environment)) else {
            let server = self.server.connect(environment.clone()).map_err(|failure| {
                let told = "name where the log is: --config on the server's machine, or --server";
                if failure.status == STATUS_USAGE { Failure::new(STATUS_USAGE, told) } else { failure }
            })?;
            return Ok(Source::Server(Box::new(server), Pages::default()));
        };
        if self.server.address().is_some_and(|server| environment.value(SERVER) != Some(server)) {
            return Err(Failure::new(STATUS_USAGE, "--config reads the log here and --server elsewhere: leave one of them out"));
        }
        let config = crate::cli::serve::load(config)?;
        let issuers = config.issuers.iter().map(|issuer| issuer.name.clone()).collect();
        Ok(Source::Store(Box::new(Reader::open(&config.data).map_err(failed)?), issuers))
    }

    /// A server that is named by its flag goes before a configuration that a variable names.
    fn is_meant(&self, config: &Path, environment: &Environment) -> bool {
        let by_variable = |name: &str, value: &str| environment.value(name) == Some(value);
        let is_default = config.to_str().is_some_and(|config| by_variable(CONFIG, config));
        let is_elsewhere = self.server.address().is_some_and(|server| !by_variable(SERVER, server));
        !(is_default && is_elsewhere)
    }
}

impl Source {
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
                    .page(&Span { before, after: 0, since }, bounds, |entry| Some(entry).filter(|entry| filter.takes(entry)))
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
                let found = server.audit(&query).await?;
                let taken = pages.take(before, (found.records.len(), limit), found.next_before);
                taken.map_err(|fault| Failure::new(STATUS_UNAVAILABLE, fault))?;
                Ok(Page { records: found.records.into_iter().map(read).collect(), next: found.next_before })
            }
        }
    }
}

fn read(record: AuditRecord) -> Entry {
    let AuditRecord { seq, at, kind, decision_id, body } = record;
    Entry { seq, at, kind, decision: decision_id, body }
}
