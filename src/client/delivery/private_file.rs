//! A file for the command: its owner's alone, replaced as a whole, removed when the command ends.

use crate::client::{Failure, STATUS_EXEC};
use crate::words::{PlainPath, Secret};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// It goes when this is dropped.
#[derive(Debug)]
pub(super) struct PrivateFile {
    path: PathBuf,
    /// What it holds; nothing once it was removed, so that a renewal that ends late does not bring it back.
    content: Mutex<Option<Secret>>,
}

impl PrivateFile {
    /// Writes it with mode 0600; a file that is there already is not overwritten.
    pub(super) fn create(path: &Path, value: Secret) -> Result<Self, Failure> {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|fault| unwritable(path, &fault))?;
        let written = file.write_all(value.expose()).map_err(|fault| unwritable(path, &fault));
        // Half of it goes too.
        let made = Self { path: path.to_owned(), content: Mutex::new(Some(value)) };
        written.map(|()| made)
    }

    /// Whether this is what it holds.
    pub(super) fn holds(&self, value: &Secret) -> bool {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(value)
    }

    /// Puts a new content in its place with one rename: whoever reads sees the old one or the new one.
    pub(super) fn replace(&self, value: Secret) -> Result<(), Failure> {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        if content.is_some() {
            self.write(&value).map_err(|fault| unwritable(&self.path, &fault))?;
            *content = Some(value);
        }
        Ok(())
    }

    /// Takes it away, whoever else still holds it.
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
    fn files_are_private_never_overwrite_are_replaced_as_a_whole_and_go_away() {
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
