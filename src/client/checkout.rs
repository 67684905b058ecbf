//! A checkout of a source: reads and replaces its encrypted files, and runs Git.

use super::{Failure, STATUS_CONFIGURATION, STATUS_USAGE, on_one_line};
use crate::secrets::{FILE_BYTES_MAX, RULES_FILE, looks_secret};
use crate::words::yaml::distance;
use crate::words::{PlainPath, read_named};
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::NamedTempFile;

/// The folders of encrypted files.
pub const ENCRYPTED: [&str; 2] = ["secrets", "transit"];
/// The mode with which Git writes a file.
const MODE: u32 = 0o644;
/// The mode of a file that its owner alone may read.
const PRIVATE_MODE: u32 = 0o600;

/// Why an entry of a checkout is not read, or is wrong where it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, thiserror::Error)]
pub enum IgnoredEntry {
    /// The folder's name is probably misspelled.
    #[error("nothing in it is read, and it is nearly called {0}/: rename it, or move what is in it")]
    NearlyCalled(&'static str),
    /// Its name begins with a dot.
    #[error("its name begins with a dot, so nothing reads it: rename it, or remove it")]
    Hidden,
    /// It is a link, whose target is in no commit.
    #[error("a symbolic link is never followed: put the file itself in its place")]
    Link,
    /// A file that only keeps an empty folder in Git has content.
    #[error("it only keeps an empty folder in Git, but has content: empty it")]
    Filled,
    /// It may be readable, but seems to hold a secret.
    #[error("it holds what looks like {0}")]
    Looks(&'static str),
}

/// Files that may be readable below the folders of encrypted files.
const READABLE: [&str; 4] = [RULES_FILE, ".gitignore", ".gitattributes", KEPT];
/// The file that keeps an empty folder in Git.
const KEPT: &str = ".gitkeep";

/// Checks a file that may be readable anywhere, by its name without folders. `None` for every other file.
pub fn readable(file: &str, bytes: &[u8]) -> Option<Result<(), IgnoredEntry>> {
    let fault = match file {
        KEPT if !bytes.is_empty() => Some(IgnoredEntry::Filled),
        _ => looks_secret(bytes).map(IgnoredEntry::Looks),
    };
    READABLE.contains(&file).then(|| fault.map_or(Ok(()), Err))
}

/// Finds a folder whose name is nearly that of a folder of encrypted files.
pub fn nearly_called(folder: &str) -> Option<IgnoredEntry> {
    let near = |known: &&str| *known != folder && distance(known, &folder.to_ascii_lowercase()) <= 1;
    ENCRYPTED.into_iter().find(near).filter(|_| !ENCRYPTED.contains(&folder)).map(IgnoredEntry::NearlyCalled)
}

/// A work tree.
pub struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The checkout that contains this path.
    pub fn around(path: &Path) -> Result<Self, Failure> {
        let absolute = std::path::absolute(path).map_err(|fault| unusable(path, &fault))?;
        let root = absolute.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned);
        let none = || {
            Failure::new(
                STATUS_USAGE,
                format!(
                    "{} is in no git checkout: go to the clone of the repository that has secrets/, or make one by `git init`",
                    path.plain()
                ),
            )
        };
        root.map(|root| Self { root }).ok_or_else(none)
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path within the repository.
    pub fn name(&self, path: &Path) -> Result<String, Failure> {
        let absolute = std::path::absolute(path).map_err(|fault| unusable(path, &fault))?;
        let outside = || Failure::new(STATUS_USAGE, format!("{} is outside of {}", path.plain(), self.root.plain()));
        let name = absolute.strip_prefix(&self.root).map_err(|_| outside())?;
        name.to_str().map(str::to_owned).ok_or_else(|| Failure::new(STATUS_USAGE, format!("{} is not UTF-8", path.plain())))
    }

    /// The files below these paths, or without any those below the folders of encrypted files, sorted. Symbolic links are not
    /// followed: daypass reads none from Git either.
    pub fn files(&self, below: &[PathBuf]) -> Result<Vec<String>, Failure> {
        let mut found = Vec::new();
        let folders: Vec<PathBuf> = ENCRYPTED.iter().map(|folder| self.root.join(folder)).filter(|path| path.exists()).collect();
        for path in if below.is_empty() { &folders } else { below } {
            walk(path, &mut found).map_err(|fault| unusable(path, &fault))?;
        }
        let mut names = found.iter().map(|path| self.name(path)).collect::<Result<Vec<_>, _>>()?;
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Entries that are not read, although somebody may believe that they are: folders with nearly the name of a folder of
    /// encrypted files, and hidden files and symbolic links below these. Each comes with the reason.
    pub fn passed_over(&self) -> Result<Vec<(String, IgnoredEntry)>, Failure> {
        let mut found = Vec::new();
        let unusable = |fault: io::Error| unusable(&self.root, &fault);
        for entry in std::fs::read_dir(&self.root).map_err(unusable)? {
            let entry = entry.map_err(unusable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(near) = nearly_called(&name).filter(|_| entry.path().is_dir()) {
                found.push((format!("{name}/"), near));
            }
            if ENCRYPTED.contains(&name.as_str()) {
                odd(&entry.path(), &mut |path, why| found.push((self.name(path).unwrap_or_default(), why))).map_err(unusable)?;
            }
        }
        found.sort();
        Ok(found)
    }

    /// A file's bytes.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let path = self.root.join(name);
        read_named(&path, FILE_BYTES_MAX).map_err(|fault| unusable(&path, &fault))
    }

    /// Replaces a file's content.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        replace(&self.root.join(name), bytes)
    }

    /// Runs Git, and returns what it prints.
    pub fn git(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, Failure> {
        let failure = |fault: String| Failure::new(STATUS_CONFIGURATION, format!("git {}: {fault}", arguments.join(" ")));
        let mut command = Command::new("git");
        // A name is taken literally, whatever characters it has.
        command
            .arg("--literal-pathspecs")
            .arg("-C")
            .arg(&self.root)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|fault| failure(fault.to_string()))?;
        let mut stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || stdin.as_mut().map(|stdin| stdin.write_all(input)));
            child.wait_with_output()
        });
        let output = output.map_err(|fault| failure(fault.to_string()))?;
        if output.status.success() { Ok(output.stdout) } else { Err(failure(on_one_line(&output.stderr))) }
    }
}

