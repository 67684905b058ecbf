//! What stays fresh while the command runs: the AWS session on loopback, the Azure token's file, and the files of secrets.

use super::Wishes;
use super::given::Given;
use super::private_file::PrivateFile;
use crate::answers::Document;
use crate::client::answer;
use crate::client::loopback::Loopback;
use crate::client::renewal::{Dated, Keeper, Renewed};
use crate::client::server::Server;
use crate::client::{Failure, STATUS_EXEC};
use crate::kind::{AwsKeys, IdToken};
use crate::words::{Clock, Secret, SystemClock};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Secrets have no end, so their files are read again this often: each time is a decision and a record.
const SECRETS_EVERY: Duration = Duration::from_secs(5 * 60);
/// What AWS's SDKs would take before the container credentials, or instead of our token.
const AWS_VARIABLES: [&str; 9] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// Everything that lives as long as the command. Fields are dropped in this order: keepers before what they write.
pub(super) struct Refreshed {
    _keepers: Vec<Keeper>,
    loopback: Option<Loopback>,
    variables: Vec<(&'static str, Secret)>,
    _files: Vec<Arc<PrivateFile>>,
    _folder: Option<tempfile::TempDir>,
}

impl Refreshed {
    /// Writes the files, opens the address, and renews from here on.
    pub(super) async fn start(given: Given, wishes: &Wishes, server: Arc<Server>) -> Result<Self, Failure> {
        let source = Source { server, wishes: Arc::new(wishes.clone()) };
        let mut refreshed =
            Self { _keepers: Vec::new(), loopback: None, variables: Vec::new(), _files: Vec::new(), _folder: None };
        for (path, value) in given.files {
            refreshed._files.push(Arc::new(PrivateFile::create(&path, value)?));
        }
        if wishes.refresh && !refreshed._files.is_empty() {
            refreshed._keepers.push(source.clone().keep_secrets(refreshed._files.clone()));
        }
        if let Some(aws) = given.aws.filter(|_| wishes.refresh) {
            refreshed.serve_aws(aws, source.clone()).await?;
        }
        if let Some(token) = given.azure_token {
            refreshed.keep_azure(token, source)?;
        }
        Ok(refreshed)
    }

    /// The variables that say where things are.
    pub(super) fn variables(&self) -> impl Iterator<Item = &(&'static str, Secret)> {
        self.variables.iter()
    }

    /// Those that would be taken instead.
    pub(super) fn variables_removed(&self) -> &'static [&'static str] {
        if self.loopback.is_some() { &AWS_VARIABLES } else { &[] }
    }

    async fn serve_aws(&mut self, aws: AwsKeys, source: Source) -> Result<(), Failure> {
        let (ahead, first) = (source.wishes.refresh_before, Dated { expires_at: aws.expires_at, value: aws });
        let renewed = Renewed::new(Some(first), ahead, Arc::new(SystemClock), move || {
            let source = source.clone();
            Box::pin(async move { source.told("the AWS session", source.aws().await) })
        });
        self._keepers.push(renewed.keep());
        let failed = |fault| Failure::new(STATUS_EXEC, format!("the address for AWS's SDKs cannot be opened: {fault}"));
        let loopback = self.loopback.insert(Loopback::start(renewed).await.map_err(failed)?);
        self.variables.extend(loopback.variables());
        Ok(())
    }

    fn keep_azure(&mut self, token: IdToken, source: Source) -> Result<(), Failure> {
        let failed = |fault| Failure::new(STATUS_EXEC, format!("a folder for the Azure token cannot be made: {fault}"));
        let private = std::fs::Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().prefix("daypass-").permissions(private).tempdir().map_err(failed)?;
        let path = folder.path().join("azure-token");
        let (first, ahead) = (Dated { value: (), expires_at: token.expires_at }, source.wishes.refresh_before);
        let file = Arc::new(PrivateFile::create(&path, token.token)?);
        self.variables.push(("AZURE_FEDERATED_TOKEN_FILE", text_of(&path)?));
        self._files.push(file.clone());
        self._folder = Some(folder);
        let renewed = Renewed::new(Some(first), ahead, Arc::new(SystemClock), move || {
            let (source, file) = (source.clone(), file.clone());
            Box::pin(async move { source.told("the Azure token", source.azure(&file).await) })
        });
        self._keepers.push(renewed.keep());
        Ok(())
    }
}

fn text_of(path: &Path) -> Result<Secret, Failure> {
    let text = path.to_str().ok_or_else(|| Failure::new(STATUS_EXEC, "the folder for temporary files is not named in UTF-8"))?;
    Ok(text.to_owned().into())
}

/// Where renewals come from. Each asks the CI for a token of its own, as every request does.
#[derive(Clone)]
struct Source {
    server: Arc<Server>,
    wishes: Arc<Wishes>,
}

impl Source {
    async fn aws(&self) -> Result<Dated<AwsKeys>, Failure> {
        let aws = answer::aws(&mut self.exchange(self.wishes.aws_wish()).await?)?;
        Ok(Dated { expires_at: aws.expires_at, value: aws })
    }

    async fn azure(&self, file: &PrivateFile) -> Result<Dated<()>, Failure> {
        let audience = self.wishes.azure_token.as_ref().ok_or_else(answer::missing)?;
        let token = answer::id_token(&mut self.exchange(self.wishes.token_wish()).await?, audience)?;
        file.replace(token.token)?;
        Ok(Dated { value: (), expires_at: token.expires_at })
    }

    /// All or none, as they were asked for at first; a file whose secret did not change is not touched.
    async fn secrets(&self, files: &[Arc<PrivateFile>]) -> Result<Dated<()>, Failure> {
        let only_files = Wishes { files: self.wishes.files.clone(), ..Wishes::default() };
        let answer = self.exchange(only_files.credentials()).await?;
        let values: Vec<Secret> =
            self.wishes.files.iter().map(|(_, name)| answer::secret(&answer, name)).collect::<Result<_, _>>()?;
        for (file, value) in files.iter().zip(values).filter(|(file, value)| !file.holds(value)) {
            file.replace(value)?;
        }
        Ok(Dated { value: (), expires_at: SystemClock.now().plus(SECRETS_EVERY) })
    }

    fn keep_secrets(self, files: Vec<Arc<PrivateFile>>) -> Keeper {
        let first = Dated { value: (), expires_at: SystemClock.now().plus(SECRETS_EVERY) };
        let renewed = Renewed::new(Some(first), Some(Duration::ZERO), Arc::new(SystemClock), move || {
            let (source, files) = (self.clone(), files.clone());
            Box::pin(async move { source.told("the files of secrets", source.secrets(&files).await) })
        });
        renewed.keep()
    }

    async fn exchange(&self, wishes: impl IntoIterator<Item = serde_json::Value>) -> Result<Document, Failure> {
        let wishes: Vec<_> = wishes.into_iter().collect();
        self.server.exchange(&wishes, self.wishes.policy.as_deref()).await
    }

    /// A failure is said at once, though the command may not notice before the end of what it has.
    fn told<T>(&self, what: &str, outcome: Result<T, Failure>) -> Result<T, Failure> {
        if let Err(failure) = &outcome {
            anstream::eprintln!("daypass: {what} could not be renewed, the last good state stays: {}", failure.message);
        }
        outcome
    }
}
