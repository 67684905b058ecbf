//! Trust policies of octo-sts: one file for each identity. Its values are texts, or regular expressions that match whole texts.
//!
//! Source: octo-sts docs, "Trust policies". It grants a token of its GitHub App.

mod error;
mod granted;
#[cfg(test)]
mod tests;
mod texts;
mod trusted;

pub use error::NotOfAccount;
pub(super) use error::OctoStsError;
pub use trusted::{OF_ACCOUNT, TrustedIssuers};

use super::super::pattern::is_plain;
use super::lines::ClaimCondition;
use super::original::Original;
use super::regex::translate;
use super::settings::ImportSettings;
use super::trust::Trust;
use super::written::GrantText;
use crate::words::yaml::{Fields, Node};
use error::NO_SUBJECT;
use granted::{ENDING, PolicyPath};
use std::collections::BTreeMap;
use texts::{has_other_line_breaks, list, scalar, texts};

/// An ending that octo-sts does not read.
const OTHER_ENDING: &str = ".sts.yml";

/// Whether a file's name says that it is octo-sts's, whatever it holds.
pub fn is_octo_sts_file(path: &str) -> bool {
    [ENDING, OTHER_ENDING].iter().any(|ending| path.ends_with(ending))
}

/// Reads a file.
pub(super) fn read(original: &Original<'_>, settings: &ImportSettings<'_>) -> Result<Trust, OctoStsError> {
    if original.path.ends_with(OTHER_ENDING) {
        return Err(OctoStsError::Ending);
    }
    let node = Node::parse(original.path, original.bytes).map_err(|fault| OctoStsError::Yaml(Box::new(fault)))?;
    let text = String::from_utf8_lossy(original.bytes);
    if has_other_line_breaks(&text) {
        return Err(OctoStsError::LineBreak);
    }
    let mut faults = Vec::new();
    let mut fields = Fields::new(original.path, &text, &node, &mut faults);
    let read = read_fields(&mut fields, &text);
    fields.finish();
    match faults.into_iter().next() {
        Some(fault) => Err(OctoStsError::Foreign(Box::new(fault))),
        None => trust(read, original, settings),
    }
}

#[derive(Default)]
struct OctoStsPolicy {
    exact: BTreeMap<&'static str, String>,
    patterns: BTreeMap<&'static str, String>,
    claim_patterns: Vec<(String, String)>,
    levels: Vec<(String, String)>,
    repositories: Option<Vec<String>>,
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
    read.repositories = list(fields, "repositories", source);
    read
}

fn trust(mut read: OctoStsPolicy, original: &Original<'_>, settings: &ImportSettings<'_>) -> Result<Trust, OctoStsError> {
    let listing = settings.listing;
    let place = PolicyPath::of(original)?;
    if read.repositories.is_some() && place.as_ref().is_some_and(|place| !place.is_of_account()) {
        return Err(OctoStsError::NotOfAccount);
    }
    let file = place.as_ref().filter(|_| listing.is_some()).map(PolicyPath::file);
    let granted = match (&place, listing) {
        (Some(place), Some(listing)) => {
            granted::granted(&read.levels, read.repositories.as_deref().unwrap_or_default(), place, listing)?
        }
        _ => GrantText::Chosen(chosen(&read)),
    };
    let own = place.as_ref().zip(listing).and_then(|(place, listing)| place.own_of_account(listing));
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
    if let Some(own) = own.filter(|_| settings.lacks_own_repository) {
        let (own, list) = (own.name, TrustedIssuers::NAME);
        trust.notes.push(format!("{own} is not among the checkouts: its {list} may keep this issuer out, and is not known"));
    }
    trust.issuer = match trust.one_of(&mut read, "issuer")? {
        Some(ClaimCondition { patterns, .. }) if patterns.len() == 1 && !patterns[0].contains('*') => patterns.concat(),
        Some(_) => return Err(OctoStsError::Issuers),
        None => return Err(OctoStsError::Missing { member: "issuer" }),
    };
    settings.trusted.iter().try_for_each(|list| list.check(&trust.issuer))?;
    let subject = trust.one_of(&mut read, "subject")?.ok_or(OctoStsError::Missing { member: "subject" })?;
    let subject = trust.plain_subject(ClaimCondition { claim: "sub".to_owned(), ..subject })?;
    trust.conditions.push(subject);
    if trust.one_of(&mut read, "audience")?.is_some() {
        trust.note_audience();
    }
    for (claim, regex) in &read.claim_patterns {
        let condition = trust.translated(claim, regex)?;
        trust.add_condition(ClaimCondition { flags: true, ..condition })?;
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
            flags: false,
        })
    }
}

fn chosen(read: &OctoStsPolicy) -> Vec<String> {
    let mut lines = vec!["octo-sts granted:".to_owned()];
    lines.extend(read.levels.iter().map(|(key, level)| format!("  {key}: {level}")));
    if let Some(names) = read.repositories.as_ref().filter(|names| !names.is_empty()) {
        lines.push(format!("  in the repositories {}", names.join(", ")));
    }
    lines
}
