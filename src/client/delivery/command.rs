//! What one command gets, and what lives as long as the command.

use super::cleanup::CleanUps;
use super::private_file::PrivateFile;
use super::source::{Renewal, Source};
use super::variables::Variables;
use crate::answers::Document;
use crate::client::renewal::{Expiring, RenewalTask, Renewing};
use crate::client::server::Server;
use crate::client::{EndReport, Failure, STATUS_EXEC};
use crate::words::Secret;
use std::any::Any;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// What is renewed while the command runs, and when.
#[derive(Clone, Copy, Default, Debug)]
pub struct Refresh {
    /// Also renew what is otherwise delivered only once.
    pub all: bool,
    /// Renew when less than this is left. [`Renewing::new`] describes the default.
    pub ahead: Option<Duration>,
}

/// What deliveries hand to one command. Fields are dropped in this order: keepers before the files that they write.
pub struct Delivery {
    /// What is renewed, and when.
    pub(super) refresh: Refresh,
    /// The command's environment.
    pub(super) variables: Variables,
    source: Source,
    keepers: Vec<RenewalTask>,
    resources: Vec<Box<dyn Any + Send + Sync>>,
    files: Vec<Arc<PrivateFile>>,
    folder: Option<TempDir>,
    at_end: CleanUps,
}

impl Delivery {
    /// Starts without anything. Renewals use this server and, if several policies grant the same, this policy.
    pub fn new(server: Arc<Server>, policy: Option<String>, refresh: Refresh) -> Self {
        Self {
            refresh,
            variables: Variables::default(),
            source: Source { server, policy },
            keepers: Vec::new(),
            resources: Vec::new(),
            files: Vec::new(),
            folder: None,
            at_end: CleanUps::default(),
        }
    }

    /// Changes the environment of the command.
    pub fn apply(&self, command: &mut tokio::process::Command) {
        self.variables.apply(command);
    }

    /// Removes and revokes what was delivered, after the command has ended or could not be started.
    pub async fn end(mut self) -> EndReport {
        // Nothing may be renewed while it is being ended.
        self.keepers.clear();
        // A running renewal may hold a file a little longer.
        self.files.iter().for_each(|file| file.remove());
        std::mem::take(&mut self.at_end).run().await
    }

    /// Renews a credential for as long as the command runs; `read` finds it in the answer and puts it in its place.
    pub(super) fn renew<T: Send + Sync + 'static>(
        &mut self,
        renewal: Renewal,
        first: Expiring<T>,
        read: impl Fn(Document) -> Result<Expiring<T>, Failure> + Send + Sync + 'static,
    ) -> Arc<Renewing<T>> {
        let renewed = self.source.renewed(renewal, first, read);
        self.keepers.push(renewed.keep_fresh());
        renewed
    }

    /// Writes a private file at the named path. It is removed at the end.
    pub(super) fn file(&mut self, path: &Path, value: Secret) -> Result<Arc<PrivateFile>, Failure> {
        let file = Arc::new(PrivateFile::create(path, value)?);
        self.files.push(file.clone());
        Ok(file)
    }

    /// Writes a private file into a private folder, and returns its path. `what` names its content in messages.
    pub(super) fn placed_file(&mut self, name: &str, what: &str, value: Secret) -> Result<(Secret, Arc<PrivateFile>), Failure> {
        let failed = |fault| Failure::new(STATUS_EXEC, format!("a folder for {what} cannot be made: {fault}"));
        let private = std::fs::Permissions::from_mode(0o700);
        let folder = match self.folder.take() {
            Some(folder) => folder,
            None => tempfile::Builder::new().prefix("daypass-").permissions(private).tempdir().map_err(failed)?,
        };
        let path = self.folder.insert(folder).path().join(name);
        let file = self.file(&path, value)?;
        let text =
            path.to_str().ok_or_else(|| Failure::new(STATUS_EXEC, "the folder for temporary files is not named in UTF-8"))?;
        Ok((text.to_owned().into(), file))
    }

    /// Keeps something, such as a server, until the command has ended.
    pub(super) fn hold(&mut self, resource: impl Any + Send + Sync) {
        self.resources.push(Box::new(resource));
    }

    /// Runs `work` after the command has ended, also if it was killed or could not be started. If `work` fails, `what` is
    /// printed, such as "the GitHub token could not be revoked", and the command's status stays the same.
    pub fn at_end(&mut self, what: &'static str, work: impl Future<Output = Result<(), Failure>> + Send + 'static) {
        self.at_end.push(what, Box::pin(work));
    }
}
