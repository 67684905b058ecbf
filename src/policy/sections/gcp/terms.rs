//! What one identity gets: a token of Google's in which nothing is left to choose.

use super::boundary::Boundary;
use crate::kind::{GcpScope, GcpTarget, Principal, ServiceAccount};
use crate::words::names::Audience;
use std::collections::BTreeSet;
use std::time::Duration;

/// A token of Google's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GcpTerms {
    /// An access token of a service account.
    Access {
        /// Whose.
        account: ServiceAccount,
        /// Through which accounts it is impersonated, the first one by the federated identity itself.
        delegates: Vec<ServiceAccount>,
        /// How long it lives.
        ttl: Duration,
        /// What it can be used for.
        scopes: BTreeSet<GcpScope>,
        /// What of Cloud Storage it reaches; absent: all that the account does.
        boundary: Option<Boundary>,
    },
    /// The federated token itself.
    Direct {
        /// What it can be used for.
        scopes: BTreeSet<GcpScope>,
        /// What of Cloud Storage it reaches; absent: all that the identity does.
        boundary: Option<Boundary>,
    },
    /// An ID token of a service account.
    IdToken {
        /// Whose.
        account: ServiceAccount,
        /// Through which accounts it is impersonated.
        delegates: Vec<ServiceAccount>,
        /// Whom it is for.
        audience: Audience,
    },
}

/// With these scopes an identity may impersonate whatever account trusts it (Google Cloud, `iamcredentials`, `generateAccessToken`).
const IMPERSONATING: [&str; 2] = ["https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/iam"];

impl GcpTerms {
    /// Whether its holder can do all that the federated identity can, impersonation included.
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

    /// Through which accounts.
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

    /// The same as what could be asked for.
    pub(super) fn target(&self) -> GcpTarget {
        GcpTarget { of: Some(self.principal()), audience: self.audience().cloned(), through: Vec::new() }
    }

    /// The same, with the accounts on the way.
    pub(super) fn whole(&self) -> GcpTarget {
        GcpTarget { through: self.delegates().to_vec(), ..self.target() }
    }

    /// Whether it is what was asked for, as far as that was said.
    pub(super) fn is_as_asked(&self, asked: &GcpTarget) -> bool {
        asked.of.as_ref().is_none_or(|of| *of == self.principal()) && asked.audience.as_ref() == self.audience()
    }
}
