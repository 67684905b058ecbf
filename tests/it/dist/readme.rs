//! The README's install commands: each block names the test that runs it, or says why none does.

use super::root;
use regex::Regex;

/// The text of the section.
pub(super) fn install() -> String {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let section = text.split("\n## Install\n").nth(1).unwrap();
    section.split("\n## ").next().unwrap().to_owned()
}

/// The block that this test runs.
pub(super) fn block(test: &str) -> String {
    let section = install();
    let marked =
        section.split(&format!("<!-- run: {test} -->\n```sh\n")).nth(1).unwrap_or_else(|| panic!("no block is run by {test}"));
    marked.split("```").next().unwrap().to_owned()
}

#[test]
fn every_block_is_run_by_a_test_or_says_why_not() {
    let section = install();
    let mark = Regex::new(r"(?m)^<!-- (run|not run): (.+) -->\n```sh\n").unwrap();
    assert_eq!(mark.find_iter(&section).count() * 2, section.matches("```").count(), "a block without a mark");
    let (names, mut ran) = (Regex::new(r"dist::[a-z_:]+").unwrap(), 0);
    for found in mark.captures_iter(&section) {
        for name in names.find_iter(&found[2]).map(|name| name.as_str()) {
            let (file, test) = name.rsplit_once("::").unwrap();
            let file = root().join("tests/it").join(file.replace("::", "/")).with_extension("rs");
            let source = std::fs::read_to_string(&file).unwrap_or_else(|fault| panic!("{}: {fault}", file.display()));
            assert!(source.contains(&format!("fn {test}(")), "{name} is no test");
            ran += usize::from(&found[1] == "run");
        }
    }
    assert!(ran >= 1);
}

#[test]
fn the_readme_names_the_version_of_the_sources() {
    let version = Regex::new(r"daypass[-_]([0-9]+\.[0-9]+\.[0-9]+)").unwrap();
    let section = install();
    assert!(version.is_match(&section), "the section names no version");
    for found in version.captures_iter(&section) {
        assert_eq!(&found[1], env!("CARGO_PKG_VERSION"), "{}", &found[0]);
    }
}
