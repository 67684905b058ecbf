//! Counts the recent grants that a denial would have refused: a denial that covers none is often misspelled.

use crate::answers::Covered;
use crate::policy::{Catalogue, OperatorDenial};
use crate::store::{ReadError, Reader, ReleasedDecision, RequestRecord};
use crate::words::UnixTime;
use crate::words::names::SourceName;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// How far back to count: long enough for jobs that run every night.
const SINCE: Duration = Duration::from_secs(86_400);
/// The time for the count. The denial is already in effect, and an operator waits for the count.
const COUNT_MAX: Duration = Duration::from_secs(5);

/// Counts the releases of the last day, the newest first; for a further source only what its own policies granted.
pub(super) fn covered(
    reader: &Reader,
    stop: &OperatorDenial,
    source: Option<&SourceName>,
    catalogue: &Catalogue,
    now: UnixTime,
) -> Result<Covered, ReadError> {
    let (started, mut found) = (Instant::now(), Covered { grants: 0, of: 0, since: now.minus(SINCE) });
    reader.released_since(found.since, |released| {
        if started.elapsed() > COUNT_MAX {
            found.since = released.at;
            return ControlFlow::Break(());
        }
        if !is_of(source, &released) {
            return ControlFlow::Continue(());
        }
        found.of += 1;
        found.grants += u64::from(fits(stop, &released, catalogue).unwrap_or(false));
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// Whether a policy of the source granted some of it. Another source may have had this name within the day, but only a count is reported.
fn is_of(source: Option<&SourceName>, released: &ReleasedDecision) -> bool {
    let Some(source) = source else { return true };
    let mut policies = released.record.iter().flat_map(RequestRecord::granting);
    policies.any(|policy| source.within(policy.as_str()).is_some())
}

/// `None` if the record cannot be read any more, for example because its issuer is not configured any more.
fn fits(stop: &OperatorDenial, released: &ReleasedDecision, catalogue: &Catalogue) -> Option<bool> {
    let record = released.record.as_ref()?;
    let issuer = record.issuer.as_ref()?;
    let facts = catalogue.issuer(issuer)?.mapping.facts_of_record(issuer, record.attributes.as_ref()?);
    // If this cannot be decided, the server refuses the token too.
    Some(stop.fits(&facts, record.policies.as_ref()?).unwrap_or(true))
}
