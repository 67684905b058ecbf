//! Whether a record matches a filter.

use super::{Entry, RecordBody, RecordFilter, RequestRecord};

impl RecordFilter {
    /// Whether the record matches. One that this version cannot read matches only by its kind and its decision.
    pub fn matches(&self, entry: &Entry) -> bool {
        self.kind.as_deref().is_none_or(|kind| entry.kind == kind)
            && self.decision.as_ref().is_none_or(|id| entry.decision.as_deref().is_some_and(|decision| id.ends(decision)))
            && (!self.looks_into_the_body() || entry.typed().is_some_and(|body| self.matches_body(entry, &body)))
    }

    const fn looks_into_the_body(&self) -> bool {
        self.code.is_some() || self.issuer.is_some() || self.policy.is_some() || self.repository.is_some()
    }

    fn matches_body(&self, entry: &Entry, body: &RecordBody) -> bool {
        let request = body.request();
        self.code.as_deref().is_none_or(|code| request.and_then(|request| entry.code_of(request)) == Some(code))
            && self.issuer.as_deref().is_none_or(|issuer| body.issuer() == Some(issuer))
            && self.policy.as_deref().is_none_or(|policy| request.is_some_and(|request| names_policy(request, policy)))
            && self.repository.as_deref().is_none_or(|expected| {
                request.and_then(RequestRecord::repository).is_some_and(|repository| is_of_repository(repository, expected))
            })
    }
}

impl Entry {
    /// The code of a refusal or a failure. The `reason` of a revocation is an operator's text.
    pub fn code_of<'a>(&self, request: &'a RequestRecord) -> Option<&'a str> {
        request.reason.as_deref().filter(|_| self.kind != "revoked")
    }
}

fn names_policy(request: &RequestRecord, policy: &str) -> bool {
    request.granting().iter().chain(&request.policy).any(|named| named.as_str() == policy)
}

/// Compares by the id if both have one.
fn is_of_repository(repository: &str, expected: &str) -> bool {
    match (expected.split_once('@'), repository.split_once('@')) {
        (Some((_, expected)), Some((_, id))) => expected == id,
        (None, Some((name, _))) => expected == name,
        (_, None) => expected == repository,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::UnixTime;

    #[test]
    fn the_reason_of_a_revocation_is_no_code() {
        let entry = |kind: &str| Entry {
            seq: 1,
            at: UnixTime::from_seconds(0),
            kind: kind.to_owned(),
            decision: None,
            body: serde_json::json!({ "reason": "denied" }),
        };
        let filter = RecordFilter { code: Some("denied".to_owned()), ..RecordFilter::default() };
        assert!(filter.matches(&entry("refused")) && !filter.matches(&entry("revoked")));
        let code = |kind: &str| entry(kind).code_of(&entry(kind).request().unwrap()).map(str::to_owned);
        assert_eq!((code("failed").as_deref(), code("revoked")), (Some("denied"), None));
    }
}
