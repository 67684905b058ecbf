//! What several policies together let a token read. Of all paths that cover a document, one counts; `deny` on it overrides its other
//! capabilities.

use super::error::{AclError, VaultError};
use super::hcl::Rule;
use super::path::{Documents, VaultPath};
use crate::words::names::SecretPath;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Where documents are looked for.
pub(super) struct DocumentPath<'a> {
    /// The KV mount.
    pub(super) mount: &'a str,
    /// The ending that files have here, after Vault's name.
    pub(super) ending: &'a str,
}

/// What is granted, and notes on what is not.
#[derive(Debug, Default)]
pub(super) struct Readable {
    pub(super) patterns: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// What all policies together say of one path.
#[derive(Default)]
struct PathRules<'a> {
    reads: bool,
    denies: bool,
    capabilities: BTreeSet<&'a str>,
    other_keys: BTreeSet<&'a str>,
    written: &'a str,
}

/// Reads the rules of one token. `of_default` are those that every token has.
pub(super) fn readable(rules: &[Rule], of_default: &Range<usize>, place: &DocumentPath<'_>) -> Result<Readable, VaultError> {
    let mut notes = Vec::new();
    let mut by_path: BTreeMap<VaultPath, (Documents, PathRules<'_>)> = BTreeMap::new();
    for (index, rule) in rules.iter().enumerate() {
        check_template(rule, place)?;
        let path = VaultPath::of(&rule.path);
        match path.documents(place.mount) {
            Some(documents) => by_path.entry(path).or_insert_with(|| (documents, PathRules::default())).1.add(rule),
            // Every token of Vault's has these, such as looking itself up: no note is needed.
            None => notes.extend(ignored_note(rule).filter(|_| !of_default.contains(&index))),
        }
    }
    let mut patterns = BTreeSet::new();
    for (path, (documents, own)) in &by_path {
        own.check()?;
        if !own.reads() {
            continue;
        }
        let counts = |(other, (covered, access)): &(&VaultPath, &(Documents, PathRules<'_>))| {
            !access.reads() && other.rank() > path.rank() && covered.meets(documents)
        };
        if let Some((_, (_, above))) = by_path.iter().find(counts) {
            let (path, above) = (own.written.to_owned(), above.written.to_owned());
            return Err(AclError::TakenAway { path, above }.into());
        }
        check_names(own.written, documents)?;
        patterns.extend(documents.patterns(place.ending));
        notes.extend(own.writes());
    }
    Ok(Readable { patterns: patterns.into_iter().collect(), notes })
}

impl<'a> PathRules<'a> {
    fn add(&mut self, rule: &'a Rule) {
        self.written = &rule.path;
        self.denies |= rule.denies();
        self.reads |= rule.capabilities.contains("read");
        self.capabilities.extend(rule.capabilities.iter().map(String::as_str));
        self.other_keys.extend(rule.other_keys.iter().map(String::as_str));
    }

    const fn reads(&self) -> bool {
        self.reads && !self.denies
    }

    /// Refuses further keys, because they restrict what the capabilities grant.
    fn check(&self) -> Result<(), AclError> {
        match self.other_keys.first() {
            Some(key) => Err(AclError::Beside { path: self.written.to_owned(), key: (*key).to_owned() }),
            None => Ok(()),
        }
    }

    fn writes(&self) -> Option<String> {
        let others: Vec<&str> =
            self.capabilities.iter().copied().filter(|word| !matches!(*word, "read" | "list" | "scan")).collect();
        let note = |others: &str| format!("`{}`: {others} is left out: secrets change by commits", self.written);
        (!others.is_empty()).then(|| note(&others.join(", ")))
    }
}

/// Refuses a template that may become a path of documents: Vault fills it in from the identity that logs in.
fn check_template(rule: &Rule, place: &DocumentPath<'_>) -> Result<(), AclError> {
    let Some((start, _)) = rule.path.split_once("{{") else { return Ok(()) };
    let all_that_begins_so = VaultPath::of(&format!("{start}*"));
    match all_that_begins_so.documents(place.mount) {
        Some(_) => Err(AclError::Template { path: rule.path.clone() }),
        None => Ok(()),
    }
}

/// A note on a path that is about no document.
fn ignored_note(rule: &Rule) -> Option<String> {
    let names_nothing = rule.capabilities.is_empty() || rule.denies();
    let note = || format!("`{}` is left out: it is about no document of this mount", rule.path);
    (!names_nothing).then(note)
}

fn check_names(written: &str, documents: &Documents) -> Result<(), AclError> {
    match documents.texts().find(|text| SecretPath::parse(text).is_err()) {
        Some(text) => Err(AclError::Name { path: written.to_owned(), segment: text.to_owned() }),
        None => Ok(()),
    }
}
