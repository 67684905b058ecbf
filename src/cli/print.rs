//! Output for people and programs: colours on a terminal, none in a pipe.

use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::secrets::is_recipient;
pub(super) use crate::words::counted;
use crate::words::yaml::Fault;
use crate::words::{excerpt, has_command, is_control, plain, plain_json};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::process::ExitCode;

/// As many characters as a person needs to tell recipients apart.
const RECIPIENT_CHARACTERS: usize = 24;

/// Prints a failure, which escapes what it quotes, and ends with its status.
pub(super) fn failed(failure: &Failure) -> ExitCode {
    let (red, reset) = (anstyle::Style::new().fg_color(Some(anstyle::AnsiColor::Red.into())).bold(), anstyle::Reset);
    anstream::eprintln!("{red}daypass:{reset} {failure}");
    ExitCode::from(failure.status)
}

/// Prints faults on standard error. They escape what they quote.
pub(super) fn faults(faults: &[Fault]) {
    faults.iter().for_each(|fault| anstream::eprintln!("{fault}\n"));
}

/// Prints a JSON document for people and machines.
pub(super) fn json(value: &serde_json::Value) {
    anstream::println!("{}", plain_json(&format!("{value:#}")));
}

/// Prints a document that another program reads: to that program byte for byte, and on a terminal with what controls one escaped.
pub(super) fn document(name: &'static str, text: &str) -> Result<(), Failure> {
    check_lines(name, text)?;
    let mut out = std::io::stdout().lock();
    let shown = if out.is_terminal() { on_terminal(text) } else { Cow::Borrowed(text) };
    out.write_all(shown.as_bytes()).and_then(|()| out.flush()).map_err(|fault| Failure::new(STATUS_CONFIGURATION, fault))
}

/// Refuses a document with a line that a CI's runner takes for a command. It repeats lines of others and is used as it is, so none of them
/// can be escaped; and nobody needs such a line.
fn check_lines(name: &'static str, text: &str) -> Result<(), Failure> {
    let Some(line) = text.split(['\n', '\r']).find(|line| has_command(line)) else { return Ok(()) };
    let message = format!("the {name} is not printed, because a CI's runner takes a line of it for a command: `{}`", line.trim());
    Err(Failure::new(STATUS_CONFIGURATION, message).with_hint("write what that line repeats in another way"))
}

/// The lines of a document, in which names and texts of others stand, for a terminal.
fn on_terminal(text: &str) -> Cow<'_, str> {
    let is_kept = |one: char| matches!(one, '\n' | '\t');
    if !text.contains(|one| is_control(one) && !is_kept(one)) {
        return Cow::Borrowed(text);
    }
    let escaped = |one: char| match is_control(one) && !is_kept(one) {
        true => one.escape_unicode().to_string(),
        false => one.to_string(),
    };
    Cow::Owned(text.chars().map(escaped).collect())
}

/// Prints a JSON document on one line, for programs that read line by line.
pub(super) fn line(value: &serde_json::Value) {
    anstream::println!("{}", plain_json(&value.to_string()));
}

/// Whether standard error goes to the same file as standard output, so that a message would end up in what a program reads.
pub(super) fn streams_are_one() -> bool {
    let file = |found: rustix::io::Result<rustix::fs::Stat>| found.ok().map(|stat| (stat.st_dev, stat.st_ino));
    file(rustix::fs::fstat(std::io::stdout())).is_some_and(|out| Some(out) == file(rustix::fs::fstat(std::io::stderr())))
}

/// How many lines of a section people see. JSON has all of them.
const LINES_SHOWN_MAX: usize = 20;

/// Lines under a title, if there are any.
pub(super) fn section(out: &mut String, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        let _ = writeln!(out, "\n{title}");
        lines.iter().take(LINES_SHOWN_MAX).for_each(|line| _ = writeln!(out, "  {}", plain(line)));
        if lines.len() > LINES_SHOWN_MAX {
            let _ = writeln!(out, "  and {} more: --output json lists them", lines.len() - LINES_SHOWN_MAX);
        }
    }
}

/// A recipient of age by its beginning: a post-quantum one has 2,000 characters. SSH public keys begin alike, so their end is shown.
pub(super) fn recipient(text: &str) -> String {
    if let Some((kind, key)) = text.split_once(' ').filter(|(kind, _)| kind.starts_with("ssh-") && is_recipient(text)) {
        let key = key.split(' ').next().unwrap_or_default();
        let end: String = key.chars().skip(key.chars().count().saturating_sub(RECIPIENT_CHARACTERS)).collect();
        return format!("{} …{}", plain(kind), plain(&end));
    }
    excerpt(text, RECIPIENT_CHARACTERS).into_owned()
}

/// A word for a good or a bad result, in its colour.
pub(super) fn verdict(word: &str, is_good: bool) -> String {
    let colour = if is_good { anstyle::AnsiColor::Green } else { anstyle::AnsiColor::Red };
    let style = anstyle::Style::new().bold().fg_color(Some(colour.into()));
    format!("{style}{word}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GitHub's runner trims a line, and a line of a patch's context begins with a space.
    #[test]
    fn a_document_whose_lines_forge_commands_is_not_printed() {
        let patch = "--- a/policies/a.yaml\n+++ b/policies/a.yaml\n@@ -1,2 +1,2 @@\n-a\n+a@1\n";
        assert!(check_lines("patch", patch).is_ok());
        for line in [" ::stop-commands::x", "   ::error::x", " a\r::error::x", " # ##[add-path]x", "+# ##vso[task.x]y"] {
            let failure = check_lines("patch", &format!("{patch}{line}\n")).unwrap_err().to_string();
            assert!(failure.contains("not printed") && !failure.lines().any(has_command), "{failure}");
        }
    }

    #[test]
    fn a_document_cannot_control_the_terminal_that_shows_it() {
        let patch = "+++ b/policies/a\u{1b}[2K\r\u{202e}.yaml\n@@ -1 +1 @@\n-\ta: \u{9b}31m\u{e9}\n";
        let shown = "+++ b/policies/a\\u{1b}[2K\\u{d}\\u{202e}.yaml\n@@ -1 +1 @@\n-\ta: \\u{9b}31m\u{e9}\n";
        assert_eq!(on_terminal(patch), shown);
        assert!(matches!(on_terminal("a: b\n"), Cow::Borrowed("a: b\n")));
    }
}
