//! What an operator's denial would have hit of what was granted lately: a denial that hits nothing is often one with a typo.

use crate::answers::Covered;
use crate::policy::{Catalogue, Stop};
use crate::store::{ReadError, Reader, ReleasedDecision};
use crate::words::UnixTime;
use crate::words::names::{IssuerName, PolicyName, SourceName};
use serde_json::Value;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// How far back: long enough for what runs every night.
const SINCE: Duration = Duration::from_secs(86_400);
/// The denial stands already; an operator waits for this count and no longer.
const COUNT_MAX: Duration = Duration::from_secs(5);

/// Counts what was released within the last day, the newest first; for a further source what its own policies granted.
pub(super) fn covered(
    reader: &Reader,
    stop: &Stop,
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

/// Whether a policy of the source granted some of it. Its name may have been another one's within the day: nothing is told but a count.
fn is_of(source: Option<&SourceName>, released: &ReleasedDecision) -> bool {
    let Some(source) = source else { return true };
    released.body["policies"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .any(|policy| source.within(policy).is_some())
}

/// `None` where the record cannot be read any more, as that of an issuer that is configured no more.
fn fits(stop: &Stop, released: &ReleasedDecision, catalogue: &Catalogue) -> Option<bool> {
    let body = &released.body;
    let issuer = IssuerName::parse(body["issuer"].as_str()?).ok()?;
    let Value::Object(attributes) = &body["attributes"] else { return None };
    let facts = catalogue.issuer(&issuer)?.mapping.facts_of_record(&issuer, attributes);
    let names = body["policies"].as_array()?.iter().filter_map(|name| PolicyName::parse(name.as_str()?).ok());
    // Where that cannot be told, the token is refused as well.
    Some(stop.fits(&facts, &names.collect::<Vec<_>>()).unwrap_or(true))
}
