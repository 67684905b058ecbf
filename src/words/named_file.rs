//! Reads a whole file that a person or a configuration names, within a limit. A device, or a file that grows while it is read, cannot
//! fill the memory.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// The limit of most files: configurations, keys, certificates, claims. The largest of them have a few KiB.
pub const NAMED_FILE_MAX: usize = 1024 * 1024;

/// Why a file is not read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotWhole {
    /// It is a device, a socket or similar.
    #[error("it is neither a file nor a pipe")]
    NoFile,
    /// It is larger than the limit.
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
}

impl From<NotWhole> for io::Error {
    fn from(fault: NotWhole) -> Self {
        Self::other(fault)
    }
}

/// Reads a file, a pipe or standard input, of `max` bytes at most.
pub fn read_named(path: impl AsRef<Path>, max: usize) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let found = file.metadata()?;
    if found.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !found.is_file() && !found.file_type().is_fifo() && !is_standard_input(&found) {
        return Err(NotWhole::NoFile.into());
    }
    let mut bytes = Vec::new();
    file.take((max as u64).saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > max { Err(NotWhole::TooLarge(max).into()) } else { Ok(bytes) }
}

/// Reads a file as UTF-8.
pub fn read_named_text(path: impl AsRef<Path>, max: usize) -> io::Result<String> {
    String::from_utf8(read_named(path, max)?).map_err(|fault| io::Error::new(io::ErrorKind::InvalidData, fault.utf8_error()))
}

/// Whether it is standard input, such as a terminal, whose end a person decides.
fn is_standard_input(found: &Metadata) -> bool {
    let input = rustix::fs::fstat(io::stdin().as_fd());
    input.is_ok_and(|input| (input.st_dev, input.st_ino) == (found.dev(), found.ino()) && !is_endless(found))
}

/// Whether it is `/dev/zero`, `/dev/full`, `/dev/random` or `/dev/urandom` of Linux (devices.txt: 1:5, 1:7, 1:8, 1:9). Standard input
/// may be one of them too.
fn is_endless(found: &Metadata) -> bool {
    let device = found.rdev();
    rustix::fs::major(device) == 1 && matches!(rustix::fs::minor(device), 5 | 7 | 8 | 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(path: &Path, max: usize) -> String {
        read_named(path, max).unwrap_err().to_string()
    }

    #[test]
    fn a_file_is_read_to_its_bound_and_a_device_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "12345").unwrap();
        assert_eq!(read_named(&file, 5).unwrap(), b"12345");
        assert_eq!(read_named_text(&file, 6).unwrap(), "12345");
        assert_eq!(refused(&file, 4), NotWhole::TooLarge(4).to_string());
        for device in ["/dev/zero", "/dev/urandom", "/dev/full"] {
            assert_eq!(refused(Path::new(device), 4), NotWhole::NoFile.to_string(), "{device}");
        }
        assert_eq!(read_named(folder.path(), 4).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        assert_eq!(read_named(folder.path().join("none"), 4).unwrap_err().kind(), io::ErrorKind::NotFound);
        std::fs::write(&file, b"\xff").unwrap();
        assert_eq!(read_named_text(&file, 4).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_pipe_is_read_to_its_end_or_to_its_bound() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        for (max, whole) in [(5, true), (4, false)] {
            let writer = std::thread::spawn({
                let pipe = pipe.clone();
                move || std::fs::write(pipe, "12345")
            });
            assert_eq!(read_named(&pipe, max).is_ok_and(|bytes| bytes == b"12345"), whole, "{max}");
            writer.join().unwrap().unwrap();
        }
    }
}
