//! `deny`: a denial that takes effect at once.

use crate::words::UnixTime;
use serde::{Deserialize, Serialize};

/// A denial, and how many recent grants it would have denied.
#[derive(Serialize, Deserialize, Debug)]
pub struct Denied {
    /// The id by which an operator lifts it.
    pub id: String,
    /// What it denies, in one line.
    pub denies: String,
    /// When it ends; `None`: when an operator lifts it.
    pub until: Option<UnixTime>,
    /// How many of the last day's grants it would have denied.
    pub covers: Option<Covered>,
    /// Why these grants were not counted.
    pub uncounted: Option<String>,
}

/// How many recent grants a denial would have denied. One that would have denied none often has a typo.
#[derive(Clone, Copy, Serialize, Deserialize, Debug)]
pub struct Covered {
    /// Grants that it would have denied.
    pub grants: u64,
    /// All grants that were compared with it.
    pub of: u64,
    /// The start of the compared period; later than a day ago where there are too many grants.
    pub since: UnixTime,
}
