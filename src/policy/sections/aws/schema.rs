//! What the schemas say of AWS roles.

use super::session::{SESSION_NAME_CHARS, SESSION_POLICY_ARNS_MAX, SESSION_POLICY_MAX, TAGS_MAX};
use super::{AWS_TTL_DEFAULT, AWS_TTL_MAX, AWS_TTL_MIN, CHAINED_TTL_MAX};
use crate::policy::schema::{CredentialSchema, SectionSchema, Values, key, object, one_or_more, reference, text};
use crate::policy::sections::templates::names_schema;
use crate::words::duration_text;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/shop-deploy";

pub(super) fn schema() -> SectionSchema {
    SectionSchema {
        entries: Values { description: "Sessions of AWS roles.", each: reference("aws"), examples: json!([[{ "role": ROLE }]]) },
        patterns: Values {
            description: "Roles by pattern.",
            each: text(),
            examples: json!([["arn:aws:iam::123456789012:role/**"]]),
        },
        credentials: vec![CredentialSchema {
            word: "aws",
            alone: Some("any role"),
            named: key("This role.", text(), json!([ROLE])),
        }],
        definitions: vec![("aws", entry())],
    }
}

fn entry() -> Value {
    let mut properties = json!({
        "role": key("The role's ARN.", text(), json!([ROLE])),
        "ttl": key(
            format!(
                "How long the session lasts: {} to {}, and {} when nothing is said.",
                duration_text(AWS_TTL_MIN),
                duration_text(AWS_TTL_MAX),
                duration_text(AWS_TTL_DEFAULT)
            ),
            reference("duration"),
            json!(["30m"]),
        ),
    });
    for members in [names(), session_policies(), via()] {
        for (name, schema) in members {
            properties[name] = schema;
        }
    }
    let mut entry = object(&["role"], properties);
    entry["dependentRequired"] = json!({ "transitive_tags": ["tags"], "external_id": ["via"] });
    entry
}

fn names() -> Vec<(&'static str, Value)> {
    let (least, most) = (SESSION_NAME_CHARS.start(), SESSION_NAME_CHARS.end());
    vec![
        (
            "tags",
            key(
                "Session tags. `{ATTRIBUTE}` takes a verified attribute; a value that AWS would not take is refused, never truncated.",
                json!({
                    "type": "object",
                    "maxProperties": TAGS_MAX,
                    "propertyNames": names_schema(),
                    "additionalProperties": { "type": "string" },
                }),
                json!([{ "commit": "{commit}" }]),
            ),
        ),
        (
            "transitive_tags",
            key("Tags that further roles of the session keep; each is one of `tags`.", one_or_more(text()), json!([["commit"]])),
        ),
        (
            "session_name",
            key(
                format!(
                    "What AWS calls the session, of {least} to {most} letters, digits and _+=,.@-; the decision's id when nothing is said. `{{ATTRIBUTE}}` takes a verified attribute; what AWS would not take is refused, never truncated."
                ),
                text(),
                json!(["deploy-{pipeline}"]),
            ),
        ),
    ]
}

fn session_policies() -> Vec<(&'static str, Value)> {
    let statement = json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let most = SESSION_POLICY_ARNS_MAX;
    vec![
        (
            "session_policy",
            key(
                format!(
                    "An IAM policy that narrows the session, as a mapping or as JSON text: at most {SESSION_POLICY_MAX} characters."
                ),
                json!({ "anyOf": [{ "type": "object" }, { "type": "string" }] }),
                json!([policy, "{\"Version\":\"2012-10-17\",\"Statement\":[]}"]),
            ),
        ),
        (
            "session_policy_arns",
            key(
                format!("Managed policies that narrow the session: at most {most}."),
                json!({ "anyOf": [text(), { "type": "array", "items": text(), "maxItems": most }] }),
                json!([["arn:aws:iam::aws:policy/ReadOnlyAccess"]]),
            ),
        ),
    ]
}

fn via() -> Vec<(&'static str, Value)> {
    let most = duration_text(CHAINED_TTL_MAX);
    vec![
        (
            "via",
            key(
                format!(
                    "The role that this one is assumed from: daypass assumes that one first. The session lasts at most {most}."
                ),
                text(),
                json!(["arn:aws:iam::111122223333:role/hub"]),
            ),
        ),
        ("external_id", key("What the role's trust asks of the one that it is assumed from.", text(), json!(["daypass"]))),
    ]
}
