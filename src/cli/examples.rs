//! The examples at the end of every help page.

use clap::builder::Styles;
use std::fmt::Write as _;

/// What fits on a terminal of 80 columns after the indent. A line that the terminal breaks becomes two when it is pasted.
const COLUMNS_MAX: usize = 76;

/// The section of a help page, in the style of clap's own. A shell can run each line, once its names are replaced.
pub(super) fn examples(lines: &[&str]) -> String {
    let style = Styles::styled();
    let heading = style.get_header();
    let mut section = format!("{heading}Examples:{heading:#}");
    for line in lines {
        let _ = write!(section, "\n  {}", broken(line).join(" \\\n      "));
    }
    section
}

/// Breaks a long line before an option, as a shell allows.
fn broken(line: &str) -> Vec<&str> {
    if line.len() <= COLUMNS_MAX {
        return vec![line];
    }
    match line.get(..COLUMNS_MAX - 2).and_then(|before| before.rfind(" --")).filter(|at| *at > 0) {
        Some(at) => std::iter::once(&line[..at]).chain(broken(&line[at + 1..])).collect(),
        None => vec![line],
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::{Cli, sidecar};
    use clap::{Command, CommandFactory};

    /// The width of a wide terminal, which does not wrap the examples.
    const WIDTH_MAX: usize = 120;

    /// The examples of a help page, each on one line.
    fn of(help: &str) -> Vec<String> {
        let section = help.split("Examples:\n").nth(1).unwrap_or_default();
        let section = section.split("\n\n").next().unwrap_or_default().replace("\\\n", "");
        section.lines().map(|line| line.trim().to_owned()).collect()
    }

    /// The words of a line as a shell reads it, up to where another command, a file or a remark begins.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
        for character in line.chars().chain([' ']) {
            match (quote, character) {
                (None, '"' | '\'') => quote = Some(character),
                (Some(open), _) if open == character => quote = None,
                (None, '<' | '>' | '|') => break,
                (None, '#') if word.is_empty() => break,
                (None, ' ') if word.is_empty() => {}
                (None, ' ') => words.push(std::mem::take(&mut word)),
                _ => word.push(character),
            }
        }
        words
    }

    /// Every help page, by the words of its command.
    fn pages(command: &Command, path: &[&str], found: &mut Vec<(Vec<String>, String)>) {
        let path = [path, &[command.get_name()]].concat();
        let help = command.clone().term_width(WIDTH_MAX).render_long_help().to_string();
        found.push((path.iter().map(|&word| word.to_owned()).collect(), help));
        for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
            pages(below, &path, found);
        }
    }

    fn check(whole: &Command) -> usize {
        let mut found = Vec::new();
        pages(whole, &[], &mut found);
        let (mut wrong, mut count) = (Vec::new(), 0);
        for (path, help) in &found {
            let (page, examples) = (path.join(" "), of(help));
            count += examples.len();
            if examples.is_empty() {
                wrong.push(format!("{page}: has no examples"));
            } else if !examples.iter().any(|line| words(line).starts_with(path)) {
                wrong.push(format!("{page}: none of its examples is of it"));
            }
            for line in examples {
                match whole.clone().try_get_matches_from(words(&line)) {
                    _ if !line.starts_with("daypass ") => wrong.push(format!("{page}: {line}: does not begin with daypass")),
                    Err(fault) => wrong.push(format!("{page}: {line}: {fault}")),
                    Ok(_) => {}
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        count
    }

    #[test]
    fn every_help_page_has_examples_that_parse() {
        let count = check(&Cli::command());
        assert!(count > 100, "{count} examples");
        check(&sidecar::SidecarBinary::command());
    }

    #[test]
    fn lines_are_read_as_a_shell_does() {
        let read = |line| words(line).join("|");
        assert_eq!(read("daypass secret get \"shop/db.yaml#/a b\" > file"), "daypass|secret|get|shop/db.yaml#/a b");
        assert_eq!(read("daypass deny  --lift 'x'   # a remark"), "daypass|deny|--lift|x");
    }
}
