//! Why a file of a source is not given to who may have it.

use crate::secrets::Unopened;
use crate::words::Widened;
use crate::words::yaml::Fault;

/// Why a file is not in force.
#[derive(Debug, thiserror::Error)]
pub enum NotInForce {
    /// Nobody confirmed it.
    #[error("its file {}, and waits for `daypass confirm`", .0.why)]
    Waits(Widened),
    /// It was never read.
    #[error("its file has no good form: {}", .0.message)]
    Faulty(Box<Fault>),
    /// The commit does not have it: only here the caller can do something.
    #[error("the commit in force has no such file")]
    Missing,
    /// It was there when the caller's request began.
    #[error("the revision in force has no such file")]
    Gone,
}

/// Why a value is not given.
#[derive(Debug, thiserror::Error)]
pub enum NotGiven {
    /// There is no file for it.
    #[error(transparent)]
    NotInForce(#[from] NotInForce),
    /// Its file does not have it, or does not open.
    #[error(transparent)]
    Unopened(#[from] Unopened),
}

impl NotGiven {
    /// Whether it is not there at all, which its readers may hear.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::NotInForce(NotInForce::Missing) | Self::Unopened(Unopened::Missing(_)))
    }
}
