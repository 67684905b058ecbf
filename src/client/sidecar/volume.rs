//! The folder in memory, written as the kubelet writes its own volumes (Kubernetes, `pkg/volume/util/atomic_writer.go`): each
//! file is a link into `..data`, which is a link to a folder named by its time. One rename replaces the whole folder.
//!
//! A reader sees the old files or the new ones: a replaced folder stays for as long as a lookup may still lead into it. Removed
//! files are unlinked, which frees the pages of a tmpfs.

mod names;

use super::file_name::FileName;
use crate::client::memory::is_in_memory;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_UNAVAILABLE};
use crate::words::{PlainPath, Secret, UnixTime};
use names::{DATA, DATA_NEXT, UNNOTIFIED, is_leftover, is_link_of_ours, stamp, target};
use rustix::fs::{FlockOperation, flock};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a replaced folder stays, for readers that followed `..data` just before the rename. The kubelet removes it at once,
/// so that such a reader finds no file.
pub(super) const LOOKUP_MAX: Duration = Duration::from_secs(1);
/// The mode bit by which new files belong to the folder's group, so that a pod's fsGroup can read them.
const SET_GROUP: u32 = 0o2000;

/// The files of one moment.
pub(super) type Files = BTreeMap<FileName, Secret>;

/// The folder, locked by this process.
pub(super) struct Volume {
    folder: PathBuf,
    mode: u32,
    /// Replaced folders, and when they were replaced.
    replaced: Vec<(PathBuf, Instant)>,
    _lock: File,
}

impl Volume {
    /// Opens the folder, which has to exist, to be in memory, and not to be locked by another sidecar.
    pub(super) fn open(folder: &Path, mode: u32, allow_disk: bool) -> Result<Self, Failure> {
        let path = folder.plain();
        let refused = |what: String| Failure::new(STATUS_CONFIGURATION, what);
        let lock = File::open(folder).map_err(|fault| refused(format!("the folder {path} cannot be opened: {fault}")))?;
        let in_memory = is_in_memory(folder).map_err(|fault| refused(format!("{path}: {fault}")))?;
        if !allow_disk && !in_memory {
            let message = format!("the folder {path} is not in memory, and secrets are not written to a disk");
            return Err(refused(message).with_hint("mount `emptyDir: { medium: Memory }` there."));
        }
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| Failure::new(STATUS_UNAVAILABLE, format!("another sidecar uses the folder {path}")))?;
        Ok(Self { folder: folder.to_owned(), mode, replaced: Vec::new(), _lock: lock })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the folder has exactly these files, with these contents.
    pub(super) fn holds(&self, files: &Files) -> bool {
        let data = self.folder.join(DATA);
        let as_it_should_be = |(name, value): (&FileName, &Secret)| {
            let path = data.join(name.as_str());
            let mode = fs::metadata(&path).map(|found| found.permissions().mode() & 0o777);
            let linked = fs::read_link(self.folder.join(name.as_str())).is_ok_and(|found| found == target(name));
            linked
                && mode.is_ok_and(|mode| mode == self.mode)
                && fs::read(&path).map(Secret::new).is_ok_and(|found| found == *value)
        };
        let count = fs::read_dir(&data).map_or(0, Iterator::count);
        count == files.len() && files.iter().all(as_it_should_be)
    }

    /// Whether there are any files, whatever their settings.
    pub(super) fn is_written(&self) -> bool {
        fs::symlink_metadata(self.folder.join(DATA)).is_ok()
    }

    /// Replaces the files by these. On a failure the old files are unchanged.
    pub(super) fn write(&mut self, files: &Files, now: UnixTime) -> io::Result<()> {
        self.drop_replaced(Instant::now());
        self.clear_leftovers()?;
        files.keys().try_for_each(|name| self.check_place(name))?;
        let staged = self.stage(files, now)?;
        let next = self.folder.join(DATA_NEXT);
        symlink(staged.path().file_name().unwrap_or_default(), &next)?;
        let before = fs::read_link(self.folder.join(DATA)).ok();
        fs::rename(&next, self.folder.join(DATA))?;
        let _ = staged.keep();
        self.replaced.extend(before.map(|before| (before, Instant::now())));
        self.link(files)?;
        self.clear_leftovers()
    }

