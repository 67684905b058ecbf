//! The `grant` of a policy: roles, secrets, tokens, each checked when the file is read.

use super::grant::{AwsTerms, IdTokenTerms};
use super::pattern::Pattern;
use super::permission::Permission;
use super::request::Wanted;
use super::template::{Row, Template, fill_row, fill_row_text};
use crate::identity::{Attribute, Facts};
use crate::words::names::{Audience, RoleArn, SecretName, check_pointer};
use crate::words::yaml::{Fields, Node, Place, Yaml};
use crate::words::{Denial, Reason, parse_duration};
use std::collections::BTreeMap;
use std::time::Duration;

/// AWS STS: DurationSeconds is 900 to 43,200.
const AWS_TTL_MIN: Duration = Duration::from_secs(15 * 60);
const AWS_TTL_MAX: Duration = Duration::from_secs(12 * 3600);
const AWS_TTL_DEFAULT: Duration = Duration::from_secs(3600);
/// AWS STS: at most 50 session tags, keys of 128, values of 256 characters, session policies of 2,048.
const TAGS_MAX: usize = 50;
const TAG_KEY_MAX: usize = 128;
const TAG_VALUE_MAX: usize = 256;
const SESSION_POLICY_MAX: usize = 2048;
/// A token of ours that lives longer than an hour is a key.
const ID_TOKEN_TTL_MAX: Duration = Duration::from_secs(3600);
const ID_TOKEN_TTL_DEFAULT: Duration = Duration::from_secs(600);
/// Audiences that cloud exchanges use: a token for them is a credential of that cloud, and is granted as such.
const AUDIENCES_OF_CLOUDS: [&str; 2] = ["sts.amazonaws.com", "api://AzureADTokenExchange"];
/// Claims that we set ourselves (RFC 7519 and AWS).
const CLAIMS_RESERVED: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Names and their templates, in the order of the names: few, so that a list is smaller than a tree.
type Templates = Box<[(String, Template)]>;

/// Everything that a rule grants.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Grants {
    pub(super) aws: Vec<AwsGrant>,
    pub(super) secrets: Vec<SecretGrant>,
    pub(super) id_tokens: Vec<IdTokenGrant>,
    /// Uses of daypass itself, each with its place.
    pub(super) permissions: Vec<(Place, Permission)>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct AwsGrant {
    pub(super) place: Place,
    pub(super) role: RoleArn,
    pub(super) ttl: Duration,
    tags: Templates,
    transitive: Vec<String>,
    session_policy: Option<String>,
}

/// Documents by pattern, and one key of them or the whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SecretGrant {
    pub(super) place: Place,
    pub(super) documents: Pattern,
    pub(super) key: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct IdTokenGrant {
    pub(super) place: Place,
    pub(super) audience: Audience,
    pub(super) ttl: Duration,
    claims: Templates,
}

impl Grants {
    pub(super) fn read<'a>(fields: &mut Fields<'a, '_>, row: Option<&Row>) -> Option<Self> {
        let mut grants = Self::default();
        if let Some(list) = fields.optional("aws") {
            for node in fields.one_or_many(list) {
                let mut inner = fields.below(node);
                grants.aws.extend(AwsGrant::read(&mut inner, node.place, row));
                inner.finish();
            }
        }
        if let Some(list) = fields.optional("secrets") {
            for node in fields.one_or_many(list) {
                grants.secrets.extend(SecretGrant::read(fields, node, row));
            }
        }
        if let Some(list) = fields.optional("id_token") {
            for node in fields.one_or_many(list) {
                let mut inner = fields.below(node);
                grants.id_tokens.extend(IdTokenGrant::read(&mut inner, node.place, row));
                inner.finish();
            }
        }
        if let Some(list) = fields.optional("daypass") {
            for node in fields.one_or_many(list) {
                grants.permissions.extend(fields.parsed(node, Permission::parse).map(|permission| (node.place, permission)));
            }
        }
        for (key, place, _) in fields.members() {
            if !["aws", "secrets", "id_token", "daypass"].contains(&key.as_str()) {
                fields.report(
                    fields
                        .draft(*place, format!("`{key}` cannot be granted"))
                        .coded("unknown_key")
                        .help("this version grants aws, secrets, id_token and daypass"),
                );
            }
        }
        Some(grants)
    }
}

/// The terms on which something is offered, to compare.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Offer<'a> {
    Aws(Duration, &'a Templates, &'a [String], Option<&'a str>),
    Secret,
    IdToken(Duration, &'a Templates),
    Daypass,
}

impl Offer<'_> {
    /// Whether nobody gets more by these terms than by the others: the same, for no longer.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Aws(ttl, tags, transitive, policy), Self::Aws(longest, other_tags, other_transitive, other_policy)) => {
                ttl <= longest && tags == other_tags && transitive == other_transitive && policy == other_policy
            }
            (Self::IdToken(ttl, claims), Self::IdToken(longest, other_claims)) => ttl <= longest && claims == other_claims,
            (Self::Secret, Self::Secret) | (Self::Daypass, Self::Daypass) => true,
            _ => false,
        }
    }
}

impl Grants {
    /// Gives back the room that reading left.
    pub(super) fn fit(&mut self) {
        self.aws.shrink_to_fit();
        self.secrets.shrink_to_fit();
        self.id_tokens.shrink_to_fit();
    }

    /// The same, with secrets that are looked for below this folder.
    pub(super) fn below(&self, folder: &str) -> Self {
        let mut grants = self.clone();
        for secret in &mut grants.secrets {
            secret.documents = secret.documents.below(folder);
        }
        grants
    }

