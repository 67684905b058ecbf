//! Reading the audit log as a policy permits it, from the recorded grant to the recorded release. A read is recorded like any
//! other use.

mod scope;

use super::answer::Released;
use super::context::AuditContext;
use super::usage::{self, UseOutcome};
use crate::answers::{AuditRecord, Outcome, Records};
use crate::app::{App, Live};
use crate::identity::Identity;
use crate::policy::Grant;
use crate::store::{AuditReadRecord, Entry, PageBounds, RECORD_BYTES_MAX, RecordFilter, Recorded, Span, UseRecord};
use crate::words::names::SourceName;
use crate::words::{Denial, Reason};
use scope::AuditScope;
use std::time::Duration;

/// Records of one answer: few enough to arrive before a client gives up.
pub const RECORDS_MAX: usize = 1000;
/// The largest `seq` that a query can name: readers of JSON agree on whole numbers up to it (RFC 8259, section 6).
pub const SEQ_MAX: i64 = (1 << 53) - 1;
/// A record's body has about 1 KiB; a few long ones end a page sooner.
const ANSWER_BYTES_MAX: usize = 4 * RECORD_BYTES_MAX;
/// Records that one answer looks at: SQLite reads so many within a second.
const LOOKED_AT_MAX: usize = 100_000;
/// A reader waits this long for the one before it.
const TURN_MAX: Duration = Duration::from_secs(5);

/// A query of the audit log.
#[derive(Debug)]
pub struct AuditQuery {
    /// Which records.
    pub filter: RecordFilter,
    /// Only those before this `seq`.
    pub before: Option<i64>,
    /// Only those after this `seq`.
    pub after: i64,
    /// Only those that are no older than this.
    pub lasting: Option<Duration>,
    /// At most this many.
    pub limit: usize,
}

/// Answers with a page of the log.
pub(super) async fn answer(
    app: &App,
    grant: Recorded<Grant>,
    identity: &Identity,
    live: &Live,
    context: &AuditContext,
    query: AuditQuery,
) -> Result<Released, Denial> {
    let outcome = match usage::source(grant.grant()) {
        Ok(source) => run(app, &source, live, query).await,
        Err(denial) => Err(denial),
    };
    usage::answer(app, grant, identity, live, context, outcome).await
}

/// One at a time, so that reads leave the server's processors to exchanges.
async fn run(app: &App, source: &SourceName, live: &Live, query: AuditQuery) -> Result<UseOutcome, Denial> {
    let turn = app.audit_readings.acquire(source, TURN_MAX).await;
    let _turn = turn.map_err(|_| Reason::Overloaded.with_cause("somebody else reads the audit log"))?;
    let view = AuditScope::of(source, live)?;
    let since = query.lasting.map(|lasting| app.now().minus(lasting));
    let reader = app.store.reader().map_err(|fault| Reason::AuditUnavailable.with_cause(fault))?;
    let read = tokio::task::spawn_blocking(move || {
        let span = Span { before: query.before, after: query.after, since };
        let bounds = PageBounds { records: query.limit.min(RECORDS_MAX), bytes: ANSWER_BYTES_MAX, looked_at: LOOKED_AT_MAX };
        let page = reader.page(&span, bounds, |entry| {
            // The filter runs after the cut: a reader cannot search for what it may not see.
            view.part(entry).filter(|entry| query.filter.matches(entry))
        });
        page.map(|page| (page, query.filter))
    });
    let read = read.await.map_err(|fault| Reason::Internal.with_cause(fault.to_string()))?;
    let (page, filter) = read.map_err(|fault| Reason::AuditUnavailable.with_cause(fault))?;
    let (newest, oldest) = (page.records.first().map(|entry| entry.seq), page.records.last().map(|entry| entry.seq));
    let record = UseRecord::AuditRead(AuditReadRecord { filter, newest, oldest, records: page.records.len() });
    let records = page.records.into_iter().map(to_record).collect();
    let outcome = Outcome::Audit(Records { records, next_before: page.next });
    Ok(UseOutcome { outcome, record, is_repeatable: false })
}

fn to_record(entry: Entry) -> AuditRecord {
    let Entry { seq, at, kind, decision, body } = entry;
    AuditRecord { seq, at, kind, decision_id: decision, body }
}
