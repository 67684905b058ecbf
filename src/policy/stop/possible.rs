//! What an operator's denial can hit: it names one repository and one run, in the form in which tokens have them.

use super::{ImpossibleStop, Stop};
use crate::identity::{Attribute, Mapping, Presence};
use crate::policy::condition::possible::{may_be, may_be_id};
use crate::policy::ruleset::Catalogue;
use std::sync::Arc;

/// Refuses what no token of these issuers has. Of an issuer that is not configured nothing is known.
pub(super) fn check(stop: &Stop, catalogue: &Catalogue) -> Result<(), ImpossibleStop> {
    let concerned = catalogue.names().filter(|name| stop.issuer.as_ref().is_none_or(|issuer| issuer == *name));
    let mappings: Vec<Arc<Mapping>> = concerned.filter_map(|name| Some(catalogue.issuer(name)?.mapping.clone())).collect();
    for (attribute, text) in [(Attribute::Repository, &stop.repository), (Attribute::Pipeline, &stop.run)] {
        text.as_ref().map_or(Ok(()), |text| check_text(&mappings, attribute, text))?;
    }
    Ok(())
}

fn check_text(mappings: &[Arc<Mapping>], attribute: Attribute, text: &str) -> Result<(), ImpossibleStop> {
    if text.contains('*') {
        return Err(ImpossibleStop::Pattern { attribute, text: text.to_owned() });
    }
    let claiming: Vec<&Mapping> = mappings.iter().map(|mapping| &**mapping).filter(|mapping| mapping.claims(attribute)).collect();
    if mappings.is_empty() || claiming.iter().any(|mapping| is_possible(mapping, attribute, text)) {
        return Ok(());
    }
    if claiming.is_empty() {
        return Err(ImpossibleStop::NeverClaimed { attribute });
    }
    let meant = plainer(text).into_iter().find(|plain| claiming.iter().any(|mapping| is_possible(mapping, attribute, plain)));
    Err(ImpossibleStop::OtherForm { attribute, text: text.to_owned(), meant })
}

/// Whether it is a value, or a `name@id` whose id counts, or whose name does where tokens may lack the id.
fn is_possible(mapping: &Mapping, attribute: Attribute, text: &str) -> bool {
    // Where nothing is known of the form, an address may be the name, as at Azure DevOps.
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

/// What may have been meant: without space and `.git`, and without the host or all that stands before the last name.
fn plainer(text: &str) -> Vec<String> {
    let text = text.trim().trim_end_matches('/').trim_end_matches(".git");
    let address = text.split_once("://").map_or(text, |(_, rest)| rest);
    let path = address.split_once(['/', ':']).map(|(_, path)| path);
    let last = address.rsplit('/').next();
    [Some(text), path, last].into_iter().flatten().map(ToOwned::to_owned).collect()
}
