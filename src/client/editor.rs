//! A plaintext in a person's editor: in memory, readable only for that person, and wiped when the editor ends.

use super::environment::Environment;
use super::memory::is_in_memory;
use super::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::secrets::FILE_BYTES_MAX;
use crate::words::{PlainPath, Secret, read_named};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::process::Command;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Linux's folder in memory. The user's own runtime folder is tried first.
const SHARED_MEMORY: &str = "/dev/shm";

/// A folder in memory with the file in it. What an editor leaves beside the file is wiped too.
pub struct Desk {
    folder: tempfile::TempDir,
    file: PathBuf,
}

impl Desk {
    /// Writes the plaintext to a file of this name, whose ending tells an editor the format.
    pub fn create(name: &str, plaintext: &Secret, environment: &Environment) -> Result<Self, Failure> {
        let own = environment.value("XDG_RUNTIME_DIR").map(Path::new);
        let candidates = own.into_iter().chain([Path::new(SHARED_MEMORY)]);
        let in_memory = |folder: &&Path| is_in_memory(folder).unwrap_or(false);
        let none = "there is no folder in memory (XDG_RUNTIME_DIR, /dev/shm), and a plaintext is not written to a disk";
        let folder = candidates.into_iter().find(in_memory).ok_or_else(|| Failure::new(STATUS_CONFIGURATION, none))?;
        Self::create_in(folder, name, plaintext).map_err(|fault| unusable(folder, &fault))
    }

    fn create_in(folder: &Path, name: &str, plaintext: &Secret) -> io::Result<Self> {
        let folder =
            tempfile::Builder::new().prefix("daypass-").permissions(std::fs::Permissions::from_mode(0o700)).tempdir_in(folder)?;
        let file = folder.path().join(name);
        let mut open = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
        open.write_all(plaintext.expose())?;
        Ok(Self { folder, file })
    }

    /// Runs the person's editor on the file, and waits. A signal that ends this process ends the editor first.
    pub async fn edit(&self, environment: &Environment) -> Result<(), Failure> {
        let named = environment.value("VISUAL").or_else(|| environment.value("EDITOR"));
        let editor = named.unwrap_or("vi");
        let failed = |fault: &io::Error| Failure::new(STATUS_CONFIGURATION, format!("the editor `{editor}`: {fault}"));
        // As Git does: EDITOR may have arguments, and the file's name is a single argument whatever it contains.
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("{editor} \"$@\"")).arg(editor).arg(&self.file).kill_on_drop(true);
        let listen = |kind| signal(kind).map_err(|fault| failed(&fault));
        let (mut interrupt, mut end, mut hangup) =
            (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?, listen(SignalKind::hangup())?);
        let mut child = command.spawn().map_err(|fault| failed(&fault))?;
        let status = loop {
            tokio::select! {
                status = child.wait() => break status.map_err(|fault| failed(&fault))?,
                // The terminal sends it to the editor too, which decides what it means.
                _ = interrupt.recv() => {}
                () = either(&mut end, &mut hangup) => {
                    let _ = child.kill().await;
                    return Err(Failure::new(STATUS_USAGE, "ended by a signal; nothing was changed"));
                }
            }
        };
        let ended = || Failure::new(STATUS_USAGE, format!("the editor `{editor}` ended with {status}; nothing was changed"));
        status.success().then_some(()).ok_or_else(ended)
    }

    /// The file's content now.
    pub fn read(&self) -> Result<Secret, Failure> {
        read_named(&self.file, FILE_BYTES_MAX).map(Secret::new).map_err(|fault| unusable(&self.file, &fault))
    }
}

/// Overwrites the files in place before they are unlinked: the pages of a tmpfs are the only copy.
impl Drop for Desk {
    fn drop(&mut self) {
        for path in std::fs::read_dir(self.folder.path()).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
            let length = std::fs::metadata(&path).map_or(0, |found| found.len());
            if let Ok(mut file) = std::fs::OpenOptions::new().write(true).open(&path) {
                let _ = io::copy(&mut io::Read::take(io::repeat(0), length), &mut file);
            }
        }
    }
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

fn unusable(path: &Path, fault: &io::Error) -> Failure {
    Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", path.plain()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_editor_gets_a_private_file_and_nothing_is_left() {
        let environment: Environment = [("EDITOR", "sed -i.bak s/one/two/")].into();
        let desk = Desk::create("a b.yaml", &"x: one\n".to_owned().into(), &environment).unwrap();
        let mode = std::fs::metadata(&desk.file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        desk.edit(&environment).await.unwrap();
        assert_eq!(desk.read().unwrap().expose(), b"x: two\n");
        let (folder, backup) = (desk.folder.path().to_owned(), desk.folder.path().join("a b.yaml.bak"));
        // Whoever has it open meanwhile reads zeros.
        let open = std::fs::File::open(&backup).unwrap();
        drop(desk);
        assert_eq!(io::read_to_string(open).unwrap(), "\0".repeat(7));
        assert!(!folder.exists());
    }

    #[tokio::test]
    async fn an_editor_that_fails_changes_nothing() {
        let environment: Environment = [("EDITOR", "false")].into();
        let desk = Desk::create("a", &"x".to_owned().into(), &environment).unwrap();
        assert!(desk.edit(&environment).await.is_err_and(|failure| failure.message.contains("nothing was changed")));
    }
}
