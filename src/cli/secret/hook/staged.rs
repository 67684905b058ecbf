//! The `.sops.yaml` files that a commit will have. The work tree may have other ones.

use crate::client::checkout::{Checkout, read_unlinked};
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::secrets::{Creations, RULES_FILE, is_rules_file};
use crate::words::plain;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// The mode of a symbolic link in Git's index.
const LINK: &str = "120000";

/// The rules by their folders, each with a slash at its end. The root is the empty text.
pub(super) struct Rules<'a> {
    checkout: &'a Checkout,
    /// The ids of the staged files.
    staged: BTreeMap<String, String>,
    /// What was read so far; `None` for a folder without rules.
    read: BTreeMap<String, Option<Creations>>,
}

impl<'a> Rules<'a> {
    /// Those of the index.
    pub(super) fn of(checkout: &'a Checkout) -> Result<Self, Failure> {
        let listed = checkout.git(&["ls-files", "--cached", "--stage", "-z"], &[])?;
        let mut staged = BTreeMap::new();
        for entry in listed.split(|byte| *byte == 0).map(String::from_utf8_lossy) {
            // `MODE ID STAGE<tab>NAME`.
            let Some((about, name)) = entry.split_once('\t').filter(|(_, name)| is_rules_file(name)) else { continue };
            let mut about = about.split(' ');
            let (mode, id) = (about.next().unwrap_or_default(), about.next().unwrap_or_default());
            if mode == LINK {
                return Err(unusable(name, "a symbolic link is never followed: put the file itself in its place"));
            }
            staged.insert(name.trim_end_matches(RULES_FILE).to_owned(), id.to_owned());
        }
        Ok(Self { checkout, staged, read: BTreeMap::new() })
    }

    /// Whether a rule of the nearest file above this path names it.
    pub(super) fn name(&mut self, path: &str) -> Result<bool, Failure> {
        let above = path.rmatch_indices('/').map(|(end, _)| &path[..=end]).chain([""]);
        for folder in above {
            if let Some(rules) = self.within(folder)? {
                return Ok(rules.names(&path[folder.len()..]));
            }
        }
        Ok(false)
    }

    /// The rules of this folder: those that are staged, or a file that nobody has staged yet, by which `secret encrypt` encrypts.
    fn within(&mut self, folder: &str) -> Result<Option<&Creations>, Failure> {
        let read = match self.read.entry(folder.to_owned()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let name = format!("{folder}{RULES_FILE}");
                let bytes = match self.staged.get(folder) {
                    Some(id) => Some(self.checkout.git(&["cat-file", "blob", id], &[])?),
                    None => read_unlinked(&self.checkout.root().join(&name))?,
                };
                let rules = bytes.map(|bytes| Creations::parse(&bytes)).transpose();
                new.insert(rules.map_err(|fault| unusable(&name, &fault.to_string()))?)
            }
        };
        Ok(read.as_ref())
    }
}

fn unusable(name: &str, fault: &str) -> Failure {
    Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", plain(name)))
}
