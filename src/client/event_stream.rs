//! Server-sent events (HTML standard, section 9.2.6), as far as needed here: the id of each event that has data.

use super::error::LINE_BYTES_MAX;
use super::error::LongLine;
use std::collections::VecDeque;

/// The most events that wait to be read. Of more, only the newest matter.
const EVENTS_MAX: usize = 64;

/// The incomplete line and event, and the complete events.
#[derive(Default)]
pub(in crate::client) struct EventStream {
    line: Vec<u8>,
    after_return: bool,
    id: String,
    has_data: bool,
    events: VecDeque<String>,
}

impl EventStream {
    /// Takes bytes as they come.
    pub(in crate::client) fn push(&mut self, bytes: &[u8]) -> Result<(), LongLine> {
        for byte in bytes {
            match byte {
                b'\n' if self.after_return => self.after_return = false,
                b'\n' | b'\r' => {
                    self.after_return = *byte == b'\r';
                    self.end_line();
                }
                byte if self.line.len() < LINE_BYTES_MAX => {
                    self.after_return = false;
                    self.line.push(*byte);
                }
                _ => return Err(LongLine),
            }
        }
        Ok(())
    }

    /// The id of the next event.
    pub(in crate::client) fn next_event(&mut self) -> Option<String> {
        self.events.pop_front()
    }

    fn end_line(&mut self) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        if line.is_empty() {
            return self.end_event();
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            "data" => self.has_data = true,
            _ => {}
        }
    }

    fn end_event(&mut self) {
        if !std::mem::take(&mut self.has_data) {
            return;
        }
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(self.id.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &[u8]) -> Vec<String> {
        let mut stream = EventStream::default();
        // Byte by byte: the ends of packets do not matter.
        for byte in text {
            stream.push(&[*byte]).unwrap();
        }
        std::iter::from_fn(|| stream.next_event()).collect()
    }

    #[test]
    fn events_are_read_whatever_ends_their_lines() {
        for end in ["\n", "\r\n", "\r"] {
            let text =
                ["retry: 1000", "", ":", "", "id: a", "event: change", "data: changed", "", "id:b", "data", "", ""].join(end);
            assert_eq!(events(text.as_bytes()), ["a", "b"], "{end:?}");
        }
    }

    #[test]
    fn an_event_without_data_or_without_an_end_is_ignored() {
        assert!(events(b"id: a\n\n").is_empty());
        assert!(events(b"id: a\ndata: x\n").is_empty());
        assert_eq!(events(b"id: a\n\ndata: x\n\n"), ["a"], "an id stays until there is another");
        assert_eq!(events(b"id: a\nid: \0\ndata: x\n\n"), ["a"]);
    }

    #[test]
    fn an_endless_line_is_refused_and_a_storm_is_bounded() {
        assert!(EventStream::default().push(&[b'x'; LINE_BYTES_MAX + 1]).is_err());
        let storm: Vec<u8> = (0..1000).flat_map(|number| format!("id: {number}\ndata: x\n\n").into_bytes()).collect();
        let events = events(&storm);
        assert_eq!((events.len(), events.last().unwrap().as_str()), (EVENTS_MAX, "999"));
    }
}
