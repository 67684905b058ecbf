//! Folders in memory: what is written there reaches no disk.

use rustix::fs::statfs;
use std::io;
use std::path::Path;

/// statfs(2): `TMPFS_MAGIC` and `RAMFS_MAGIC`.
const IN_MEMORY: [i128; 2] = [0x0102_1994, 0x8584_58f6];

/// Whether this folder is in memory.
pub(super) fn is_in_memory(folder: &Path) -> io::Result<bool> {
    Ok(IN_MEMORY.contains(&i128::from(statfs(folder)?.f_type)))
}
