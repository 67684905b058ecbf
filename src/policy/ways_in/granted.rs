//! What the policies grant in clouds, and how the clouds should recognize daypass.

use crate::kind::Guid;
use crate::policy::{GcpUse, Roles};
use crate::words::UnixTime;
use crate::words::names::{Audience, IssuerUrl};
use std::collections::{BTreeMap, BTreeSet};

/// What the policies grant, and how the clouds should recognize daypass.
#[derive(Debug)]
pub struct GrantedInClouds {
    /// daypass's own issuer.
    pub issuer: IssuerUrl,
    /// The audience of tokens for AWS; `None` if daypass uses the machine's own credentials, and AWS trusts no issuer of it.
    pub aws_audience: Option<&'static str>,
    /// Roles, each with who assumes it.
    pub roles: Roles,
    /// Service accounts, each with who acts as it.
    pub gcp: GcpUse,
    /// daypass's provider: `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`.
    pub gcp_provider: Option<String>,
    /// Applications, each with the subjects that use it.
    pub applications: BTreeMap<Guid, BTreeSet<String>>,
    /// The audience of federated credentials.
    pub azure_audience: Option<Audience>,
    /// Further sources, whose policies are not among these.
    pub further: Vec<String>,
    /// The present: what ended before does not count.
    pub now: UnixTime,
}

impl GrantedInClouds {
    /// Whether there is anything to look at.
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.gcp.accounts.is_empty() && self.gcp.direct.is_empty() && self.applications.is_empty()
    }
}
