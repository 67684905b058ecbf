//! Answers of daypass are types. A command that looks into one as loose JSON compiles on after a member was renamed.

use super::code;
use regex::Regex;
use std::collections::BTreeMap;

/// How often a file of the commands and of the client looks into JSON by a member's name. What others made has no type here: an
/// export of the log, a discovery document or a JWKS at an address, what kubectl asks. `policy diff` adds members to its own output. The
/// numbers may only go down.
const MEMBERS_NAMED_MAX: &[(&str, usize)] = &[
    ("cli/audit/verify/exported.rs", 1),
    ("cli/doctor/issuers.rs", 1),
    ("cli/gcp.rs", 1),
    ("cli/policy/access.rs", 2),
    ("cli/policy/access/usage.rs", 1),
    ("client/helper/kubernetes.rs", 2),
];

#[test]
fn answers_of_daypass_are_read_as_types() {
    let member = Regex::new(r#"[\w)\]?](?:\["[^"\]]+"\])+|\.pointer\(""#).unwrap();
    let seen = r#"a["b"]; f()["b"]["c"]; g()?["b"]; a.pointer("/b"); ["b"]; &["b"]; f(["b"]); a[b];"#;
    assert_eq!(member.find_iter(seen).count(), 4);
    let rooms = |path: &str| path.starts_with("cli/") || path.starts_with("client/");
    let counts = code().into_iter().filter(|(path, _)| rooms(path));
    let counts: BTreeMap<String, usize> =
        counts.map(|(path, code)| (path, member.find_iter(&code).count())).filter(|(_, count)| *count > 0).collect();
    let most: BTreeMap<String, usize> = MEMBERS_NAMED_MAX.iter().map(|(path, most)| ((*path).to_owned(), *most)).collect();
    assert_eq!(counts, most, "JSON is looked into by a member's name elsewhere, or less often than this table says");
}
