//! A commit's signature, as somebody who is not trusted made it.

use super::Signers;
use crate::words::UnixTime;

/// An armored signature of either kind: nobody is listed, so nobody has signed.
pub(crate) fn signature(bytes: &[u8]) {
    let armored = [b"-----BEGIN SSH SIGNATURE-----\n".as_slice(), bytes, b"\n-----END SSH SIGNATURE-----\n"].concat();
    for signature in [bytes, &armored] {
        let signer = Signers::default().signer(signature, b"tree 0\n", UnixTime::from_seconds(1_800_000_000));
        assert!(signer.is_err(), "signed by {signer:?}");
    }
}
