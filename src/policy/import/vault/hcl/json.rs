//! The JSON form of a policy, or its text in what `vault policy read -format=json` prints.

use super::error::{HclError, HclReason};
use super::rule::{Rule, Value};
use crate::token::parse_document;
use serde_json::Value as Json;

/// What the JSON holds.
pub(super) enum Form {
    Rules(Vec<Rule>),
    Text(String),
}

/// Reads `{"path": {"secret/data/…": {"capabilities": […]}}}`.
pub(super) fn read(text: &str) -> Result<Form, HclError> {
    let at_once = |reason: HclReason| HclError { line: 1, reason };
    let document = parse_document(text.as_bytes()).map_err(|fault| at_once(fault.into()))?;
    let members = document.as_object().ok_or_else(|| at_once(HclReason::Shape))?;
    if let (Some(Json::String(policy)), 1) = (members.get("policy"), members.len()) {
        return Ok(Form::Text(policy.clone()));
    }
    if members.keys().any(|key| key != "path" && key != "name") {
        return Err(at_once(HclReason::Shape));
    }
    let paths = members.get("path").and_then(Json::as_object).ok_or_else(|| at_once(HclReason::Shape))?;
    paths.iter().map(|(path, body)| rule(path, body).map_err(at_once)).collect::<Result<_, _>>().map(Form::Rules)
}

fn rule(path: &str, body: &Json) -> Result<Rule, HclReason> {
    let mut rule = Rule { path: path.to_owned(), ..Rule::default() };
    for (key, value) in body.as_object().ok_or(HclReason::Shape)? {
        let texts = || value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
        let value = match (value.as_str(), texts()) {
            (Some(text), _) => Value::Text(text.to_owned()),
            (None, Some(texts)) => Value::Texts(texts),
            _ => Value::Other,
        };
        rule.set(key, value)?;
    }
    Ok(rule)
}
