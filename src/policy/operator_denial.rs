//! Operators' denials (`daypass deny`): they count at once, without Git, and they only take away.

mod error;
mod possible;
mod request;

pub use error::{ImpossibleStop, StopError};
pub use request::{DenyRequest, LastingError};

use super::catalogue::Catalogue;
use super::file::TrustPolicy;
use super::guardrail::unreadable;
use crate::answers::DenyLines;
use crate::identity::{Attribute, Facts, Value};
use crate::words::names::{IssuerName, PolicyName, SourceName};
use crate::words::yaml::nearest;
use crate::words::{Denial, Reason, UnixTime, holds_secret};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Longer than the names of repositories and runs. Each rejection quotes the reason: a longer text belongs in the page or issue that the
/// reason points to.
const STOP_CHARACTERS_MAX: usize = 512;

/// One denial. All of its lines have to fit.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorDenial {
    /// Only grants of this policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyName>,
    /// Only jobs of this repository: `name@id`, where the id decides, or a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Only tokens of this issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerName>,
    /// Only jobs of one run: the `pipeline` attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Why, for the audit log and for the rejected client.
    pub reason: String,
}

impl OperatorDenial {
    /// Refuses a denial that would deny everybody by mistake, and one without a reason or with too long a text.
    pub fn check(&self) -> Result<(), StopError> {
        if self.policy.is_none() && self.repository.is_none() && self.issuer.is_none() && self.run.is_none() {
            return Err(StopError::NamesNothing);
        }
        if [&self.repository, &self.run].into_iter().flatten().any(|text| text.trim().is_empty()) {
            return Err(StopError::Nameless);
        }
        // A reason of invisible characters counts as none.
        if !self.reason.chars().any(char::is_alphanumeric) {
            return Err(StopError::NoReason);
        }
        let texts = [("repository", self.repository.as_ref()), ("run", self.run.as_ref()), ("reason", Some(&self.reason))];
        if let Some((line, _)) = texts.iter().find(|(_, text)| text.is_some_and(|text| holds_secret(text))) {
            return Err(StopError::Secret { line });
        }
        let long = texts.into_iter().find(|(_, text)| text.is_some_and(|text| text.chars().count() > STOP_CHARACTERS_MAX));
        long.map_or(Ok(()), |(line, _)| Err(StopError::TooLong { line }))
    }

    /// Refuses a denial that no token of the configured issuers can fit: it names a pattern, an address, or a value of another form. The
    /// error says what to write.
    pub fn check_possible(&self, catalogue: &Catalogue) -> Result<(), ImpossibleStop> {
        possible::check(self, catalogue)
    }

    /// Refuses a denial that names an issuer that is not configured, a policy that is not among these, or a policy that matches nobody
    /// whom its other lines fit. It would fit nobody, and its author would believe the opposite.
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

    /// Whether it denies an identity what these policies grant; as an error the attribute, if that depends on one that is unreadable.
    pub fn fits<'a>(&self, facts: &Facts, granting: impl IntoIterator<Item = &'a PolicyName>) -> Result<bool, Attribute> {
        let concerns = self.policy.as_ref().is_none_or(|policy| granting.into_iter().any(|granting| granting == policy))
            && self.issuer.as_ref().is_none_or(|issuer| *issuer == facts.issuer);
        let mut doubt = None;
        for (attribute, expected) in [(Attribute::Repository, &self.repository), (Attribute::Pipeline, &self.run)] {
            let (Some(expected), value) = (expected, facts.attribute(attribute)) else { continue };
            let fits = match attribute {
                Attribute::Repository => is_called(value, expected),
                _ => value == Some(&Value::Text(expected.clone())),
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

impl From<&OperatorDenial> for DenyLines {
    fn from(stop: &OperatorDenial) -> Self {
        let OperatorDenial { policy, repository, issuer, run, reason } = stop.clone();
        Self { policy, repository, issuer, run, reason }
    }
}

/// What it denies, in one line.
impl fmt::Display for OperatorDenial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&DenyLines::from(self).lines())
    }
}

/// Whether the repository is called so. If both have an id, the id decides; else the name does, in any case.
fn is_called(value: Option<&Value>, expected: &str) -> bool {
    let (expected_name, expected_id) = expected.rsplit_once('@').map_or((expected, None), |(name, id)| (name, Some(id)));
    match (value, expected_id) {
        (Some(Value::Named { id: Some(id), .. }), Some(expected)) => id == expected,
        (Some(Value::Named { name, .. } | Value::Text(name)), _) => name.eq_ignore_ascii_case(expected_name),
        (Some(Value::Flag(_)) | None, _) => false,
    }
}

/// An operator's denial, and when it ends.
pub type DenialUntil = (OperatorDenial, Option<UnixTime>);

/// Checks that a source was read recently enough to grant anything.
type FreshnessCheck<'a> = dyn Fn(&SourceName) -> Result<(), Denial> + Sync + 'a;

/// What may reject a decision at this moment: operators' denials, and sources that could not be read for too long.
pub struct LiveChecks<'a> {
    stops: &'a BTreeMap<String, DenialUntil>,
    now: UnixTime,
    is_fresh: &'a FreshnessCheck<'a>,
}

impl<'a> LiveChecks<'a> {
    /// With the operators' denials by their ids, and the check whether a source is fresh.
    pub(crate) const fn new(stops: &'a BTreeMap<String, DenialUntil>, now: UnixTime, is_fresh: &'a FreshnessCheck<'a>) -> Self {
        Self { stops, now, is_fresh }
    }

    /// Refuses a grant by a source that is not fresh, and a grant that an operator denies.
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
                Ok(true) => return Err(Reason::Denied.with_cause(format!("an operator denies it: {}", stop.reason))),
                Ok(false) => {}
                Err(attribute) => doubt = doubt.or(Some(attribute)),
            }
        }
        doubt.map_or(Ok(()), |attribute| Err(unreadable(attribute.as_str(), "an operator's denial")))
    }
}
