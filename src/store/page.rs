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
    /// A page ends before the record with which its bodies would have more bytes. Its first record is in it however long.
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
                let more = row.get_ref(4)?.as_bytes().map_or(0, <[u8]>::len);
                if !page.records.is_empty() && bounds.bytes.saturating_sub(bytes) < more {
                    page.next = Some(seq.saturating_add(1));
                    return Ok(ControlFlow::Break(()));
                }
                bytes = bytes.saturating_add(more);
                page.records.push(accepted);
            }
            if page.records.len() < bounds.records && looked_at < bounds.looked_at {
                return Ok(ControlFlow::Continue(()));
            }
            page.next = Some(seq);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::words::SystemClock;
    use serde_json::json;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_page_ends_before_its_bytes_and_the_next_one_goes_on_there() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Arc::new(SystemClock)).unwrap();
        for length in [10, 4000, 10, 4000, 9000, 10] {
            store.record("accepted", json!({ "text": "x".repeat(length) })).await.unwrap();
        }
        let reader = Reader::open(folder.path()).unwrap();
        let bounds = PageBounds { records: 100, bytes: 5000, looked_at: 100 };
        let (mut pages, mut before) = (Vec::new(), None);
        loop {
            let span = Span { before, after: 0, since: None };
            let page = reader.page(&span, bounds, |entry| Some(entry).filter(|entry| entry.kind == "accepted")).unwrap();
            pages.push(page.records.iter().map(|entry| entry.body["text"].as_str().unwrap().len()).collect::<Vec<_>>());
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(pages, [vec![10], vec![9000], vec![4000, 10], vec![4000, 10]], "one that is too long stands alone");
    }
}
