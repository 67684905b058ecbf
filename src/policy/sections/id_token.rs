//! `grant: id_token`: tokens of daypass's own issuer that no cloud trusts.

mod claims;
mod credential;
mod schema;
mod terms;

pub use terms::IdTokenTerms;

use super::error::AudienceError;
use super::templates::{Templates, fill, read_templates};
use super::{Section, bounded, within};
use crate::identity::Facts;
use crate::kind::{IdTokenTarget, Target};
use crate::policy::error::FilledError;
use crate::policy::pattern::{NameForm, NamePatternError, Pattern};
use crate::policy::template::{Row, Template, fill_row_text};
use crate::words::names::{Audience, patterns};
use crate::words::yaml::{Fields, Node, Place};
use crate::words::{Denial, is_cloud_audience};
use std::time::Duration;

/// A token of ours that lives longer than an hour would be a long-lived key.
const ID_TOKEN_TTL_MAX: Duration = Duration::from_secs(3600);
const ID_TOKEN_TTL_MIN: Duration = Duration::from_secs(60);
const ID_TOKEN_TTL_DEFAULT: Duration = Duration::from_secs(600);

/// The audiences.
const AUDIENCES: NameForm = NameForm { kind: "audience", form: patterns::AUDIENCE, example: "`https://*.partner.example/**`" };

#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) struct IdTokenGrant {
    pub(in crate::policy) place: Place,
    pub(in crate::policy) audience: Audience,
    pub(in crate::policy) ttl: Duration,
    pub(in crate::policy) claims: Templates,
}

impl Section for IdTokenGrant {
    const WORD: &'static str = "id_token";

    type PatternError = NamePatternError;

    fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Option<Self> {
        within(fields, node, |inner| Self::read_members(inner, node.place, row))
    }

    fn acts(&self) -> bool {
        true
    }

    fn templates(&self) -> Vec<&Template> {
        self.claims.iter().map(|(_, template)| template).collect()
    }

    fn named(&self) -> Option<Target> {
        Some(IdTokenTarget { audience: self.audience.clone() }.into())
    }

    fn pattern(text: &str) -> Result<Pattern, Self::PatternError> {
        Pattern::of_names(text, &AUDIENCES)
    }

    fn meets(&self, pattern: &Pattern) -> bool {
        pattern.matches(self.audience.as_str())
    }

    super::of!(IdToken);
}

impl IdTokenGrant {
    fn read_members<'a>(fields: &mut Fields<'a, '_>, place: Place, row: Option<&Row>) -> Option<Self> {
        let audience = fields
            .required("audience")
            .and_then(|node| fields.parsed(node, |text| check_audience(&fill_row_text(text, row)?).map_err(FilledError::Value)));
        let ttl = fields.optional("ttl").map_or(Some(ID_TOKEN_TTL_DEFAULT), |node| {
            fields.parsed(node, |text| bounded(text, ID_TOKEN_TTL_MIN, ID_TOKEN_TTL_MAX))
        });
        let node = fields.optional("claims");
        let claims = node.map(|node| read_templates(fields, node, row)).unwrap_or_default();
        if let Some(node) = node {
            let mut inner = fields.below(node);
            for (name, place, _) in inner.members() {
                claims::check(name).map_or_else(|fault| inner.fault(*place, format!("`{name}`: {fault}")), |()| ());
            }
        }
        Some(Self { place, audience: audience?, ttl: ttl?, claims })
    }

    pub(in crate::policy) fn terms(&self, facts: &Facts) -> Result<IdTokenTerms, Denial> {
        let claims = self.claims.iter().map(|(name, template)| Ok((name.clone(), fill(name, template, facts)?)));
        Ok(IdTokenTerms { audience: self.audience.clone(), ttl: self.ttl, claims: claims.collect::<Result<_, Denial>>()? })
    }
}

fn check_audience(text: &str) -> Result<Audience, AudienceError> {
    if is_cloud_audience(text) {
        return Err(AudienceError::Cloud);
    }
    Ok(Audience::parse(text)?)
}

#[cfg(test)]
mod tests;
