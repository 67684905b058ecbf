//! What an operator denies at once, without Git: it only ever takes away.

mod error;
mod possible;
mod request;

pub use error::{ImpossibleStop, StopError};
pub use request::{DenyRequest, LastingError};

use super::catalogue::Catalogue;
use super::file::TrustPolicy;
use super::guardrail::unreadable;
use crate::identity::{Attribute, Facts, Value};
use crate::words::names::{IssuerName, PolicyName, SourceName};
use crate::words::yaml::nearest;
use crate::words::{Denial, Reason, UnixTime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Forges name repositories and runs by less. A reason is told with each refusal: what is longer belongs where it points to.
const STOP_CHARACTERS_MAX: usize = 512;

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
    pub fn check(&self) -> Result<(), StopError> {
        if self.policy.is_none() && self.repository.is_none() && self.issuer.is_none() && self.run.is_none() {
            return Err(StopError::NamesNothing);
        }
        if [&self.repository, &self.run].into_iter().flatten().any(|text| text.trim().is_empty()) {
            return Err(StopError::Nameless);
        }
        // Also where all of it is characters that nobody sees.
        if !self.reason.chars().any(char::is_alphanumeric) {
            return Err(StopError::NoReason);
        }
        let texts = [("repository", self.repository.as_ref()), ("run", self.run.as_ref()), ("reason", Some(&self.reason))];
        let long = texts.into_iter().find(|(_, text)| text.is_some_and(|text| text.chars().count() > STOP_CHARACTERS_MAX));
        long.map_or(Ok(()), |(line, _)| Err(StopError::TooLong { line }))
    }

    /// Refused when no token of the configured issuers can be what it names: a pattern, an address, another form. The error says what to
    /// write.
    pub fn check_possible(&self, catalogue: &Catalogue) -> Result<(), ImpossibleStop> {
        possible::check(self, catalogue)
    }

    /// Refused when it names an issuer that is not configured, a policy that is not among these, or one that is for nobody whom the
    /// rest of it names: it would fit nobody, and whoever wrote it would believe the opposite.
    pub fn check_known(&self, catalogue: &Catalogue, policies: &[Arc<TrustPolicy>]) -> Result<(), StopError> {
        if let Some(issuer) = self.issuer.as_ref().filter(|issuer| catalogue.issuer(issuer).is_none()) {
            let known: Vec<&str> = catalogue.names().map(IssuerName::as_str).collect();
            return Err(StopError::UnknownIssuer { issuer: issuer.clone(), near: near(issuer.as_str(), &known) });
        }
        let Some(name) = &self.policy else { return Ok(()) };
        let Some(policy) = policies.iter().find(|policy| policy.name == *name) else {
            let known: Vec<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
            return Err(StopError::UnknownPolicy { policy: name.clone(), near: near(name.as_str(), &known) });
        };
        possible::check_policy(self, catalogue, policy)
    }

    /// Whether it stands against somebody whom these policies grant something; the attribute where that depends on one that cannot
    /// be read.
    pub fn fits<'a>(&self, facts: &Facts, granting: impl IntoIterator<Item = &'a PolicyName>) -> Result<bool, Attribute> {
        let concerns = self.policy.as_ref().is_none_or(|policy| granting.into_iter().any(|granting| granting == policy))
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

fn near(word: &str, known: &[&str]) -> Option<String> {
    nearest(word, known).map(str::to_owned)
}

/// What it denies, in one line.
impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = [
            ("policy", self.policy.as_ref().map(PolicyName::as_str)),
            ("repository", self.repository.as_deref()),
            ("issuer", self.issuer.as_ref().map(IssuerName::as_str)),
            ("run", self.run.as_deref()),
        ];
        let shown = lines.into_iter().filter_map(|(line, value)| Some(format!("{line} {}", value?)));
        f.write_str(&shown.collect::<Vec<_>>().join(", "))
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

/// An operator's denial, and the time until which it stands.
pub type StopUntil = (Stop, Option<UnixTime>);

/// Whether a source was read lately enough to grant anything.
type Fresh<'a> = dyn Fn(&SourceName) -> Result<(), Denial> + Sync + 'a;

/// What may stand against a decision at this moment: operators' denials, and sources that could not be read for too long.
pub struct Standing<'a> {
    stops: &'a BTreeMap<String, StopUntil>,
    now: UnixTime,
    is_fresh: &'a Fresh<'a>,
}

impl<'a> Standing<'a> {
    /// The server's: `stops` by their ids, and whether a source is fresh.
    pub(crate) const fn new(stops: &'a BTreeMap<String, StopUntil>, now: UnixTime, is_fresh: &'a Fresh<'a>) -> Self {
        Self { stops, now, is_fresh }
    }

    /// Refuses what comes from a source that is not fresh, and what an operator denies.
    pub(super) fn check<'g>(
        &self,
        granting: impl Iterator<Item = (&'g SourceName, &'g PolicyName)> + Clone,
        facts: &Facts,
    ) -> Result<(), Denial> {
        granting.clone().try_for_each(|(source, _)| (self.is_fresh)(source))?;
        let standing = self.stops.values().filter(|(_, until)| until.is_none_or(|until| self.now < until));
        let mut doubt = None;
        for stop in standing.map(|(stop, _)| stop) {
            match stop.fits(facts, granting.clone().map(|(_, policy)| policy)) {
                Ok(true) => return Err(Reason::Denied.because(format!("an operator denies it: {}", stop.reason))),
                Ok(false) => {}
                Err(attribute) => doubt = doubt.or(Some(attribute)),
            }
        }
        doubt.map_or(Ok(()), |attribute| Err(unreadable(attribute.as_str(), "an operator's denial")))
    }
}
