//! A kind of credential is named in its own modules and in the lists alone: docs/contributing/kind.md.

use super::cycles::{Graph, Module};
use super::{code, root, table};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

/// Files that import what belongs to one kind, how many names each, and why. The numbers may only go down.
const NAMED_ELSEWHERE_MAX: &[(&str, usize, &str)] = &[
    ("app/opened", 1, "only values of secrets are held opened"),
    ("app/secret_status", 2, "the status of files says which of them nobody is granted"),
    ("cli/credential", 4, "a command for each tool; what a tool asks for is of one kind"),
    ("cli/policy/access/files", 1, "a diff of files says who reads them"),
    ("cli/policy/check", 1, "a check of files says which lack a granted key"),
    ("cli/policy/import", 1, "the flags of all importers"),
    ("client/helper", 3, "a password is a secret or a token of the server, as the user's file says"),
    ("client/helper/kubernetes", 1, "kubectl takes a token of the server and nothing else"),
    ("client/sidecar/given", 3, "the files that the sidecar keeps are secrets"),
    ("client/sidecar/settings", 1, "the list of what the sidecar gives beside files"),
    ("client/sidecar/supervisor", 1, "the same list"),
    ("demo/world", 2, "the demo shows a session of AWS"),
    ("exchange/context", 1, "the log records what a request to AWS's API adds"),
    ("exchange/issuing", 1, "AWS's API asks later who holds a session"),
    ("exchange/request", 3, "the list of what is done here with a request"),
    ("http/fuzzing", 1, "the list of readers to fuzz"),
    ("http/native", 2, "the list of addresses"),
    ("http/oauth/parameters", 1, "the audience says which kind of token is asked for"),
    ("http/octo_sts", 3, "octo-sts gives out tokens of GitHub Apps and nothing else"),
    ("http/vault/address", 1, "the list of addresses; an operation by a transit key is a part of one"),
    ("policy/import/refusal", 3, "the list of importers"),
    ("policy/import/settings", 1, "the settings of all importers"),
    ("policy/request", 1, "a request to AWS's API has further parameters"),
    ("policy/ways_in/export", 3, "the list of clouds"),
    ("policy/ways_in/granted", 3, "the list of clouds"),
    ("store/request_record", 2, "the members of a record: how a session of AWS is narrowed, which values of a document left"),
];

/// The list of kinds in `src/kind.rs`: each with its name in code, and its word.
pub fn kinds() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join("src/kind.rs")).unwrap();
    let line = Regex::new(r#"(?m)^ {12}(\w+)\(\w+\) "(\w+)"(?: => \w+)?;$"#).unwrap();
    let kinds = line.captures_iter(&text).map(|kind| kind.extract().1).map(|[name, word]| (name.to_owned(), word.to_owned()));
    let kinds: Vec<_> = kinds.collect();
    assert!(kinds.len() >= 8 && kinds[0].1 == "aws", "{kinds:?}");
    kinds
}

/// The sections of `grant:`, by their modules: `secrets` is of three kinds.
fn sections() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("src/policy/sections.rs")).unwrap();
    let entry = Regex::new(r"(?m)^ {12}\w+\((\w+)\);$").unwrap();
    let module = |entry: &str| {
        let exported = Regex::new(&format!(r"pub\(super\) use (\w+)::\{{?[^;]*\b{entry}\b")).unwrap();
        exported.captures(&text).unwrap_or_else(|| panic!("no module has {entry}"))[1].to_owned()
    };
    let sections: Vec<String> = entry.captures_iter(&text).map(|entry| module(&entry[1])).collect();
    assert!(sections.len() >= 8 && sections.iter().any(|section| section == "secrets"), "{sections:?}");
    sections
}

/// Whether a module is a kind's, or within one.
struct Homes(BTreeSet<String>);

impl Homes {
    fn new() -> Self {
        let words = kinds().into_iter().map(|(_, word)| word);
        // An API that speaks one kind's own protocol is that kind's module.
        Self(words.chain(sections()).chain(["kv".to_owned()]).collect())
    }

    fn has(&self, module: &[String]) -> bool {
        module.iter().skip(1).any(|part| self.0.contains(part))
    }
}

/// Each top-level module that handles a kind of credential has a module of the kind's name, and a line in its list.
#[test]
fn kinds_are_named_in_their_own_modules() {
    let lists = ["kind.rs"];
    let (names, _): (Vec<String>, Vec<String>) = kinds().into_iter().unzip();
    let named = Regex::new(&format!(r"\b(?:Terms|Target|Credential|Licensed|Offer)::(?:{})\b", names.join("|"))).unwrap();
    let homes = Homes::new();
    let is_home = |path: &str| homes.has(&path.trim_end_matches(".rs").split('/').map(str::to_owned).collect::<Module>());
    let others = code().into_iter().filter(|(path, _)| !lists.contains(&path.as_str()) && !is_home(path));
    let named: Vec<String> = others.filter(|(_, code)| named.is_match(code)).map(|(path, _)| path).collect();
    assert!(named.is_empty(), "a kind is named outside of its own modules and the lists: {}", named.join(", "));
}

/// The same for what a kind defines: its types, functions and constants. A file may name what stands in modules below it: it is their
/// list.
#[test]
fn what_a_kind_defines_is_imported_by_kinds_and_lists_alone() {
    let (graph, homes, ranks) = (Graph::read(), Homes::new(), table());
    let rank = |module: &Module| ranks.iter().find(|(room, _)| *room == module[0]).map_or(usize::MAX, |(_, rank)| *rank);
    let kinds_rank = rank(&vec!["kind".to_owned()]);
    // Rooms above know no kinds: their `secret` is a type for what nobody may print.
    let is_of_kind = |module: &Module| rank(module) >= kinds_rank && homes.has(module);
    let mut found = BTreeMap::new();
    let mut by_kinds = 0;
    for (module, imports) in graph.imports() {
        let theirs = imports.into_iter().filter(|(theirs, _)| is_of_kind(theirs) && !theirs.starts_with(module));
        let names: BTreeSet<String> = theirs.map(|(theirs, name)| format!("{}::{name}", theirs.join("::"))).collect();
        if homes.has(module) {
            by_kinds += names.len();
        } else if !names.is_empty() {
            found.insert(module.join("/"), names);
        }
    }
    assert!(by_kinds > 300, "kinds import only {by_kinds} names: are they still seen?");
    let most: BTreeMap<&str, usize> = NAMED_ELSEWHERE_MAX.iter().map(|(file, most, _)| (*file, *most)).collect();
    let counts: BTreeMap<&str, usize> = found.iter().map(|(file, names)| (file.as_str(), names.len())).collect();
    let others: Vec<_> = found.iter().filter(|(file, names)| most.get(file.as_str()) != Some(&names.len())).collect();
    assert_eq!(counts, most, "move it to the kind's module, or lower the number: {others:#?}");
}
