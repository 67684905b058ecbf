//! The documentation: its links resolve, its commands run as printed, its tables say what the code says.

mod blocks;
mod ci;
mod links;
mod metrics;
mod pipelines;
mod reference;
mod session;
mod site;
mod statuses;
mod walk;

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(page: &str) -> String {
    std::fs::read_to_string(root().join(page)).unwrap_or_else(|fault| panic!("{page}: {fault}"))
}

/// All pages below a folder, by their paths in the repository.
fn pages_below(folder: &str) -> Vec<String> {
    let mut pages = Vec::new();
    for entry in std::fs::read_dir(root().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            pages.extend(pages_below(&name));
        } else if Path::new(&name).extension().is_some_and(|ending| ending == "md") {
            pages.push(name);
        }
    }
    pages.sort();
    pages
}

/// The pages where every block of commands is run or says why not: README, the tutorial, and the how-to guides of the table of contents.
fn pages_to_follow() -> Vec<String> {
    let contents = read("docs/SUMMARY.md");
    let part = contents.split_once("\n# Tutorial\n").unwrap().1.split_once("\n# Reference\n").unwrap().0;
    let listed = part.lines().filter_map(|line| line.split_once("](")?.1.strip_suffix(')'));
    let pages: Vec<String> = listed.map(|page| format!("docs/{page}")).collect();
    assert!(pages.contains(&"docs/tutorial.md".to_owned()) && pages.len() > 15, "{pages:?}");
    std::iter::once("README.md".to_owned()).chain(pages).collect()
}
