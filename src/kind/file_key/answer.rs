//! The answer: the key of one header of a document (c2sp.org/age), which decrypts the whole document.

use crate::kind::{Answered, Hidden};
use crate::words::exposed;
use crate::words::names::SecretPath;
use crate::words::{Digest, Secret, UnixTime};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The file key.
#[derive(Serialize, Deserialize, Debug)]
pub struct FileKey {
    /// The document.
    pub document: SecretPath,
    /// The header whose file key it is.
    pub header: Digest,
    /// The key, 16 bytes.
    #[serde(with = "exposed::base64")]
    pub key: Secret,
}

impl Answered for FileKey {
    const LIVES_ON: &str = "The file key opens that form of the file forever: change its values where they are used, then in the repository, and give the file a new data key (`daypass secret rotate`).";

    fn expires_at(&self) -> Option<UnixTime> {
        None
    }

    fn describe(&self) -> Value {
        json!({ "document": self.document, "header": self.header })
    }

    fn hidden(&self) -> Vec<Hidden<'_>> {
        vec![Hidden { value: STANDARD.encode(self.key.expose()).into(), name: None }]
    }

    #[cfg(test)]
    fn sample() -> Value {
        let header = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        json!({ "document": "shop/db.age", "header": header, "key": "aHVudGVyMg==" })
    }
}
