//! Trust policies of octo-sts: one file for each identity. Its values are texts, or regular expressions that match whole texts.
//!
//! Source: octo-sts docs, "Trust policies". It grants a token of its GitHub App.

mod error;
mod granted;
#[cfg(test)]
mod tests;

pub(super) use error::OctoStsError;

use super::super::pattern::is_plain;
use super::lines::ClaimCondition;
use super::listing::Listing;
use super::original::Original;
use super::regex::translate;
use super::trust::Trust;
use super::written::GrantText;
use crate::words::yaml::{Fields, Node, Yaml};
use error::NO_SUBJECT;
use granted::{ENDING, PolicyPath};
use std::collections::BTreeMap;

/// Reads a file.
pub(super) fn read(original: &Original<'_>, listing: Option<&Listing>) -> Result<Trust, OctoStsError> {
    if original.path.ends_with(".sts.yml") {
        return Err(OctoStsError::Ending);
    }
    let node = Node::parse(original.path, original.bytes).map_err(|fault| OctoStsError::Yaml(Box::new(fault)))?;
    let text = String::from_utf8_lossy(original.bytes);
    let mut faults = Vec::new();
    let mut fields = Fields::new(original.path, &text, &node, &mut faults);
    let read = read_fields(&mut fields, &text);
    fields.finish();
    match faults.into_iter().next() {
        Some(fault) => Err(OctoStsError::Foreign(Box::new(fault))),
        None => trust(read, original, listing),
    }
}

#[derive(Default)]
struct OctoStsPolicy {
    exact: BTreeMap<&'static str, String>,
    patterns: BTreeMap<&'static str, String>,
    claim_patterns: Vec<(String, String)>,
    levels: Vec<(String, String)>,
    repositories: Vec<String>,
}

fn read_fields(fields: &mut Fields<'_, '_>, source: &str) -> OctoStsPolicy {
    let mut read = OctoStsPolicy::default();
    for (name, pattern) in [("issuer", "issuer_pattern"), ("subject", "subject_pattern"), ("audience", "audience_pattern")] {
        let exact = fields.optional(name).and_then(|node| scalar(fields, node, source));
        read.exact.extend(exact.map(|text| (name, text)));
        let regex = fields.optional(pattern).and_then(|node| scalar(fields, node, source));
        read.patterns.extend(regex.map(|text| (name, text)));
    }
    read.claim_patterns = texts(fields, "claim_pattern", source);
    read.levels = texts(fields, "permissions", source);
    if let Some(list) = fields.optional("repositories") {
        read.repositories = fields.one_or_many(list).iter().filter_map(|node| fields.text(node)).map(str::to_owned).collect();
    }
    read
}

fn texts(fields: &mut Fields<'_, '_>, key: &'static str, source: &str) -> Vec<(String, String)> {
    let Some(node) = fields.optional(key) else { return Vec::new() };
    let mut inner = fields.below(node);
    let mut read = Vec::new();
    for (name, _, node) in inner.members() {
        read.extend(scalar(&mut inner, node, source).map(|text| (name.clone(), text)));
    }
    read
}

/// Words that are flags in YAML 1.1, which octo-sts reads.
const FLAGS_OF_YAML_1_1: [&str; 6] = ["y", "yes", "on", "n", "no", "off"];

/// A text. octo-sts reads a flag or a whole number without quotes as text too. What YAML 1.1 and 1.2 read differently is refused.
fn scalar<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, source: &str) -> Option<String> {
    let line = source.lines().nth(node.place.line.saturating_sub(1)).unwrap_or_default();
    let rest: String = line.chars().skip(node.place.column.saturating_sub(1)).collect();
    let ends = |text: &str| {
        rest.strip_prefix(text).is_some_and(|behind| behind.trim_start().is_empty() || behind.starts_with([' ', ',', '}', ']']))
    };
    match &node.value {
        Yaml::Flag(flag) => Some(flag.to_string()),
        Yaml::Integer(number) if ends(&number.to_string()) => Some(number.to_string()),
        Yaml::Text(text) => {
            let numeric = text.contains(|character: char| character.is_ascii_digit())
                && text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
                && text.chars().all(|character| character.is_ascii_digit() || "_:.+-eExob".contains(character));
            if ends(text) && (numeric || FLAGS_OF_YAML_1_1.contains(&text.to_ascii_lowercase().as_str())) {
                fields
                    .fault(node.place, format!("`{text}` is text in one version of YAML and none in another: put it in quotes"));
                return None;
            }
            Some(text.clone())
        }
        _ => fields.text(node).map(str::to_owned),
    }
}

