//! The request for a denial: on the server's own machine, or by a client that a policy allows to deny.

use super::OperatorDenial;
use crate::words::{DurationError, parse_duration};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is denied, and for how long.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DenyRequest {
    /// What is denied.
    pub stop: OperatorDenial,
    /// How long it lasts, such as `4h`; absent: until it is lifted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasting: Option<String>,
    /// Whether it may name a policy or an issuer that does not exist.
    #[serde(default)]
    pub unknown_too: bool,
}

/// Why `lasting` is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LastingError {
    /// It is no duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// It would end at once.
    #[error("a denial for no time denies nobody: leave it out to deny until it is lifted")]
    NoTime,
}

impl DenyRequest {
    /// How long it lasts; `None`: until it is lifted.
    pub fn lasting(&self) -> Result<Option<Duration>, LastingError> {
        match self.lasting.as_deref().map(parse_duration).transpose()? {
            Some(Duration::ZERO) => Err(LastingError::NoTime),
            lasting => Ok(lasting),
        }
    }
}
