//! Why a granted file or value is not given.

use crate::secrets::Unopened;
use crate::words::WidenedFile;
use crate::words::yaml::Fault;

/// Why a file is not in force.
#[derive(Debug, thiserror::Error)]
pub enum NotInForce {
    /// It waits, and nobody has confirmed it.
    #[error("its file {}, and waits for `daypass confirm`", .0.why)]
    Waits(WidenedFile),
    /// It never had a good form.
    #[error("its file has no good form: {}", .0.message)]
    Faulty(Box<Fault>),
    /// The commit does not have it. Only this the caller can change.
    #[error("the commit in force has no such file")]
    Missing,
    /// It disappeared during the caller's request.
    #[error("the revision in force has no such file")]
    Gone,
}

/// Why a value is not given.
#[derive(Debug, thiserror::Error)]
pub enum NoValue {
    /// Its file is not in force.
    #[error(transparent)]
    NotInForce(#[from] NotInForce),
    /// Its file does not have the value, or does not open.
    #[error(transparent)]
    Unopened(#[from] Unopened),
}

impl NoValue {
    /// Whether it does not exist, which its readers may learn.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::NotInForce(NotInForce::Missing) | Self::Unopened(Unopened::Missing(_)))
    }
}
