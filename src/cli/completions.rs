//! `daypass completions` and `daypass man`: both are generated from the definition of the command line.

use super::Cli;
use super::examples::examples;
use crate::client::{Failure, STATUS_USAGE};
use crate::words::PlainPath;
use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass completions bash > /usr/share/bash-completion/completions/daypass",
    "daypass completions zsh > /usr/share/zsh/vendor-completions/_daypass",
]))]
pub(super) struct CompletionsArgs {
    /// The shell that reads them.
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Args, Debug)]
#[command(after_help = examples(&["daypass man /usr/local/share/man/man1"]))]
pub(super) struct ManArgs {
    /// The folder for the pages, one file per command. It is made if it is missing.
    folder: PathBuf,
}

/// Prints the completion script.
pub(super) fn print(arguments: &CompletionsArgs) -> Result<u8, Failure> {
    let script = script(arguments.shell);
    // A reader that has enough closes its pipe, which is no failure.
    let _ = std::io::stdout().write_all(&script);
    Ok(0)
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut visible_commands(), "daypass", &mut script);
    script
}

/// The command line without its hidden commands, which completions would offer.
fn visible_commands() -> Command {
    let whole = Cli::command();
    let commands = whole.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    Command::new("daypass")
        .version(env!("CARGO_PKG_VERSION"))
        .propagate_version(true)
        .args(whole.get_arguments().cloned())
        .subcommands(commands)
}

/// Writes the man pages.
pub(super) fn write_pages(arguments: &ManArgs) -> Result<u8, Failure> {
    pages(&arguments.folder).map(|()| 0).map_err(|fault| {
        Failure::new(STATUS_USAGE, format!("{}: the man pages cannot be written: {fault}", arguments.folder.plain()))
    })
}

fn pages(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(Cli::command(), folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of all commands that help shows, as their pages are called.
    fn names_below(command: &Command, called: &str, names: &mut Vec<String>) {
        names.push(called.to_owned());
        for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
            names_below(below, &format!("{called}-{}", below.get_name()), names);
        }
    }

    #[test]
    fn every_command_has_a_page_and_what_is_hidden_has_none() {
        let folder = tempfile::tempdir().unwrap();
        pages(&folder.path().join("made/man1")).unwrap();
        let mut names = Vec::new();
        names_below(&Cli::command(), "daypass", &mut names);
        let mut written: Vec<String> = std::fs::read_dir(folder.path().join("made/man1"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap().trim_end_matches(".1").to_owned())
            .collect();
        names.sort();
        written.sort();
        assert_eq!(written, names);
        assert!(names.len() > 40 && names.contains(&"daypass-policy-explain".to_owned()), "{names:?}");
        let page = std::fs::read_to_string(folder.path().join("made/man1/daypass-policy-explain.1")).unwrap();
        assert!(page.contains(".TH daypass-policy-explain 1"), "{page}");
    }

    #[test]
    fn every_shell_completes_every_command_that_help_shows() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let script = String::from_utf8(script(shell)).unwrap();
            for command in Cli::command().get_subcommands() {
                let is_listed = script.contains(command.get_name());
                assert_eq!(is_listed, !command.is_hide_set(), "{shell}: {}", command.get_name());
            }
        }
    }
}
