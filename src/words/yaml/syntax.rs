//! Refuses syntax that reads otherwise than it looks to whoever reviews a change.

use super::Place;
use granit_parser::{ErrorKind, Event, Marker, Parser};

const LONE_RETURN: &str =
    "a carriage return that no line feed follows begins a line in YAML, and most editors and diffs show none: take it out";
const TAG: &str = "tags, such as `!not` or `!!binary`, are not read: write the value without one";

/// The first fault, and its place. An error of the syntax is none: the reader tells it.
pub(super) fn check(text: &str) -> Option<(Place, &'static str)> {
    lone_return(text).map(|place| (place, LONE_RETURN)).or_else(|| first_tag(text).map(|place| (place, TAG)))
}

/// The first error of the syntax.
pub(super) fn first_error(text: &str) -> Option<ErrorKind> {
    Parser::new_from_str(text).find_map(Result::err).map(|error| error.kind().clone())
}

fn lone_return(text: &str) -> Option<Place> {
    let at = text.match_indices('\r').map(|(at, _)| at).find(|at| !text[at + 1..].starts_with('\n'))?;
    let line = text[..at].rsplit('\n').next().unwrap_or_default();
    Some(Place { line: text[..at].matches('\n').count() + 1, column: line.chars().count() + 1 })
}

/// Only a file with an exclamation mark is parsed for it.
fn first_tag(text: &str) -> Option<Place> {
    if !text.contains('!') {
        return None;
    }
    let tagged = Parser::new_from_str(text).map_while(Result::ok).find_map(|(event, span)| match event {
        Event::Scalar(.., Some(_)) | Event::SequenceStart(.., Some(_)) | Event::MappingStart(.., Some(_)) => {
            Some(span.tag_start.unwrap_or(span.start))
        }
        _ => None,
    });
    tagged.map(|marker: Marker| Place { line: marker.line(), column: marker.col() + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_otherwise_than_it_looks_is_found_with_its_place() {
        let found = |text: &str| check(text).map(|(place, message)| (place.line, place.column, message));
        for (text, line, column) in
            [("ref: !not refs/heads/main\n", 1, 6), ("a: 1\nmatch: !deny { a: b }\n", 2, 8), ("a:\n- !!binary YXJu\n", 2, 3)]
        {
            assert_eq!(found(text), Some((line, column, TAG)), "{text}");
        }
        assert_eq!(found("a: 1\n# agreed\r  b: 2\n"), Some((2, 9, LONE_RETURN)));
        for good in ["a: b\r\nc: d\r\n", "a: \"b!\"\n", "# no tag: !x\na: b\n", "a: b!c\n", "a: 'x !y'\n", "a: [!\n"] {
            assert_eq!(found(good), None, "{good:?}");
        }
    }
}