    /// Where each of them stands.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        let places = self.aws.iter().map(|aws| aws.place).chain(self.secrets.iter().map(|secret| secret.place));
        let places = places.chain(self.id_tokens.iter().map(|token| token.place));
        places.chain(self.permissions.iter().map(|(place, _)| *place))
    }

    /// The attributes that enter the terms.
    pub(super) fn attributes(&self) -> impl Iterator<Item = Attribute> {
        let tags = self.aws.iter().flat_map(|aws| &aws.tags);
        let claims = self.id_tokens.iter().flat_map(|token| &token.claims);
        tags.chain(claims).flat_map(|(_, template)| template.attributes())
    }

    /// The roles, audiences and permissions that it names.
    pub(super) fn credentials(&self) -> impl Iterator<Item = Wanted> {
        let roles = self.aws.iter().map(|aws| Wanted::Aws { role: Some(aws.role.clone()) });
        let tokens = self.id_tokens.iter().map(|token| Wanted::IdToken { audience: token.audience.clone() });
        roles.chain(tokens).chain(self.permissions.iter().map(|(_, permission)| Wanted::Daypass(*permission)))
    }
}

impl AwsGrant {
    fn read<'a>(fields: &mut Fields<'a, '_>, place: Place, row: Option<&Row>) -> Option<Self> {
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

    pub(super) fn offer(&self) -> (Place, Offer<'_>) {
        (self.place, Offer::Aws(self.ttl, &self.tags, &self.transitive, self.session_policy.as_deref()))
    }

    /// The terms for this identity; a tag that AWS would not take is refused by name, never truncated.
    pub(super) fn terms(&self, facts: &Facts) -> Result<AwsTerms, Denial> {
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

fn fill(name: &str, template: &Template, facts: &Facts) -> Result<String, Denial> {
    template.fill(facts).map_err(|attribute| {
        let detail = format!("The value `{name}` needs the attribute `{attribute}`, which this token does not claim.");
        Reason::TagRefused.because(detail.clone()).saying(detail)
    })
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

impl SecretGrant {
    fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Option<Self> {
        let text = fields.text(node)?;
        let (path, key) = text.split_once('#').map_or((text, None), |(path, key)| (path, Some(key)));
        let documents = fill_row(path, row).and_then(|pieces| Pattern::from_pieces(&pieces));
        let key = key.map(|key| fill_row_text(key, row).and_then(|key| check_pointer(&key).map(|()| key))).transpose();
        match (documents, key) {
            (Ok(documents), Ok(key)) => Some(Self { place: node.place, documents, key }),
            (Err(fault), _) | (_, Err(fault)) => {
                fields.fault(node.place, fault);
                None
            }
        }
    }

    /// A grant of the document covers its keys; a grant of a key covers that key.
    pub(super) fn covers(&self, name: &SecretName) -> bool {
        self.documents.matches(name.path.as_str()) && (self.key.is_none() || self.key == name.key)
    }
}

impl IdTokenGrant {
    fn read<'a>(fields: &mut Fields<'a, '_>, place: Place, row: Option<&Row>) -> Option<Self> {
        let audience =
            fields.required("audience").and_then(|node| fields.parsed(node, |text| check_audience(&fill_row_text(text, row)?)));
        let ttl = fields.optional("ttl").map_or(Some(ID_TOKEN_TTL_DEFAULT), |node| {
            fields.parsed(node, |text| bounded(text, Duration::from_secs(60), ID_TOKEN_TTL_MAX))
        });
        let node = fields.optional("claims");
        let claims = node.map(|node| read_templates(fields, node, row)).unwrap_or_default();
        if let (Some(node), Some(reserved)) =
            (node, CLAIMS_RESERVED.iter().find(|reserved| claims.iter().any(|(name, _)| name == *reserved)))
        {
            fields.fault(node.place, format!("the claim `{reserved}` is set by daypass"));
        }
        Some(Self { place, audience: audience?, ttl: ttl?, claims })
    }

    pub(super) fn offer(&self) -> (Place, Offer<'_>) {
        (self.place, Offer::IdToken(self.ttl, &self.claims))
    }

    pub(super) fn terms(&self, facts: &Facts) -> Result<IdTokenTerms, Denial> {
        let claims = self.claims.iter().map(|(name, template)| Ok((name.clone(), fill(name, template, facts)?)));
        Ok(IdTokenTerms { audience: self.audience.clone(), ttl: self.ttl, claims: claims.collect::<Result<_, Denial>>()? })
    }
}

fn check_audience(text: &str) -> Result<Audience, String> {
    if AUDIENCES_OF_CLOUDS.contains(&text)
        || text.starts_with("//iam.googleapis.com/")
        || text.starts_with("https://iam.googleapis.com/")
    {
        return Err("a token for this audience is a cloud credential: grant that instead".to_owned());
    }
    Audience::parse(text)
}

fn bounded(text: &str, least: Duration, most: Duration) -> Result<Duration, String> {
    let duration = parse_duration(text)?;
    if duration < least || duration > most {
        return Err(format!("expected {} to {} minutes", least.as_secs() / 60, most.as_secs() / 60));
    }
    Ok(duration)
}

fn read_templates<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Templates {
    let mut inner = fields.below(node);
    let mut templates = Vec::new();
    for (key, place, node) in inner.members() {
        if key.is_empty() || key.chars().count() > TAG_KEY_MAX || key.to_ascii_lowercase().starts_with("aws:") {
            inner.fault(*place, format!("a key has 1 to {TAG_KEY_MAX} characters and does not start with `aws:`"));
        }
        if let Some(template) = inner.parsed(node, |text| Template::parse(&fill_row_text(text, row)?)) {
            templates.push((key.clone(), template));
        }
    }
    templates.sort_by(|(one, _), (other, _): &(String, Template)| one.cmp(other));
    templates.into()
}
