//! `grant: aws`: roles, and what is said of the sessions in them.

mod session;

pub(in crate::policy) use session::SessionGrant;

use super::{Offer, Templates, bounded};
use crate::identity::Facts;
use crate::policy::grant::AwsTerms;
use crate::policy::template::{Row, fill_row_text};
use crate::words::Denial;
use crate::words::names::RoleArn;
use crate::words::yaml::{Fields, Place};
use std::time::Duration;

/// AWS STS: DurationSeconds is 900 to 43,200.
const AWS_TTL_MIN: Duration = Duration::from_secs(15 * 60);
const AWS_TTL_MAX: Duration = Duration::from_secs(12 * 3600);
const AWS_TTL_DEFAULT: Duration = Duration::from_secs(3600);
/// AWS IAM user guide, "Role chaining": the session of a role that was assumed by another one lasts at most an hour.
const CHAINED_TTL_MAX: Duration = Duration::from_secs(3600);

#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) struct AwsGrant {
    pub(in crate::policy) place: Place,
    pub(in crate::policy) role: RoleArn,
    pub(in crate::policy) ttl: Duration,
    pub(in crate::policy) session: SessionGrant,
}

impl AwsGrant {
    pub(super) fn read<'a>(fields: &mut Fields<'a, '_>, place: Place, row: Option<&Row>) -> Option<Self> {
        let role =
            fields.required("role").and_then(|node| fields.parsed(node, |text| RoleArn::parse(&fill_row_text(text, row)?)));
        let session = SessionGrant::read(fields, row);
        let longest = if session.hub.is_some() { CHAINED_TTL_MAX } else { AWS_TTL_MAX };
        let ttl = fields
            .optional("ttl")
            .map_or(Some(AWS_TTL_DEFAULT), |node| fields.parsed(node, |text| bounded(text, AWS_TTL_MIN, longest)));
        if session.via().is_some() && session.via() == role.as_ref() {
            fields.fault(place, "`via` is the role itself: name the one that it is assumed from, or leave it out");
        }
        Some(Self { place, role: role?, ttl: ttl?, session })
    }

    pub(in crate::policy) const fn offer(&self) -> (Place, Offer<'_>) {
        (self.place, Offer::Aws(self.ttl, &self.session))
    }

    /// The role, and the one in between.
    pub(in crate::policy) fn roles(&self) -> impl Iterator<Item = &RoleArn> {
        std::iter::once(&self.role).chain(self.session.via())
    }

    pub(super) fn templates(&self) -> impl Iterator<Item = &crate::policy::template::Template> {
        self.session.templates()
    }

    /// The terms for this identity; what AWS would not take is refused by name, never truncated.
    pub(in crate::policy) fn terms(&self, facts: &Facts) -> Result<AwsTerms, Denial> {
        self.session.terms(&self.role, self.ttl, facts)
    }
}
