//! Conditions of clouds on claims: texts, beginnings of texts, and flags. All of them have to hold.

use super::error::WantedError;
use super::lines::{ClaimCondition, Raw, Scalar, pointer_of};
use super::pieces::{Piece, PieceError, Wildcard, write};

/// A claim, or a part of one, by its JSON pointer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Claim {
    pub(super) pointer: String,
    /// Its name, if it is a member of the token itself.
    name: Option<String>,
}

impl Claim {
    /// The claim that these steps lead to, from the token on.
    pub(super) fn of(steps: &[String]) -> Self {
        let pointer = steps.iter().map(|step| pointer_of(step)).collect();
        Self { pointer, name: if let [name] = steps { Some(name.clone()) } else { None } }
    }
}

/// Conditions that all have to hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    pub(super) conditions: Vec<ClaimCondition>,
    pub(super) raw: Vec<Raw>,
    pub(super) notes: Vec<String>,
}

impl Conditions {
    /// The claim has to be a text that matches one of these patterns.
    pub(super) fn texts(&mut self, claim: &Claim, patterns: Vec<String>) -> Result<(), WantedError> {
        let name = claim.name.clone().unwrap_or_else(|| claim.pointer.clone());
        let condition = ClaimCondition { claim: name, patterns, excluded: Vec::new(), plain: false, typed: true, flags: false };
        // This condition implies the one that any text is there.
        if claim.name.is_some() {
            self.raw.retain(|raw| *raw != Raw::some_text(claim.pointer.clone()));
        }
        let known = self.conditions.iter_mut().find(|known| pointer_of(&known.claim) == claim.pointer);
        let raw = self.raw.iter_mut().find(|raw| raw.pointer == claim.pointer);
        match (known, raw, &claim.name) {
            (Some(known), ..) => *known = known.and(&condition)?,
            (None, None, Some(_)) => self.conditions.push(condition),
            (None, None, None) => {
                let values = condition.patterns.into_iter().map(Scalar::Text).collect();
                self.raw.push(Raw { pointer: claim.pointer.clone(), values, excluded: Vec::new() });
            }
            (None, Some(raw), _) => raw.values = of_both(raw, &condition)?,
        }
        Ok(())
    }

    /// The claim has to be this flag.
    pub(super) fn flag(&mut self, claim: &Claim, flag: bool) -> Result<(), WantedError> {
        if self.has_condition(claim) {
            return Err(WantedError::Both { claim: claim.pointer.clone() });
        }
        self.raw.push(Raw { pointer: claim.pointer.clone(), values: vec![Scalar::Flag(flag)], excluded: Vec::new() });
        Ok(())
    }

    /// The claim has to be a text. Every token that daypass takes has a text as its subject.
    pub(super) fn some_text(&mut self, claim: &Claim) -> Result<(), WantedError> {
        let is_flag = |raw: &Raw| raw.pointer == claim.pointer && raw.values.iter().any(|value| value.as_text().is_none());
        if self.raw.iter().any(is_flag) {
            return Err(WantedError::Exclusive { claim: claim.pointer.clone() });
        }
        if !self.has_condition(claim) && claim.pointer != "/sub" {
            self.raw.push(Raw::some_text(claim.pointer.clone()));
        }
        Ok(())
    }

    fn has_condition(&self, claim: &Claim) -> bool {
        self.conditions.iter().any(|condition| pointer_of(&condition.claim) == claim.pointer)
            || self.raw.iter().any(|raw| raw.pointer == claim.pointer)
    }
}

/// The texts that satisfy an existing line and this condition.
fn of_both(raw: &Raw, condition: &ClaimCondition) -> Result<Vec<Scalar>, WantedError> {
    let patterns: Option<Vec<String>> = raw.values.iter().map(|value| value.as_text().map(str::to_owned)).collect();
    let patterns = patterns.ok_or_else(|| WantedError::Exclusive { claim: condition.claim.clone() })?;
    let known = ClaimCondition { patterns, ..condition.clone() };
    Ok(known.and(condition)?.patterns.into_iter().map(Scalar::Text).collect())
}

/// The pattern that matches this text alone.
pub(super) fn exactly(text: &str) -> Result<String, PieceError> {
    write(&text.chars().map(Piece::Literal).collect::<Vec<_>>()).map(|written| written.text)
}

/// The pattern for texts that begin like this, and a note if it is narrower.
pub(super) fn starting(text: &str) -> Result<(String, Option<String>), PieceError> {
    let any = Piece::Wild(Wildcard { crosses: true, least: 0 });
    let written = write(&text.chars().map(Piece::Literal).chain([any]).collect::<Vec<_>>())?;
    let note = written.narrowed.then(|| format!("`{text}…`: narrower as `{}`: `*` stays within a segment", written.text));
    Ok((written.text, note))
}
