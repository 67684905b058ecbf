//! Each top-level module imports only modules that stand above it in the table of `docs/architecture.md`, and other rules for sources.

mod cycles;
mod homes;
mod loose;

pub use homes::kinds;

use regex::Regex;
use std::path::{Path, PathBuf};

fn table() -> Vec<(String, usize)> {
    let text = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let rank: usize = cells[1].parse().ok()?;
        Some(cells[2].split(',').map(|room| (room.trim().trim_matches('`').to_owned(), rank)).collect::<Vec<_>>())
    })
    .flatten()
    .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}

#[test]
fn no_module_imports_one_below_it() {
    let ranks = table();
    let rank = |room: &str| ranks.iter().find(|(known, _)| known == room).map(|(_, rank)| *rank);
    let mut seen = 0;
    for (relative, code) in code() {
        let room = relative.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        if ["lib", "main", "bin"].contains(&room.as_str()) {
            continue;
        }
        let own = rank(&room).unwrap_or_else(|| panic!("`{room}` is not in the table of docs/architecture.md"));
        for imported in
            code.split("crate::").skip(1).map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap())
        {
            let Some(its_rank) = rank(imported) else { continue };
            seen += 1;
            assert!(imported == room || its_rank <= own, "{relative} imports {imported}, which stands below it");
        }
    }
    assert!(seen > 100, "only {seen} imports were seen");
}

/// A file that no module declares is not compiled: its tests pass by never running.
#[test]
fn every_file_is_a_module() {
    for folder in ["src", "tests/it"] {
        for path in sources(&root().join(folder)) {
            let (name, above) = (path.file_stem().unwrap().to_str().unwrap().to_owned(), path.parent().unwrap());
            if ["lib", "main"].contains(&name.as_str()) || above.ends_with("src/bin") {
                continue;
            }
            let declaring = [above.with_extension("rs"), above.join("lib.rs"), above.join("main.rs")];
            let declared = Regex::new(&format!(r"(?m)^\s*(?:pub(?:\([a-z: ]+\))? )?mod {name};")).unwrap();
            let is_declared = |file: &PathBuf| std::fs::read_to_string(file).is_ok_and(|text| declared.is_match(&text));
            assert!(declaring.iter().any(is_declared), "no module declares {}", path.display());
        }
    }
}

#[test]
fn files_stay_short() {
    for path in sources(&root().join("src")) {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 400, "{} has {lines} lines", path.display());
    }
}

/// The files of `src`, each without its tests.
pub fn code() -> Vec<(String, String)> {
    let tests = Regex::new(r"#\[cfg\(test\)\]\n *(?:pub\(crate\) )?mod \w+ \{").unwrap();
    let files = sources(&root().join("src")).into_iter().filter(|path| !path.ends_with("tests.rs"));
    let files = files.map(|path| {
        let relative = path.strip_prefix(root().join("src")).unwrap().to_string_lossy().into_owned();
        let source = std::fs::read_to_string(&path).unwrap();
        let code = tests.split(&source).next().unwrap().to_owned();
        (relative, code)
    });
    let files: Vec<_> = files.filter(|(relative, _)| !is_of_tests(relative)).collect();
    assert!(files.len() > 400, "{} files are looked at", files.len());
    files
}

/// Whether a file is a module of tests, by its folder or by its declaration.
fn is_of_tests(relative: &str) -> bool {
    let (room, name) = relative.trim_end_matches(".rs").rsplit_once('/').unwrap_or(("lib", relative));
    let declared = std::fs::read_to_string(root().join(format!("src/{room}.rs"))).unwrap_or_default();
    relative.split('/').any(|folder| folder == "tests") || declared.contains(&format!("#[cfg(test)]\nmod {name};"))
}

/// Errors are types, so that callers decide by type and do not read messages.
#[test]
fn errors_are_types() {
    let text = r"(?s)->[^{;]*?Result<[^{;]*?,\s*(?:String|&(?:'static )?str|Box<dyn [^>]*Error[^>]*>|anyhow::Error)\s*>";
    let text = Regex::new(text).unwrap();
    assert_eq!(text.find_iter("fn a() -> Result<(), String> {} fn b() -> Result<(), AError> {}").count(), 1);
    let mut found = Vec::new();
    for (relative, code) in code() {
        let line = |at: usize| code[..at].matches('\n').count() + 1;
        found.extend(text.find_iter(&code).map(|signature| format!("{relative}:{}", line(signature.start()))));
    }
    assert!(found.is_empty(), "errors that are text: give each a type ({})", found.join(", "));
}

/// `tracing` puts the text of a line into a field named `message`. With another field of that name, JSON has the name twice, and most
/// readers keep the wrong one.
#[test]
fn no_log_line_has_a_second_field_message() {
    let field = Regex::new(r"(?:error|warn|info|debug|trace)!\((?:[^;]*?[,(]\s*)?[%?]?message\s*[=,]").unwrap();
    assert!(field.is_match("tracing::warn!(a = %b, message = %c, \"d\");") && field.is_match("info!(%message, \"d\")"));
    assert!(!field.is_match("tracing::warn!(a = %b.message, \"message = d\"); let message = 1;"));
    for (relative, code) in code() {
        let found: Vec<&str> = field.find_iter(&code).map(|line| line.as_str()).collect();
        assert!(found.is_empty(), "{relative}: name the field otherwise: {found:?}");
    }
}

/// A file name may hold control characters for a terminal, or begin a line that a CI runner takes for a command.
#[test]
fn paths_are_printed_escaped() {
    for (relative, code) in code() {
        assert!(!code.contains(".display()"), "{relative}: `plain()` of words::PlainPath");
    }
}

/// Lines on standard error quote names and errors of others. A CI's runner takes one that begins with `::` for a command, so each is
/// escaped as a whole where it is printed.
#[test]
fn lines_on_standard_error_are_printed_by_who_escapes_them() {
    let places = ["cli/misuse.rs", "cli/print.rs", "client/note.rs", "demo.rs"];
    for (relative, code) in code() {
        let prints = ["eprint!(", "eprintln!(", "dbg!("].iter().any(|print| code.contains(print));
        assert!(!prints || places.contains(&&*relative), "{relative}: print the line by `note` of client");
    }
}

/// A name that a reader has to decode does not come back: docs/style.md lists those that were replaced.
#[test]
fn no_type_or_function_has_a_name_that_the_style_guide_replaces() {
    let guide = std::fs::read_to_string(root().join("docs/style.md")).unwrap();
    let table = guide.split_once("| not | but |").unwrap().1.split("\n\n").next().unwrap();
    let name = Regex::new("`([A-Za-z_]+)`").unwrap();
    let replaced = table.lines().filter_map(|line| line.split('|').nth(1)).flat_map(|cell| name.captures_iter(cell));
    let replaced: Vec<&str> = replaced.map(|name| name.extract::<1>().1[0]).collect();
    assert!(replaced.len() > 30 && replaced.contains(&"Story") && replaced.contains(&"told"), "{replaced:?}");
    let defined = Regex::new(&format!(r"\b(?:struct|enum|trait|type|fn) (?:{})\b", replaced.join("|"))).unwrap();
    for (relative, code) in code() {
        let found: Vec<&str> = defined.find_iter(&code).map(|definition| definition.as_str()).collect();
        assert!(found.is_empty(), "{relative}: docs/style.md has a plain name: {found:?}");
    }
}
