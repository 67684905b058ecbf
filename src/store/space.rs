//! The room that is left on the store's disk, and what it may be used for. A file in the data directory holds a reserve. It shrinks
//! piece by piece, so that grants and operators' denials can still be recorded while the disk is full.

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

/// What is to be written, the least important purpose first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Purpose {
    /// A refusal of an unverified token.
    Unverified,
    /// A refusal of an identity that no policy could match.
    Stranger,
    /// A refusal of an identity that some policy could match.
    Known,
    /// A release.
    Grant,
}

impl Purpose {
    /// The room that must be left for it, in quarters of the reserve. The last quarter is for operators and for outcomes.
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
    /// The intended size of the reserve.
    reserve: u64,
    reserved: Mutex<Reserve>,
    left: AtomicU64,
}

struct Reserve {
    file: Option<File>,
    bytes: u64,
}

impl Space {
    /// Measures the disk, and makes a reserve if there is room for it.
    pub(super) fn open(directory: &Path) -> Self {
        let total = statvfs(directory).map_or(u64::MAX, |disk| disk.f_blocks.saturating_mul(disk.f_frsize));
        let reserve = (total / RESERVE_SHARE).clamp(RESERVE_MIN, RESERVE_MAX);
        let file = File::options().create(true).truncate(false).read(true).write(true).open(directory.join(FILE));
        let file = file.inspect_err(|fault| tracing::warn!(%fault, "there is no reserve on the store's disk")).ok();
        let bytes = file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |file| file.len());
        let reserved = Mutex::new(Reserve { file, bytes });
        let space = Self { directory: directory.to_owned(), reserve, reserved, left: AtomicU64::new(u64::MAX) };
        space.measure();
        space
    }

    /// Measures the disk. Frees a part of the reserve if little else is left, and restores it if there is room again.
    pub(super) fn measure(&self) {
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(disk) = statvfs(&self.directory) else { return };
        let mut free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let piece = self.reserve / 4;
        let target = if free < piece {
            reserved.bytes.saturating_sub(piece - free)
        } else if free > self.reserve.saturating_sub(reserved.bytes).saturating_add(2 * piece) {
            self.reserve
        } else {
            reserved.bytes
        };
        if target != reserved.bytes && reserved.resize(target) {
            free = statvfs(&self.directory).map_or(free, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        }
        self.left.store(free.saturating_add(reserved.bytes), Ordering::Relaxed);
    }

    /// Whether there is room for this purpose.
    pub(super) fn allows(&self, purpose: Purpose) -> bool {
        self.left() > self.reserve / 4 * purpose.quarters()
    }

    /// The bytes that are left, with the reserve.
    pub(super) fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    /// Claims that so many bytes are left, until the disk is measured again.
    #[cfg(test)]
    pub(super) fn claim(&self, left: u64) {
        self.left.store(left, Ordering::Relaxed);
    }

    /// What is no longer recorded for lack of room.
    pub(super) fn alarm(&self) -> Option<String> {
        let lost = if !self.allows(Purpose::Grant) {
            "nothing is granted, and the last of the room is for operators"
        } else if !self.allows(Purpose::Known) {
            "refusals are only counted"
        } else if !self.allows(Purpose::Stranger) {
            "refusals of identities that no policy could match are only counted"
        } else if !self.allows(Purpose::Unverified) {
            "refusals of unverified tokens are only counted"
        } else {
            return None;
        };
        Some(format!("{} KiB are left on the store's disk: {lost}", self.left() / 1024))
    }
}

impl Reserve {
    /// Changes the size of the reserve. Returns whether it worked.
    fn resize(&mut self, bytes: u64) -> bool {
        let Some(file) = &self.file else { return false };
        let done = if bytes < self.bytes { ftruncate(file, bytes) } else { fallocate(file, FallocateFlags::empty(), 0, bytes) };
        match done {
            Ok(()) => self.bytes = bytes,
            // A filesystem that cannot preallocate has no reserve. If another program fills the disk at this moment, the reserve stays smaller.
            Err(fault) => tracing::debug!(%fault, "the reserve on the store's disk stays as it is"),
        }
        done.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserve_is_held_and_less_room_serves_fewer_purposes() {
        let folder = tempfile::tempdir().unwrap();
        let space = Space::open(folder.path());
        assert_eq!(std::fs::metadata(folder.path().join(FILE)).unwrap().len(), space.reserve);
        let allowed = |left: u64| {
            space.claim(left);
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
