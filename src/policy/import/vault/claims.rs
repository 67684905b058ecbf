//! The conditions of a role on a token's claims.

use super::error::{ClaimError, VaultError};
use crate::policy::import::error::WantedError;
use crate::policy::import::lines::{ClaimCondition, Raw, Scalar, pointer_of};
use crate::policy::import::members::Members;
use crate::policy::import::pieces::{Piece, Wildcard, write};
use crate::words::names::check_pointer;
use serde_json::Value;

/// Integers up to this are exact in Vault, which reads JSON numbers as doubles (IEEE 754).
const NUMBER_MAX: u64 = 1 << 53;

/// The conditions of a role.
#[derive(Debug, Default)]
pub(super) struct Bound {
    pub(super) conditions: Vec<ClaimCondition>,
    pub(super) raw: Vec<Raw>,
    pub(super) notes: Vec<String>,
}

/// Reads the conditions.
pub(super) fn read(data: &Members) -> Result<Bound, VaultError> {
    let is_glob = match data.text("bound_claims_type")?.unwrap_or("string") {
        "string" => false,
        "glob" => true,
        _ => return Err(VaultError::Field { member: "bound_claims_type", why: "expected string or glob" }),
    };
    let mut bound = Bound::default();
    if let Some(subject) = data.text("bound_subject")? {
        bound.conditions.push(ClaimCondition { typed: true, ..ClaimCondition::exact("sub", subject)? });
    }
    for (claim, values) in data.members("bound_claims")? {
        let within = |reason| VaultError::Claim { claim: claim.clone(), reason };
        let named = Named::of(claim).map_err(within)?;
        if named.pointer == "/aud" {
            continue;
        }
        let values = bound.values(claim, values, is_glob).map_err(within)?;
        bound.add(named, values)?;
    }
    bound.require(data)?;
    Ok(bound)
}

/// A claim as a role names it: by its name, or by a JSON pointer.
struct Named {
    pointer: String,
    /// Its name, if it is a member of the token itself.
    claim: Option<String>,
}

impl Named {
    fn of(text: &str) -> Result<Self, ClaimError> {
        let pointer = if text.starts_with('/') { text.to_owned() } else { pointer_of(text) };
        check_pointer(&pointer).map_err(|_| ClaimError::Pointer)?;
        let claim = pointer.strip_prefix('/').filter(|rest| !rest.contains('/'));
        let claim = claim.map(|claim| claim.replace("~1", "/").replace("~0", "~"));
        Ok(Self { pointer, claim })
    }
}

impl Bound {
    /// Whether the role lets in every token of the issuer that has the user claim.
    pub(super) fn is_of_anybody(&self) -> bool {
        let asks_nothing = |raw: &Raw| Raw { excluded: Vec::new(), ..raw.clone() } == Raw::some_text(raw.pointer.clone());
        self.conditions.is_empty() && self.raw.iter().all(asks_nothing)
    }

