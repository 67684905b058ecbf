//! The terms of a session besides its role and its duration: tags, name, session policies, and the intermediate role.

use super::terms::{AwsTerms, IntermediateRole};
use crate::identity::Facts;
use crate::policy::error::{FilledError, TemplateError};
use crate::policy::sections::error::{ExternalIdError, SessionNameError, TagError};
use crate::policy::sections::templates::{Templates, fill, read_templates, render_templates};
use crate::policy::sections::{NONE, Term, Value, joined};
use crate::policy::template::{Row, Template, fill_row_text};
use crate::token::parse_document;
use crate::words::names::{RoleArn, check_managed_policy_arn};
use crate::words::yaml::{Fields, Node, Yaml};
use crate::words::{Denial, Reason};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

/// AWS STS: at most 50 session tags, keys of 128, values of 256 characters, session policies of 2,048.
pub(super) const TAGS_MAX: usize = 50;
const TAG_VALUE_MAX: usize = 256;
pub(super) const SESSION_POLICY_MAX: usize = 2048;
/// AWS STS, `PolicyArns`.
pub(super) const SESSION_POLICY_ARNS_MAX: usize = 10;
/// AWS STS, `roleSessionNameType`: 2 to 64 of `[\w+=,.@-]`.
pub(super) const SESSION_NAME_CHARS: RangeInclusive<usize> = 2..=64;
/// AWS STS, `externalIdType`: 2 to 1,224 of `[\w+=,.@:\/-]`.
const EXTERNAL_ID_CHARS: RangeInclusive<usize> = 2..=1224;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) struct SessionGrant {
    tags: Templates,
    transitive: Vec<String>,
    /// Absent: the session is named after the decision's id.
    name: Option<Template>,
    policy: Option<String>,
    policy_arns: Vec<String>,
    pub(super) intermediate: Option<IntermediateRole>,
}

impl SessionGrant {
    pub(super) fn read(fields: &mut Fields<'_, '_>, row: Option<&Row>) -> Self {
        let tags = fields.optional("tags").map(|node| read_tags(fields, node, row)).unwrap_or_default();
        let transitive = read_transitive(fields, &tags);
        let name = fields.optional("session_name").and_then(|node| fields.parsed(node, |text| parse_session_name(text, row)));
        let policy = fields.optional("session_policy").and_then(|node| read_session_policy(fields, node));
        let policy_arns = read_policy_arns(fields, row);
        Self { tags, transitive, name, policy, policy_arns, intermediate: read_intermediate(fields, row) }
    }

    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        self.tags.iter().map(|(_, template)| template).chain(&self.name)
    }

    /// The intermediate role: the session's role is assumed from it.
    pub(in crate::policy) fn via(&self) -> Option<&RoleArn> {
        self.intermediate.as_ref().map(|intermediate| &intermediate.role)
    }

    /// The intermediate role, with the external id that the target's trust policy demands.
    pub(in crate::policy) const fn intermediate(&self) -> Option<&IntermediateRole> {
        self.intermediate.as_ref()
    }

    /// The session's name as an IAM `StringLike`, with `*` for each placeholder. Absent: the decision's id.
    pub(in crate::policy) fn name_pattern(&self) -> Option<String> {
        self.name.as_ref().map(|name| name.with_values("*"))
    }

    /// The terms of the session, for comparison.
    pub(in crate::policy) fn values(&self) -> [Term; 5] {
        let name = self.name.as_ref().map_or_else(|| "the decision's id".to_owned(), ToString::to_string);
        let via = self.intermediate.as_ref().map_or_else(|| NONE.to_owned(), IntermediateRole::describe);
        [
            // AWS allows a session what both its role and its session policies allow.
            Term::new("session policies", Value::Limit(self.limits())),
            Term::new("tags", Value::Text(render_templates(&self.tags))),
            Term::new("transitive_tags", Value::Text(joined(&self.transitive))),
            Term::new("session_name", Value::Text(name)),
            Term::new("via", Value::Text(via)),
        ]
    }

    /// Its session policies, if it has any.
    fn limits(&self) -> Option<String> {
        let all: Vec<&str> = self.policy.iter().chain(&self.policy_arns).map(String::as_str).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    pub(super) fn terms(&self, role: &RoleArn, ttl: Duration, facts: &Facts) -> Result<AwsTerms, Denial> {
        let mut tags = BTreeMap::new();
        for (key, template) in &self.tags {
            let value = fill(key, template, facts)?;
            check_tag(key, &value)?;
            tags.insert(key.clone(), value);
        }
        Ok(AwsTerms {
            role: role.clone(),
            ttl,
            tags,
            transitive: self.transitive.clone(),
            session_name: self.name.as_ref().map(|name| fill_session_name(name, facts)).transpose()?,
            session_policy: self.policy.clone(),
            session_policy_arns: self.policy_arns.clone(),
            via: self.intermediate.clone(),
        })
    }
}

