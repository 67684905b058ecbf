//! `grant: aws`: roles, and what is said of the sessions in them.

use super::{Offer, Templates, bounded, fill, read_templates};
use crate::identity::Facts;
use crate::policy::grant::AwsTerms;
use crate::policy::template::{Row, fill_row_text};
use crate::words::names::RoleArn;
use crate::words::yaml::{Fields, Node, Place, Yaml};
use crate::words::{Denial, Reason};
use std::collections::BTreeMap;
use std::time::Duration;

/// AWS STS: DurationSeconds is 900 to 43,200.
const AWS_TTL_MIN: Duration = Duration::from_secs(15 * 60);
const AWS_TTL_MAX: Duration = Duration::from_secs(12 * 3600);
const AWS_TTL_DEFAULT: Duration = Duration::from_secs(3600);
/// AWS STS: at most 50 session tags, keys of 128, values of 256 characters, session policies of 2,048.
const TAGS_MAX: usize = 50;
const TAG_VALUE_MAX: usize = 256;
const SESSION_POLICY_MAX: usize = 2048;
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) struct AwsGrant {
    pub(in crate::policy) place: Place,
    pub(in crate::policy) role: RoleArn,
    pub(in crate::policy) ttl: Duration,
    pub(super) tags: Templates,
    pub(super) transitive: Vec<String>,
    session_policy: Option<String>,
}

impl AwsGrant {
    pub(super) fn read<'a>(fields: &mut Fields<'a, '_>, place: Place, row: Option<&Row>) -> Option<Self> {
        let role =
            fields.required("role").and_then(|node| fields.parsed(node, |text| RoleArn::parse(&fill_row_text(text, row)?)));
        let ttl = fields
            .optional("ttl")
            .map_or(Some(AWS_TTL_DEFAULT), |node| fields.parsed(node, |text| bounded(text, AWS_TTL_MIN, AWS_TTL_MAX)));
        let tags = fields.optional("tags").map(|node| read_templates(fields, node, row)).unwrap_or_default();
        if tags.len() > TAGS_MAX {
            fields.report(fields.draft(Place::default(), format!("more than {TAGS_MAX} tags")));
        }
        let mut transitive = Vec::new();
        if let Some(list) = fields.optional("transitive_tags") {
            for node in fields.one_or_many(list) {
                match fields.text(node) {
                    Some(key) if tags.iter().any(|(name, _)| name == key) => transitive.push(key.to_owned()),
                    Some(key) => fields.fault(node.place, format!("`{key}` is none of the `tags`")),
                    None => {}
                }
            }
        }
        let session_policy = fields.optional("session_policy").and_then(|node| read_session_policy(fields, node));
        Some(Self { place, role: role?, ttl: ttl?, tags, transitive, session_policy })
    }

    pub(in crate::policy) fn offer(&self) -> (Place, Offer<'_>) {
        (self.place, Offer::Aws(self.ttl, &self.tags, &self.transitive, self.session_policy.as_deref()))
    }

    /// The terms for this identity; a tag that AWS would not take is refused by name, never truncated.
    pub(in crate::policy) fn terms(&self, facts: &Facts) -> Result<AwsTerms, Denial> {
        let mut tags = BTreeMap::new();
        for (key, template) in &self.tags {
            let value = fill(key, template, facts)?;
            check_tag(key, &value)?;
            tags.insert(key.clone(), value);
        }
        Ok(AwsTerms {
            role: self.role.clone(),
            ttl: self.ttl,
            tags,
            transitive: self.transitive.clone(),
            session_policy: self.session_policy.clone(),
            session_policy_arns: Vec::new(),
        })
    }
}

/// AWS STS, Tag: letters, digits, spaces and `_.:/=+-@`.
fn check_tag(key: &str, value: &str) -> Result<(), Denial> {
    let good = |character: char| character.is_alphanumeric() || character == ' ' || "_.:/=+-@".contains(character);
    let fault = if value.chars().count() > TAG_VALUE_MAX {
        format!("longer than {TAG_VALUE_MAX} characters")
    } else if !value.chars().all(good) || !key.chars().all(good) {
        "outside of AWS's characters (letters, digits, spaces and _.:/=+-@)".to_owned()
    } else {
        return Ok(());
    };
    let detail = format!("The session tag `{key}` is {fault}.");
    Err(Reason::TagRefused.because(detail.clone()).saying(detail))
}

fn read_session_policy<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<String> {
    let text = match &node.value {
        Yaml::Mapping(_) => node.to_json().to_string(),
        _ => fields.parsed(node, |text| {
            serde_json::from_str::<serde_json::Value>(text).map(|json| json.to_string()).map_err(|fault| fault.to_string())
        })?,
    };
    if text.len() > SESSION_POLICY_MAX {
        fields.fault(node.place, format!("a session policy is at most {SESSION_POLICY_MAX} characters"));
        return None;
    }
    Some(text)
}
