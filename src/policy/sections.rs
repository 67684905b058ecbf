//! The `grant` of a policy: roles, secrets, tokens, transit keys, each checked when the file is read.

mod aws;
mod id_token;
mod offer;
mod secrets;
mod transit;

pub(super) use aws::{AwsGrant, SessionGrant};
pub(super) use id_token::IdTokenGrant;
pub(super) use offer::Offer;
pub use offer::TermChange;
pub(super) use secrets::{SecretGrant, SecretOffer};
pub(super) use transit::TransitGrant;

use super::template::{Row, Template, fill_row_text};
use crate::identity::{Attribute, Facts};
use crate::kind::{AwsTarget, IdTokenTarget, Permission, Target};
use crate::words::yaml::{Fields, Node, Place};
use crate::words::{Denial, Reason, parse_duration};
use std::time::Duration;

/// AWS STS: a tag's key has at most 128 characters. The names of claims keep to it too.
const TAG_KEY_MAX: usize = 128;

/// Names and their templates, in the order of the names: few, so that a list is smaller than a tree.
type Templates = Box<[(String, Template)]>;

/// Everything that a rule grants.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Grants {
    pub(super) aws: Vec<AwsGrant>,
    pub(super) secrets: Vec<SecretGrant>,
    pub(super) id_tokens: Vec<IdTokenGrant>,
    pub(super) transit: Vec<TransitGrant>,
    /// Uses of daypass itself, each with its place.
    pub(super) permissions: Vec<(Place, Permission)>,
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
        if let Some(list) = fields.optional("transit") {
            for node in fields.one_or_many(list) {
                grants.transit.extend(TransitGrant::read(fields, node, row));
            }
        }
        if let Some(list) = fields.optional("daypass") {
            for node in fields.one_or_many(list) {
                grants.permissions.extend(fields.parsed(node, Permission::parse).map(|permission| (node.place, permission)));
            }
        }
        for (key, place, _) in fields.members() {
            if !["aws", "secrets", "id_token", "transit", "daypass"].contains(&key.as_str()) {
                fields.report(
                    fields
                        .draft(*place, format!("`{key}` cannot be granted"))
                        .coded("unknown_key")
                        .help("this version grants aws, secrets, id_token, transit and daypass"),
                );
            }
        }
        Some(grants)
    }
}

impl Grants {
    /// Gives back the room that reading left.
    pub(super) fn fit(&mut self) {
        self.aws.shrink_to_fit();
        self.secrets.shrink_to_fit();
        self.id_tokens.shrink_to_fit();
        self.transit.shrink_to_fit();
    }

    /// The same, with secrets and transit keys that are looked for below this folder.
    pub(super) fn below(&self, folder: &str) -> Self {
        let mut grants = self.clone();
        for secret in &mut grants.secrets {
            secret.documents = secret.documents.below(folder);
        }
        for transit in &mut grants.transit {
            transit.keys = transit.keys.below(folder);
        }
        grants
    }

    /// Where each of them stands.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> {
        let places = self.aws.iter().map(|aws| aws.place).chain(self.secrets.iter().map(|secret| secret.place));
        let places = places.chain(self.id_tokens.iter().map(|token| token.place));
        let places = places.chain(self.transit.iter().map(|transit| transit.place));
        places.chain(self.permissions.iter().map(|(place, _)| *place))
    }

    /// The attributes that enter the terms.
    pub(super) fn attributes(&self) -> impl Iterator<Item = Attribute> {
        let sessions = self.aws.iter().flat_map(AwsGrant::templates);
        let claims = self.id_tokens.iter().flat_map(|token| &token.claims).map(|(_, template)| template);
        sessions.chain(claims).flat_map(Template::attributes)
    }

    /// The roles that others are assumed from.
    pub(super) fn between(&self) -> impl Iterator<Item = Target> {
        self.aws.iter().filter_map(|aws| aws.session.via()).map(|hub| Target::from(AwsTarget::of(hub.clone())))
    }

    /// The roles, audiences and permissions that it names.
    pub(super) fn credentials(&self) -> impl Iterator<Item = Target> {
        let roles = self.aws.iter().map(|aws| Target::from(AwsTarget::of(aws.role.clone())));
        let tokens = self.id_tokens.iter().map(|token| Target::IdToken(IdTokenTarget { audience: token.audience.clone() }));
        roles.chain(tokens).chain(self.permissions.iter().map(|(_, permission)| Target::Daypass(*permission)))
    }
}

fn fill(name: &str, template: &Template, facts: &Facts) -> Result<String, Denial> {
    template.fill(facts).map_err(|attribute| {
        let detail = format!("The value `{name}` needs the attribute `{attribute}`, which this token does not claim.");
        Reason::TagRefused.because(detail.clone()).saying(detail)
    })
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
