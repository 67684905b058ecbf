//! Which attributes an issuer's tokens always have, and which claims cannot be read.
//!
//! A policy does not need this: an unreadable value does not match. A denial does: otherwise it would let an unreadable value
//! pass.

use super::{Attribute, Claims, Denial, Mapping, Reason, Source, Value, claimed, flag_of, text_of};

/// Whether tokens of an issuer have an attribute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presence {
    /// Every token has it.
    Always,
    /// Some jobs have it, others do not.
    Optional,
    /// No token has it.
    Never,
}

impl Mapping {
    /// Whether tokens of this issuer have the attribute.
    pub fn presence(&self, attribute: Attribute) -> Presence {
        match (self.claims(attribute), self.always.contains(&attribute)) {
            (true, true) => Presence::Always,
            (true, false) => Presence::Optional,
            (false, _) => Presence::Never,
        }
    }

    /// Whether the attribute has an id in every token that has the attribute.
    pub fn id_presence(&self, attribute: Attribute) -> Presence {
        match (self.has_id(attribute), self.ids_optional.contains(&attribute)) {
            (true, false) => Presence::Always,
            (true, true) => Presence::Optional,
            (false, _) => Presence::Never,
        }
    }

    /// Whether the token lacks what every other token has: the attribute, or its id.
    pub(super) fn lacks(&self, attribute: Attribute, value: Option<&Value>) -> bool {
        match value {
            None => self.presence(attribute) == Presence::Always,
            Some(Value::Named { id: None, .. }) => self.id_presence(attribute) == Presence::Always,
            Some(_) => false,
        }
    }

    pub(super) fn check_enforced(&self, attribute: Attribute, value: &Value) -> Result<(), Denial> {
        let Some(shape) = self.values.get(&attribute).filter(|_| self.enforced.contains(&attribute)) else { return Ok(()) };
        match value {
            Value::Text(text) | Value::Named { name: text, .. } if !shape.fits(text) => {
                let detail = format!("The token's `{attribute}` is not {}.", shape.described());
                Err(Reason::ClaimRefused.with_cause(detail.clone()).with_detail(detail))
            }
            Value::Text(_) | Value::Named { .. } | Value::Flag(_) => Ok(()),
        }
    }
}

impl Source {
    /// Whether its claim is there and has no readable value. CIs write an absent value as `null` or an empty text. A flag is true
    /// or false, and anything else is unreadable.
    pub(super) fn is_garbled(&self, claims: &Claims) -> bool {
        let has_value =
            |claim: &String| claimed(claims, claim).is_some_and(|value| !value.is_null() && value.as_str() != Some(""));
        if let Some(flag) = &self.flag {
            return claimed(claims, flag).is_some();
        }
        match &self.differs {
            Some(both) => both.iter().all(has_value),
            None => self.applies(claims) && self.claim.iter().chain(&self.name).any(has_value),
        }
    }

    /// Refuses a token whose issuer says itself that it did not verify the claim.
    pub(super) fn check_verified(&self, claims: &Claims) -> Result<(), Denial> {
        let Some(flag) = self.verified_by.as_deref().filter(|flag| claimed(claims, flag).is_some()) else { return Ok(()) };
        let claim = self.claim.as_ref().or(self.name.as_ref());
        if flag_of(claims, flag) == Some(true) || claim.is_none_or(|claim| text_of(claims, claim).is_none()) {
            return Ok(());
        }
        let detail = format!("The token's `{flag}` is not true.");
        Err(Reason::ClaimRefused.with_cause(detail.clone()).with_detail(detail))
    }
}
