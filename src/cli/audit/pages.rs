//! Limits of reading a server's log page by page. A server that lies could otherwise make the client ask forever, and send its
//! token each time.

use crate::exchange::SEQ_MAX;

/// The most pages of one query: 10 million records that match, or 1,000 million that are looked at. Each page adds a decision to
/// the log that is read. A longer read belongs on the server's own machine.
const PAGES_MAX: usize = 10_000;

/// What is wrong with the position that the server gives for the next page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum PageError {
    /// No record has this number.
    #[error("the server says that its log goes on before the record {next}: the first record is 1")]
    NoRecord {
        /// Before which record the next page is.
        next: i64,
    },
    /// The next page does not go back, so the pages would never end.
    #[error(
        "the server says that its log goes on before the record {next}, where it was asked for records before {before} already"
    )]
    NotBefore {
        /// Before which record the next page is.
        next: i64,
        /// Before which one the last page was.
        before: i64,
    },
    /// More records than were asked for.
    #[error("the server sent {sent} records, where {limit} were asked for")]
    TooLarge {
        /// How many there are.
        sent: usize,
        /// How many were asked for.
        limit: usize,
    },
    /// The limit of pages is reached.
    #[error(
        "the server was asked for {PAGES_MAX} pages of its log, and has more: ask for less by --since, or read it on its own machine by --config"
    )]
    TooMany,
}

/// The pages that were asked for.
#[derive(Default)]
pub(super) struct Pages {
    count: usize,
}

impl Pages {
    /// Checks a page of the records before `before`: how many the server sent, how many were asked for, and the position of the next page.
    pub(super) fn take(
        &mut self,
        before: Option<i64>,
        (sent, limit): (usize, usize),
        next: Option<i64>,
    ) -> Result<(), PageError> {
        self.count += 1;
        let last = before.unwrap_or(SEQ_MAX);
        match next {
            _ if sent > limit => Err(PageError::TooLarge { sent, limit }),
            None => Ok(()),
            Some(next) if next < 1 => Err(PageError::NoRecord { next }),
            Some(next) if next >= last => Err(PageError::NotBefore { next, before: last }),
            Some(_) if self.count >= PAGES_MAX => Err(PageError::TooMany),
            Some(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many pages are read, and how that ends, if the server gives these positions.
    fn read(mut places: impl FnMut(usize) -> Option<i64>) -> (usize, Result<(), PageError>) {
        let (mut pages, mut before) = (Pages::default(), None);
        loop {
            let next = places(pages.count);
            if let Err(fault) = pages.take(before, (0, 1000), next) {
                return (pages.count, Err(fault));
            }
            if next.is_none() {
                return (pages.count, Ok(()));
            }
            before = next;
        }
    }

    #[test]
    fn pages_are_read_while_they_go_back_and_up_to_a_limit() {
        assert_eq!(read(|page| [Some(310), Some(1), None][page]), (3, Ok(())));
        for bad in [0, -1, i64::MIN] {
            assert_eq!(read(|page| [Some(310), Some(bad)][page]), (2, Err(PageError::NoRecord { next: bad })));
        }
        for bad in [310, 311, i64::MAX] {
            let fault = PageError::NotBefore { next: bad, before: 310 };
            assert_eq!(read(|page| [Some(310), Some(bad)][page]), (2, Err(fault)));
        }
        let beyond = PageError::NotBefore { next: SEQ_MAX, before: SEQ_MAX };
        assert_eq!(read(|_| Some(SEQ_MAX)), (1, Err(beyond)), "no record is behind the last place that there is");
        let slowly = read(|page| Some(SEQ_MAX - 1 - i64::try_from(page).unwrap()));
        assert_eq!(slowly, (PAGES_MAX, Err(PageError::TooMany)), "empty pages that go back by one");
        let mut pages = Pages::default();
        assert_eq!(pages.take(None, (3, 2), None), Err(PageError::TooLarge { sent: 3, limit: 2 }));
    }
}
