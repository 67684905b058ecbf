//! One statement of a trust policy. What is not understood is an error, and never left out.

use crate::policy::import::{host_of, one_or_many, plain_operator};
use crate::policy::ways_in::advice::AWS as MEND;
use crate::policy::ways_in::bound::{Bound, Text, admits_anybody};
use crate::policy::ways_in::granted::GrantedInClouds;
use crate::policy::ways_in::way_in::{WayIn, WayInKind};
use crate::policy::ways_in::{glob, issuers};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The actions that assume a role. AWS ignores the case of actions.
const ASSUMING: [&str; 3] = ["sts:assumerole", "sts:assumerolewithwebidentity", "sts:assumerolewithsaml"];
/// Issuers that a trust policy names without an ARN.
const WELL_KNOWN: [&str; 4] = ["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];

/// What a statement does.
pub(super) enum Statement<'a> {
    /// It lets nobody assume the role.
    Other,
    Denies,
    Lets(AllowStatement<'a>),
}

/// A statement that lets somebody in.
pub(super) struct AllowStatement<'a> {
    principals: Vec<(&'a str, &'a str)>,
    conditions: Vec<Condition<'a>>,
}

struct Condition<'a> {
    operator: &'a str,
    key: &'a str,
    values: Vec<String>,
}

/// Who is let in.
pub(super) enum Entry {
    /// These subjects of an issuer.
    Subjects(BTreeSet<String>, String),
    /// Subjects of an issuer that are not listed one by one.
    Unbounded(String),
    Principal(String),
    Anybody,
    Service(String),
    Unknown(String),
}

/// Every statement of a document, or what of it is not understood.
pub(super) fn all(document: &Value) -> Vec<Result<Statement<'_>, Unread>> {
    match document.get("Statement") {
        Some(statements) if document.is_object() => one_or_many(statements).iter().map(Statement::read).collect(),
        _ => vec![Err(Unread("a document without `Statement`".to_owned()))],
    }
}

/// What is not understood.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unread(String);

fn unread(what: &str) -> Unread {
    Unread(what.to_owned())
}

impl<'a> Statement<'a> {
    fn read(statement: &'a Value) -> Result<Self, Unread> {
        let members = statement.as_object().ok_or_else(|| unread("a statement that is no object"))?;
        match members.get("Effect").and_then(Value::as_str) {
            Some("Allow") => {}
            Some("Deny") => return Ok(Self::Denies),
            _ => return Err(unread("its `Effect`")),
        }
        let known = ["Sid", "Effect", "Principal", "Action", "Condition", "NotAction", "NotPrincipal"];
        if let Some(member) = members.keys().find(|member| !known.contains(&member.as_str())) {
            return Err(Unread(format!("`{member}`")));
        }
        if !lets_assume(members)? {
            return Ok(Self::Other);
        }
        if members.contains_key("NotPrincipal") {
            return Err(unread("`NotPrincipal`, which lets in everybody else,"));
        }
        let principals = match members.get("Principal") {
            Some(Value::String(all)) => vec![("AWS", all.as_str())],
            Some(Value::Object(kinds)) => {
                let of_kind = |(kind, names): (&'a String, &'a Value)| {
                    let names =
                        one_or_many(names).iter().map(|name| name.as_str().ok_or_else(|| unread("a principal that is no text")));
                    names.map(|name| name.map(|name| (kind.as_str(), name))).collect::<Vec<_>>()
                };
                kinds.iter().flat_map(of_kind).collect::<Result<_, _>>()?
            }
            _ => return Err(unread("its `Principal`")),
        };
        Ok(Self::Lets(AllowStatement { principals, conditions: conditions(members.get("Condition"))? }))
    }
}

fn lets_assume(members: &Map<String, Value>) -> Result<bool, Unread> {
    let listed = |member: &str| -> Result<Option<Vec<String>>, Unread> {
        let Some(found) = members.get(member) else { return Ok(None) };
        let text = |one: &Value| one.as_str().map(str::to_ascii_lowercase).ok_or_else(|| Unread(format!("its `{member}`")));
        one_or_many(found).iter().map(text).collect::<Result<_, _>>().map(Some)
    };
    let any = |patterns: &[String], action: &str| patterns.iter().any(|pattern| glob::matches(pattern, action));
    match (listed("Action")?, listed("NotAction")?) {
        (Some(actions), None) => Ok(ASSUMING.iter().any(|action| any(&actions, action))),
        (None, Some(excepted)) => Ok(ASSUMING.iter().any(|action| !any(&excepted, action))),
        _ => Err(unread("its `Action`")),
    }
}

fn conditions(node: Option<&Value>) -> Result<Vec<Condition<'_>>, Unread> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let mut read = Vec::new();
    for (operator, keys) in node.as_object().ok_or_else(|| unread("its `Condition`"))? {
        for (key, values) in keys.as_object().ok_or_else(|| unread("its `Condition`"))? {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            read.push(Condition { operator, key, values: one_or_many(values).iter().map(text).collect() });
        }
    }
    Ok(read)
}

