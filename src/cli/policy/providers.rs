//! Checks that the providers of the configuration can make what policies grant.

use super::of_source::ReadSource;
use super::place::PolicyTreeArgs;
use crate::issue::{ProviderMismatch, ProviderSettings};
use crate::kind::Target;
use crate::policy::{Ruleset, named_grants};
use crate::words::yaml::Fault;
use std::collections::BTreeSet;

/// The code for a grant that no job can ever use.
const CODE: &str = "provider_misfit";

/// The findings, and the kinds that could not be checked.
#[derive(Default)]
pub(super) struct ProviderCheck {
    pub(super) faults: Vec<Fault>,
    /// Granted kinds whose provider the configuration does not describe.
    pub(super) not_checked: BTreeSet<&'static str>,
}

/// What the provider cannot make of a target. `None` if that is not known, because the settings cannot be read.
fn misfits(settings: Option<&ProviderSettings>, target: &Target) -> Option<Vec<ProviderMismatch>> {
    match settings {
        Some(settings) => settings.misfits(target),
        None if ProviderSettings::makes(target) => None,
        None => Some(Vec::new()),
    }
}

impl ProviderCheck {
    /// Checks everything that is granted by name. Each fault is reported once, even if a policy has many rows.
    pub(super) fn of(read: &ReadSource, ruleset: &Ruleset, at: &PolicyTreeArgs) -> Self {
        let (mut fits, mut reported) = (Self::default(), BTreeSet::new());
        let settings = at.provider_settings();
        for (file, place, target) in named_grants(ruleset) {
            let Some(misfits) = misfits(settings.as_ref(), &target) else {
                fits.not_checked.insert(target.kind());
                continue;
            };
            for misfit in misfits {
                let message = misfit.to_string();
                if reported.insert((file, place, message.clone())) {
                    let text = read.snapshot.files.get(file).map(|bytes| String::from_utf8_lossy(bytes));
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

    /// A note about the kinds that were not checked.
    pub(super) fn note(&self) -> Option<String> {
        let kinds = self.not_checked.iter().copied().collect::<Vec<_>>().join(", ");
        (!kinds.is_empty()).then(|| {
            format!("Whether a server can make what is granted of {kinds} is not looked at: this configuration does not describe who makes it.")
        })
    }
}
