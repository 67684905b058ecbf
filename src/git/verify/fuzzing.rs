//! Fuzzes the reader of commits' signatures, which anybody can make.

use super::Signers;
use crate::words::UnixTime;

/// Reads a signature of either kind. No signer is listed, so it must be refused.
pub(crate) fn signature(bytes: &[u8]) {
    let armored = [b"-----BEGIN SSH SIGNATURE-----\n".as_slice(), bytes, b"\n-----END SSH SIGNATURE-----\n"].concat();
    for signature in [bytes, &armored] {
        let signer = Signers::default().signer(signature, b"tree 0\n", UnixTime::from_seconds(1_800_000_000));
        assert!(signer.is_err(), "signed by {signer:?}");
    }
}
