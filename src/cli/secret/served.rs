//! Rewrites files by a server that has the keys: it gets their paths and digests, and returns their new forms.

use super::not_rewritten::read as read_file;
use super::work::Work;
use crate::answers::RewrittenFile;
use crate::cli::progress::Progress;
use crate::client::server::Server;
use crate::client::{Failure, STATUS_UNAVAILABLE};
use crate::secrets::Rewrite;
use crate::words::Digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Asks for the files in several requests. The server limits how many it answers in each.
pub(super) async fn run(server: &Server, how: Rewrite, names: Vec<String>, work: &mut Work<'_>) -> Result<(), Failure> {
    // Only the server knows the recipients.
    let readers = Digest::of(&[b"by the server"]);
    let mut left = BTreeMap::new();
    for name in names {
        match read_file(&work.checkout.root().join(&name)).map(|bytes| Digest::plain(&bytes)) {
            Ok(digest) if work.is_done(&name, &digest, &readers) => {}
            Ok(digest) => _ = left.insert(name, digest),
            Err(fault) => work.fault(name, &fault),
        }
    }
    let progress = Progress::of_steps("changing files", left.len());
    while !left.is_empty() {
        let batch: Vec<Value> = left
            .iter()
            .take(crate::exchange::REWRITTEN_MAX)
            .map(|(name, digest)| json!({ "file": name, "sha256": digest.to_string() }))
            .collect();
        let answer = server.rewrite(&json!({ "change": how, "files": batch })).await?;
        let before = left.len();
        for one in answer.files {
            if let Some(digest) = left.remove(&one.file) {
                work.take(&one.file, &digest, &readers, read(&one))?;
                progress.step();
            }
        }
        if left.len() == before {
            return Err(Failure::new(STATUS_UNAVAILABLE, "the server answered with none of the files that were asked for"));
        }
    }
    Ok(())
}

/// Why the server has no new form of a file.
#[derive(Debug, thiserror::Error)]
enum NotServed {
    /// The server gives a reason.
    #[error("{message}")]
    Refused {
        /// The server's text.
        message: String,
    },
    /// The answer is malformed.
    #[error("the server's answer is not base64")]
    NoBase64,
}

fn read(one: &RewrittenFile) -> Result<Option<Vec<u8>>, NotServed> {
    if let Some(fault) = &one.fault {
        return Err(NotServed::Refused { message: fault.clone() });
    }
    let Some(content) = &one.content else { return Ok(None) };
    STANDARD.decode(content).map(Some).map_err(|_| NotServed::NoBase64)
}
