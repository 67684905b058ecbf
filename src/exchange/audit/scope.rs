//! Which records a policy lets its reader see, and how much of each.

use crate::app::Live;
use crate::kind::{Target, TreeFile};
use crate::store::Entry;
use crate::words::names::SourceName;
use crate::words::{Denial, Reason};
use serde_json::{Map, Value, json};

/// The members of a record of several sources that describe the request itself: who asked, from where, and the outcome. All
/// others are left out: a `cause`, an operator's words and members that come later may quote names.
const OF_REQUEST: [&str; 11] =
    ["v", "api", "client", "issuer", "subject", "attributes", "claims", "in_session", "token_ended", "first_use", "repeats"];
/// The lists that have one entry for each entry of `policies`.
const OF_EACH: [&str; 3] = ["credentials", "rows", "issued"];
/// The member of a record with too many names to list; its digest covers all of them.
const LEFT_OUT: &str = "credentials_left_out";
/// The member that marks a record of which the reader sees only a part.
const PARTIAL: &str = "partial";

/// The records that a reader sees. With a policy of the root these are all records. With a policy of a further source they are
/// what that source's policies granted, requests that named them, and that source's revisions.
pub(super) enum AuditScope {
    Everything,
    OfSource { name: SourceName, repository: String },
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

    /// What its reader sees of a record.
    pub(super) fn part(&self, entry: Entry) -> Option<Entry> {
        let Self::OfSource { name, repository } = self else { return Some(entry) };
        // The name may have belonged to a folder of the root, or to another repository, before. The record says to which.
        if entry.body["sources"][name.as_str()] != repository.as_str() {
            return None;
        }
        let is_ours = |policy: &Value| policy.as_str().is_some_and(|policy| is_below(policy, name));
        let policies: Vec<bool> = entry.body["policies"].as_array().into_iter().flatten().map(is_ours).collect();
        if policies.is_empty() {
            let is_named = is_ours(&entry.body["policy"]) || entry.body["source"] == name.as_str();
            return is_named.then(|| Entry { body: request_part(&entry, name), ..entry });
        }
        match (policies.contains(&true), policies.contains(&false)) {
            (false, _) => None,
            (true, false) => Some(entry),
            (true, true) => Some(Entry { body: granted(&entry, &policies, (name, repository)), ..entry }),
        }
    }
}

fn is_below(path: &str, source: &SourceName) -> bool {
    source.within(path).is_some()
}

/// The part of a record that several sources granted together. Only the index says which credential is of which source.
fn granted(entry: &Entry, policies: &[bool], (source, repository): (&SourceName, &str)) -> Value {
    let mut body = of_request(entry);
    for member in ["policies"].into_iter().chain(OF_EACH) {
        let each = entry.body[member].as_array().filter(|each| each.len() == policies.len());
        if let Some(each) = each {
            let ours = each.iter().zip(policies).filter(|(_, is_ours)| **is_ours).map(|(one, _)| one.clone());
            body.insert(member.to_owned(), ours.collect());
        }
    }
    body.insert("sources".to_owned(), json!({ source.as_str(): repository }));
    Value::Object(body)
}

/// The part of a record of a request that named the source's policy and was not granted. It may also name what is in another
/// source's tree.
fn request_part(entry: &Entry, source: &SourceName) -> Value {
    let of_others = |line: &Value| line.as_str().is_none_or(|line| !may_be_of(line, source));
    let credentials = entry.body["credentials"].as_array();
    let has_others = credentials.into_iter().flatten().any(of_others) || entry.body.get(LEFT_OUT).is_some();
    if !has_others {
        return entry.body.clone();
    }
    let mut body = of_request(entry);
    let ours = credentials.into_iter().flatten().filter(|line| !of_others(line)).cloned();
    body.insert("credentials".to_owned(), ours.collect());
    for member in ["policy", "sources", "revision_in_force"] {
        body.extend(entry.body.get(member).map(|value| (member.to_owned(), value.clone())));
    }
    Value::Object(body)
}

fn of_request(entry: &Entry) -> Map<String, Value> {
    let copied = |member: &&str| entry.body.get(*member).map(|value| ((*member).to_owned(), value.clone()));
    let code = entry.code().map(|code| ("reason".to_owned(), json!(code)));
    let partial = (PARTIAL.to_owned(), Value::Bool(true));
    OF_REQUEST.iter().filter_map(copied).chain(code).chain([partial]).collect()
}

/// Whether a credential is in the source's own tree, or in no tree.
fn may_be_of(line: &str, source: &SourceName) -> bool {
    Target::parse(line).is_ok_and(|target| match target.in_tree() {
        Some(TreeFile::Document(path)) => is_below(path.as_str(), source),
        Some(TreeFile::TransitKey(key)) => is_below(key.as_str(), source),
        None => true,
    })
}

#[cfg(test)]
mod tests;
