//! A document of which only some values are granted: whoever asks for it whole is answered with those, and told which.

use super::{Moment, PolicySet};
use crate::identity::Facts;
use crate::kind::Target;
use crate::policy::grant::{Granted, SecretTerms, Terms};
use crate::words::names::{PolicyName, SecretName, SecretPath};
use crate::words::{Denial, Reason};
use std::collections::BTreeSet;

impl PolicySet {
    /// What is asked for, or of a document that is not granted whole its granted values.
    pub(super) fn grant_whole_or_values(
        &self,
        facts: &Facts,
        wanted: &Target,
        named: Option<&PolicyName>,
        moment: Moment,
    ) -> Result<Granted, Denial> {
        let decided = self.grant_one(facts, wanted, named, moment);
        match (decided, wanted) {
            (Err(denial), Target::Secret(SecretName { path, key: None })) if denial.reason == Reason::NoMatchingPolicy => {
                self.grant_values(facts, path, named, moment).unwrap_or(Err(denial))
            }
            (decided, _) => decided,
        }
    }

    /// The values of the document that are granted one by one; `None` when none is. Each is decided over as if it were asked for
    /// alone, and all of them have to come from one policy, which then answers for the whole.
    fn grant_values(
        &self,
        facts: &Facts,
        document: &SecretPath,
        named: Option<&PolicyName>,
        moment: Moment,
    ) -> Option<Result<Granted, Denial>> {
        let grants = self.matching(facts, named, moment.now).flat_map(|(_, rule)| &rule.grants.secrets);
        let keys: BTreeSet<&str> = grants.filter_map(|grant| grant.key_of(document)).collect();
        let one = |key: &&str| {
            let name = SecretName { path: document.clone(), key: Some((*key).to_owned()) };
            self.grant_one(facts, &Target::Secret(name), named, moment)
        };
        let granted = keys.iter().map(one).collect::<Result<Vec<_>, _>>();
        match granted {
            Ok(granted) if granted.is_empty() => None,
            Ok(granted) => Some(together(document, granted)),
            Err(denial) => Some(Err(denial)),
        }
    }
}

/// One grant with the strictest of all their terms.
fn together(document: &SecretPath, granted: Vec<Granted>) -> Result<Granted, Denial> {
    let mut granted = granted.into_iter();
    let first = granted.next().ok_or_else(|| Reason::Internal.because("a document of no values"))?;
    let (mut whole, mut only) = (first, Vec::new());
    let mut kept = take_value(&whole.terms, &mut only)?;
    for value in granted {
        if value.policy != whole.policy {
            let cause = format!("values of {document} are granted by {} and {}", whole.policy, value.policy);
            let told = "Several policies grant values of this document: name one, or ask for one value.";
            return Err(Reason::PolicyAmbiguous.because(cause).saying(told));
        }
        let terms = take_value(&value.terms, &mut only)?;
        kept.offline = kept.offline.min(terms.offline);
        kept.unauthenticated &= terms.unauthenticated;
        whole.once |= value.once;
        whole.proof = whole.proof.max(value.proof);
        whole.session = whole.session.min(value.session);
        whole.expires = whole.expires.into_iter().chain(value.expires).min();
    }
    let name = SecretName { path: document.clone(), key: None };
    Ok(Granted { terms: Terms::Secret(SecretTerms { name, only: Some(only), ..kept }), ..whole })
}

fn take_value(terms: &Terms, only: &mut Vec<String>) -> Result<SecretTerms, Denial> {
    let Terms::Secret(terms) = terms else { return Err(Reason::Internal.because("a value that is no secret")) };
    only.extend(terms.name.key.clone());
    Ok(terms.clone())
}

#[cfg(test)]
mod tests;
