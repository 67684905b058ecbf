//! Entry points of the fuzz targets to readers that are private to this module.

use super::proof::{self, Proof, RequestBody};
use crate::words::{Digest, UnixTime};

/// A `DPoP` header's value.
pub(crate) fn proof(bytes: &[u8]) {
    let (jws, method) = (String::from_utf8_lossy(bytes).into_owned(), "POST".to_owned());
    let proof = Proof { jws, method, urls: Vec::new(), query: Digest::plain(b""), body: RequestBody::Unread };
    let holds = proof::check(&"A".repeat(43), Some(&proof), b"a.b.c", UnixTime::from_seconds(1_800_000_000));
    assert!(holds.is_err(), "it is for no address");
}
