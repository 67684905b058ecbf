//! Doors for the fuzz targets to what this room alone reads.

use super::proof::{self, Proof};
use crate::words::UnixTime;

/// A `DPoP` header's value.
pub(crate) fn proof(bytes: &[u8]) {
    let proof = Proof { jws: String::from_utf8_lossy(bytes).into_owned(), method: "POST".to_owned(), urls: Vec::new() };
    let holds = proof::check(&"A".repeat(43), Some(&proof), b"a.b.c", UnixTime::from_seconds(1_800_000_000));
    assert!(holds.is_err(), "it is for no address");
}