fn trust(mut read: OctoStsPolicy, original: &Original<'_>, listing: Option<&Listing>) -> Result<Trust, OctoStsError> {
    let place = PolicyPath::of(original)?;
    let file = place.as_ref().filter(|_| listing.is_some()).map(PolicyPath::file);
    let granted = match (&place, listing) {
        (Some(place), Some(listing)) => granted::granted(&read.levels, &read.repositories, place, listing)?,
        _ => GrantText::Chosen(chosen(&read)),
    };
    let mut trust = Trust {
        file: file.unwrap_or_else(|| original.file(&[ENDING, ".yaml", ".yml"], "")),
        description: format!("Imported from the octo-sts trust policy {}", original.stem(&[ENDING])),
        issuer: String::new(),
        conditions: Vec::new(),
        raw: Vec::new(),
        granted,
        notes: Vec::new(),
        own: place.zip(listing).and_then(|(place, listing)| place.own_repository(listing)),
    };
    if matches!(trust.granted, GrantText::Chosen(_)) {
        let missing = match listing {
            None => {
                "which App gives the token, and the repository's id, is not known: choose a grant, or give `--app` and `--ids`"
            }
            Some(_) => {
                "the path does not say whose repository it is: choose a grant, or name the file as \
                 OWNER/REPOSITORY/.github/chainguard/NAME.sts.yaml"
            }
        };
        trust.notes.push(missing.to_owned());
    }
    trust.issuer = match trust.one_of(&mut read, "issuer")? {
        Some(ClaimCondition { patterns, .. }) if patterns.len() == 1 && !patterns[0].contains('*') => patterns.concat(),
        Some(_) => return Err(OctoStsError::Issuers),
        None => return Err(OctoStsError::Missing { member: "issuer" }),
    };
    let subject = trust.one_of(&mut read, "subject")?.ok_or(OctoStsError::Missing { member: "subject" })?;
    let subject = trust.plain_subject(ClaimCondition { claim: "sub".to_owned(), ..subject })?;
    trust.conditions.push(subject);
    if trust.one_of(&mut read, "audience")?.is_some() {
        trust.note_audience();
    }
    for (claim, regex) in &read.claim_patterns {
        let condition = trust.translated(claim, regex)?;
        trust.add_condition(condition)?;
    }
    Ok(trust)
}

impl Trust {
    /// The text or the expression of a member; both together are an error.
    fn one_of(&mut self, read: &mut OctoStsPolicy, member: &'static str) -> Result<Option<ClaimCondition>, OctoStsError> {
        match (read.exact.remove(member), read.patterns.remove(member)) {
            (Some(_), Some(_)) => Err(OctoStsError::Twice { member }),
            (Some(text), None) => Ok(Some(ClaimCondition::exact(member, &text)?)),
            (None, Some(regex)) => self.translated(member, &regex).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Whatever the policy says, octo-sts takes no subject with white space, quotes, brackets, shell characters or unprintable
    /// characters (its `IsValidSubject`).
    fn plain_subject(&mut self, subject: ClaimCondition) -> Result<ClaimCondition, OctoStsError> {
        let (plain, others): (Vec<String>, Vec<String>) =
            subject.patterns.into_iter().partition(|pattern| is_plain(&pattern.replace('*', "")));
        if plain.is_empty() {
            return Err(OctoStsError::Subject);
        }
        self.notes.extend(others.iter().map(|other| format!("sub: `{other}` is left out: {NO_SUBJECT}")));
        let wild = plain.iter().any(|pattern| pattern.contains('*'));
        Ok(ClaimCondition { patterns: plain, plain: wild, ..subject })
    }

    fn translated(&mut self, claim: &str, regex: &str) -> Result<ClaimCondition, OctoStsError> {
        let translated = translate(regex).map_err(|reason| OctoStsError::Regex { claim: claim.to_owned(), reason })?;
        self.notes.extend(translated.notes.into_iter().map(|note| format!("{claim}: {note}")));
        Ok(ClaimCondition {
            claim: claim.to_owned(),
            patterns: translated.patterns,
            excluded: translated.excluded,
            plain: false,
            typed: false,
        })
    }
}

fn chosen(read: &OctoStsPolicy) -> Vec<String> {
    let mut lines = vec!["octo-sts granted:".to_owned()];
    lines.extend(read.levels.iter().map(|(key, level)| format!("  {key}: {level}")));
    if !read.repositories.is_empty() {
        lines.push(format!("  in the repositories {}", read.repositories.join(", ")));
    }
    lines
}
