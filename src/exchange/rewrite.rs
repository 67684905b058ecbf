//! A source's files with other recipients or new data keys, from the recorded grant to the recorded release. The private keys
//! stay on the server, and only ciphertext leaves it.

use super::answer::Released;
use super::body::Body;
use super::context::AuditContext;
use super::usage::{self, UseOutcome};
use crate::answers::{Outcome, Rewritten, RewrittenFile};
use crate::app::{App, Live};
use crate::identity::Identity;
use crate::policy::Grant;
use crate::secrets::Rewrite;
use crate::store::{Recorded, RewriteRecord, RewrittenForm, UseRecord};
use crate::token::{check_objects, from_json, parse_json};
use crate::words::names::SourceName;
use crate::words::{Denial, Digest, Reason, UnixTime};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The most files that one request names: the answer and the record stay small, and the next request asks for more.
pub const REWRITTEN_MAX: usize = 100;
/// What one answer holds at most, without its last file.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long one answer takes at most, without its last file, so that a client can show its progress.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
/// A request waits this long for the one before it.
const TURN_MAX: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    change: Rewrite,
    files: Vec<File>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    file: String,
    sha256: String,
}

/// Answers with the new forms of as many files as the bounds allow, recorded like a credential.
pub(super) async fn answer(
    app: &App,
    grant: Recorded<Grant>,
    identity: &Identity,
    live: &Arc<Live>,
    context: &AuditContext,
    body: Body,
) -> Result<Released, Denial> {
    let outcome = match usage::source(grant.grant()) {
        Ok(source) => run(app, live.clone(), source, (identity, body)).await,
        Err(denial) => Err(denial),
    };
    usage::answer(app, grant, identity, live, context, outcome).await
}

/// One at a time, so that rewrites leave the server's processors to exchanges.
async fn run(app: &App, live: Arc<Live>, source: SourceName, (identity, body): (&Identity, Body)) -> Result<UseOutcome, Denial> {
    let turn = app.rewritings.acquire(&source, TURN_MAX).await;
    let _turn = turn.map_err(|_| Reason::Overloaded.with_cause("other files are being encrypted anew"))?;
    let request = read(&body.read(identity).await?)?;
    let now = app.now();
    let outcome = tokio::task::spawn_blocking(move || rewritten(&live, &source, &request, now)).await;
    outcome.map_err(|fault| Reason::Internal.with_cause(fault.to_string()))?
}

fn read(body: &[u8]) -> Result<Request, Denial> {
    let bad = |fault: &dyn Display| Reason::BadRequest.with_cause(fault).with_detail(format!("The request's body: {fault}."));
    let document = parse_json(body).map_err(|fault| bad(&fault))?;
    check_objects(&document, "files").map_err(|fault| bad(&fault))?;
    let request: Request = from_json(document).map_err(|fault| bad(&fault))?;
    if request.files.is_empty() || request.files.len() > REWRITTEN_MAX {
        return Err(bad(&format!("name 1 to {REWRITTEN_MAX} files")));
    }
    Ok(request)
}

/// For the fuzz target of bodies.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_rewrite(body: &[u8]) {
    let _ = read(body);
}

fn rewritten(live: &Live, source: &SourceName, request: &Request, now: UnixTime) -> Result<UseOutcome, Denial> {
    let unreadable = |cause: &str| Reason::SecretUnreadable.with_cause(cause.to_owned()).with_detail(cause.to_owned());
    let in_force = live.source(source).ok_or_else(|| unreadable("The policy's source is not in force."))?;
    let identities = in_force.followed.identities();
    let rewriting = in_force.revision.rewriting(request.change, &identities, now);
    let (started, mut bytes, mut files, mut written) = (Instant::now(), 0, Vec::new(), Vec::new());
    for file in &request.files {
        if bytes >= ANSWER_BYTES_MAX || started.elapsed() >= ANSWER_TIME_MAX {
            break;
        }
        let sha256 = Digest::parse(&file.sha256).ok_or("`sha256` is 64 hexadecimal digits in lower case".to_owned());
        let form = match sha256.and_then(|sha256| rewriting.file(&file.file, &sha256).map_err(|fault| fault.to_string())) {
            Ok(Some(new)) => {
                bytes += new.len();
                written.push(RewrittenForm { file: file.file.clone(), sha256: Digest::plain(&new) });
                Ok(Some(STANDARD.encode(&new)))
            }
            Ok(None) => Ok(None),
            Err(fault) => Err(fault),
        };
        let (content, fault) = form.map_or_else(|fault| (None, Some(fault)), |content| (content, None));
        files.push(RewrittenFile { file: file.file.clone(), content, fault });
    }
    let commit = in_force.revision.commit.clone();
    let record = RewriteRecord { change: request.change, commit: commit.clone(), files: written, source: source.clone() };
    let (outcome, record) = (Outcome::Rewrite(Rewritten { commit, files }), UseRecord::Rewritten(record));
    Ok(UseOutcome { outcome, record, is_repeatable: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_could_be_read_in_two_ways_is_refused() {
        let file = r#"{"file":"secrets/a.yaml","sha256":"x"}"#;
        assert!(read(format!(r#"{{"change":"rotate","files":[{file}]}}"#).as_bytes()).is_ok());
        let many = vec![file; REWRITTEN_MAX + 1].join(",");
        for bad in [
            "".to_owned(),
            format!(r#"["rotate",[{file}]]"#),
            r#"{"change":"rotate","files":[["secrets/a.yaml","x"]]}"#.to_owned(),
            r#"{"change":"rotate","files":[]}"#.to_owned(),
            format!(r#"{{"change":"rotate","files":[{many}]}}"#),
            format!(r#"{{"change":"burn","files":[{file}]}}"#),
            format!(r#"{{"change":"rotate","change":"rotate","files":[{file}]}}"#),
            format!(r#"{{"change":"rotate","files":[{file}],"recipients":["age1"]}}"#),
        ] {
            assert!(read(bad.as_bytes()).is_err_and(|denial| denial.reason == Reason::BadRequest), "{bad}");
        }
    }
}
