//! Reads the policies of a further source as the server does: files that it may not have are left out, and what is outside of its
//! bounds is not in force.

use super::place::{PolicyTreeArgs, TreeSnapshot};
use crate::client::{Failure, STATUS_USAGE};
use crate::config::FurtherSource;
use crate::policy::{Bounds, Catalogue, Loaded, Ruleset, Tree, Widening};
use crate::words::names::SourceName;
use crate::words::yaml::{Fault, FileName};
use crate::words::{NAMED_FILE_MAX, PlainPath, read_named};
use clap::Args;
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names the policies, and the further source that they belong to.
#[derive(Args, Debug)]
pub(in crate::cli) struct SourceArgs {
    #[command(flatten)]
    pub(super) at: PolicyTreeArgs,
    /// These are the policies of a further source: the file in the root repository that defines it, `sources/NAME.yaml`.
    #[arg(long, value_name = "FILE")]
    source: Option<PathBuf>,
}

/// The definition of a further source.
pub(super) struct Definition {
    /// Its name.
    name: SourceName,
    /// Its file, as it was named.
    pub(super) file: String,
    /// The source's bounds, or the faults of its definition.
    pub(super) bounds: Result<Arc<Bounds>, Vec<Fault>>,
}

/// The files, the issuers that they may name, and the faults of files that are not read.
pub(super) struct ReadSource {
    pub(super) snapshot: TreeSnapshot,
    pub(super) catalogue: Catalogue,
    pub(super) unread: Vec<Fault>,
    /// The definition, if this is a further source.
    pub(super) definition: Option<Definition>,
}

impl SourceArgs {
    /// Reads the files and the definition.
    pub(super) fn load(&self) -> Result<ReadSource, Failure> {
        self.check()?;
        let (mut snapshot, catalogue) = self.at.load()?;
        let definition = self.definition(&catalogue)?;
        let unread = if definition.is_some() { snapshot.keep_what_a_further_source_has() } else { Vec::new() };
        Ok(ReadSource { snapshot, catalogue, unread, definition })
    }

    /// Refuses --source with the repository of the configuration, which is never a further source's.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.source.is_some() && self.at.is_of_the_configuration() {
            let message = "name the further source's own files: --folder or --repository";
            return Err(Failure::new(STATUS_USAGE, message));
        }
        Ok(())
    }

    /// Reads the definition of the further source; `None` for the root source.
    pub(super) fn definition(&self, catalogue: &Catalogue) -> Result<Option<Definition>, Failure> {
        let Some(file) = &self.source else { return Ok(None) };
        let path = file.plain().to_string();
        let failure = |fault: String| Failure::new(STATUS_USAGE, format!("{path}: {fault}"));
        let bytes = read_named(file, NAMED_FILE_MAX).map_err(|fault| failure(fault.to_string()))?;
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let name = SourceName::parse(&stem).map_err(|fault| failure(fault.to_string()))?;
        let faults = faults_of(file, &name, &bytes, catalogue);
        let bounds = match faults.is_empty() {
            true => Bounds::of_definition(&name, &path, &bytes, catalogue).map(Arc::new),
            false => Err(faults),
        };
        Ok(Some(Definition { name, file: path, bounds }))
    }
}

impl Definition {
    /// The source's secrets and keys, by the names that a server uses.
    pub(super) fn named(&self, files: &Tree) -> Tree {
        let named = |(file, bytes): (&String, &Arc<[u8]>)| {
            let (room, within) = file.split_once('/').filter(|(room, _)| ["secrets", "transit"].contains(room))?;
            Some((format!("{room}/{}/{within}", self.name), bytes.clone()))
        };
        files.iter().filter_map(named).collect()
    }
}

/// The faults for which a server refuses the definition. The signers' files are in the folder of the definition.
fn faults_of(file: &Path, name: &SourceName, bytes: &[u8], catalogue: &Catalogue) -> Vec<Fault> {
    let mut tree = Tree::new();
    if let Some(folder) = file.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        add_signers(&mut tree, folder, "sources");
    }
    let named = format!("sources/{name}.yaml");
    tree.insert(named.clone(), bytes.into());
    let mut faults = FurtherSource::faults(&named, &tree, None, catalogue);
    faults.iter_mut().filter(|fault| fault.file.exact() == named).for_each(|fault| fault.file = FileName::new(&file.plain()));
    faults
}

/// Adds the files that may be signers'. Definitions of other sources are not.
fn add_signers(tree: &mut Tree, folder: &Path, within: &str) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, named) = (entry.path(), format!("{within}/{}", entry.file_name().to_string_lossy()));
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => add_signers(tree, &path, &named),
            Ok(kind) if kind.is_file() && !named.ends_with(".yaml") => {
                tree.extend(read_named(&path, NAMED_FILE_MAX).ok().map(|bytes| (named, bytes.into())));
            }
            _ => {}
        }
    }
}

impl ReadSource {
    /// What an answer about a further source leaves out of the root repository.
    pub(super) fn root_not_looked_at(&self) -> String {
        let message = "The root repository's guardrails are not looked at, and may deny it all the same.\n";
        self.definition.as_ref().map(|_| message.to_owned()).unwrap_or_default()
    }

    /// The files, by the names that a server uses for secrets and keys.
    pub(super) fn files_as_named(&self) -> Cow<'_, Tree> {
        self.definition
            .as_ref()
            .map_or(Cow::Borrowed(&self.snapshot.files), |definition| Cow::Owned(definition.named(&self.snapshot.files)))
    }

    /// The policies as they decide on a server, and the faults that keep others from it.
    pub(super) fn in_force(&self) -> (Ruleset, Vec<Fault>) {
        self.narrowed(Ruleset::among_others)
    }

    /// The same, by their names in their own repository, which their tests use.
    pub(super) fn tested(&self) -> (Ruleset, Vec<Fault>) {
        self.narrowed(Ruleset::within)
    }

    fn narrowed(&self, narrow: impl Fn(&Ruleset, &[Arc<Bounds>], &Catalogue) -> (Ruleset, Vec<Fault>)) -> (Ruleset, Vec<Fault>) {
        let mut faults = self.unread.clone();
        let bounds = match self.definition.as_ref().map(|definition| &definition.bounds) {
            None => {
                let (ruleset, found) = Ruleset::load(&self.snapshot.files, &self.catalogue, None);
                faults.extend(found);
                return (ruleset, faults);
            }
            Some(Ok(bounds)) => [bounds.clone()],
            // If the definition cannot be read, nothing of the source is in force.
            Some(Err(found)) => {
                faults.extend(found.iter().cloned());
                return (Ruleset::default(), faults);
            }
        };
        let files = &self.snapshot.files;
        let Loaded { ruleset, faults: found, .. } = Ruleset::load_with(files, &self.catalogue, None, Widening::GoesLive, &bounds);
        faults.extend(found);
        let (ruleset, found) = narrow(&ruleset, &bounds, &self.catalogue);
        faults.extend(found);
        (ruleset, faults)
    }
}
