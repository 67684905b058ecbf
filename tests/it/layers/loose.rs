//! Answers of daypass are types. A command that looks into one as loose JSON compiles on after a member was renamed.

use super::code;
use regex::Regex;
use std::collections::BTreeMap;

/// The rooms that read answers and records, and the store, which writes records. What others made has a type of its own there, with
/// the members that are read.
const ROOMS: [&str; 5] = ["answers/", "cli/", "client/", "exchange/", "store/"];

#[test]
fn answers_and_records_of_daypass_are_read_as_types() {
    let member = Regex::new(r#"[\w)\]?](?:\["[^"\]]+"\])+|\.pointer\(""#).unwrap();
    let seen = r#"a["b"]; f()["b"]["c"]; g()?["b"]; a.pointer("/b"); ["b"]; &["b"]; f(["b"]); a[b];"#;
    assert_eq!(member.find_iter(seen).count(), 4);
    let rooms = |path: &str| ROOMS.iter().any(|room| path.starts_with(room));
    let counts = code().into_iter().filter(|(path, _)| rooms(path));
    let counts: BTreeMap<String, usize> =
        counts.map(|(path, code)| (path, member.find_iter(&code).count())).filter(|(_, count)| *count > 0).collect();
    // `deny` refuses a body whose `stop` is a list, which a type would read as the members in their order.
    let most = BTreeMap::from([("exchange/deny.rs".to_owned(), 1)]);
    assert_eq!(counts, most, "JSON is looked into by a member's name elsewhere, or less often than this table says");
}
