//! Whether the providers of the configuration would make what policies grant.

use super::of_source::Read;
use super::place::Where;
use crate::issue::{Misfit, ProviderSettings};
use crate::kind::Target;
use crate::policy::{Ruleset, named_grants};
use crate::words::yaml::Fault;
use std::collections::BTreeSet;

/// The code of a grant that no job could ever use.
const CODE: &str = "provider_misfit";

/// What was found, and what could not be looked at.
#[derive(Default)]
pub(super) struct Fits {
    pub(super) faults: Vec<Fault>,
    /// Kinds that are granted, and of which the configuration does not say who makes them.
    pub(super) not_checked: BTreeSet<&'static str>,
}

/// Of providers that cannot be read nobody knows what they would make.
fn misfits(settings: Option<&ProviderSettings>, target: &Target) -> Option<Vec<Misfit>> {
    match settings {
        Some(settings) => settings.misfits(target),
        None if ProviderSettings::makes(target) => None,
        None => Some(Vec::new()),
    }
}

impl Fits {
    /// Looks at all that is granted by name; each fault is told once, though a policy has many rows.
    pub(super) fn of(read: &Read, ruleset: &Ruleset, at: &Where) -> Self {
        let (mut fits, mut told) = (Self::default(), BTreeSet::new());
        let settings = at.provider_settings();
        for (file, place, target) in named_grants(ruleset) {
            let Some(misfits) = misfits(settings.as_ref(), &target) else {
                fits.not_checked.insert(target.kind());
                continue;
            };
            for misfit in misfits {
                let message = misfit.to_string();
                if told.insert((file, place, message.clone())) {
                    let text = read.seen.files.get(file).map(|bytes| String::from_utf8_lossy(bytes));
                    let fault = Fault::new(file, place, message).coded(CODE).in_text(&text.unwrap_or_default());
                    fits.faults.push(match misfit.help() {
                        Some(help) => fault.help(help),
                        None => fault,
                    });
                }
            }
        }
        fits
    }

    /// What a person has to know of what was not looked at.
    pub(super) fn note(&self) -> Option<String> {
        let kinds = self.not_checked.iter().copied().collect::<Vec<_>>().join(", ");
        (!kinds.is_empty()).then(|| {
            format!("Whether a server can make what is granted of {kinds} is not looked at: this configuration does not describe who makes it.")
        })
    }
}