/// A file's bytes, or `None` if it does not exist.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match read_named(path, FILE_BYTES_MAX) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(unusable(path, &fault)),
    }
}

/// The same for a file of a checkout. A symbolic link is refused: its target is in no commit, and a server does not follow it either.
pub fn read_unlinked(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    if std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(unusable(path, &io::Error::other("a symbolic link is never followed: put the file itself in its place")));
    }
    read_if_there(path)
}

/// Replaces a file atomically: a reader sees the old file or the new one, and on a failure the old one is unchanged.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mode = std::fs::metadata(path).map_or(MODE, |found| found.permissions().mode());
    let put = |file: NamedTempFile| file.persist(path).map(drop).map_err(|fault| fault.error);
    staged(path, &[bytes], mode).and_then(put).map_err(|fault| unusable(path, &fault))
}

/// Creates a file atomically: a reader sees the whole file or none. An existing file is not replaced.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    create_as(path, &[bytes], MODE)
}

/// The same for a file of these parts that its owner alone may read.
pub fn create_private(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    create_as(path, parts, PRIVATE_MODE)
}

/// When it returns, the file is on the disk under its name: what is made here may be used at once and exist nowhere else.
fn create_as(path: &Path, parts: &[&[u8]], mode: u32) -> io::Result<()> {
    staged(path, parts, mode)?.persist_noclobber(path).map_err(|fault| fault.error)?;
    File::open(folder_of(path))?.sync_all()
}

/// The new file under a temporary name, in the same folder.
fn staged(path: &Path, parts: &[&[u8]], mode: u32) -> io::Result<NamedTempFile> {
    let folder = folder_of(path);
    std::fs::create_dir_all(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    parts.iter().try_for_each(|part| file.write_all(part))?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(mode & 0o777))?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Reports hidden entries and links below a folder, and faults of files that may be readable there.
fn odd(path: &Path, report: &mut dyn FnMut(&Path, IgnoredEntry)) -> io::Result<()> {
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name().to_string_lossy().into_owned(), entry.file_type()?);
        match () {
            () if kind.is_symlink() => report(&entry.path(), IgnoredEntry::Link),
            () if kind.is_file() && READABLE.contains(&name.as_str()) => {
                let fault = readable(&name, &read_named(entry.path(), FILE_BYTES_MAX)?).and_then(Result::err);
                fault.into_iter().for_each(|why| report(&entry.path(), why));
            }
            () if name.starts_with('.') => report(&entry.path(), IgnoredEntry::Hidden),
            () if kind.is_dir() => odd(&entry.path(), report)?,
            () => {}
        }
    }
    Ok(())
}

fn walk(path: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let kind = std::fs::symlink_metadata(path)?.file_type();
    if kind.is_file() {
        found.push(path.to_owned());
    } else if kind.is_dir() {
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            if !entry.file_name().to_string_lossy().starts_with('.') {
                walk(&entry.path(), found)?;
            }
        }
    }
    Ok(())
}

fn unusable(path: &Path, fault: &io::Error) -> Failure {
    Failure::new(STATUS_CONFIGURATION, format!("{}: {fault}", path.plain()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_their_names_in_the_repository_and_links_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["secrets/a/b.age", "secrets/c.yaml", "transit/flux/1.age", "policies/x.yaml", "secrets/.hidden/d"] {
            replace(&root.join(name), b"x").unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", root.join("secrets/link")).unwrap();
        assert!(Checkout::around(&root.join("secrets")).is_err(), "no checkout yet");
        std::fs::create_dir(root.join(".git")).unwrap();
        let checkout = Checkout::around(&root.join("secrets/a")).unwrap();
        assert_eq!(checkout.files(&[]).unwrap(), ["secrets/a/b.age", "secrets/c.yaml", "transit/flux/1.age"]);
        assert_eq!(checkout.files(&[root.join("secrets/a")]).unwrap(), ["secrets/a/b.age"]);
        assert!(checkout.name(Path::new("/etc/passwd")).is_err());
        for name in ["secrets/.sops.yaml", "secrets/.gitkeep", "secrets/a/.old.yaml", "Secrets/x.yaml", "secret/y.yaml", "src/z"]
        {
            replace(&root.join(name), b"x").unwrap();
        }
        let passed_over: Vec<String> = checkout.passed_over().unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            passed_over,
            ["Secrets/", "secret/", "secrets/.gitkeep", "secrets/.hidden", "secrets/a/.old.yaml", "secrets/link"]
        );
    }

    #[test]
    fn a_file_that_cannot_be_replaced_is_unchanged_and_a_replaced_one_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        replace(&path, b"one").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(replace(&path.join("c"), b"three").is_err());
        assert_eq!(read_named(&path, FILE_BYTES_MAX).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path().join("a")).unwrap().count(), 1);
    }
}
