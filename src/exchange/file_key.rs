//! Finds the document whose file key is requested. See docs/decisions/0015.

use super::context::AuditContext;
use crate::app::{App, Live};
use crate::identity::Identity;
use crate::kind::{FileKeyTarget, Target};
use crate::policy::Request;
use crate::words::{Denial, Digest, Reason};

/// The same text for a document that does not exist and for one of somebody else, so that it does not reveal which files exist.
const REFUSED: &str = "The server gives no key for this file: no policy grants all of the document to this identity, or the active commit has no such document.";

/// The request for the first document with a header of these stanzas that is granted; it is decided again like any other.
pub(super) fn find(
    app: &App,
    live: &Live,
    identity: &Identity,
    stanzas: &[Digest],
    original: &Request,
    context: &mut AuditContext,
) -> Result<Request, Denial> {
    let mut refused = Reason::NoMatchingPolicy.with_cause("no document in force has a header of these stanzas");
    for (document, header) in live.with_stanzas(stanzas) {
        let request = Request { credentials: vec![Target::FileKey(FileKeyTarget { document, header })], ..original.clone() };
        context.set_requested(&request);
        match app.decide(live, identity, &request) {
            Ok(_) => return Ok(request),
            Err(denial) => refused = denial,
        }
    }
    Err(if refused.reason == Reason::NoMatchingPolicy { refused.with_detail(REFUSED) } else { refused })
}
