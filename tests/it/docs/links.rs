//! Every relative link leads to a file and a heading, in the repository and on the site that is built of `docs/`.

use super::{pages_below, read, root};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// Pages outside of `docs/` that have links.
const BESIDE: [&str; 5] = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "policies/README.md"];

/// The text outside of fences and comments.
fn prose(text: &str) -> String {
    let comments = Regex::new(r"(?s)<!--.*?-->").unwrap();
    let text = comments.replace_all(text, "");
    let mut is_fenced = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_fenced ^= is_fence;
        !is_fenced && !is_fence
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// As GitHub and mdBook name a heading.
fn anchor(heading: &str) -> String {
    let link = Regex::new(r"\[([^\]]*)\]\([^)]*\)").unwrap();
    let text = link.replace_all(heading.trim(), "$1").to_lowercase();
    text.chars()
        .filter_map(|c| if c == ' ' { Some('-') } else { (c.is_alphanumeric() || "-_".contains(c)).then_some(c) })
        .collect()
}

fn anchors(page: &str) -> BTreeSet<String> {
    let (mut seen, mut all) = (BTreeMap::<String, usize>::new(), BTreeSet::new());
    for line in prose(&read(page)).lines().filter(|line| line.starts_with('#')) {
        let name = anchor(line.trim_start_matches('#'));
        let count = seen.entry(name.clone()).or_default();
        all.insert(if *count == 0 { name } else { format!("{name}-{count}") });
        *count += 1;
    }
    all
}

/// The relative links of a page: the file in the repository, and the anchor.
fn links(page: &str) -> Vec<(String, String, String)> {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let code = Regex::new(r"`[^`\n]*`").unwrap();
    let text = prose(&read(page));
    let text = code.replace_all(&text, "``");
    let targets: Vec<String> = link.captures_iter(&text).map(|found| found[1].to_owned()).collect();
    let relative = targets.into_iter().filter(|target| !target.contains("://") && !target.starts_with("mailto:"));
    relative
        .map(|target| {
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = if file.is_empty() { page.to_owned() } else { resolved(page, file) };
            (path, anchor.to_owned(), target.clone())
        })
        .collect()
}

fn resolved(page: &str, file: &str) -> String {
    let mut path = PathBuf::new();
    for part in Path::new(page).parent().unwrap().join(file).components() {
        match part {
            Component::ParentDir => assert!(path.pop(), "{page}: {file} leads out of the repository"),
            part => path.push(part),
        }
    }
    path.to_str().unwrap().to_owned()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut pages = pages_below("docs");
    pages.extend(BESIDE.map(str::to_owned));
    let (mut wrong, mut count) = (Vec::new(), 0);
    for page in pages {
        for (path, anchor, link) in links(&page) {
            count += 1;
            if !root().join(&path).exists() {
                wrong.push(format!("{page}: {link}: there is no {path}"));
            } else if !anchor.is_empty() && !anchors(&path).contains(&anchor) {
                wrong.push(format!("{page}: {link}: {path} has no such heading"));
            } else if page.starts_with("docs/") && !path.starts_with("docs/") {
                wrong.push(format!("{page}: {link}: the site has nothing outside of docs/; name the path as code"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 200, "{count} links were seen");
}

/// mdBook builds what SUMMARY lists, and a link to any other page is dead on the site.
#[test]
fn the_table_of_contents_lists_every_page_once() {
    let listed: Vec<String> = links("docs/SUMMARY.md").into_iter().map(|(path, ..)| path).collect();
    let unique: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(unique.len(), listed.len(), "a page is listed twice: {listed:?}");
    let pages = pages_below("docs");
    let lost: Vec<&String> = pages.iter().filter(|page| *page != "docs/SUMMARY.md" && !unique.contains(page)).collect();
    assert!(lost.is_empty(), "not in docs/SUMMARY.md: {lost:?}");
}

#[test]
fn decisions_are_listed_by_their_titles() {
    let pages = pages_below("docs/decisions");
    assert!(pages.len() >= 35, "{pages:?}");
    let contents = read("docs/SUMMARY.md") + &read("docs/explanation/decisions.md");
    for page in pages {
        let text = read(&page);
        let title = text.lines().next().unwrap().trim_start_matches("# ");
        let file = page.strip_prefix("docs/").unwrap();
        assert_eq!(contents.matches(&format!("[{title}](")).count(), 2, "{page}: {title}");
        assert!(title.starts_with(&format!("{}. ", file[10..14].trim_start_matches('0'))), "{page}: {title}");
    }
}

#[test]
fn headings_are_named_as_github_names_them() {
    for (heading, name) in
        [("`.sops.yaml`", "sopsyaml"), ("What AWS is told, once", "what-aws-is-told-once"), ("`a_b` – c", "a_b--c")]
    {
        assert_eq!(anchor(heading), name);
    }
}
