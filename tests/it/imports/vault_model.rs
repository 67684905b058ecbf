//! A model of Vault's decisions after its sources (OpenBao: `builtin/credential/jwt/claims.go`, `path_login.go`, `vault/acl.go`,
//! `vault/policy.go`; go-glob). Its input is what `vault read` prints, and the blocks of policies.

use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A block of a policy.
pub type Block = (String, Vec<String>);

/// Whether a token with these claims can log in. It ignores audiences.
pub fn logs_in(role: &Value, claims: &Map<String, Value>) -> bool {
    let subject = role["bound_subject"].as_str().unwrap_or_default();
    let user = role["user_claim"].as_str().unwrap();
    let user = if role["user_claim_json_pointer"] == true { found(claims, user) } else { claims.get(user).cloned() };
    let maps = role["claim_mappings"].as_object().into_iter().flatten();
    let bound = role["bound_claims"].as_object().into_iter().flatten();
    let is_glob = role["bound_claims_type"] == "glob";
    (subject.is_empty() || claims.get("sub").and_then(Value::as_str) == Some(subject))
        && user.is_some_and(|user| user.as_str().is_some_and(|user| !user.is_empty()))
        && maps.into_iter().all(|(claim, _)| found(claims, claim).is_none_or(|value| value.is_string()))
        && bound.into_iter().all(|(claim, expected)| {
            found(claims, claim).and_then(listed).is_some_and(|actual| {
                let expected = listed(expected.clone()).unwrap();
                expected.iter().any(|expected| actual.iter().any(|actual| fits(expected, actual, is_glob)))
            })
        })
}

fn found(claims: &Map<String, Value>, claim: &str) -> Option<Value> {
    let found =
        if claim.starts_with('/') { Value::Object(claims.clone()).pointer(claim).cloned() } else { claims.get(claim).cloned() };
    match found? {
        Value::Null => None,
        // Go: `json.Number(strconv.Itoa(int(v)))`.
        Value::Number(number) => Some(Value::from(number.as_f64().unwrap().trunc() as i64)),
        other => Some(other),
    }
}

fn listed(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(list) => Some(list),
        Value::Object(_) => None,
        other => Some(vec![other]),
    }
}

fn fits(expected: &Value, actual: &Value, is_glob: bool) -> bool {
    match (expected, actual) {
        (Value::String(expected), Value::String(actual)) if is_glob => glob(expected, actual),
        _ if is_glob => false,
        // In Vault a number in a list stays a float, which equals no `json.Number`.
        _ => expected == actual,
    }
}

/// go-glob with its quirks: a leading star matches nothing by itself, the parts between stars are searched from the left, and a missing
/// end of one character is not noticed.
fn glob(pattern: &str, subject: &str) -> bool {
    if pattern.is_empty() {
        return subject.is_empty();
    }
    let parts: Vec<&str> = pattern.split('*').collect();
    if parts.len() == 1 {
        return subject == pattern;
    }
    let (mut rest, end) = (subject, parts.len() - 1);
    for (index, part) in parts.iter().enumerate() {
        match index {
            0 if pattern.starts_with('*') => continue,
            0 if !rest.starts_with(part) => return false,
            _ if index == end && !rest.is_empty() => return pattern.ends_with('*') || rest.ends_with(part),
            _ if index == end => return part.len() <= 1,
            _ if !rest.contains(part) => return false,
            _ => {}
        }
        rest = &rest[rest.find(part).unwrap() + part.len()..];
    }
    true
}

/// Whether these policies allow reading a path.
pub fn reads(policies: &[Vec<Block>], path: &str) -> bool {
    let mut exact: BTreeMap<&str, Vec<&[String]>> = BTreeMap::new();
    let mut prefixes = exact.clone();
    let mut wild = exact.clone();
    for (written, capabilities) in policies.iter().flatten() {
        let written = written.strip_prefix('/').unwrap_or(written);
        let (tree, key) = if written == "+" || written.contains("/+") || written.starts_with("+/") {
            (&mut wild, written)
        } else {
            written.strip_suffix('*').map_or((&mut exact, written), |prefix| (&mut prefixes, prefix))
        };
        tree.entry(key).or_default().push(capabilities);
    }
    let allows = |granted: &Vec<&[String]>| {
        let has = |word: &str| granted.iter().any(|capabilities| capabilities.iter().any(|own| own == word));
        has("read") && !has("deny")
    };
    if let Some(granted) = exact.get(path) {
        return allows(granted);
    }
    let mut candidates: Vec<(Candidate<'_>, bool)> = Vec::new();
    if let Some((prefix, granted)) =
        prefixes.iter().filter(|(prefix, _)| path.starts_with(**prefix)).max_by_key(|(prefix, _)| prefix.len())
    {
        candidates.push((Candidate { first: prefix.len(), is_prefix: true, wildcards: 0, text: prefix }, allows(granted)));
    }
    for (written, granted) in &wild {
        let bare = written.strip_suffix('*').unwrap_or(written);
        let (own, segments): (Vec<&str>, Vec<&str>) = (bare.split('/').collect(), path.split('/').collect());
        let is_prefix = bare.len() != written.len();
        if segments.len() < own.len() || (!is_prefix && segments.len() != own.len()) {
            continue;
        }
        let last = own.len() - 1;
        let same = |(index, own): (usize, &&str)| {
            *own == "+" || *own == segments[index] || (is_prefix && index == last && segments[index].starts_with(own))
        };
        if own.iter().enumerate().all(same) {
            let wildcards = own.iter().filter(|segment| **segment == "+").count();
            candidates.push((Candidate { first: written.find('+').unwrap(), is_prefix, wildcards, text: bare }, allows(granted)));
        }
    }
    candidates.iter().max_by(|(one, _), (other, _)| one.order(other)).is_some_and(|(_, allows)| *allows)
}

struct Candidate<'a> {
    first: usize,
    is_prefix: bool,
    wildcards: usize,
    text: &'a str,
}

impl Candidate<'_> {
    /// `less` of `CheckAllowedFromNonExactPaths`.
    fn order(&self, other: &Self) -> Ordering {
        self.first
            .cmp(&other.first)
            .then(other.is_prefix.cmp(&self.is_prefix))
            .then(other.wildcards.cmp(&self.wildcards))
            .then(self.text.len().cmp(&other.text.len()))
            .then(self.text.cmp(other.text))
    }
}
