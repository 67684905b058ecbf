//! The page of CIs: for each mapping it has an issuer that loads and a policy that exists.

use super::{blocks, read, root};
use daypass::config::PolicyConfig;
use daypass::identity::Mapping;
use regex::Regex;
use std::collections::BTreeSet;

const PAGE: &str = "docs/how-to/ci.md";

#[test]
fn each_mapping_has_an_issuer_that_loads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("daypass.yaml");
    let mut mappings = BTreeSet::new();
    for block in blocks::of(PAGE).into_iter().filter(|block| block.text.starts_with("issuers:")) {
        std::fs::write(&path, &block.text).unwrap();
        let config = PolicyConfig::load(&path).unwrap_or_else(|faults| panic!("{PAGE}:{}: {faults:?}", block.line));
        mappings.extend(config.issuers.iter().map(|issuer| issuer.mapping.name().to_owned()));
    }
    let all: BTreeSet<String> = Mapping::built_in_names().map(str::to_owned).collect();
    assert_eq!(mappings, all);
}

#[test]
fn each_policy_that_the_page_names_exists() {
    let named = Regex::new(r"Policy: `([^`]+)`").unwrap();
    let page = read(PAGE);
    let policies: Vec<&str> = named.captures_iter(&page).map(|found| found.extract::<1>().1[0]).collect();
    assert_eq!(policies.len(), Mapping::built_in_names().count(), "{policies:?}");
    for policy in policies {
        assert!(root().join(policy).is_file(), "{policy}");
    }
}
