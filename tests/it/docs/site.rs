//! mdBook builds the site without a warning, with every page.

use super::{pages_below, root};
use crate::support::peer;
use regex::Regex;
use std::process::Command;

#[test]
fn the_site_is_built_of_every_page() {
    let Some(mdbook) = peer("mdbook") else { return };
    let folder = tempfile::tempdir().unwrap();
    let built = Command::new(mdbook).arg("build").arg(root()).arg("--dest-dir").arg(folder.path()).output().unwrap();
    let log = String::from_utf8_lossy(&built.stdout).into_owned() + &String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success() && !log.contains("WARN") && !log.contains("ERROR"), "{log}");
    let code = Regex::new("(?s)<code[^>]*>.*?</code>").unwrap();
    for page in pages_below("docs").iter().filter(|page| *page != "docs/SUMMARY.md") {
        let html = folder.path().join(page.strip_prefix("docs/").unwrap()).with_extension("html");
        let text = std::fs::read_to_string(&html).unwrap_or_else(|fault| panic!("{page}: {fault}"));
        assert!(!code.replace_all(&text, "").contains("&lt;!-- "), "{page} shows a comment");
    }
}
