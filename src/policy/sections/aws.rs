//! `grant: aws`: roles, and the terms of sessions in them.

mod credential;
mod parameters;
mod roles;
mod schema;
mod session;
mod terms;

pub use parameters::{AwsNarrowing, AwsParameters};
pub use roles::{DECISION_NAMES, RoleUse, Roles};
pub(in crate::policy) use session::SessionGrant;
pub use terms::{AwsTerms, IntermediateRole};

use super::{Section, bounded, within};
use crate::identity::Facts;
use crate::kind::{AwsTarget, Target};
use crate::policy::error::FilledError;
use crate::policy::pattern::{NameForm, NamePatternError, Pattern};
use crate::policy::template::{Row, Template, fill_row_text};
use crate::words::Denial;
use crate::words::names::{RoleArn, patterns};
use crate::words::yaml::{Fields, Node, Place};
use std::time::Duration;

/// AWS STS: DurationSeconds is 900 to 43,200.
const AWS_TTL_MIN: Duration = Duration::from_secs(15 * 60);
const AWS_TTL_MAX: Duration = Duration::from_secs(12 * 3600);
const AWS_TTL_DEFAULT: Duration = Duration::from_secs(3600);
/// AWS IAM user guide, "Role chaining": the session of a role that another role assumes lasts at most an hour.
const CHAINED_TTL_MAX: Duration = Duration::from_secs(3600);

/// The roles' ARNs.
const ROLES: NameForm = NameForm { kind: "role", form: patterns::ROLE_ARN, example: "`arn:aws:iam::123456789012:role/deploy-*`" };

#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) struct AwsGrant {
    pub(in crate::policy) place: Place,
    pub(in crate::policy) role: RoleArn,
    pub(in crate::policy) ttl: Duration,
    pub(in crate::policy) session: SessionGrant,
}

impl Section for AwsGrant {
    const WORD: &'static str = "aws";

    type PatternError = NamePatternError;

    fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Option<Self> {
        within(fields, node, |inner| Self::read_members(inner, node.place, row))
    }

    fn acts(&self) -> bool {
        true
    }

    fn templates(&self) -> Vec<&Template> {
        self.session.templates().collect()
    }

    fn named(&self) -> Option<Target> {
        Some(AwsTarget::of(self.role.clone()).into())
    }

    fn between(&self) -> Option<Target> {
        self.session.via().map(|intermediate| AwsTarget::of(intermediate.clone()).into())
    }

    fn pattern(text: &str) -> Result<Pattern, Self::PatternError> {
        Pattern::of_names(text, &ROLES)
    }

    fn meets(&self, pattern: &Pattern) -> bool {
        std::iter::once(&self.role).chain(self.session.via()).any(|role| pattern.matches(role.as_str()))
    }

    super::of!(Aws);
}

impl AwsGrant {
    fn read_members<'a>(fields: &mut Fields<'a, '_>, place: Place, row: Option<&Row>) -> Option<Self> {
        let role = fields
            .required("role")
            .and_then(|node| fields.parsed(node, |text| RoleArn::parse(&fill_row_text(text, row)?).map_err(FilledError::Value)));
        let session = SessionGrant::read(fields, row);
        let longest = if session.intermediate.is_some() { CHAINED_TTL_MAX } else { AWS_TTL_MAX };
        let ttl = fields
            .optional("ttl")
            .map_or(Some(AWS_TTL_DEFAULT), |node| fields.parsed(node, |text| bounded(text, AWS_TTL_MIN, longest)));
        if session.via().is_some() && session.via() == role.as_ref() {
            fields.fault(place, "`via` is the role itself: name the one that it is assumed from, or leave it out");
        }
        Some(Self { place, role: role?, ttl: ttl?, session })
    }

    /// The terms for this identity. A value that AWS would not accept is refused by name, never truncated.
    pub(in crate::policy) fn terms(&self, facts: &Facts) -> Result<AwsTerms, Denial> {
        self.session.terms(&self.role, self.ttl, facts)
    }
}
