//! Edits within lines, as a unified diff that `git apply` takes. Everything else of a file stays as it is.

use crate::words::is_control;
use crate::words::yaml::Place;
use std::fmt::Write;
use std::ops::Range;

/// Lines around a change, as diff shows them.
const CONTEXT: usize = 3;

/// The replacement of some bytes of one line.
#[derive(Debug)]
pub(super) struct Edit {
    /// From 0.
    line: usize,
    bytes: Range<usize>,
    text: String,
}

impl Edit {
    /// Appends the id to the name at this place; `None` if the name does not stand there literally.
    pub(super) fn pinning(text: &str, place: Place, name: &str, id: &str) -> Option<Self> {
        let line = place.line.checked_sub(1)?;
        let whole = text.lines().nth(line)?;
        let (start, first) = whole.char_indices().nth(place.column.checked_sub(1)?)?;
        let quoted = matches!(first, '"' | '\'');
        let begin = start + usize::from(quoted);
        let behind = whole[begin..].strip_prefix(name)?;
        let ends = if quoted {
            behind.starts_with(first)
        } else {
            behind.is_empty() || behind.starts_with([' ', '\t', '\r', ',', ']', '}'])
        };
        // An id with characters that mean something in a pattern, a row or a quoted text is left to a person.
        if !ends || id.is_empty() || id.chars().any(|character| is_control(character) || "@*\"'\\".contains(character)) {
            return None;
        }
        let plain = |character: char| character.is_ascii_alphanumeric() || "-_./".contains(character);
        let pinned = format!("{name}@{id}");
        let text = if quoted || id.chars().all(plain) { pinned } else { format!("\"{pinned}\"") };
        Some(Self { line, bytes: begin..begin + name.len(), text })
    }
}

/// The file's part of the diff.
pub(super) fn unified(file: &str, text: &str, edits: &[Edit]) -> String {
    let old: Vec<&str> = text.split_inclusive('\n').collect();
    let new: Vec<String> = old.iter().enumerate().map(|(number, line)| edited(line, number, edits)).collect();
    let changed: Vec<usize> = (0..old.len()).filter(|number| old[*number] != new[*number]).collect();
    let mut diff = format!("--- a/{file}\n+++ b/{file}\n");
    for hunk in hunks(&changed, old.len()) {
        let _ = writeln!(diff, "@@ -{start},{count} +{start},{count} @@", start = hunk.start + 1, count = hunk.len());
        for number in hunk {
            if old[number] == new[number] {
                put(&mut diff, ' ', old[number]);
            } else {
                put(&mut diff, '-', old[number]);
                put(&mut diff, '+', &new[number]);
            }
        }
    }
    diff
}

/// Applies the edits of a line from right to left, so that none moves another.
fn edited(line: &str, number: usize, edits: &[Edit]) -> String {
    let mut here: Vec<&Edit> = edits.iter().filter(|edit| edit.line == number).collect();
    here.sort_by_key(|edit| std::cmp::Reverse(edit.bytes.start));
    here.iter().fold(line.to_owned(), |mut line, edit| {
        line.replace_range(edit.bytes.clone(), &edit.text);
        line
    })
}

/// The lines to show. Ranges that touch are joined.
fn hunks(changed: &[usize], lines: usize) -> Vec<Range<usize>> {
    let mut hunks: Vec<Range<usize>> = Vec::new();
    for number in changed {
        let (start, end) = (number.saturating_sub(CONTEXT), (number + CONTEXT + 1).min(lines));
        match hunks.last_mut().filter(|hunk| hunk.end >= start) {
            Some(hunk) => hunk.end = end,
            None => hunks.push(start..end),
        }
    }
    hunks
}

fn put(diff: &mut String, sign: char, line: &str) {
    diff.push(sign);
    diff.push_str(line);
    if !line.ends_with('\n') {
        diff.push_str("\n\\ No newline at end of file\n");
    }
}
