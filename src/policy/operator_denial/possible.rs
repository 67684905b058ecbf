//! Checks that tokens can fit an operator's denial: it has to name one repository or one run, in the form that tokens have.

use super::{ImpossibleStop, OperatorDenial, StopError};
use crate::identity::{Attribute, Mapping, Presence};
use crate::policy::access::{Literal, Region};
use crate::policy::catalogue::Catalogue;
use crate::policy::condition::possible::{may_be, may_be_id};
use crate::policy::file::TrustPolicy;
use crate::policy::pattern::is_printable;
use std::sync::Arc;

/// Refuses a value that no token of these issuers has. Nothing is known about an issuer that is not configured.
pub(super) fn check(stop: &OperatorDenial, catalogue: &Catalogue) -> Result<(), ImpossibleStop> {
    let concerned = catalogue.names().filter(|name| stop.issuer.as_ref().is_none_or(|issuer| issuer == *name));
    let mappings: Vec<Arc<Mapping>> = concerned.filter_map(|name| Some(catalogue.issuer(name)?.mapping.clone())).collect();
    named(stop).try_for_each(|(attribute, text)| check_text(&mappings, attribute, text))
}

/// Refuses a contradiction: the policy is for another issuer, or it matches no token of the repository or of the run.
pub(super) fn check_policy(stop: &OperatorDenial, catalogue: &Catalogue, policy: &TrustPolicy) -> Result<(), StopError> {
    let name = || policy.name.clone();
    if let Some(issuer) = stop.issuer.as_ref().filter(|issuer| **issuer != policy.issuer) {
        return Err(StopError::OtherIssuer { policy: name(), own: policy.issuer.clone(), issuer: issuer.clone() });
    }
    let Some(mapping) = catalogue.issuer(&policy.issuer).map(|entry| entry.mapping.clone()) else { return Ok(()) };
    named(stop).try_for_each(|(attribute, text)| {
        let possible = check_text(std::slice::from_ref(&mapping), attribute, text);
        possible.map_err(|fault| StopError::Impossible { policy: name(), fault })?;
        let Some(literal) = Literal::is_called(attribute, text, &mapping) else { return Ok(()) };
        let mut regions = policy.rules.iter().flat_map(|rule| Region::of(&rule.conditions));
        let is_met = regions.any(|region| region.and(literal.clone()).token(&mapping).is_some());
        if is_met { Ok(()) } else { Err(StopError::NeverOfPolicy { policy: name(), attribute, text: text.to_owned() }) }
    })
}

/// The attributes of a job that it names.
fn named(stop: &OperatorDenial) -> impl Iterator<Item = (Attribute, &str)> {
    let named = [(Attribute::Repository, &stop.repository), (Attribute::Pipeline, &stop.run)];
    named.into_iter().filter_map(|(attribute, text)| Some((attribute, text.as_deref()?)))
}

fn check_text(mappings: &[Arc<Mapping>], attribute: Attribute, text: &str) -> Result<(), ImpossibleStop> {
    if text.contains('*') {
        return Err(ImpossibleStop::Pattern { attribute, text: text.to_owned() });
    }
    if !text.chars().all(|character| character == ' ' || is_printable(character)) {
        let escaped = text
            .chars()
            .map(|one| if is_printable(one) || one == ' ' { one.to_string() } else { one.escape_unicode().to_string() });
        return Err(ImpossibleStop::Invisible { attribute, text: escaped.collect() });
    }
    let claiming: Vec<&Mapping> = mappings.iter().map(|mapping| &**mapping).filter(|mapping| mapping.claims(attribute)).collect();
    if mappings.is_empty() || claiming.iter().any(|mapping| is_possible(mapping, attribute, text)) {
        return Ok(());
    }
    if claiming.is_empty() {
        return Err(ImpossibleStop::NeverClaimed { attribute });
    }
    let is_one = |text: &String| claiming.iter().any(|mapping| is_possible(mapping, attribute, text));
    let suggestion = if attribute == Attribute::Pipeline { run_of(text, is_one) } else { plainer(text).into_iter().find(is_one) };
    Err(ImpossibleStop::OtherForm { attribute, text: text.to_owned(), suggestion })
}

/// Whether a token may have this value, or this `name@id`: its id, or its name if tokens may lack the id.
fn is_possible(mapping: &Mapping, attribute: Attribute, text: &str) -> bool {
    // If the form is unknown, an address may be the name, as at Azure DevOps.
    if mapping.shape(attribute).is_none() {
        return true;
    }
    if text.trim() != text || text.ends_with('/') || text.contains("://") {
        return false;
    }
    match text.rsplit_once('@') {
        Some((name, id)) => {
            let by_name = mapping.id_presence(attribute) != Presence::Always && may_be(mapping, attribute, name);
            !id.is_empty() && (may_be_id(mapping, attribute, id) || by_name)
        }
        None => may_be(mapping, attribute, text),
    }
}

/// The run in an address, which has other numbers too: the part after the word for a run, if there is only one. A run without an address
/// may be followed by its attempt.
fn run_of(text: &str, is_one: impl Fn(&String) -> bool) -> Option<String> {
    let parts: Vec<&str> = text.trim().split(['/', '?', '#']).filter(|part| !part.is_empty()).collect();
    let behind = parts.windows(2).filter(|pair| matches!(pair[0], "run" | "runs" | "pipelines" | "builds"));
    let mut runs: Vec<String> = behind.map(|pair| pair[1].to_owned()).filter(&is_one).collect();
    if runs.is_empty() && parts.iter().all(|part| is_one(&(*part).to_owned())) {
        return parts.first().map(|run| (*run).to_owned());
    }
    runs.dedup();
    runs.pop().filter(|_| runs.is_empty())
}

/// Values that may have been meant: without white space and `.git`; also without the host, and only the last name.
fn plainer(text: &str) -> Vec<String> {
    let text = text.trim().trim_end_matches('/').trim_end_matches(".git");
    let address = text.split_once("://").map_or(text, |(_, rest)| rest);
    let path = address.split_once(['/', ':']).map(|(_, path)| path);
    let last = address.rsplit('/').next();
    [Some(text), path, last].into_iter().flatten().map(ToOwned::to_owned).collect()
}
