//! The name of a file that has a fault. Whoever pushes chooses it, and it may hold a private key or an address with a password.

use crate::words::without_secrets;
use std::fmt;

/// The exact name, by which the file is found; and its text for people, logs and records, without secrets. A name is compared exactly: two
/// files may look alike where it is shown.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(Box<str>);

impl FileName {
    /// Takes the name as it is.
    pub fn new(exact: &str) -> Self {
        Self(exact.into())
    }

    /// The name as it is: to find the file, never to show it.
    pub fn exact(&self) -> &str {
        &self.0
    }
}

/// The name for people, which finds no file.
impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&without_secrets(&self.0))
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*without_secrets(&self.0), f)
    }
}

impl serde::Serialize for FileName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_exactly_and_shown_without_secrets() {
        let of = |last: &str| FileName::new(&format!("AGE-SECRET-KEY-1{}{last}/guardrails.yaml", "Q".repeat(57)));
        let (one, other) = (of("Q"), of("P"));
        assert_ne!(one, other);
        assert!(one.exact().contains("QQQ"));
        for shown in [one.to_string(), format!("{one:?}"), serde_json::to_string(&one).unwrap()] {
            assert!(shown.contains("AGE-SECRET-KEY-…/guardrails.yaml") && !shown.contains("QQQ"), "{shown}");
        }
    }
}