/// AWS STS, Tag: letters, digits, spaces and `_.:/=+-@`.
fn tag_fault(key: &str, value: &str) -> Option<TagError> {
    let good = |character: char| character.is_alphanumeric() || character == ' ' || "_.:/=+-@".contains(character);
    if value.chars().count() > TAG_VALUE_MAX {
        return Some(TagError::TooLong { most: TAG_VALUE_MAX });
    }
    let outside = !value.chars().all(good) || !key.chars().all(good);
    outside.then_some(TagError::Characters)
}

fn check_tag(key: &str, value: &str) -> Result<(), Denial> {
    let Some(fault) = tag_fault(key, value) else { return Ok(()) };
    let detail = format!("The session tag `{key}` is {fault}.");
    Err(Reason::TagRefused.with_cause(detail.clone()).with_detail(detail))
}

/// Reads the tags. A tag that AWS refuses whatever the attributes are is a fault of the file.
fn read_tags<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Templates {
    let tags = read_templates(fields, node, row);
    if tags.len() > TAGS_MAX {
        fields.fault(node.place, format!("more than {TAGS_MAX} tags"));
    }
    let mut known: Vec<(String, &str)> = Vec::new();
    for (key, place, value) in fields.below(node).members() {
        // AWS STS, "Passing session tags": keys are compared without regard to case, and a request with one twice fails.
        let folded = key.to_lowercase();
        if let Some((_, other)) = known.iter().find(|(known, _)| *known == folded) {
            fields.fault(*place, format!("AWS takes the session tags `{other}` and `{key}` for one: leave one out"));
        }
        known.push((folded, key));
        let fixed = tags.iter().find(|(name, _)| name == key).map(|(_, template)| template.with_values(""));
        if let Some(fault) = tag_fault(key, &fixed.unwrap_or_default()) {
            fields.fault(value.place, format!("the session tag `{key}` is {fault}, so AWS would refuse it each time"));
        }
    }
    tags
}

fn read_transitive(fields: &mut Fields<'_, '_>, tags: &Templates) -> Vec<String> {
    let mut transitive = Vec::new();
    if let Some(list) = fields.optional("transitive_tags") {
        let nodes = fields.one_or_many(list);
        if nodes.is_empty() {
            fields.fault(list.place, "an empty list names no tag: take it out");
        }
        for node in nodes {
            match fields.text(node) {
                Some(key) if tags.iter().any(|(name, _)| name == key) => transitive.push(key.to_owned()),
                Some(key) => fields.fault(node.place, format!("`{key}` is none of the `tags`")),
                None => {}
            }
        }
    }
    transitive
}

fn is_session_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
}

