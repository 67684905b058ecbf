//! The keys that open a file: named identities, a source's own on the server's machine, those of sops's variables, or the
//! server's through its API.

use crate::cli::job::ServerArgs;
use crate::cli::reached::Typed;
use crate::client::environment::Environment;
use crate::client::keyring::Keyring;
use crate::client::server::Server;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::config::{Config, FurtherSource, SourceSettings};
use crate::custody::{Custody, Purpose};
use crate::secrets::{Identities, IdentityError};
use crate::words::names::SourceName;
use crate::words::{NAMED_FILE_MAX, PlainPath, Secret, read_named};
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
pub(in crate::cli) struct KeyArgs {
    #[command(flatten)]
    typed: Typed,
    /// An age identity file that opens the file; several may be given. Without any, in this order: --config, a --server that is
    /// typed, sops's variables (SOPS_AGE_KEY, SOPS_AGE_KEY_FILE), and the server of DAYPASS_SERVER. A server has to grant the whole
    /// document.
    #[arg(long = "identity", short = 'i', value_name = "FILE")]
    identities: Vec<PathBuf>,
    /// The server's configuration, on its own machine: its source's identities open the files.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// With --config: the source of the files.
    #[arg(long, default_value = "root", value_parser = SourceName::parse)]
    source: SourceName,
    #[command(flatten)]
    server: ServerArgs,
}

impl KeyArgs {
    /// The keys that open files.
    pub(super) async fn keyring(&self, environment: &Environment) -> Result<Keyring, Failure> {
        if let Some(identities) = self.local_keys(environment).await? {
            return Ok(Keyring::Held(identities));
        }
        let server = self.server.connect(environment.clone()).map_err(|failure| {
            let ways =
                "name what opens the file: --identity FILE, --config on the server's machine, SOPS_AGE_KEY_FILE, or --server";
            if failure.status == STATUS_USAGE { Failure::new(STATUS_USAGE, ways) } else { failure }
        })?;
        Ok(Keyring::Server(Box::new(server)))
    }

    /// The configuration of the server on this machine, if it is named, and the chosen source.
    pub(super) fn on_this_machine(&self) -> Result<Option<(&Path, &SourceName)>, Failure> {
        self.typed.check()?;
        Ok(self.config.as_deref().map(|config| (config, &self.source)))
    }

    /// The named server.
    pub(super) fn server(&self, environment: &Environment) -> Result<Server, Failure> {
        self.server.connect(environment.clone())
    }

    /// Private keys on this machine, if any are named. A server that was typed is meant instead of what a variable names.
    pub(super) async fn local_keys(&self, environment: &Environment) -> Result<Option<Identities>, Failure> {
        self.typed.check()?;
        if !self.identities.is_empty() {
            return read_all(&self.identities).map(Some);
        }
        if let Some(identities) = self.of_source().await? {
            return Ok(Some(identities));
        }
        if self.typed.is_server() {
            return Ok(None);
        }
        if let Some(keys) = environment.value("SOPS_AGE_KEY") {
            let parsed = Identities::parse(&Secret::from(keys.to_owned()));
            return parsed.map(Some).map_err(|fault| Failure::new(STATUS_CONFIGURATION, format!("SOPS_AGE_KEY: {fault}")));
        }
        environment.value("SOPS_AGE_KEY_FILE").map(|file| read_all(&[PathBuf::from(file)])).transpose()
    }

    /// The recipients of the source's own files, if --config names a source.
    pub(super) async fn source_recipients(&self) -> Result<Option<Vec<String>>, Failure> {
        Ok(self.of_source().await?.map(|identities| identities.recipients()))
    }

    async fn of_source(&self) -> Result<Option<Identities>, Failure> {
        self.typed.check()?;
        let Some(config) = &self.config else { return Ok(None) };
        let config = crate::cli::serve::load(config)?;
        let settings = settings_of(config, &self.source)?;
        let custody = Custody::new(settings.age_identities, Purpose::SourceSecrets);
        match custody.read().await.fault {
            Some(fault) => Err(Failure::new(STATUS_CONFIGURATION, fault)),
            None => Ok(Some(custody.identities().as_ref().clone())),
        }
    }
}

fn settings_of(config: Config, source: &SourceName) -> Result<SourceSettings, Failure> {
    if source.is_root() {
        return Ok(config.root);
    }
    let failure = |fault: String| Failure::new(STATUS_CONFIGURATION, fault);
    let (file, tree) =
        (format!("sources/{source}.yaml"), config.root_repository().read().map_err(|fault| failure(fault.to_string()))?.files);
    if !tree.contains_key(&file) {
        return Err(Failure::new(STATUS_USAGE, format!("the root repository has no {file}")));
    }
    let parsed = FurtherSource::parse(&file, &tree, &config.source_files, &config.catalogue());
    parsed.map(|(_, source)| source.settings).map_err(|found| crate::cli::serve::faults(&found))
}

fn read_all(files: &[PathBuf]) -> Result<Identities, Failure> {
    let mut all = Identities::default();
    for file in files {
        all.join(read(file).map_err(|fault| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", file.plain())))?);
    }
    Ok(all)
}

/// Why a file of identities cannot be read.
#[derive(Debug, thiserror::Error)]
enum KeyFileError {
    /// It does not exist, or we may not read it.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It is no file of identities.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

fn read(file: &Path) -> Result<Identities, KeyFileError> {
    Ok(Identities::parse(&Secret::new(read_named(file, NAMED_FILE_MAX)?))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Given {
        #[command(flatten)]
        keys: KeyArgs,
    }

    async fn held(arguments: &[&str], environment: &Environment) -> Result<Option<Identities>, Failure> {
        let given = Given::try_parse_from([&["x"], arguments].concat()).unwrap();
        given.keys.local_keys(environment).await
    }

    #[tokio::test]
    async fn a_server_that_was_typed_is_not_passed_over() {
        let (identity, _) = Identities::generate();
        let environment = Environment::from([("SOPS_AGE_KEY", identity.expose_text().unwrap())]);
        assert!(held(&[], &environment).await.unwrap().is_some());
        assert!(held(&["--server", "https://a.example"], &environment).await.unwrap().is_none());
        let both = held(&["--server", "https://a.example", "--config", "none.yaml"], &environment).await;
        assert!(both.is_err_and(|failure| failure.status == STATUS_USAGE));
    }
}
