//! What an operator denies at once, without Git: it only ever takes away.

use super::grant::Grant;
use super::guardrail::unreadable;
use crate::identity::{Attribute, Facts, Value};
use crate::words::names::{IssuerName, PolicyName};
use crate::words::{Denial, Reason, UnixTime};
use serde::{Deserialize, Serialize};

/// One denial: every line that is there has to fit.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// Grants of this policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyName>,
    /// Jobs of this repository: `name@id`, where the id decides, or a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Tokens of this issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerName>,
    /// One run: the `pipeline` attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Why, for the audit log and for whoever asks.
    pub reason: String,
}

impl Stop {
    /// Refused when it would deny everybody by mistake.
    pub fn check(&self) -> Result<(), String> {
        if self.policy.is_none() && self.repository.is_none() && self.issuer.is_none() && self.run.is_none() {
            return Err("name at least one of policy, repository, issuer and run".to_owned());
        }
        if self.reason.trim().is_empty() {
            return Err("say the reason".to_owned());
        }
        Ok(())
    }

    /// Whether it denies this; the attribute where that depends on one that cannot be read.
    fn fits(&self, facts: &Facts, grant: &Grant) -> Result<bool, Attribute> {
        let concerns = self.policy.as_ref().is_none_or(|policy| grant.granted().iter().any(|granted| granted.policy == *policy))
            && self.issuer.as_ref().is_none_or(|issuer| *issuer == facts.issuer);
        let mut doubt = None;
        for (attribute, wanted) in [(Attribute::Repository, &self.repository), (Attribute::Pipeline, &self.run)] {
            let (Some(wanted), value) = (wanted, facts.attribute(attribute)) else { continue };
            let fits = match attribute {
                Attribute::Repository => is_called(value, wanted),
                _ => value == Some(&Value::Text(wanted.clone())),
            };
            if !fits && !facts.unreadable.contains(&attribute) {
                return Ok(false);
            }
            doubt = doubt.or((!fits).then_some(attribute));
        }
        match doubt.filter(|_| concerns) {
            Some(attribute) => Err(attribute),
            None => Ok(concerns),
        }
    }
}

/// The id decides where both have one; a name denies whatever its case.
fn is_called(value: Option<&Value>, wanted: &str) -> bool {
    let (wanted_name, wanted_id) = wanted.rsplit_once('@').map_or((wanted, None), |(name, id)| (name, Some(id)));
    match (value, wanted_id) {
        (Some(Value::Named { id: Some(id), .. }), Some(wanted)) => id == wanted,
        (Some(Value::Named { name, .. } | Value::Text(name)), _) => name.eq_ignore_ascii_case(wanted_name),
        (Some(Value::Flag(_)) | None, _) => false,
    }
}

/// A denial that stands until a time.
pub type Standing = (Stop, Option<UnixTime>);

/// Refuses the grant when one of the denials that stand now fits it.
pub fn check_stops<'a>(
    stops: impl IntoIterator<Item = &'a Standing>,
    facts: &Facts,
    grant: Grant,
    now: UnixTime,
) -> Result<Grant, Denial> {
    let standing = stops.into_iter().filter(|(_, until)| until.is_none_or(|until| now < until));
    let mut doubt = None;
    for stop in standing.map(|(stop, _)| stop) {
        match stop.fits(facts, &grant) {
            Ok(true) => return Err(Reason::Denied.because(format!("an operator denies it: {}", stop.reason))),
            Ok(false) => {}
            Err(attribute) => doubt = doubt.or(Some(attribute)),
        }
    }
    match doubt {
        Some(attribute) => Err(unreadable(attribute.as_str(), "an operator's denial")),
        None => Ok(grant),
    }
}
