//! The file that a command changes or prints, and the value in it.

use super::keyring::KeyArgs;
use crate::cli::print;
use crate::cli::progress::Progress;
use crate::client::checkout::{read_if_there, replace};
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::secrets::{Document, SopsFile};
use crate::words::names::{NameError, SecretName, SecretPath, check_pointer};
use crate::words::{PlainPath, plain};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Replaces the file by its new form, and prints the result.
pub(super) fn finish(file: &Path, before: &[u8], after: &[u8], json: bool) -> Result<u8, Failure> {
    finish_value(file, before, after, None, json)
}

/// The same for one value: `added` is its place, if it is new.
pub(super) fn finish_value(file: &Path, before: &[u8], after: &[u8], added: Option<&str>, json: bool) -> Result<u8, Failure> {
    let changed = before != after;
    if changed {
        // An editor may be open for hours.
        if read_if_there(file)?.unwrap_or_default() != before {
            let message = "was changed by somebody else meanwhile, and is left unchanged: start again";
            return Err(Failure::new(STATUS_CONFIGURATION, format!("{}: {message}", file.plain())));
        }
        replace(file, after)?;
    }
    if json {
        print::json(&json!({ "file": file, "changed": changed, "added": added }));
    } else if let Some(added) = added {
        anstream::println!("{}: {} is added", file.plain(), plain(added));
    } else if changed {
        anstream::println!("{} is changed", file.plain());
    } else {
        anstream::println!("{} is as it was", file.plain());
    }
    Ok(0)
}

/// A file, and a value in it.
pub(super) struct Target {
    pub(super) file: PathBuf,
    /// Its name, which decides the format.
    pub(super) path: SecretPath,
    pub(super) pointer: Option<String>,
}

impl Target {
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let (file, pointer) = text.split_once('#').map_or((text, None), |(file, pointer)| (file, Some(pointer.to_owned())));
        if let Some(pointer) = &pointer {
            check_pointer(pointer).map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
        }
        Ok(Self { file: PathBuf::from(file), path: path_of(Path::new(file))?, pointer })
    }

    pub(super) fn bytes(&self) -> Result<Vec<u8>, Failure> {
        let message = "there is no such file; `daypass secret edit` makes one";
        read_if_there(&self.file)?.ok_or_else(|| Failure::new(STATUS_USAGE, format!("{}: {message}", self.file.plain())))
    }

    pub(super) fn is_age(&self) -> bool {
        self.path.as_str().ends_with(".age")
    }

    pub(super) async fn open(&self, bytes: &[u8], keys: &KeyArgs, environment: &Environment) -> Result<Document, Failure> {
        let failure = |fault: String| Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", self.file.plain()));
        let file = SopsFile::parse(&self.path, bytes).map_err(|fault| failure(fault.to_string()))?;
        let progress = Progress::of("asking for the keys");
        let identities = keys.keyring(environment).await?.for_file(bytes).await?;
        drop(progress);
        file.open(&identities).map_err(|fault| failure(fault.to_string()))
    }
}

/// The file's name, which alone decides the format.
pub(super) fn path_of(file: &Path) -> Result<SecretPath, Failure> {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    SecretPath::parse(name).map_err(|fault| Failure::new(STATUS_USAGE, format!("{}: {fault}", file.plain())))
}

/// Why a text cannot be the name of a requested secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::cli) enum AskedError {
    /// It is no secret's name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It is the file's path in the repository.
    #[error("names begin below secrets/: `{0}`")]
    Path(String),
}

/// The name of a secret that a server is asked for, which begins below `secrets/`.
pub(in crate::cli) fn secret_name(text: &str) -> Result<SecretName, AskedError> {
    match text.strip_prefix("secrets/") {
        Some(below) => Err(AskedError::Path(below.to_owned())),
        None => Ok(SecretName::parse(text)?),
    }
}
