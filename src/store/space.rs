//! The room that is left on the store's disk, and whom it is for. A file in the data directory holds a reserve; it is given back to the
//! filesystem a piece at a time, so that grants and what operators deny still become durable where the disk is full.

use rustix::fs::{FallocateFlags, fallocate, ftruncate, statvfs};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The reserve: an eighth of a small disk, and room for some six thousand grants on a large one.
const RESERVE_MAX: u64 = 16 * 1024 * 1024;
const RESERVE_MIN: u64 = 1024 * 1024;
const RESERVE_SHARE: u64 = 8;
/// The reserve's file in the data directory.
const FILE: &str = "reserve";

/// What is to be written, the least important first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Purpose {
    /// A refusal of nobody in particular.
    Unverified,
    /// A refusal of somebody whom no policy could be for.
    Stranger,
    /// A refusal of somebody whom some policy could be for.
    Known,
    /// What is released.
    Grant,
}

impl Purpose {
    /// It is written while more is left than this, in quarters of the reserve. The last quarter is for operators and for outcomes.
    const fn quarters(self) -> u64 {
        match self {
            Self::Unverified => 16,
            Self::Stranger => 12,
            Self::Known => 8,
            Self::Grant => 1,
        }
    }
}

/// The store's disk.
pub(super) struct Space {
    directory: PathBuf,
    /// How large the reserve should be.
    reserve: u64,
    held: Mutex<Held>,
    left: AtomicU64,
}

struct Held {
    file: Option<File>,
    bytes: u64,
}

impl Space {
    /// Looks at the disk, and holds a reserve as far as there is room for it.
    pub(super) fn open(directory: &Path) -> Self {
        let total = statvfs(directory).map_or(u64::MAX, |disk| disk.f_blocks.saturating_mul(disk.f_frsize));
        let reserve = (total / RESERVE_SHARE).clamp(RESERVE_MIN, RESERVE_MAX);
        let file = File::options().create(true).truncate(false).read(true).write(true).open(directory.join(FILE));
        let file = file.inspect_err(|fault| tracing::warn!(%fault, "there is no reserve on the store's disk")).ok();
        let bytes = file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |file| file.len());
        let held = Mutex::new(Held { file, bytes });
        let space = Self { directory: directory.to_owned(), reserve, held, left: AtomicU64::new(u64::MAX) };
        space.look();
        space
    }

    /// Looks at the disk: gives back a piece of the reserve where little else is left, and takes it again where there is room.
    pub(super) fn look(&self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(disk) = statvfs(&self.directory) else { return };
        let mut free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let piece = self.reserve / 4;
        let wanted = if free < piece {
            held.bytes.saturating_sub(piece - free)
        } else if free > self.reserve.saturating_sub(held.bytes).saturating_add(2 * piece) {
            self.reserve
        } else {
            held.bytes
        };
        if wanted != held.bytes && held.resize(wanted) {
            free = statvfs(&self.directory).map_or(free, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        }
        self.left.store(free.saturating_add(held.bytes), Ordering::Relaxed);
    }

    /// Whether there is room for this.
    pub(super) fn allows(&self, purpose: Purpose) -> bool {
        self.left() > self.reserve / 4 * purpose.quarters()
    }

    /// What is left with the reserve, in bytes.
    pub(super) fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    /// What is not recorded any more for want of room.
    pub(super) fn alarm(&self) -> Option<String> {
        let lost = if !self.allows(Purpose::Grant) {
            "nothing is granted, and the last of the room is for operators"
        } else if !self.allows(Purpose::Known) {
            "refusals are only counted"
        } else if !self.allows(Purpose::Stranger) {
            "refusals of those whom no policy could be for are only counted"
        } else if !self.allows(Purpose::Unverified) {
            "refusals of unverified tokens are only counted"
        } else {
            return None;
        };
        Some(format!("{} KiB are left on the store's disk: {lost}", self.left() / 1024))
    }
}

impl Held {
    /// Whether the reserve is this large now.
    fn resize(&mut self, bytes: u64) -> bool {
        let Some(file) = &self.file else { return false };
        let done = if bytes < self.bytes { ftruncate(file, bytes) } else { fallocate(file, FallocateFlags::empty(), 0, bytes) };
        match done {
            Ok(()) => self.bytes = bytes,
            // Filesystems that cannot allocate ahead have no reserve; one that is filled by somebody else in this moment has a smaller one.
            Err(fault) => tracing::debug!(%fault, "the reserve on the store's disk stays as it is"),
        }
        done.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserve_is_held_and_less_room_is_for_fewer() {
        let folder = tempfile::tempdir().unwrap();
        let space = Space::open(folder.path());
        assert_eq!(std::fs::metadata(folder.path().join(FILE)).unwrap().len(), space.reserve);
        let allowed = |left: u64| {
            space.left.store(left, Ordering::Relaxed);
            let all = [Purpose::Unverified, Purpose::Stranger, Purpose::Known, Purpose::Grant];
            (all.map(|purpose| space.allows(purpose)), space.alarm().is_some())
        };
        let quarter = space.reserve / 4;
        assert_eq!(allowed(17 * quarter), ([true, true, true, true], false));
        assert_eq!(allowed(16 * quarter), ([false, true, true, true], true));
        assert_eq!(allowed(12 * quarter), ([false, false, true, true], true));
        assert_eq!(allowed(8 * quarter), ([false, false, false, true], true));
        assert_eq!(allowed(quarter), ([false; 4], true));
    }
}