    fn values(&mut self, claim: &str, values: &Value, is_glob: bool) -> Result<Vec<Scalar>, ClaimError> {
        let list = values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice);
        if list.is_empty() {
            return Err(ClaimError::NoValue);
        }
        list.iter().map(|value| self.value(claim, value, is_glob)).collect()
    }

    fn value(&mut self, claim: &str, value: &Value, is_glob: bool) -> Result<Scalar, ClaimError> {
        match value {
            Value::String(text) if text.is_empty() => Err(ClaimError::Empty),
            Value::String(text) => {
                let star = Piece::Wild(Wildcard { crosses: true, least: 0 });
                let piece = |character| if is_glob && character == '*' { star } else { Piece::Literal(character) };
                let written = write(&text.chars().map(piece).collect::<Vec<_>>());
                let written = written.map_err(|reason| ClaimError::Piece { text: text.clone(), reason })?;
                if written.narrowed {
                    let note = format!("{claim}: `{text}`: narrower as `{}`: `*` stays within a segment", written.text);
                    self.notes.push(note);
                }
                Ok(Scalar::Text(written.text))
            }
            Value::Bool(flag) if !is_glob => Ok(Scalar::Flag(*flag)),
            Value::Number(number) if !is_glob => {
                let exact = number.as_i64().filter(|number| number.unsigned_abs() <= NUMBER_MAX);
                exact.map(Scalar::Number).ok_or_else(|| ClaimError::Number { number: number.to_string() })
            }
            _ => Err(ClaimError::Type),
        }
    }

    /// Adds a condition that has to hold as well.
    fn add(&mut self, named: Named, values: Vec<Scalar>) -> Result<(), WantedError> {
        let texts: Option<Vec<String>> = values.iter().map(|value| value.as_text().map(str::to_owned)).collect();
        if let (Some(claim), Some(patterns)) = (&named.claim, texts) {
            let condition =
                ClaimCondition { claim: claim.clone(), patterns, excluded: Vec::new(), plain: false, typed: true, flags: false };
            if let Some(known) = self.conditions.iter_mut().find(|known| known.claim == condition.claim) {
                *known = known.and(&condition)?;
            } else if self.is_raw(&named.pointer) {
                return Err(WantedError::Both { claim: claim.clone() });
            } else {
                self.conditions.push(condition);
            }
            return Ok(());
        }
        if self.has_condition(&named.pointer) || self.is_raw(&named.pointer) {
            return Err(WantedError::Both { claim: named.pointer });
        }
        self.raw.push(Raw { pointer: named.pointer, values, excluded: Vec::new() });
        Ok(())
    }

    fn has_condition(&self, pointer: &str) -> bool {
        self.conditions.iter().any(|condition| pointer_of(&condition.claim) == pointer)
    }

    fn is_raw(&self, pointer: &str) -> bool {
        self.raw.iter().any(|raw| raw.pointer == pointer)
    }

    /// Asks for the user claim, without which nobody logs in, and for the claims that are mapped to metadata, which have to be texts.
    fn require(&mut self, data: &Members) -> Result<(), VaultError> {
        let why = "it is missing, and a role without it lets nobody in";
        let user = data.text("user_claim")?.ok_or(VaultError::Field { member: "user_claim", why })?;
        let is_pointer = data.flag("user_claim_json_pointer")? && user.starts_with('/');
        let user = if is_pointer { user.to_owned() } else { pointer_of(user) };
        let mapped = data.members("claim_mappings")?;
        let mapped =
            mapped.into_iter().map(|(claim, _)| (if claim.starts_with('/') { claim.clone() } else { pointer_of(claim) }, true));
        for (pointer, is_mapped) in std::iter::once((user, false)).chain(mapped) {
            check_pointer(&pointer).map_err(|_| VaultError::Claim { claim: pointer.clone(), reason: ClaimError::Pointer })?;
            // Every token that daypass takes has a text as its subject.
            if pointer == "/sub" {
                continue;
            }
            if let Some(condition) = self.conditions.iter_mut().find(|condition| pointer_of(&condition.claim) == pointer) {
                let takes_empty = condition.patterns.iter().any(|pattern| takes_empty(pattern));
                condition.excluded.extend((takes_empty && !is_mapped).then(String::new));
            } else if let Some(raw) = self.raw.iter_mut().find(|raw| raw.pointer == pointer) {
                raw.values.retain(|value| value.as_text().is_some());
                let takes_empty = raw.values.iter().filter_map(Scalar::as_text).any(takes_empty);
                raw.excluded.extend((takes_empty && !is_mapped).then(String::new));
                if raw.values.is_empty() {
                    return Err(WantedError::Exclusive { claim: pointer }.into());
                }
            } else {
                let note = "Vault maps it to metadata, where only a text is allowed; this policy also asks that it is there";
                self.notes.extend(is_mapped.then(|| format!("{pointer}: {note}")));
                let excluded = if is_mapped { Vec::new() } else { vec![String::new()] };
                self.raw.push(Raw { excluded, ..Raw::some_text(pointer) });
            }
        }
        Ok(())
    }
}

/// Whether a pattern matches the empty text, with which nobody logs in.
fn takes_empty(pattern: &str) -> bool {
    pattern.chars().all(|character| character == '*')
}
