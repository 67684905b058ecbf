//! Completions and man pages, read by bash and by gzip.

use super::{done, pages};
use std::process::Command;

/// What bash offers for the last of these words.
const OFFERS: &str = r#"
source "$1"
COMP_WORDS=(daypass policy expl) COMP_CWORD=2
_daypass daypass expl policy
printf '%s\n' "${COMPREPLY[@]}"
"#;

#[test]
fn bash_completes_a_command_of_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let script = pages(folder.path()).join("bash-completion/completions/daypass");
    done(Command::new("bash").arg("-n").arg(&script));
    assert_eq!(done(Command::new("bash").args(["-c", OFFERS, "bash"]).arg(&script)), "explain\n");
}

#[test]
fn a_man_page_is_packed_and_names_its_options() {
    let folder = tempfile::tempdir().unwrap();
    let page = pages(folder.path()).join("man/man1/daypass-serve.1.gz");
    let text = done(Command::new("gzip").arg("-dc").arg(page));
    assert!(text.contains(".SH NAME") && text.contains("daypass\\-serve") && text.contains("\\-\\-config"), "{text}");
}

#[test]
fn an_output_folder_that_cannot_be_written_is_named() {
    let run = |words: &[&str]| Command::new(env!("CARGO_BIN_EXE_daypass")).args(words).output().unwrap();
    let output = run(&["man", "/proc/nothing"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/proc/nothing: the man pages cannot be written"), "{output:?}");
    assert_eq!(run(&["completions", "tcsh"]).status.code(), Some(64), "a shell that it does not know");
}
