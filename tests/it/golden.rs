//! Golden records: what commands print, what every API answers and what is stored, for a fixed set of inputs. A refactoring leaves them
//! byte-equal; a change of behaviour shows here, in its own commit.
//!
//! `DAYPASS_GOLDEN=write` writes them again, except the store of an earlier version: `DAYPASS_GOLDEN=write-store` with `golden::answers`
//! replaces that by one of today. Records over vectors of other projects are digests, because nothing of those enters this project.

mod answers;
mod commands;
mod normal;
mod stored;
mod vectors;

use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn is_writing() -> bool {
    is_told("write")
}

fn is_told(what: &str) -> bool {
    daypass::client::environment::Environment::of_process().value("DAYPASS_GOLDEN") == Some(what)
}

/// Compares with the record of this name, or writes it.
fn check(name: &str, observed: &str) {
    let path = folder().join(name);
    if is_writing() {
        return std::fs::write(&path, observed).unwrap();
    }
    let recorded = std::fs::read_to_string(&path).unwrap_or_default();
    if recorded == observed {
        return;
    }
    let (mut before, mut now) = (recorded.lines(), observed.lines());
    let line = 1 + before.by_ref().zip(now.by_ref()).take_while(|(before, now)| before == now).count();
    let at = |text: &str| text.lines().nth(line - 1).unwrap_or("(its end)").to_owned();
    let file = std::env::temp_dir().join(name);
    std::fs::write(&file, observed).unwrap();
    panic!("tests/golden/{name}:{line} was\n{}\nand is\n{}\n(the whole is in {})", at(&recorded), at(observed), file.display());
}
