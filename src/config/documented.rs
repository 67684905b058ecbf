//! `docs/reference/configuration.md` has each key that the configuration's reader asks for, and its defaults.

use super::admission::RESOURCES;
use super::{Config, ConfigFolders, read_whole};
use crate::words::yaml::{Fault, Node, Place, Yaml, asked};
use crate::words::{duration_text, parse_duration};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const PAGE: &str = include_str!("../../docs/reference/configuration.md");

/// Each key of the table with its default.
fn listed() -> BTreeMap<&'static str, &'static str> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        (cells[1].trim_matches('`'), cells[2])
    })
    .collect()
}

/// The path of each mapping of the file, by its place. A list's entries are `[]`, and a key that the operator chooses is `NAME`.
fn paths(node: &Node, path: &str, all: &mut BTreeMap<Place, String>) {
    match &node.value {
        Yaml::Mapping(members) => {
            all.insert(node.place, path.to_owned());
            for (key, _, value) in members {
                let key = if path == "admission.issuers" { "NAME" } else { key };
                paths(value, &if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }, all);
            }
        }
        Yaml::List(items) => items.iter().for_each(|item| paths(item, &format!("{path}[]"), all)),
        _ => {}
    }
}

#[test]
fn the_page_lists_each_key_that_is_read_and_no_other() {
    let example = PAGE.rsplit("```yaml\n").next().unwrap().split("```").next().unwrap();
    let node = Node::parse("configuration.md", example.as_bytes()).unwrap();
    let mut places = BTreeMap::new();
    paths(&node, "", &mut places);
    asked::take();
    let (_, faults) =
        read_whole("configuration.md", example, &node, &ConfigFolders { folder: Path::new("/nowhere"), credentials: None });
    let unknown: Vec<&Fault> = faults.iter().filter(|fault| fault.code == "unknown_key").collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let read: BTreeSet<String> = asked::take()
        .into_iter()
        .filter_map(|(place, key)| {
            let path = places.get(&place)?;
            Some(if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") })
        })
        .collect();
    let listed: BTreeSet<String> = listed().keys().map(ToString::to_string).collect();
    let difference = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect::<Vec<_>>();
    assert!(read.len() > 100, "{read:?}");
    assert_eq!(difference(&read, &listed), Vec::<String>::new(), "not in docs/reference/configuration.md");
    assert_eq!(difference(&listed, &read), Vec::<String>::new(), "in docs/reference/configuration.md, and nothing reads it");
}

#[test]
fn the_page_has_the_defaults_that_count() {
    let config = super::tests::parse(super::tests::GOOD).unwrap();
    let listed = listed();
    let default = |key: &str| listed[key].trim_matches('`');
    assert_eq!(default("root.interval"), duration_text(config.root.interval));
    assert_eq!(parse_duration(default("root.max_stale")).unwrap(), config.root.max_stale);
    assert_eq!(default("drain_pause"), duration_text(config.drain_pause));
    assert_eq!(parse_duration(default("issuers[].max_token_age")).unwrap(), config.issuers[0].expected.token_age_max);
    assert!(config.issuers[0].expected.session_max.is_none() && default("issuers[].session_max") == "none");
    assert!(config.admission.is_none() && default("admission") == "none");
    let resources = super::admission::resources_default();
    for (kind, resource) in ["requests", "limits"].into_iter().flat_map(|kind| RESOURCES.map(|resource| (kind, resource))) {
        let counts = resources[kind][resource].as_str().unwrap_or("none");
        assert_eq!(default(&format!("admission.resources.{kind}.{resource}")), counts, "{kind} {resource}");
    }
    let algorithms = default("issuers[].algorithms").split(", ").count();
    assert_eq!(algorithms, config.issuers[0].expected.algorithms.len());
}

/// A key is required exactly where a file without it has a fault that says so.
#[test]
fn the_page_says_which_keys_are_required() {
    let minimal = "proxies: [{}]\nroot: { hook: {} }\nissuers: [{}]\negress: [{}]\ntraces: {}\naws: {}\ntls: {}\nproviders: { github: { apps: [{ app_id: 1 }] }, gcp: {}, azure: {}, token_exchange: { services: [{}] } }\nadmission: { tls: {}, server_ca: {}, issuers: { NAME: {} } }\n";
    let node = Node::parse("daypass.yaml", minimal.as_bytes()).unwrap();
    let mut places = BTreeMap::new();
    paths(&node, "", &mut places);
    let (config, faults): (Option<Config>, _) =
        read_whole("daypass.yaml", minimal, &node, &ConfigFolders { folder: Path::new("/nowhere"), credentials: None });
    assert!(config.is_none());
    let missing =
        faults.iter().filter_map(|fault| Some((fault.place, fault.message.strip_suffix("` is missing")?.strip_prefix('`')?)));
    let missing: BTreeSet<String> = missing
        .filter_map(|(place, key)| {
            let path = places.get(&place)?;
            Some(if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") })
        })
        .collect();
    for key in &missing {
        assert!(listed()[key.as_str()].starts_with("required"), "{key} is required");
    }
    assert!(missing.len() > 30, "{missing:?}");
}