impl AllowStatement<'_> {
    pub(super) fn entries(&self) -> Vec<Entry> {
        self.principals.iter().map(|(kind, name)| self.entry(kind, name)).collect()
    }

    fn entry(&self, kind: &str, name: &str) -> Entry {
        match kind {
            "AWS" if name == "*" => Entry::Anybody,
            "AWS" if name.contains(['*', '?']) => Entry::Unknown(format!("`{name}`")),
            "AWS" => Entry::Principal(name.to_owned()),
            "Service" => Entry::Service(name.to_owned()),
            "Federated" if name == "*" => Entry::Anybody,
            "Federated" if name.contains(":saml-provider/") => Entry::Principal(name.to_owned()),
            "Federated" => match host_of(name) {
                Some(host) => self.of_issuer(host),
                None if WELL_KNOWN.contains(&name) => self.of_issuer(name),
                None => Entry::Unknown(format!("`{name}`")),
            },
            _ => Entry::Unknown(format!("{kind} `{name}`")),
        }
    }

    /// The subjects, if exactly one condition is on them and lists them literally.
    fn of_issuer(&self, host: &str) -> Entry {
        let mut listed = self.of_claim(host, "sub");
        let exact = |condition: &&Condition<'_>| {
            let has_wildcard = || condition.values.iter().any(|value| value.contains(['*', '?']));
            match condition.operator {
                "StringEquals" | "ForAnyValue:StringEquals" => true,
                "StringLike" | "ForAnyValue:StringLike" => !has_wildcard(),
                _ => false,
            }
        };
        // A policy variable stands for an unknown text.
        let is_plain = |condition: &&Condition<'_>| condition.values.iter().all(|value| !value.contains("${"));
        match (listed.next(), listed.next()) {
            (Some(one), None) if exact(&one) && is_plain(&one) => {
                Entry::Subjects(one.values.iter().cloned().collect(), host.to_owned())
            }
            _ => Entry::Unbounded(host.to_owned()),
        }
    }

    fn of_claim<'b>(&'b self, host: &'b str, claim: &'b str) -> impl Iterator<Item = &'b Condition<'b>> {
        self.conditions.iter().filter(move |condition| condition.is_of(host, claim))
    }

    /// Whether a condition is on something other than the subject, the audience, and the session name, which the bootstrap binds.
    pub(super) fn is_limited_further(&self, host: &str) -> bool {
        let known = |condition: &Condition<'_>| {
            condition.is_of(host, "sub")
                || condition.is_of(host, "aud")
                || condition.key.eq_ignore_ascii_case("sts:RoleSessionName")
        };
        !self.conditions.iter().all(known)
    }

    /// Whether a condition keeps out an intermediate role that shows this external id, or may keep it out.
    pub(super) fn is_limited_beyond(&self, external_id: Option<&str>) -> bool {
        let known = |condition: &Condition<'_>| {
            let has_id = || external_id.is_some_and(|id| condition.values.iter().any(|value| value == id));
            condition.key.eq_ignore_ascii_case("sts:RoleSessionName")
                || condition.key.eq_ignore_ascii_case("sts:ExternalId") && has_id()
        };
        !self.conditions.iter().all(known)
    }

    /// Reports a statement that takes other audiences: daypass's tokens for partners have the same subjects.
    pub(super) fn audience_fault(&self, of: &str, host: &str, granted: &GrantedInClouds) -> Option<WayIn> {
        let ours = |condition: &Condition<'_>| condition.values.iter().all(|value| Some(value.as_str()) == granted.aws_audience);
        let is_exact = |condition: &Condition<'_>| matches!(condition.operator, "StringEquals" | "ForAnyValue:StringEquals");
        if self.of_claim(host, "aud").any(|condition| ours(condition) && is_exact(condition)) {
            return None;
        }
        let message = "it takes tokens of daypass for other audiences too, as far as the OIDC provider lists them: a partner who was shown one gets in";
        Some(WayIn::new(of, WayInKind::Others, message, MEND))
    }

    /// The way in that another issuer has.
    pub(super) fn issuer(&self, of: &str, host: &str) -> WayIn {
        let bounds: Vec<Bound> = self.conditions.iter().filter_map(|condition| condition.bound(host)).collect();
        let message = format!("{}{}", issuers::describe(host), self.conditions());
        if admits_anybody(host, &bounds) {
            let advice = if issuers::shared(host).is_some() {
                "it signs tokens for strangers, and nothing here keeps them out: bind the subject up to the end of a name, or take the statement out"
            } else {
                "whoever has a token of it gets in, because nothing is asked of the token's claims: bind the subject, or take the statement out"
            };
            return WayIn::new(of, WayInKind::Anybody, message, advice);
        }
        let advice = "policies and the audit log see nothing of it: turn it into a policy (`daypass policy import`), then take the statement out";
        WayIn::new(of, WayInKind::Others, message, advice)
    }

    /// The conditions in words: `, where …`.
    pub(super) fn conditions(&self) -> String {
        if self.conditions.is_empty() {
            return ", without a condition".to_owned();
        }
        let texts = self.conditions.iter().map(|one| format!("{} {} [{}]", one.key, one.operator, one.values.join(", ")));
        format!(", where {}", texts.collect::<Vec<_>>().join(" and "))
    }
}

impl Condition<'_> {
    fn is_of(&self, host: &str, claim: &str) -> bool {
        claim_of(self.key, host).is_some_and(|own| own.eq_ignore_ascii_case(claim))
    }

    /// What a claim of this issuer has to be; `None` if the condition also holds without the claim.
    fn bound(&self, host: &str) -> Option<Bound> {
        let claim = claim_of(self.key, host)?.to_owned();
        let text: fn(&str) -> Text = match plain_operator(self.operator) {
            ("StringEquals" | "StringEqualsIgnoreCase", false) => Text::exact,
            ("StringLike", false) => Text::like,
            _ => return None,
        };
        Some(Bound { claim, texts: self.values.iter().map(|value| text(value)).collect() })
    }
}

/// The claim of this issuer that a key names. AWS ignores the case of keys.
fn claim_of<'a>(key: &'a str, host: &str) -> Option<&'a str> {
    let (before, claim) = key.split_at_checked(host.len())?;
    before.eq_ignore_ascii_case(host).then(|| claim.strip_prefix(':')).flatten()
}
