//! A file for the command: readable only for its owner, replaced atomically, removed when the command ends.

use crate::client::{Failure, STATUS_EXEC};
use crate::words::{PlainPath, Secret};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The file is removed when this is dropped.
#[derive(Debug)]
pub(super) struct PrivateFile {
    path: PathBuf,
    /// Its content; none after the file was removed, so that a late renewal does not bring it back.
    content: Mutex<Option<Secret>>,
}

impl PrivateFile {
    /// Writes the file with mode 0600. An existing file is not overwritten.
    pub(super) fn create(path: &Path, value: Secret) -> Result<Self, Failure> {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|fault| unwritable(path, &fault))?;
        let written = file.write_all(value.expose()).map_err(|fault| unwritable(path, &fault));
        // On a failure, dropping it removes the incomplete file.
        let private = Self { path: path.to_owned(), content: Mutex::new(Some(value)) };
        written.map(|()| private)
    }

    /// Whether the file has this content.
    pub(super) fn holds(&self, value: &Secret) -> bool {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(value)
    }

    /// Replaces the content with one rename: a reader sees the old content or the new one.
    pub(super) fn replace(&self, value: Secret) -> Result<(), Failure> {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        if content.is_some() {
            self.write(&value).map_err(|fault| unwritable(&self.path, &fault))?;
            *content = Some(value);
        }
        Ok(())
    }

    /// Removes the file, even if somebody else still holds this value.
    pub(super) fn remove(&self) {
        if self.content.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
    }

    /// A temporary file of the tempfile crate has mode 0600.
    fn write(&self, value: &Secret) -> std::io::Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(value.expose())?;
        file.persist(&self.path).map(drop).map_err(|fault| fault.error)
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        self.remove();
    }
}

fn unwritable(path: &Path, fault: &std::io::Error) -> Failure {
    Failure::new(STATUS_EXEC, format!("{} cannot be written: {fault}", path.plain()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn secret(text: &str) -> Secret {
        text.to_owned().into()
    }

    #[test]
    fn files_are_private_overwrite_nothing_are_replaced_atomically_and_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.env");
        let file = PrivateFile::create(&path, secret("x")).unwrap();
        let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        assert!(PrivateFile::create(&path, secret("y")).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "x");
        let before = std::fs::File::open(&path).unwrap();
        file.replace(secret("longer")).unwrap();
        assert!(file.holds(&secret("longer")) && !file.holds(&secret("x")));
        assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), mode()), ("longer", 0o600));
        assert_eq!(std::io::read_to_string(before).unwrap(), "x", "whoever has it open reads on in the old one");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        drop(file);
        assert!(!path.exists());
    }
}
