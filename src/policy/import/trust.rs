//! An original that was read, and how it becomes a policy. The policy is loaded like any other before it is returned.

use super::error::{LoadError, WantedError, WriteError};
use super::issuer::{self, Issuer};
use super::lines::{self, ClaimCondition, Raw};
use super::settings::{ImportSettings, Imported};
use super::written::{self, GrantText};
use crate::policy::catalogue::{Catalogue, IssuerEntry, Tree};
use crate::policy::file::TrustPolicy;
use crate::words::yaml::Severity;

/// An original that was read: its issuer, its conditions on claims, and its grant.
pub(super) struct Trust {
    pub(super) file: String,
    pub(super) description: String,
    /// The issuer's URL.
    pub(super) issuer: String,
    pub(super) conditions: Vec<ClaimCondition>,
    pub(super) raw: Vec<Raw>,
    pub(super) granted: GrantText,
    pub(super) notes: Vec<String>,
}

impl Trust {
    /// Adds a condition. Two conditions on one claim both have to hold, which a line expresses only if one of them lists texts.
    pub(super) fn add_condition(&mut self, condition: ClaimCondition) -> Result<(), WantedError> {
        match self.conditions.iter_mut().find(|known| known.claim == condition.claim) {
            Some(known) => *known = known.and(&condition)?,
            None => self.conditions.push(condition),
        }
        Ok(())
    }

    pub(super) fn note_audience(&mut self) {
        let note =
            "the audience is left out: a token for daypass has daypass's own audience, which `audiences` of the issuer names";
        self.notes.push(note.to_owned());
    }

    pub(super) fn write(mut self, settings: &ImportSettings<'_>) -> Result<Imported, WriteError> {
        let subjects =
            self.conditions.iter().find(|condition| condition.claim == "sub").map_or(&[][..], |condition| &condition.patterns);
        let issuer = issuer::find(&self.issuer, subjects, settings)?;
        let mut lines = lines::write(&self.conditions, &self.raw, &issuer.mapping)?;
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

/// Loads the policy alone. Where a person has to choose the grant, a placeholder grant stands in.
pub(super) fn check_loads(file: &str, yaml: &str, granted: &GrantText, issuer: &Issuer) -> Result<(), LoadError> {
    let chosen = if matches!(granted, GrantText::Chosen(_)) { "  secrets: [any]\n" } else { "" };
    let entry = IssuerEntry { url: issuer.url.clone(), mapping: issuer.mapping.clone(), session_max: None };
    let catalogue = Catalogue::from_iter([(issuer.name.clone(), entry)]);
    let loaded = TrustPolicy::parse(file, format!("{yaml}{chosen}").as_bytes(), &Tree::new(), &catalogue);
    let mut faults = loaded.err().unwrap_or_default();
    faults.retain(|fault| fault.severity == Severity::Error);
    if faults.is_empty() { Ok(()) } else { Err(LoadError { faults }) }
}