    /// Removes everything. One unlink makes all files inaccessible at once, then the contents are removed.
    pub(super) fn wipe(&mut self) -> io::Result<()> {
        absent_is_good(fs::remove_file(self.folder.join(DATA)))?;
        self.replaced.clear();
        self.clear_leftovers()
    }

    /// Removes folders that were replaced so long ago that no lookup can still lead into them.
    pub(super) fn end_lookups(&mut self, at: Instant) -> io::Result<()> {
        if self.drop_replaced(at) { self.clear_leftovers() } else { Ok(()) }
    }

    /// Whether there is a replaced folder to remove later.
    pub(super) const fn has_replaced(&self) -> bool {
        !self.replaced.is_empty()
    }

    /// The file that says, for a later process, that the application has yet to be notified of a change.
    pub(super) fn unnotified(&self) -> PathBuf {
        self.folder.join(UNNOTIFIED)
    }

    /// Refuses to replace a file that is not ours.
    fn check_place(&self, name: &FileName) -> io::Result<()> {
        let path = self.folder.join(name.as_str());
        if fs::symlink_metadata(&path).is_err() || is_link_of_ours(&path) {
            return Ok(());
        }
        Err(io::Error::other(format!("{} is there already, and not the sidecar's", path.plain())))
    }

    /// A new folder with all files. It is removed unless it is kept.
    fn stage(&self, files: &Files, now: UnixTime) -> io::Result<tempfile::TempDir> {
        let staged = tempfile::Builder::new().prefix(&stamp(now)).tempdir_in(&self.folder)?;
        for (name, value) in files {
            let path = staged.path().join(name.as_str());
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(value.expose())?;
            file.set_permissions(Permissions::from_mode(self.mode))?;
        }
        // Readers of the files may search the folder. Only the owner, who removes it later, may write.
        let inherited = fs::metadata(staged.path())?.permissions().mode() & SET_GROUP;
        let lookup = if self.mode & 0o040 == 0 { 0o700 } else { 0o750 };
        fs::set_permissions(staged.path(), Permissions::from_mode(lookup | inherited))?;
        Ok(staged)
    }

    fn link(&self, files: &Files) -> io::Result<()> {
        for name in files.keys() {
            match symlink(target(name), self.folder.join(name.as_str())) {
                Err(fault) if fault.kind() == ErrorKind::AlreadyExists => {}
                result => result?,
            }
        }
        Ok(())
    }

    /// Forgets replaced folders that need not stay. Returns whether there were any.
    fn drop_replaced(&mut self, at: Instant) -> bool {
        let before = self.replaced.len();
        self.replaced.retain(|(_, since)| at.saturating_duration_since(*since) < LOOKUP_MAX);
        self.replaced.len() < before
    }

    /// Removes folders that are not in force, incomplete links, and links to missing files.
    pub(super) fn clear_leftovers(&self) -> io::Result<()> {
        let current = fs::read_link(self.folder.join(DATA)).ok();
        let stays = |name: &Path| Some(name) == current.as_deref() || self.replaced.iter().any(|(folder, _)| folder == name);
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let (name, path) = (entry.file_name(), entry.path());
            let kind = entry.file_type()?;
            if is_leftover(&name) && !stays(Path::new(&name)) {
                absent_is_good(if kind.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) })?;
            } else if is_link_of_ours(&path) && fs::metadata(&path).is_err_and(|fault| fault.kind() == ErrorKind::NotFound) {
                absent_is_good(fs::remove_file(&path))?;
            }
        }
        Ok(())
    }
}

fn absent_is_good(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests;
