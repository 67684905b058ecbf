//! A denial as it is asked for: on the server's own machine, or through it by whom a policy lets deny.

use super::Stop;
use crate::words::{DurationError, parse_duration};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is denied, and for how long.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DenyRequest {
    /// What is denied.
    pub stop: Stop,
    /// Such as `4h`; absent: until it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasting: Option<String>,
    /// Also a policy or an issuer that is not there.
    #[serde(default)]
    pub unknown_too: bool,
}

/// Why nobody can tell how long it stands.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LastingError {
    /// It is no duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// It would be over at once.
    #[error("a denial for no time denies nobody: leave it out to deny until it is lifted")]
    NoTime,
}

impl DenyRequest {
    /// For how long; `None` is until it is lifted.
    pub fn lasting(&self) -> Result<Option<Duration>, LastingError> {
        match self.lasting.as_deref().map(parse_duration).transpose()? {
            Some(Duration::ZERO) => Err(LastingError::NoTime),
            lasting => Ok(lasting),
        }
    }
}
