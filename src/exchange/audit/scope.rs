//! Which records a policy lets its reader see, and how much of each.

use crate::app::Live;
use crate::kind::Target;
use crate::store::{Entry, RecordBody, RecordedSources, RequestRecord};
use crate::words::names::{PolicyName, SourceName};
use crate::words::{Denial, Reason};
use serde_json::json;

/// The records that a reader sees. With a policy of the root these are all records. With a policy of a further source they are
/// what that source's policies granted, requests that named them, and that source's revisions.
pub(super) enum AuditScope {
    Everything,
    OfSource { name: SourceName, repository: String },
}

/// What a reader sees of a request's record.
enum Visible {
    Whole,
    Part(Box<RequestRecord>),
}

impl AuditScope {
    pub(super) fn of(source: &SourceName, live: &Live) -> Result<Self, Denial> {
        if source.is_root() {
            return Ok(Self::Everything);
        }
        let repository = live.repositories(std::iter::once(source)).into_values().next().map(str::to_owned);
        let unknown = || Reason::Internal.with_cause("a source in force was read from no repository");
        Ok(Self::OfSource { name: source.clone(), repository: repository.ok_or_else(unknown)? })
    }

    /// What its reader sees of a record. A record that this version cannot read is shown to nobody who may not see all.
    pub(super) fn part(&self, entry: Entry) -> Option<Entry> {
        let Self::OfSource { name, repository } = self else { return Some(entry) };
        // The name may have belonged to a folder of the root, or to another repository, before. The record says to which.
        let is_its_own = |sources: Option<&RecordedSources>| sources.and_then(|sources| sources.get(name)) == Some(repository);
        match entry.typed()? {
            RecordBody::Request(record) if is_its_own(record.sources.as_ref()) => {
                match visible(&entry, *record, (name, repository))? {
                    Visible::Whole => Some(entry),
                    Visible::Part(part) => Some(Entry { body: json!(part), ..entry }),
                }
            }
            RecordBody::Revision(record) if is_its_own(record.sources.as_ref()) => (record.source == *name).then_some(entry),
            RecordBody::Operator(record) if is_its_own(record.sources.as_ref()) => (record.source == *name).then_some(entry),
            RecordBody::Request(_)
            | RecordBody::Revision(_)
            | RecordBody::Operator(_)
            | RecordBody::Denial(_)
            | RecordBody::Key(_)
            | RecordBody::Other => None,
        }
    }
}

fn visible(entry: &Entry, record: RequestRecord, (source, repository): (&SourceName, &str)) -> Option<Visible> {
    let is_ours = |policy: &PolicyName| is_below(policy.as_str(), source);
    let policies: Vec<bool> = record.granting().iter().map(is_ours).collect();
    if policies.is_empty() {
        return record.policy.as_ref().is_some_and(is_ours).then(|| request_part(entry, record, source));
    }
    match (policies.contains(&true), policies.contains(&false)) {
        (false, _) => None,
        (true, false) => Some(Visible::Whole),
        (true, true) => Some(granted(entry, record, &policies, (source, repository))),
    }
}

fn is_below(path: &str, source: &SourceName) -> bool {
    source.within(path).is_some()
}

/// The part of a record that several sources granted together. Only the index says which credential is of which source, so a list
/// that has not one entry for each policy is left out.
fn granted(entry: &Entry, record: RequestRecord, policies: &[bool], (source, repository): (&SourceName, &str)) -> Visible {
    Visible::Part(Box::new(RequestRecord {
        credentials: ours(record.credentials.clone(), policies),
        issued: ours(record.issued.clone(), policies),
        policies: ours(record.policies.clone(), policies),
        rows: ours(record.rows.clone(), policies),
        sources: Some(RecordedSources::from([(source.clone(), repository.to_owned())])),
        ..of_request(entry, record)
    }))
}

fn ours<T>(each: Option<Vec<T>>, policies: &[bool]) -> Option<Vec<T>> {
    let each = each.filter(|each| each.len() == policies.len())?;
    Some(each.into_iter().zip(policies).filter(|(_, is_ours)| **is_ours).map(|(one, _)| one).collect())
}

/// What is visible of a request that named the source's policy and was not granted. It may also name what is in another source's
/// tree.
fn request_part(entry: &Entry, record: RequestRecord, source: &SourceName) -> Visible {
    let is_ours = |line: &&String| may_be_of(line, source);
    if record.requested().iter().all(|line| is_ours(&line)) && record.credentials_left_out.is_none() {
        return Visible::Whole;
    }
    Visible::Part(Box::new(RequestRecord {
        credentials: Some(record.requested().iter().filter(is_ours).cloned().collect()),
        policy: record.policy.clone(),
        revision_in_force: record.revision_in_force.clone(),
        sources: record.sources.clone(),
        ..of_request(entry, record)
    }))
}

/// What describes the request itself: who asked, from where, and the outcome. Each member is named, so that somebody decides about
/// a new one.
fn of_request(entry: &Entry, record: RequestRecord) -> RequestRecord {
    let code = entry.code_of(&record).map(|code| code.to_owned().into());
    let RequestRecord {
        // Who asked, from where, and the outcome.
        api,
        attributes,
        claims,
        client,
        first_use,
        in_session,
        issuer,
        repeats,
        subject,
        token_ended,
        v,
        // The code of a refusal is from a list; the words of whoever revoked may quote names of another source.
        reason: _,
        // These have an entry for each source, or name what is in another source's tree.
        credentials: _,
        credentials_left_out: _,
        issued: _,
        policies: _,
        policy: _,
        policy_revision: _,
        revision_in_force: _,
        rows: _,
        sources: _,
        // These may quote names of another source.
        audit_read: _,
        cause: _,
        denied: _,
        narrowed: _,
        partial: _,
        provider: _,
        replayed: _,
        rewritten: _,
        secret_status: _,
        session: _,
        session_name: _,
        transit: _,
        unverified_issuer: _,
    } = record;
    RequestRecord {
        api,
        attributes,
        claims,
        client,
        first_use,
        in_session,
        issuer,
        partial: Some(true),
        reason: code,
        repeats,
        subject,
        token_ended,
        v,
        ..RequestRecord::default()
    }
}

/// Whether a credential is in the source's own tree, of any revision, or in no tree.
fn may_be_of(line: &str, source: &SourceName) -> bool {
    Target::parse(line).is_ok_and(|target| target.committed().is_none_or(|committed| is_below(committed.file().name(), source)))
}

#[cfg(test)]
mod tests;
