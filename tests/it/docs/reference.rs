//! Reference pages that are generated from the code. `DAYPASS_GOLDEN=write` writes them again.

use super::{read, root};
use clap::{Arg, Command, CommandFactory};
use daypass::client::environment::Environment;
use daypass::words::{Party, Reason};
use std::fmt::Write as _;

const END: &str = "<!-- end of what is generated -->";

/// Compares the generated text with the page's text below `<!-- generated: NAME -->`, or writes it there.
pub fn assert_page_has(page: &str, name: &str, generated: &str) {
    let text = read(page);
    let begin = format!("<!-- generated: {name} -->\n");
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{page} has no `{begin}`"));
    let (inside, after) = rest.split_once(END).unwrap_or_else(|| panic!("{page} has no `{END}`"));
    if Environment::of_process().value("DAYPASS_GOLDEN") == Some("write") {
        return std::fs::write(root().join(page), format!("{before}{begin}\n{generated}\n{END}{after}")).unwrap();
    }
    let changed = inside.trim().lines().zip(generated.trim().lines()).find(|(was, is)| was != is);
    assert_eq!(inside.trim(), generated.trim(), "{page} is not as the code is: {changed:?}. DAYPASS_GOLDEN=write writes it anew");
}

/// Text in a cell of a table.
pub fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('\n', " ")
}

#[test]
fn the_page_of_codes_matches_the_code() {
    let mut table = "| code | status | who acts | what happened | what to do |\n|---|---|---|---|---|\n".to_owned();
    for reason in Reason::ALL {
        let party = match reason.party() {
            Party::Caller => "the job",
            Party::Operator => "the operator",
            Party::Issuer => "the issuer",
            Party::Cloud => "the cloud",
            Party::Us => "daypass",
        };
        let (code, status) = (reason.code(), reason.status());
        let _ = writeln!(table, "| `{code}` | {status} | {party} | {} | {} |", cell(reason.title()), cell(reason.hint()));
    }
    assert_page_has("docs/reference/codes.md", "codes", &table);
}

#[test]
fn every_explained_code_exists() {
    let page = read("docs/reference/codes.md");
    let explained: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    assert!(explained.len() > 10, "{explained:?}");
    for code in explained {
        assert!(Reason::ALL.iter().any(|reason| reason.code() == code), "there is no code {code}");
    }
}

#[test]
fn the_page_of_the_command_line_matches_the_code() {
    let mut page = String::new();
    let root = daypass::cli::Cli::command();
    for command in shown(&root) {
        describe(command, "daypass", 2, &mut page);
    }
    assert_page_has("docs/reference/command-line.md", "commands", &page);
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help")
}

fn describe(command: &Command, parent: &str, depth: usize, page: &mut String) {
    let name = format!("{parent} {}", command.get_name());
    let usage = command.clone().bin_name(name.clone()).render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage);
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let _ = write!(page, "{} `{name}`\n\n{}.\n\n", "#".repeat(depth), cell(about.trim_end_matches('.')));
    let arguments: Vec<&Arg> = command.get_arguments().filter(|argument| !argument.is_hide_set()).collect();
    if shown(command).next().is_none() {
        let _ = write!(page, "```text\n{usage}\n```\n\n");
    }
    if !arguments.is_empty() {
        page.push_str("| argument | default | environment | |\n|---|---|---|---|\n");
        for argument in arguments {
            page.push_str(&row(argument));
        }
        page.push('\n');
    }
    // A group shows no examples: each of its commands has its own.
    if let Some(examples) = command.get_after_help().filter(|_| shown(command).next().is_none()) {
        let _ = write!(page, "```text\n{}\n```\n\n", examples.to_string().trim_end());
    }
    for command in shown(command) {
        describe(command, &name, 3, page);
    }
}

fn row(argument: &Arg) -> String {
    let values: Vec<String> = argument.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
    let takes_value = argument.get_action().takes_values();
    let value = if takes_value && !values.is_empty() { format!(" <{}>", values.join(" ")) } else { String::new() };
    let long = argument.get_long().map(|long| format!("--{long}"));
    let short = argument.get_short().map(|short| format!("-{short}"));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let name = if names.is_empty() { value.trim().to_owned() } else { format!("{}{value}", names.join(", ")) };
    let defaults: Vec<String> = argument.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    let has_default = takes_value && !defaults.is_empty();
    let default = if has_default { format!("`{}`", defaults.join(" ")) } else { String::new() };
    let environment = argument.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    format!("| `{name}` | {default} | {environment} | {} |\n", cell(&help))
}
