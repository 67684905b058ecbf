//! The terms of one token of Google Cloud, with nothing left to choose.

use super::boundary::Boundary;
use crate::kind::{GcpScope, GcpTarget, Principal, ServiceAccount};
use crate::words::names::Audience;
use std::collections::BTreeSet;
use std::time::Duration;

/// A token of Google Cloud.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GcpTerms {
    /// An access token of a service account.
    Access {
        /// The account.
        account: ServiceAccount,
        /// The chain of accounts that impersonate it. The federated identity impersonates the first one.
        delegates: Vec<ServiceAccount>,
        /// How long it lives.
        ttl: Duration,
        /// What it can be used for.
        scopes: BTreeSet<GcpScope>,
        /// The part of Cloud Storage that it reaches; absent: all that the account reaches.
        boundary: Option<Boundary>,
    },
    /// The federated token itself.
    Direct {
        /// What it can be used for.
        scopes: BTreeSet<GcpScope>,
        /// The part of Cloud Storage that it reaches; absent: all that the identity reaches.
        boundary: Option<Boundary>,
    },
    /// An ID token of a service account.
    IdToken {
        /// The account.
        account: ServiceAccount,
        /// The chain of accounts that impersonate it.
        delegates: Vec<ServiceAccount>,
        /// The token's audience.
        audience: Audience,
    },
}

/// With these scopes an identity can impersonate every account that trusts it (Google Cloud, `iamcredentials`, `generateAccessToken`).
const IMPERSONATING: [&str; 2] = ["https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/iam"];

impl GcpTerms {
    /// Whether its holder can do everything that the federated identity can, including impersonation.
    pub(in crate::policy) fn is_federated_token(&self) -> bool {
        match self {
            Self::Direct { scopes, boundary: None } => scopes.iter().any(|scope| IMPERSONATING.contains(&scope.as_str())),
            _ => false,
        }
    }

    /// Whose token it is.
    pub fn principal(&self) -> Principal {
        match self {
            Self::Access { account, .. } | Self::IdToken { account, .. } => Principal::ServiceAccount(account.clone()),
            Self::Direct { .. } => Principal::Direct,
        }
    }

    /// The chain of accounts that impersonate its account.
    pub fn delegates(&self) -> &[ServiceAccount] {
        match self {
            Self::Access { delegates, .. } | Self::IdToken { delegates, .. } => delegates,
            Self::Direct { .. } => &[],
        }
    }

    const fn audience(&self) -> Option<&Audience> {
        match self {
            Self::IdToken { audience, .. } => Some(audience),
            Self::Access { .. } | Self::Direct { .. } => None,
        }
    }

    /// The request that means these terms.
    pub(super) fn target(&self) -> GcpTarget {
        GcpTarget { of: Some(self.principal()), audience: self.audience().cloned(), through: Vec::new() }
    }

    /// The same request, with the delegates.
    pub(super) fn whole(&self) -> GcpTarget {
        GcpTarget { through: self.delegates().to_vec(), ..self.target() }
    }

    /// Whether these terms fit the request. An open request fits any account.
    pub(super) fn is_requested(&self, target: &GcpTarget) -> bool {
        target.of.as_ref().is_none_or(|of| *of == self.principal()) && target.audience.as_ref() == self.audience()
    }
}
