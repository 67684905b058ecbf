//! `deny`: a denial that stands from now on.

use crate::words::UnixTime;
use serde::{Deserialize, Serialize};

/// A denial, and what it would have hit.
#[derive(Serialize, Deserialize, Debug)]
pub struct Denied {
    /// By which it is lifted.
    pub id: String,
    /// What it denies, in one line.
    pub denies: String,
    /// Until when; `None` is until it is lifted.
    pub until: Option<UnixTime>,
    /// What of the last day's grants it would have denied.
    pub covers: Option<Covered>,
    /// Why that was not counted.
    pub uncounted: Option<String>,
}

/// What a denial would have hit of what was granted lately: one that hits nothing is often one with a typo.
#[derive(Clone, Copy, Serialize, Deserialize, Debug)]
pub struct Covered {
    /// Grants that it would have denied.
    pub grants: u64,
    /// All grants that were looked at.
    pub of: u64,
    /// From when on they were looked at; later than a day ago where there are too many.
    pub since: UnixTime,
}
