//! What several policies together let a token read. Of all paths that cover a document, one counts; `deny` on it overrides its other
//! capabilities.

use super::error::{AclError, VaultError};
use super::hcl::Rule;
use super::path::{Documents, VaultPath};
use crate::words::names::SecretPath;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Where documents are looked for.
pub(super) struct Place<'a> {
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
struct Said<'a> {
    reads: bool,
    denies: bool,
    capabilities: BTreeSet<&'a str>,
    beside: BTreeSet<&'a str>,
    written: &'a str,
}

/// Reads the rules of one token. `of_default` are those that every token has.
pub(super) fn readable(rules: &[Rule], of_default: &Range<usize>, place: &Place<'_>) -> Result<Readable, VaultError> {
    let mut notes = Vec::new();
    let mut said: BTreeMap<VaultPath, (Documents, Said<'_>)> = BTreeMap::new();
    for (index, rule) in rules.iter().enumerate() {
        check_template(rule, place)?;
        let path = VaultPath::of(&rule.path);
        match path.documents(place.mount) {
            Some(documents) => said.entry(path).or_insert_with(|| (documents, Said::default())).1.add(rule),
            // Every token of Vault's has these, such as looking itself up: no note is needed.
            None => notes.extend(beside(rule).filter(|_| !of_default.contains(&index))),
        }
    }
    let mut patterns = BTreeSet::new();
    for (path, (documents, own)) in &said {
        own.check()?;
        if !own.reads() {
            continue;
        }
        let counts = |(other, (theirs, said)): &(&VaultPath, &(Documents, Said<'_>))| {
            !said.reads() && other.rank() > path.rank() && theirs.meets(documents)
        };
        if let Some((_, (_, above))) = said.iter().find(counts) {
            let (path, above) = (own.written.to_owned(), above.written.to_owned());
            return Err(AclError::TakenAway { path, above }.into());
        }
        check_names(own.written, documents)?;
        patterns.extend(documents.patterns(place.ending));
        notes.extend(own.writes());
    }
    Ok(Readable { patterns: patterns.into_iter().collect(), notes })
}

impl<'a> Said<'a> {
    fn add(&mut self, rule: &'a Rule) {
        self.written = &rule.path;
        self.denies |= rule.denies();
        self.reads |= rule.capabilities.contains("read");
        self.capabilities.extend(rule.capabilities.iter().map(String::as_str));
        self.beside.extend(rule.beside.iter().map(String::as_str));
    }

    const fn reads(&self) -> bool {
        self.reads && !self.denies
    }

    /// Refuses further keys, because they restrict what the capabilities grant.
    fn check(&self) -> Result<(), AclError> {
        match self.beside.first() {
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
fn check_template(rule: &Rule, place: &Place<'_>) -> Result<(), AclError> {
    let Some((start, _)) = rule.path.split_once("{{") else { return Ok(()) };
    let all_that_begins_so = VaultPath::of(&format!("{start}*"));
    match all_that_begins_so.documents(place.mount) {
        Some(_) => Err(AclError::Template { path: rule.path.clone() }),
        None => Ok(()),
    }
}

/// A note on a path that is about no document.
fn beside(rule: &Rule) -> Option<String> {
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
