//! An original that was read, and how it becomes a policy. The policy is loaded like any other before it is returned.

use super::error::{LoadError, WantedError, WriteError};
use super::issuer::{self, Issuer};
use super::lines::{self, ClaimCondition, Raw};
use super::load::load;
use super::own_repository::{OwnRepository, SinglePolicy};
use super::settings::{ImportSettings, Imported};
use super::written::{self, GrantText};
use crate::policy::catalogue::Tree;
use crate::policy::file::TrustPolicy;
use crate::words::yaml::YAML_BYTES_MAX;

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
    /// The repository that holds the original, if other repositories may hold equal ones.
    pub(super) own: Option<OwnRepository>,
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

    /// Writes the policy of an original at this path.
    pub(super) fn write(mut self, original: &str, settings: &ImportSettings<'_>) -> Result<Imported, WriteError> {
        let subjects =
            self.conditions.iter().find(|condition| condition.claim == "sub").map_or(&[][..], |condition| &condition.patterns);
        let issuer = issuer::find(&self.issuer, subjects, settings)?;
        let mut lines = lines::write(&self.conditions, &self.raw, &issuer.mapping)?;
        if let (Some(listing), Some(host)) = (settings.listing, issuer.github_host()) {
            listing.pin(&mut lines, host);
        }
        lines.note_names(&issuer.mapping);
        let yaml = written::yaml(&self.description, (&issuer.name, None), &lines, &self.granted);
        let loaded = check_loads(&self.file, &yaml, &self.granted, &issuer)?;
        self.notes.extend(lines.notes.iter().cloned());
        self.notes.extend(issuer.note.clone());
        let row_form = self.own.as_ref().and_then(|own| {
            let (description, granted, notes) = (self.description.as_str(), &self.granted, &self.notes);
            own.row_form(&SinglePolicy { description, issuer: &issuer, lines: &lines, granted, notes, loaded: &loaded })
        });
        let notes = self.notes.iter().map(|note| written::comment(note)).collect();
        let originals = vec![written::comment(original)];
        let issuer = (issuer.name, issuer.url);
        let imported = Imported { file: self.file, yaml, notes, originals, rows: None, issuer, row_form };
        match imported.text().len() {
            0..=YAML_BYTES_MAX => Ok(imported),
            bytes => Err(WriteError::TooLarge { bytes }),
        }
    }
}

/// Loads the policy alone. Where a person has to choose the grant, a placeholder grant stands in.
pub(super) fn check_loads(file: &str, yaml: &str, granted: &GrantText, issuer: &Issuer) -> Result<TrustPolicy, LoadError> {
    let chosen = if matches!(granted, GrantText::Chosen(_)) { "  secrets: [any]\n" } else { "" };
    load(file, &format!("{yaml}{chosen}"), Tree::new(), issuer)
}
