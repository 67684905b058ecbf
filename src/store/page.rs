//! Pages of the log, the newest records first.

use super::ReadError;
use super::history::DISORDER_MAX;
use super::reader::{Entry, Reader, entry};
use crate::words::UnixTime;
use rusqlite::params;
use std::ops::ControlFlow;

/// The part of the log to search.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Only records before this `seq`, at which the last page ended.
    pub before: Option<i64>,
    /// Only records after this `seq`.
    pub after: i64,
    /// Only records since this time.
    pub since: Option<UnixTime>,
}

/// The limits of one page.
#[derive(Clone, Copy, Debug)]
pub struct PageBounds {
    /// The most records in it.
    pub records: usize,
    /// A page ends with the record that reaches this many bytes of bodies.
    pub bytes: usize,
    /// The most records that are read for it.
    pub looked_at: usize,
}

/// The records that were found.
#[derive(Default, Debug)]
pub struct Page {
    /// The newest first.
    pub records: Vec<Entry>,
    /// If a limit ended the page, the `seq` before which the next one begins.
    pub next: Option<i64>,
}

impl Reader {
    /// Reads one page of the records that `take` accepts, within the limits.
    pub fn page(&self, span: &Span, bounds: PageBounds, take: impl Fn(Entry) -> Option<Entry>) -> Result<Page, ReadError> {
        let (mut page, mut bytes, mut looked_at) = (Page::default(), 0, 0);
        let sql = "SELECT seq, at, kind, decision, body FROM audit WHERE seq < ?1 AND seq > ?2 ORDER BY seq DESC";
        self.for_each_page(sql, params![span.before.unwrap_or(i64::MAX), span.after], |row| {
            let entry = entry(row)?;
            let (seq, at) = (entry.seq, entry.at);
            match span.since {
                Some(since) if at.plus(DISORDER_MAX) < since => return Ok(ControlFlow::Break(())),
                Some(since) if at < since => return Ok(ControlFlow::Continue(())),
                Some(_) | None => {}
            }
            looked_at += 1;
            if let Some(accepted) = take(entry) {
                bytes += row.get_ref(4)?.as_bytes().map_or(0, <[u8]>::len);
                page.records.push(accepted);
            }
            if page.records.len() < bounds.records && bytes < bounds.bytes && looked_at < bounds.looked_at {
                return Ok(ControlFlow::Continue(()));
            }
            page.next = Some(seq);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(page)
    }
}
