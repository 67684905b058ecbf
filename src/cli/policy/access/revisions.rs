//! The two revisions that `policy diff` compares, as a server would put them in force.

use crate::cli::policy::of_source::{Definition, SourceArgs};
use crate::cli::policy::place::TreeSnapshot;
use crate::cli::policy::range::Range;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::policy::{Bounds, Catalogue, Loaded, Ruleset, Tree, Widening};
use crate::words::plain;
use crate::words::yaml::{Fault, Severity};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One revision.
pub(super) struct Revision {
    pub(super) snapshot: TreeSnapshot,
    /// Its policies, by their names in their own repository.
    pub(super) own: Ruleset,
    /// For a further source: its policies within its bounds, and its files by the names that a server uses.
    placed: Option<(Ruleset, Tree)>,
}

impl Revision {
    /// The policies that decide, and their files.
    pub(super) fn side(&self) -> (&Ruleset, &Tree) {
        self.placed.as_ref().map_or((&self.own, &self.snapshot.files), |(ruleset, files)| (ruleset, files))
    }
}

/// Both revisions, and what is known of the change.
pub(super) struct Revisions {
    pub(super) old: Revision,
    pub(super) new: Revision,
    /// The faults of the new revision.
    pub(super) faults: Vec<Fault>,
    /// The faults of the old revision.
    pub(super) old_faults: Vec<Fault>,
    /// Files that wait because the guardrails cannot be read, although `rollout` holds nothing.
    pub(super) pending: Vec<String>,
    /// Files that both sides changed.
    pub(super) changed_by_both: Vec<String>,
    /// The bounds of a further source.
    pub(super) bounds: Vec<Arc<Bounds>>,
}

impl Revisions {
    pub(super) fn read(of: &SourceArgs, range: &str, catalogue: &Catalogue) -> Result<Self, Failure> {
        of.check()?;
        let Range { mut old, mut new, changed_by_both } = of.at.range(range)?;
        let definition = of.definition(catalogue)?;
        let (mut faults, mut bounds) = (Vec::new(), Vec::new());
        if let Some(definition) = &definition {
            old.keep_what_a_further_source_has();
            faults.extend(new.keep_what_a_further_source_has());
            match &definition.bounds {
                Ok(read) => bounds.push(read.clone()),
                Err(found) => {
                    let message = format!("{} does not load, so nothing of the source is in force", plain(&definition.file));
                    return Err(Failure::new(STATUS_CONFIGURATION, message).with_faults(found));
                }
            }
        }
        let load = |snapshot: &TreeSnapshot, before: Option<&Ruleset>| {
            Ruleset::load_with(&snapshot.files, catalogue, before, Widening::GoesLive, &bounds)
        };
        let Loaded { ruleset: own_old, faults: found, .. } = load(&old, None);
        let old_faults = old.with_left_out(found);
        // As on the server, a faulty file keeps its older form.
        let Loaded { ruleset: own_new, faults: found, pending } = load(&new, Some(&own_old));
        faults.extend(new.with_left_out(found));
        let side = |snapshot: TreeSnapshot, own: Ruleset| {
            let place = |definition: &Definition| (own.among_others(&bounds, catalogue).0, definition.named(&snapshot.files));
            let placed = definition.as_ref().map(place);
            Revision { snapshot, own, placed }
        };
        let (old, new) = (side(old, own_old), side(new, own_new));
        Ok(Self { old, new, faults, old_faults, pending, changed_by_both, bounds })
    }

    /// The further sources that either revision defines.
    pub(super) fn further_sources(&self) -> Vec<&str> {
        let all: BTreeSet<&str> =
            self.old.snapshot.further_sources().into_iter().chain(self.new.snapshot.further_sources()).collect();
        all.into_iter().collect()
    }

    /// Why fewer denials may let in somebody who is not in the comparison.
    pub(super) fn unseen_gainers(&self) -> Option<&'static str> {
        match self.further_sources().is_empty() {
            false => Some("the policies of further sources are not looked at"),
            true => self.has_unloaded_policies().then_some("a policy does not load, and a server keeps an older form of it"),
        }
    }

    /// Whether a server may keep the older form of a policy, which is in neither revision.
    pub(super) fn has_unloaded_policies(&self) -> bool {
        let mut faulty = self.faults.iter().chain(&self.old_faults).filter(|fault| fault.severity == Severity::Error);
        faulty.any(|fault| fault.file.exact().starts_with("policies/"))
    }
}