/// Parses a session's name. A name that AWS refuses whatever the attributes are is a fault of the file.
fn parse_session_name(text: &str, row: Option<&Row>) -> Result<Template, SessionNameError> {
    let name = Template::parse(&fill_row_text(text, row).map_err(TemplateError::from)?)?;
    let (least, most) = (*SESSION_NAME_CHARS.start(), *SESSION_NAME_CHARS.end());
    let (fixed, is_whole) = (name.with_values(""), name.attributes().next().is_none());
    if !is_session_name(&fixed) {
        return Err(SessionNameError::Characters);
    }
    if fixed.len() > most || (is_whole && fixed.len() < least) {
        return Err(SessionNameError::Length { least, most });
    }
    Ok(name)
}

fn fill_session_name(name: &Template, facts: &Facts) -> Result<String, Denial> {
    let refused = |detail: String| Reason::SessionNameRefused.with_cause(detail.clone()).with_detail(detail);
    let text = name.fill(facts).map_err(|attribute| {
        refused(format!("The session's name needs the attribute `{attribute}`, which this token does not claim."))
    })?;
    let (least, most) = (SESSION_NAME_CHARS.start(), SESSION_NAME_CHARS.end());
    if !is_session_name(&text) {
        return Err(refused("The session's name is outside of AWS's characters (letters, digits and _+=,.@-).".to_owned()));
    }
    if !SESSION_NAME_CHARS.contains(&text.len()) {
        return Err(refused(format!("The session's name has {} characters, and AWS takes {least} to {most}.", text.len())));
    }
    Ok(text)
}

/// A mapping, or JSON text without a member that stands twice: readers differ on which one counts.
fn read_session_policy<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<String> {
    let json = match &node.value {
        Yaml::Mapping(_) => node.to_json(),
        _ => {
            let read = parse_document(fields.text(node)?.as_bytes());
            read.map_err(|fault| fields.fault(node.place, format!("a session policy is JSON: {fault}"))).ok()?
        }
    };
    let text = json.to_string();
    // AWS STS, `sessionPolicyDocumentType`: no character beyond U+00FF.
    let fault = match text.chars().count() {
        _ if !json.is_object() => "a session policy is a mapping, or a JSON object".to_owned(),
        length if length > SESSION_POLICY_MAX => {
            format!("a session policy has at most {SESSION_POLICY_MAX} characters, and this one has {length} without white space")
        }
        _ if text.chars().any(|character| character > '\u{ff}') => "AWS takes no character beyond U+00FF here".to_owned(),
        _ => return Some(text),
    };
    fields.fault(node.place, fault);
    None
}

fn read_policy_arns(fields: &mut Fields<'_, '_>, row: Option<&Row>) -> Vec<String> {
    let Some(list) = fields.optional("session_policy_arns") else { return Vec::new() };
    let nodes = fields.one_or_many(list);
    if nodes.len() > SESSION_POLICY_ARNS_MAX {
        fields.fault(list.place, format!("AWS takes at most {SESSION_POLICY_ARNS_MAX} managed session policies"));
    }
    let read = |text: &str| {
        let arn = fill_row_text(text, row)?;
        check_managed_policy_arn(&arn).map(|()| arn).map_err(FilledError::Value)
    };
    nodes.iter().filter_map(|node| fields.parsed(node, read)).collect()
}

fn read_intermediate(fields: &mut Fields<'_, '_>, row: Option<&Row>) -> Option<IntermediateRole> {
    let role = fields
        .optional("via")
        .map(|node| fields.parsed(node, |text| RoleArn::parse(&fill_row_text(text, row)?).map_err(FilledError::Value)));
    let external_id = fields.optional("external_id").and_then(|node| {
        if role.is_none() {
            fields.fault(node.place, "an external id is for a role that another role assumes: name that other role as `via`");
        }
        fields.parsed(node, |text| check_external_id(fill_row_text(text, row)?).map_err(FilledError::Value))
    });
    Some(IntermediateRole { role: role??, external_id })
}

fn check_external_id(text: String) -> Result<String, ExternalIdError> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte);
    match EXTERNAL_ID_CHARS.contains(&text.len()) && text.bytes().all(good) {
        true => Ok(text),
        false => Err(ExternalIdError),
    }
}

#[cfg(test)]
mod tests;
