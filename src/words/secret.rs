//! The type of secrets. It does not print its content, cannot be serialized, is wiped on drop and compares in constant time.

use std::fmt;

/// Bytes that must not be seen: a token, a key, a decrypted value.
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes ownership of the bytes. The caller keeps no copy.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes. Each call is a place where a secret leaves its type.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The text, if the bytes are UTF-8.
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// A copy of the secret.
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Wipes the whole buffer in one operation, including unused capacity. Every request wipes a token, and wiping it byte by byte took a
/// tenth of the time of its verification.
impl Drop for Secret {
    fn drop(&mut self) {
        self.0.clear();
        self.0.resize(self.0.capacity(), 0);
        zeroize::optimization_barrier(&self.0[..]);
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

/// Constant-time in the content (the length is not hidden).
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_content() {
        assert_eq!(format!("{:?}", Secret::new(b"hunter2".to_vec())), "[secret]");
    }

    #[test]
    fn equality_is_by_content() {
        assert_eq!(Secret::new(b"a".to_vec()), Secret::new(b"a".to_vec()));
        assert_ne!(Secret::new(b"a".to_vec()), Secret::new(b"ab".to_vec()));
    }
}
