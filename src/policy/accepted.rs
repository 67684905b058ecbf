//! `accept_findings`: findings of the linter that somebody looked at and accepts in one policy, with the reason.

use super::lint::codes::{CODES, OF_OTHER_FILES};
use crate::words::yaml::{Fields, Node, Place, nearest};

/// A reason is a sentence.
pub(super) const REASON_CHARACTERS_MAX: usize = 300;

/// A finding that is accepted in this file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Accepted {
    /// Its code.
    pub(super) code: &'static str,
    /// Where it is accepted.
    pub(super) place: Place,
}

/// Why something is not accepted.
#[derive(Clone, Debug, thiserror::Error)]
enum NotAccepted {
    /// It is no finding.
    #[error("no finding has this code{}", .near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// The nearest one.
        near: Option<&'static str>,
    },
    /// It is about guardrails, bounds or tests.
    #[error("this finding is about another file, so no policy can accept it")]
    NotOwn,
    /// The reason is empty or too long.
    #[error("expected one sentence that says why, of at most {REASON_CHARACTERS_MAX} characters")]
    Reason,
}

/// Reads the list. Each finding stands once, with its reason.
pub(super) fn read(fields: &mut Fields<'_, '_>) -> Box<[Accepted]> {
    let mut all: Vec<Accepted> = Vec::new();
    let Some(list) = fields.optional("accept_findings") else { return Box::default() };
    for node in fields.one_or_many(list) {
        let Some(accepted) = read_one(fields, node) else { continue };
        if all.iter().any(|known| known.code == accepted.code) {
            fields.fault(node.place, format!("`{}` is accepted twice", accepted.code));
            continue;
        }
        all.push(accepted);
    }
    all.into()
}

fn read_one<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<Accepted> {
    let mut inner = fields.below(node);
    let code = inner.required("finding").and_then(|node| inner.parsed(node, code));
    let reason = inner.required("reason").and_then(|node| inner.parsed(node, reason));
    inner.finish();
    reason.and(code).map(|code| Accepted { code, place: node.place })
}

/// The codes of the findings that a policy can accept.
pub(super) fn codes_of_policies() -> impl Iterator<Item = &'static str> {
    CODES.into_iter().filter(|code| !OF_OTHER_FILES.contains(code))
}

fn code(text: &str) -> Result<&'static str, NotAccepted> {
    let known = codes_of_policies().find(|code| *code == text);
    known.ok_or_else(|| match CODES.contains(&text) {
        true => NotAccepted::NotOwn,
        false => NotAccepted::Unknown { near: nearest(text, &CODES) },
    })
}

fn reason(text: &str) -> Result<(), NotAccepted> {
    let is_sentence = !text.trim().is_empty() && text.chars().count() <= REASON_CHARACTERS_MAX;
    if is_sentence { Ok(()) } else { Err(NotAccepted::Reason) }
}
