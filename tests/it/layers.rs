//! The rooms are one-way: each imports only what stands above it in the table of `docs/architecture.md`.

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
fn no_arrow_runs_back_up() {
    let ranks = table();
    let rank = |room: &str| ranks.iter().find(|(known, _)| known == room).map(|(_, rank)| *rank);
    let mut seen = 0;
    for path in sources(&root().join("src")) {
        let relative = path.strip_prefix(root().join("src")).unwrap().to_string_lossy().into_owned();
        let room = relative.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        if ["lib", "main", "bin"].contains(&room.as_str()) || relative.ends_with("tests.rs") {
            continue;
        }
        let own = rank(&room).unwrap_or_else(|| panic!("`{room}` is not in the table of docs/architecture.md"));
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for imported in
            code.split("crate::").skip(1).map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap())
        {
            let Some(theirs) = rank(imported) else { continue };
            seen += 1;
            assert!(imported == room || theirs <= own, "{relative} imports {imported}, which stands below it");
        }
    }
    assert!(seen > 100, "only {seen} imports were seen");
}

#[test]
fn files_stay_short() {
    for path in sources(&root().join("src")) {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 400, "{} has {lines} lines", path.display());
    }
}

/// What is wrong is said by type, so that whoever calls decides on that and looks into no message.
#[test]
fn errors_are_types() {
    let text = r"(?s)->[^{;]*?Result<[^{;]*?,\s*(?:String|&(?:'static )?str|Box<dyn [^>]*Error[^>]*>|anyhow::Error)\s*>";
    let (text, tests) = (Regex::new(text).unwrap(), Regex::new(r"#\[cfg\(test\)\]\n *mod \w+ \{").unwrap());
    assert_eq!(text.find_iter("fn a() -> Result<(), String> {} fn b() -> Result<(), AError> {}").count(), 1);
    let (mut found, mut looked_at) = (Vec::new(), 0);
    for path in sources(&root().join("src")) {
        let relative = path.strip_prefix(root().join("src")).unwrap().to_string_lossy().into_owned();
        if relative.ends_with("tests.rs") {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        let code = tests.split(&source).next().unwrap();
        let line = |at: usize| code[..at].matches('\n').count() + 1;
        found.extend(text.find_iter(code).map(|signature| format!("{relative}:{}", line(signature.start()))));
        looked_at += 1;
    }
    assert!(found.is_empty(), "errors that are text: give each a type ({})", found.join(", "));
    assert!(looked_at > 400, "{looked_at} files are looked at");
}
