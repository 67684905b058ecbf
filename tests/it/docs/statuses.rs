//! Reference lists that are written by hand: each lists exactly what the code has.

use super::{read, root};
use regex::Regex;
use std::collections::BTreeSet;
use std::path::Path;

/// Appends the texts of all sources below a folder, without their unit tests.
pub fn sources(folder: &Path, all: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            all.push_str(text.split("#[cfg(test)]\nmod tests {").next().unwrap());
        }
    }
}

fn code() -> String {
    let mut all = String::new();
    sources(&root().join("src"), &mut all);
    all
}

/// The first cells of tables, without their heads.
fn rows(text: &str) -> BTreeSet<String> {
    let row = Regex::new(r"(?m)^\| `?([^`|]+?)`?(?:, `[^|]*)? \|").unwrap();
    let heads = ["kind", "member", "status"];
    row.captures_iter(text).map(|cells| cells[1].to_owned()).filter(|cell| !heads.contains(&cell.as_str())).collect()
}

fn found(patterns: &[&str], code: &str) -> BTreeSet<String> {
    let all = patterns.iter().map(|pattern| Regex::new(pattern).unwrap());
    all.flat_map(|pattern| pattern.captures_iter(code).map(|found| found[1].to_owned()).collect::<Vec<_>>()).collect()
}

#[test]
fn every_exit_status_has_its_row() {
    let statuses = found(&[r"const STATUS_\w+: u8 = (\d+);", r"print::failed\([^;]*, (\d+)\)"], &code());
    let listed: BTreeSet<String> =
        rows(&read("docs/reference/exit-statuses.md")).into_iter().filter(|cell| cell.parse::<u8>().is_ok()).collect();
    let lost: Vec<&String> = statuses.difference(&listed).collect();
    assert!(statuses.len() >= 6 && lost.is_empty(), "{statuses:?}: {lost:?} are not in the page");
    // The page also lists success, and the status of a helper's protocol.
    let own: Vec<&String> = listed.difference(&statuses).collect();
    assert_eq!(own, ["0", "1"], "the page has statuses that there are not");
}

#[test]
fn every_kind_of_audit_record_has_its_row() {
    let patterns = [
        r#"schema::append(?:_bytes)?\(\s*connection,\s*now,\s*"([a-z_]+)""#,
        r#"outcome::append\(connection, now, "([a-z_]+)""#,
        r#"\n    append\(connection, at, "([a-z_]+)""#,
        r#"\n        append\(connection, at, "([a-z_]+)""#,
        r#"\.record\(\s*"([a-z_]+)""#,
        r#"pub const DRY_RUN: &str = "([a-z_]+)""#,
    ];
    let mut kinds = found(&patterns, &code());
    let records = read("tests/golden/records.txt");
    kinds.extend(records.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned));
    let page = read("docs/reference/audit-records.md");
    let (of_kinds, of_members) = page.split_once("## A request's members").unwrap();
    assert!(kinds.len() >= 12);
    assert_eq!(rows(of_kinds.split_once("## Kinds").unwrap().1), kinds, "the page's table of kinds, and those of the code");
    let record = read("src/store/request_record.rs");
    let record = record.split_once("pub struct RequestRecord {").unwrap().1.split_once("\n}").unwrap().0;
    let members = found(&[r"(?m)^    pub ([a-z_]+):"], record);
    let lost: Vec<&String> = members.iter().filter(|member| !page.contains(&format!("`{member}`"))).collect();
    assert!(members.len() > 30 && lost.is_empty(), "{lost:?} are not in the page");
    let listed = rows(of_members.split_once("### Kinds of credentials").unwrap().0);
    assert!(listed.is_subset(&members), "{:?} are members of no record", listed.difference(&members).collect::<Vec<_>>());
}
