//! Places of scalars, including those that the parser does not report: headers of block scalars, dashes, and values that are not
//! written.

use super::parse::{Reader, end, start};
use super::resolve;
use crate::secrets::sops::error::SyntaxError;
use crate::secrets::sops::scalar::Scalar;
use crate::secrets::sops::splice::{line_end, line_start};
use crate::secrets::sops::tree::{Form, Leaf, LeafSpan, Node};
use granit_parser::{ScalarStyle, Span, Tag};
use std::ops::Range;

impl Reader<'_> {
    pub(super) fn leaf(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: &Span,
        after: usize,
        mut spot: LeafSpan,
    ) -> Result<Node, SyntaxError> {
        let (begin, finish) = (start(span), end(span));
        let tag_place = span.tag_span().and_then(|tag| tag.byte_range());
        let core = tag.and_then(Tag::core_suffix);
        let scalar = match (core, style) {
            (Some(name), _) => resolve::tagged(name, text),
            (None, ScalarStyle::Plain) if begin == finish => Ok(None),
            (None, ScalarStyle::Plain) if tag.is_none() => resolve::plain(text),
            _ => Ok(Some(Scalar::text(text))),
        };
        let scalar = scalar.map_err(|flaw| self.fault(begin, flaw))?;
        let place = if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            let (header, lines) = self.block(after.max(tag_place.as_ref().map_or(0, |tag| tag.end)), begin..finish);
            spot.place = header.clone();
            let place = header.start..lines.end.max(header.end);
            spot.lines = (lines.end > lines.start).then_some(lines);
            place
        } else if begin == finish {
            spot.absent = true;
            spot.place = self.behind_colon(begin);
            spot.place.clone()
        } else {
            spot.place = begin..finish;
            begin..finish
        };
        // A tag of YAML itself is replaced with the value: it would state a type that the ciphertext does not have.
        let lead = if core.is_some() { tag_place.map_or(place.start, |tag| tag.start.min(place.start)) } else { place.start };
        spot.place.start = spot.place.start.min(lead);
        self.last = place.end;
        Ok(Node::new(lead..place.end, Form::Leaf(Leaf::new(scalar, spot))))
    }

    /// The `|` or `>` of a block scalar with its indicators, and its lines from the end of the header's line.
    fn block(&self, after: usize, content: Range<usize>) -> (Range<usize>, Range<usize>) {
        let mut at = after;
        let bytes = self.text.as_bytes();
        while at < content.start && !matches!(bytes[at], b'|' | b'>') {
            // An anchor's name, a tag or a comment may hold these signs too.
            at = match bytes[at] {
                b'&' | b'!' => at + self.text[at..].find(char::is_whitespace).unwrap_or(1),
                b'#' => line_end(self.text, at),
                _ => at + 1,
            };
        }
        let signs = self.text[at..].bytes().take_while(|byte| matches!(byte, b'|' | b'>' | b'+' | b'-' | b'0'..=b'9')).count();
        let header = at..at + signs;
        let written = self.text[content.clone()].trim_end().len();
        let first = line_end(self.text, header.end);
        let last = if written == 0 { first } else { line_end(self.text, content.start + written).max(first) };
        (header, first..last)
    }

    /// Where a value that is not written would be: after the colon or the dash.
    fn behind_colon(&self, at: usize) -> Range<usize> {
        let rest = &self.text[at..line_end(self.text, at)];
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        let at = if rest[spaces..].starts_with(':') { at + spaces + 1 } else { at };
        at..at
    }

    /// The place of an item's dash: on the item's line or above it, in the sequence's column.
    pub(super) fn dash(&self, item: usize, column: usize) -> usize {
        let mut line = line_start(self.text, item);
        loop {
            let at = self.text[line..].char_indices().nth(column).map_or(line, |(offset, _)| line + offset);
            if at <= item && self.text[at..].starts_with('-') || line == 0 {
                return at;
            }
            line = line_start(self.text, line - 1);
        }
    }
}
