//! Trust policies of others as ours. Pure: bytes in, files and notes out, or a reason why not.
//!
//! An import is never wider than its original. What is narrower is told in a note, and what only something wider could say is
//! refused. Before it leaves, each file is loaded as any other.

mod aws;
mod error;
mod event;
mod issuer;
mod like;
mod lines;
mod listing;
mod octo_sts;
mod pieces;
mod regex;
mod roles;
mod subject;
mod written;

pub use listing::Listing;

use super::catalogue::{Catalogue, IssuerEntry, Tree};
use super::file::TrustPolicy;
use crate::words::names::{IssuerName, RoleArn};
use crate::words::yaml::Severity;
use error::{ImportError, LoadError, WantedError};
use issuer::Issuer;
use lines::Wanted;
use roles::RoleError;
use serde::Serialize;
use written::Granted;

/// What the files alone do not say.
#[derive(Clone, Default, Debug)]
pub struct ImportSettings<'a> {
    /// The issuer, by its name in the configuration.
    pub issuer: Option<IssuerName>,
    /// The configured issuers.
    pub catalogue: Option<&'a Catalogue>,
    /// The role of a trust policy that stands alone.
    pub role: Option<RoleArn>,
    /// The ids of repositories, and the App that gives what octo-sts's did.
    pub listing: Option<&'a Listing>,
}

/// A trust policy of ours.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Imported {
    /// Where it is to stand in the repository.
    pub file: String,
    /// The file.
    pub yaml: String,
    /// What it narrowed, and what it could not say.
    pub notes: Vec<String>,
}

/// What is not imported.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NotImported {
    /// The original, or the part of it.
    pub original: String,
    /// Why not.
    pub reason: String,
}

impl Imported {
    /// The file with its notes on top, as comments.
    pub fn text(&self) -> String {
        let notes: String = self.notes.iter().map(|note| format!("# - {note}\n")).collect();
        format!("{notes}{}", self.yaml)
    }
}

/// Reads a file of another kind, which may hold several policies.
pub fn import(path: &str, bytes: &[u8], settings: &ImportSettings<'_>) -> Vec<Result<Imported, NotImported>> {
    let original = Original { path, bytes };
    let refused = |part: String, reason: ImportError| NotImported {
        original: written::comment(&format!("{path}{part}")),
        reason: written::comment(&reason.to_string()),
    };
    let write = |trust: Trust| {
        let part = format!(" ({})", trust.file);
        trust.write(settings).map_err(|reason| refused(part, reason))
    };
    match roles::read(&original, settings.role.as_ref()) {
        Some(Ok(found)) => {
            let one = |found: Result<Trust, (String, RoleError)>| match found {
                Ok(trust) => write(trust),
                Err((part, reason)) => Err(refused(format!(" ({part})"), reason.into())),
            };
            found.into_iter().map(one).collect()
        }
        Some(Err(reason)) => vec![Err(refused(String::new(), reason.into()))],
        None => vec![
            octo_sts::read(&original, settings.listing).map_err(|reason| refused(String::new(), reason.into())).and_then(write),
        ],
    }
}

/// A file as it was given.
struct Original<'a> {
    path: &'a str,
    bytes: &'a [u8],
}

impl Original<'_> {
    /// Its name without any of these endings.
    fn stem(&self, endings: &[&str]) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
    }

    /// Where the policy is to stand: below a folder, by the name of the original.
    fn file(&self, endings: &[&str], folder: &str) -> String {
        file_of(folder, self.stem(endings))
    }
}

/// The file of a policy that is named after something from elsewhere.
fn file_of(folder: &str, name: &str) -> String {
    let good = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let name: String = name.chars().map(|character| if good(character) { character } else { '-' }).collect();
    let name = name.trim_start_matches('.');
    format!("policies/{folder}{}.yaml", if name.is_empty() { "imported" } else { name })
}

/// An original, read: who is trusted, in claims.
struct Trust {
    file: String,
    description: String,
    /// The issuer's URL.
    issuer: String,
    wanted: Vec<Wanted>,
    granted: Granted,
    notes: Vec<String>,
}

impl Trust {
    /// Adds a condition. Two on one claim have to hold both, which is said where one of them is a list of texts.
    fn want(&mut self, wanted: Wanted) -> Result<(), WantedError> {
        match self.wanted.iter_mut().find(|known| known.claim == wanted.claim) {
            Some(known) => *known = known.and(&wanted)?,
            None => self.wanted.push(wanted),
        }
        Ok(())
    }

    fn note_audience(&mut self) {
        let note = "the audience is left out: a token for daypass has daypass's own, which the issuer's `audiences` say";
        self.notes.push(note.to_owned());
    }

    fn write(mut self, settings: &ImportSettings<'_>) -> Result<Imported, ImportError> {
        let subjects = self.wanted.iter().find(|wanted| wanted.claim == "sub").map_or(&[][..], |wanted| &wanted.patterns);
        let issuer = issuer::find(&self.issuer, subjects, settings)?;
        let mut lines = lines::write(&self.wanted, &issuer.mapping)?;
        if let Some(listing) = settings.listing {
            listing.pin(&mut lines);
        }
        let yaml = written::yaml(&self.description, &issuer.name, &lines, &self.granted);
        check_loads(&self.file, &yaml, &self.granted, &issuer)?;
        self.notes.extend(lines.notes);
        self.notes.extend(issuer.note);
        let notes = self.notes.iter().map(|note| written::comment(note)).collect();
        Ok(Imported { file: self.file, yaml, notes })
    }
}

/// Loads the policy by itself; where a grant is to be chosen, with one that every policy may have.
fn check_loads(file: &str, yaml: &str, granted: &Granted, issuer: &Issuer) -> Result<(), LoadError> {
    let chosen = if matches!(granted, Granted::Chosen(_)) { "  secrets: [any]\n" } else { "" };
    let entry = IssuerEntry { url: issuer.url.clone(), mapping: issuer.mapping.clone(), session_max: None };
    let catalogue = Catalogue::from_iter([(issuer.name.clone(), entry)]);
    let loaded = TrustPolicy::parse(file, format!("{yaml}{chosen}").as_bytes(), &Tree::new(), &catalogue);
    let mut faults = loaded.err().unwrap_or_default();
    faults.retain(|fault| fault.severity == Severity::Error);
    if faults.is_empty() { Ok(()) } else { Err(LoadError { faults }) }
}

#[cfg(test)]
mod tests;
