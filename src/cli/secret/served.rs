//! The same by a server that has the keys: it is shown which files are asked for, and hands their new forms back.

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

/// Asks for the files in turns, each of which the server bounds by its own measure.
pub(super) async fn run(
    server: &Server,
    how: Rewrite,
    files: Vec<(String, Vec<u8>)>,
    work: &mut Work<'_>,
    progress: &Progress,
) -> Result<(), Failure> {
    let mut left: BTreeMap<String, Digest> = files.into_iter().map(|(name, bytes)| (name, Digest::plain(&bytes))).collect();
    while !left.is_empty() {
        let asked: Vec<Value> = left
            .iter()
            .take(crate::exchange::REWRITTEN_MAX)
            .map(|(name, digest)| json!({ "file": name, "sha256": digest.to_string() }))
            .collect();
        let answer = server.rewrite(&json!({ "change": how, "files": asked })).await?;
        let before = left.len();
        for one in answer.files {
            if left.remove(&one.file).is_some() {
                work.take(&one.file, read(&one))?;
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
    /// It says so itself.
    #[error("{said}")]
    Refused {
        /// In its words.
        said: String,
    },
    /// It answers in another form.
    #[error("the server's answer is not base64")]
    NoBase64,
}

fn read(one: &RewrittenFile) -> Result<Option<Vec<u8>>, NotServed> {
    if let Some(fault) = &one.fault {
        return Err(NotServed::Refused { said: fault.clone() });
    }
    let Some(content) = &one.content else { return Ok(None) };
    STANDARD.decode(content).map(Some).map_err(|_| NotServed::NoBase64)
}
