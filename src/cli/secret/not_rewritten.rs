//! Why `updatekeys` and `rotate` leave a file as it is.

use crate::client::Failure;
use crate::secrets::{FILE_BYTES_MAX, RULES_FILE, SecretError};
use std::io::{self, Read};
use std::path::Path;

/// Why a file has no new form.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotRewritten {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Its recipients are not known.
    #[error("{0}")]
    Recipients(Failure),
    /// It is bound to another path. Whoever put it here may not be able to read it, and could do so by the policy for the new path.
    #[error("is bound to {0}: it was copied or moved; name the file on the command line to bind it to its new path")]
    Bound(String),
    /// It was changed since it was listed, and that change would be lost.
    #[error("was changed by somebody else meanwhile, and is left unchanged")]
    Changed,
    /// The server could not open it any more. The server's own rotation never does that.
    #[error(
        "the new recipients do not include the source's own ({}), so the server could not open it any more: \
         add one of them to {RULES_FILE} or by --recipient", .0.join(", ")
    )]
    LockedOut(Vec<String>),
    /// It does not open, or cannot be encrypted.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// A file's bytes. Its size is checked first: nothing larger than any encrypted file is read.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, NotRewritten> {
    let found = std::fs::symlink_metadata(file)?;
    if !found.is_file() {
        return Err(io::Error::other("it is no regular file").into());
    }
    let limit = FILE_BYTES_MAX as u64;
    if found.len() > limit {
        return Err(SecretError::TooLarge.into());
    }
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(SecretError::TooLarge.into()) } else { Ok(bytes) }
}
