//! Who besides daypass's own issuer may use what the policies grant in clouds, by what operators exported of the clouds' own trust.
//! Pure: bytes in, ways in out. What is not understood may let others in, and is told as that.

mod aws;
mod azure;
mod error;
mod export;
mod gcp;
mod glob;
mod issuers;
mod told;

pub use error::{ExportError, ExportFault};
pub use export::Export;
pub use told::{Way, WayKind};

use super::gcp_use::GcpUse;
use super::roles::Roles;
use crate::kind::Guid;
use crate::words::UnixTime;
use crate::words::names::{Audience, IssuerUrl};
use export::Exports;
use std::collections::{BTreeMap, BTreeSet};

/// What the policies grant, and how the clouds should know us.
#[derive(Debug)]
pub struct GrantedInClouds {
    /// Our own issuer.
    pub issuer: IssuerUrl,
    /// The audience of tokens for AWS; `None` where AWS is asked with the machine's own credentials, and trusts no issuer of ours.
    pub aws_audience: Option<&'static str>,
    /// Roles, each with who assumes it.
    pub roles: Roles,
    /// Service accounts, each with who acts as it.
    pub gcp: GcpUse,
    /// Our provider: `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`.
    pub gcp_provider: Option<String>,
    /// Applications, each with the subjects that use it.
    pub applications: BTreeMap<Guid, BTreeSet<String>>,
    /// The audience of federated credentials.
    pub azure_audience: Option<Audience>,
    /// Further sources, whose policies are not among these.
    pub further: Vec<String>,
    /// What has ended by then counts no more.
    pub now: UnixTime,
}

impl GrantedInClouds {
    /// Whether there is anything to look at.
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.gcp.accounts.is_empty() && self.applications.is_empty()
    }
}

/// Every way in to everything that is granted. An export that is cut, or that nobody knows, is refused with all of them: who is missing
/// in it would not be told.
pub fn ways_in(exports: &[Export], granted: &GrantedInClouds) -> Result<Vec<Way>, ExportError> {
    let exports = Exports::read(exports)?;
    let mut ways = aws::ways(&exports.aws, granted);
    ways.extend(gcp::ways(&exports.gcp, granted));
    ways.extend(azure::ways(&exports.azure, granted));
    Ok(ways)
}

#[cfg(test)]
mod tests;
