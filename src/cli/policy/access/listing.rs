//! The text that `policy diff` prints for people.

use super::usage::Usage;
use crate::cli::print;
use crate::policy::{Change, ChangedPart, Direction};
use crate::secrets::ReaderChange;
use crate::words::yaml::one_line;
use crate::words::{WidenedFile, excerpt, plain};
use anstyle::{AnsiColor, Style};
use std::collections::BTreeSet;
use std::fmt::Write;

/// More credentials than this are counted, not listed.
const CREDENTIALS_SHOWN_MAX: usize = 3;
/// How much of a term's text is shown: a session policy has up to 2,048 characters.
const TERM_CHARACTERS_SHOWN_MAX: usize = 60;
/// How much is shown of a file and why its recipients cannot be read: a recipient may have 2,000 characters.
const UNREAD_CHARACTERS_SHOWN_MAX: usize = 200;

/// All changes, line by line. No text of a policy or a file begins a line of its own.
pub(super) fn listing(
    found: &[Change],
    readers: &[ReaderChange],
    files: &[WidenedFile],
    usage: Option<&Usage>,
    coloured: bool,
) -> String {
    if found.is_empty() && readers.is_empty() && files.is_empty() {
        return "Nobody gains access, nobody loses it, and nobody has it on other terms.\n".to_owned();
    }
    let mut text = String::new();
    for change in found {
        let sign = if change.direction == Direction::Widens { '+' } else { '-' };
        let because = change.because.as_deref().map(|because| format!("   {}", plain(because))).unwrap_or_default();
        let (credentials, at) = (credentials(&change.credentials), plain(&change.at));
        let _ = writeln!(text, "{} {}   {at}{because}", word(change.direction, coloured), plain(&credentials));
        let shorten = |text: &str| excerpt(text, TERM_CHARACTERS_SHOWN_MAX).into_owned();
        for term in &change.terms {
            let _ = writeln!(text, "  {sign} {}: {} → {}", term.term, shorten(&term.old), shorten(&term.new));
        }
        for part in &change.parts {
            let _ = writeln!(text, "  {} {}", if change.terms.is_empty() { sign } else { ' ' }, render_part(part));
        }
        if let Some(used) = usage.and_then(|usage| usage.of(change)) {
            let _ = writeln!(text, "    {used}");
        }
    }
    for file in files {
        let _ = writeln!(text, "{} {} {}", word(Direction::Widens, coloured), plain(&file.file), plain(&file.why));
    }
    readers.iter().for_each(|reader| render_reader(&mut text, reader, coloured));
    text
}

fn word(direction: Direction, coloured: bool) -> String {
    let (word, colour) = match direction {
        Direction::Widens => ("WIDENS ", AnsiColor::Red),
        Direction::Narrows => ("NARROWS", AnsiColor::Green),
    };
    let style = if coloured { Style::new().bold().fg_color(Some(colour.into())) } else { Style::new() };
    format!("{style}{word}{style:#}")
}

/// A recipient opens the file without any server that could ask for its identity.
fn render_reader(text: &mut String, reader: &ReaderChange, coloured: bool) {
    let (direction, sign) = if reader.gains { (Direction::Widens, '+') } else { (Direction::Narrows, '-') };
    let _ = writeln!(text, "{} recipient {}", word(direction, coloured), print::recipient(&reader.recipient));
    let files = |files: &[String]| plain(&credentials(files)).into_owned();
    let (opens, named) = match direction {
        Direction::Widens => ("", ": opens what is encrypted next"),
        Direction::Narrows => ("   it keeps what it has read: change the values", ""),
    };
    if !reader.opens.is_empty() {
        let _ = writeln!(text, "  {sign} opens {}{opens}", files(&reader.opens));
    }
    for unread in &reader.unread {
        let _ = writeln!(
            text,
            "  {sign} the recipients that this names cannot be read: {}",
            excerpt(unread, UNREAD_CHARACTERS_SHOWN_MAX)
        );
    }
    match &reader.named_for[..] {
        [] if reader.opens.is_empty() && reader.unread.is_empty() => {
            let _ = writeln!(text, "  {sign} is named by .sops.yaml for future files");
        }
        [] => {}
        names => _ = writeln!(text, "  {sign} is named by .sops.yaml for {}{named}", files(names)),
    }
}

fn credentials(names: &[String]) -> String {
    if names.len() <= CREDENTIALS_SHOWN_MAX {
        return names.join(", ");
    }
    format!("{} and {} more", names[..CREDENTIALS_SHOWN_MAX].join(", "), names.len() - CREDENTIALS_SHOWN_MAX)
}

fn render_part(part: &ChangedPart) -> String {
    format!("{}   for example {}", plain(&part.who), plain(&one_line(&part.example)))
}

/// The owners who should approve.
pub(super) fn owners(found: &[Change]) -> String {
    let owners: BTreeSet<&str> = found.iter().flat_map(|change| change.owners.iter().map(String::as_str)).collect();
    if owners.is_empty() {
        String::new()
    } else {
        format!("Owners to approve: {}\n", plain(&owners.into_iter().collect::<Vec<_>>().join(", ")))
    }
}
