//! Gets the key of one file that is encrypted to the server.

use super::{Server, document};
use crate::client::Failure;
use crate::client::request::missing;
use crate::kind::FileKey;
use crate::words::Secret;
use age_core::format::Stanza;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

impl Server {
    /// `POST /v1/age/unwrap`: the file key of the document in force whose header has these stanzas.
    pub async fn file_key(&self, stanzas: &[Stanza]) -> Result<Secret, Failure> {
        let written = |one: &Stanza| json!({ "type": one.tag, "args": one.args, "body": STANDARD_NO_PAD.encode(&one.body) });
        let body = json!({ "stanzas": stanzas.iter().map(written).collect::<Vec<Value>>() });
        let answer = self.send(|token| Ok(self.http.post(self.url("v1/age/unwrap")?).bearer_auth(token).json(&body))).await?;
        let mut document = document(answer)?;
        document.take(|_: &FileKey| true).map(|answer| answer.key).ok_or_else(missing)
    }
}
