//! The revision in force: policies, encrypted secrets, and what is wrong with it. Swapped whole.

use crate::git::{Blob, Snapshot};
use crate::issue::OpenedSecret;
use crate::policy::{Catalogue, Loaded, PolicySet, Ruleset, Tree, Widening};
use crate::secrets::{self, Identities};
use crate::words::names::{CommitId, SecretName, SecretPath};
use crate::words::yaml::{Fault, Place, Severity};
use crate::words::{Denial, Reason};
use std::collections::BTreeMap;

/// What is in force.
#[derive(Debug, Default)]
pub struct Live {
    revision: Option<CommitId>,
    /// As the commit has them; what is in force of them may be older.
    files: BTreeMap<String, Blob>,
    ruleset: Ruleset,
    secrets: BTreeMap<SecretPath, Blob>,
    faults: Vec<Fault>,
    held: Vec<String>,
}

impl Live {
    /// The next revision: every file's good form, or the last good one of this revision.
    pub fn next(&self, snapshot: Snapshot, catalogue: &Catalogue, identities: &Identities, widening: Widening) -> Self {
        let tree: Tree = snapshot.files.iter().map(|(path, blob)| (path.clone(), blob.bytes.clone())).collect();
        let last_good = self.revision.is_some().then_some(&self.ruleset);
        let Loaded { ruleset, mut faults, mut held } = Ruleset::load_with(&tree, catalogue, last_good, widening);
        let waits = widening == Widening::Waits && last_good.is_some();
        let mut secrets = BTreeMap::new();
        for (file, blob) in &snapshot.files {
            let Some(name) = file.strip_prefix("secrets/") else { continue };
            match self.keep_secret(name, blob.clone(), identities) {
                Ok((path, _)) if waits && !self.secrets.contains_key(&path) => held.push(file.clone()),
                Ok((path, blob)) => _ = secrets.insert(path, blob),
                Err((fault, old)) => {
                    faults.push(Fault::new(file, Place { line: 1, column: 1 }, fault).coded("secret_unreadable"));
                    secrets.extend(old);
                }
            }
        }
        faults.extend(
            snapshot.left_out.iter().map(|(file, why)| Fault::new(file, Place { line: 1, column: 1 }, why).coded("left_out")),
        );
        Self { revision: Some(snapshot.revision), files: snapshot.files, ruleset, secrets, faults, held }
    }

    /// A changed secret has to open before it is in force; a faulty one keeps its last good form.
    #[expect(clippy::type_complexity, reason = "a fault, and what stays in force")]
    fn keep_secret(
        &self,
        name: &str,
        blob: Blob,
        identities: &Identities,
    ) -> Result<(SecretPath, Blob), (String, Option<(SecretPath, Blob)>)> {
        let path = SecretPath::parse(name).map_err(|fault| (fault, None))?;
        let old = self.secrets.get(&path);
        if old.is_some_and(|old| old.id == blob.id) {
            return Ok((path, blob));
        }
        match secrets::check(&path, &blob.bytes, identities) {
            Ok(()) => Ok((path, blob)),
            Err(fault) => Err((fault, old.cloned().map(|old| (path, old)))),
        }
    }

    /// The files of the commit, by which the next one is told apart.
    pub const fn files(&self) -> &BTreeMap<String, Blob> {
        &self.files
    }

    /// The policies that decide; without a revision nothing is granted.
    pub fn policies(&self) -> Result<&PolicySet, Denial> {
        self.revision().map(|_| self.ruleset.set())
    }

    /// The commit in force.
    pub fn revision(&self) -> Result<&CommitId, Denial> {
        self.revision.as_ref().ok_or_else(|| Reason::PolicyUnavailable.because("no revision could be read yet"))
    }

    /// What is wrong with it.
    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| fault.severity == Severity::Error)
    }

    /// Files that let somebody in and wait for a person: an older form of them, or none, is in force.
    pub fn held(&self) -> &[String] {
        &self.held
    }

    /// Opens a granted secret.
    pub fn open_secret(&self, name: &SecretName, identities: &Identities) -> Result<OpenedSecret, Denial> {
        let unreadable = |cause: String| Reason::SecretUnreadable.because(format!("{name}: {cause}"));
        let blob = self.secrets.get(&name.path).ok_or_else(|| unreadable("the revision in force has no such file".to_owned()))?;
        let value = secrets::open(&name.path, &blob.bytes, name.key.as_deref(), identities).map_err(unreadable)?;
        Ok(OpenedSecret { name: name.clone(), value })
    }
}
