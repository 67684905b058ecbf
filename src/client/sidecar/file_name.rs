//! The name of a file for the application: one plain name that cannot lead to another folder.

use std::fmt;

/// Kubernetes's limit for the keys of its Secrets.
pub(super) const NAME_BYTES_MAX: usize = 253;

/// Why a text is no plain file name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum FileNameError {
    /// Its length.
    #[error("a file's name has 1 to {NAME_BYTES_MAX} characters")]
    Length,
    /// Its characters.
    #[error("a file's name is one plain name: letters, digits, `-`, `_` and `.`")]
    NotPlain,
    /// Names that the sidecar keeps for itself.
    #[error("a file's name is not `.` and does not start with `..`")]
    Dots,
}

/// A file's name within the sidecar's folder.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct FileName(String);

impl FileName {
    /// Letters, digits, `-`, `_` and `.`, and not the names that the sidecar keeps for itself.
    pub(super) fn parse(text: &str) -> Result<Self, FileNameError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if text.is_empty() || text.len() > NAME_BYTES_MAX {
            return Err(FileNameError::Length);
        }
        if !text.bytes().all(plain) {
            return Err(FileNameError::NotPlain);
        }
        if text == "." || text.starts_with("..") {
            return Err(FileNameError::Dots);
        }
        Ok(Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_names() {
        for good in ["db-password", "app.env", ".pgpass", "A_1", "a..b"] {
            assert!(FileName::parse(good).is_ok(), "{good}");
        }
        let long = "x".repeat(NAME_BYTES_MAX + 1);
        for bad in ["", ".", "..", "..data", "..2026", "a/b", "/etc/passwd", "../x", "a\0", "a\n", "a b", "ä", "a\\b", &long] {
            assert!(FileName::parse(bad).is_err(), "{bad:?}");
        }
    }
}
