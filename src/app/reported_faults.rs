//! The faults of a source, as `status` and `/readyz` report them.

use crate::answers::{FaultsLeftOut, FileFault, ListedFaults};
use crate::words::yaml::Fault;

/// The faults of a source that are listed, and how many there are.
pub(super) struct ReportedFaults {
    /// The listed ones.
    pub(super) listed: Vec<FileFault>,
    /// The others.
    pub(super) left_out: FaultsLeftOut,
    /// How many files are faulty.
    pub(super) files: usize,
}

impl ReportedFaults {
    /// Reports these faults, each of its file under the name that `named` gives it.
    pub(super) fn of<'a>(faults: impl Iterator<Item = &'a Fault>, named: impl Fn(&str) -> String) -> Self {
        let ListedFaults { faults, left_out, files } = ListedFaults::of(faults);
        let report = |fault: &Fault| {
            let fault = FileFault::from(fault);
            FileFault { at: named(&fault.at), ..fault }
        };
        Self { listed: faults.into_iter().map(report).collect(), left_out, files }
    }
}
