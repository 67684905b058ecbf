//! Conditions of clouds on claims: texts, starts of texts and flags, which have to hold together.

use super::error::WantedError;
use super::lines::{Raw, Scalar, Wanted, pointer_of};
use super::pieces::{Piece, PieceError, Wild, write};

/// A claim: by its name, or by a JSON pointer into it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Claim {
    pub(super) pointer: String,
    /// Where it is one of the token's own members.
    name: Option<String>,
}

impl Claim {
    /// By its steps from the token on.
    pub(super) fn of(steps: &[String]) -> Self {
        let pointer = steps.iter().map(|step| pointer_of(step)).collect();
        Self { pointer, name: if let [name] = steps { Some(name.clone()) } else { None } }
    }
}

/// What has to hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    pub(super) wanted: Vec<Wanted>,
    pub(super) raw: Vec<Raw>,
    pub(super) notes: Vec<String>,
}

impl Conditions {
    /// One of these patterns of ours, and a text.
    pub(super) fn texts(&mut self, claim: &Claim, patterns: Vec<String>) -> Result<(), WantedError> {
        let name = claim.name.clone().unwrap_or_else(|| claim.pointer.clone());
        let wanted = Wanted { claim: name, patterns, excluded: Vec::new(), plain: false, typed: true };
        // That it is there was asked, and now what it is.
        if claim.name.is_some() {
            self.raw.retain(|raw| *raw != Raw::some_text(claim.pointer.clone()));
        }
        let known = self.wanted.iter_mut().find(|known| pointer_of(&known.claim) == claim.pointer);
        let raw = self.raw.iter_mut().find(|raw| raw.pointer == claim.pointer);
        match (known, raw, &claim.name) {
            (Some(known), ..) => *known = known.and(&wanted)?,
            (None, None, Some(_)) => self.wanted.push(wanted),
            (None, None, None) => {
                let values = wanted.patterns.into_iter().map(Scalar::Text).collect();
                self.raw.push(Raw { pointer: claim.pointer.clone(), values, excluded: Vec::new() });
            }
            (None, Some(raw), _) => raw.values = of_both(raw, &wanted)?,
        }
        Ok(())
    }

    /// This flag.
    pub(super) fn flag(&mut self, claim: &Claim, flag: bool) -> Result<(), WantedError> {
        if self.is_asked(claim) {
            return Err(WantedError::Both { claim: claim.pointer.clone() });
        }
        self.raw.push(Raw { pointer: claim.pointer.clone(), values: vec![Scalar::Flag(flag)], excluded: Vec::new() });
        Ok(())
    }

    /// A text has to be there, whichever. Every token that is taken here has a subject that is one.
    pub(super) fn some_text(&mut self, claim: &Claim) -> Result<(), WantedError> {
        let is_flag = |raw: &Raw| raw.pointer == claim.pointer && raw.values.iter().any(|value| value.as_text().is_none());
        if self.raw.iter().any(is_flag) {
            return Err(WantedError::Exclusive { claim: claim.pointer.clone() });
        }
        if !self.is_asked(claim) && claim.pointer != "/sub" {
            self.raw.push(Raw::some_text(claim.pointer.clone()));
        }
        Ok(())
    }

    fn is_asked(&self, claim: &Claim) -> bool {
        self.wanted.iter().any(|wanted| pointer_of(&wanted.claim) == claim.pointer)
            || self.raw.iter().any(|raw| raw.pointer == claim.pointer)
    }
}

/// The texts of a line that is there, and those that have to hold too.
fn of_both(raw: &Raw, wanted: &Wanted) -> Result<Vec<Scalar>, WantedError> {
    let patterns: Option<Vec<String>> = raw.values.iter().map(|value| value.as_text().map(str::to_owned)).collect();
    let patterns = patterns.ok_or_else(|| WantedError::Exclusive { claim: wanted.claim.clone() })?;
    let known = Wanted { patterns, ..wanted.clone() };
    Ok(known.and(wanted)?.patterns.into_iter().map(Scalar::Text).collect())
}

/// A text as it stands.
pub(super) fn exactly(text: &str) -> Result<String, PieceError> {
    write(&text.chars().map(Piece::Literal).collect::<Vec<_>>()).map(|written| written.text)
}

/// Every text that starts so, and what is narrower.
pub(super) fn starting(text: &str) -> Result<(String, Option<String>), PieceError> {
    let any = Piece::Wild(Wild { crosses: true, least: 0 });
    let written = write(&text.chars().map(Piece::Literal).chain([any]).collect::<Vec<_>>())?;
    let note = written.narrowed.then(|| format!("`{text}…`: narrower as `{}`: `*` stays within a segment", written.text));
    Ok((written.text, note))
}
