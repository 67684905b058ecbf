//! One case for each kind of credential: one that the scene's policy grants, another that it does not, and the APIs.

use super::scene::Scene;
use super::ways::{self, Answer};

/// A kind, and how it is asked for.
pub struct Case {
    pub kind: &'static str,
    /// The credential that is granted: its name, as the audit log has it behind the kind's word.
    pub granted: &'static str,
    /// Another one.
    pub stranger: &'static str,
    pub ways: &'static [Way],
}

/// An API, and how a test asks it for the credential of a name with a token.
pub struct Way {
    /// Its name in the audit log.
    pub api: &'static str,
    pub ask: for<'a> fn(&'a Scene, &'a str, &'a str) -> Answer<'a>,
}

macro_rules! ways {
    ($($api:literal: $ask:path),*) => {
        &[$(Way { api: $api, ask: |scene, token, name| Box::pin($ask(scene, token, name)) }),*]
    };
}

pub const CASES: &[Case] = &[
    Case {
        kind: "aws",
        granted: "arn:aws:iam::123456789012:role/canary",
        stranger: "arn:aws:iam::123456789012:role/admin",
        ways: ways!["native": ways::native::aws, "aws-sts": ways::aws::sts, "aws-container": ways::aws::container, "vault": ways::vault::aws],
    },
    Case {
        kind: "secret",
        granted: "shop/canary.age",
        stranger: "hidden/canary.age",
        ways: ways!["native": ways::native::secret, "native": ways::native::secret_by_address, "vault": ways::vault::secret],
    },
    Case {
        kind: "secret_at",
        granted: "shop/canary.age",
        stranger: "hidden/canary.age",
        ways: ways!["native": ways::native::secret_at, "native": ways::native::secret_at_by_address],
    },
    Case {
        kind: "id_token",
        granted: "https://partner.example",
        stranger: "https://other.example",
        ways: ways!["native": ways::native::id_token, "oauth": ways::oauth::id_token],
    },
    Case {
        kind: "github",
        granted: "acme/shop",
        stranger: "acme/site",
        ways: ways!["native": ways::native::github, "octo-sts": ways::octo_sts],
    },
    Case {
        kind: "azure",
        granted: "11111111-2222-3333-4444-555555555555/https://management.azure.com/.default",
        stranger: "11111111-2222-3333-4444-555555555555/https://vault.azure.net/.default",
        ways: ways!["native": ways::native::azure],
    },
    Case {
        kind: "token_exchange",
        granted: "pulumi",
        stranger: "tailscale",
        ways: ways!["native": ways::native::token_exchange],
    },
    Case {
        kind: "gcp",
        granted: "deploy@acme.iam.gserviceaccount.com",
        stranger: "reader@acme.iam.gserviceaccount.com",
        ways: ways!["native": ways::native::gcp, "oauth": ways::oauth::gcp],
    },
    Case { kind: "transit", granted: "flux", stranger: "hidden", ways: ways!["vault": ways::vault::transit] },
    Case {
        kind: "file_key",
        granted: "shop/canary.age",
        stranger: "hidden/canary.age",
        ways: ways!["native": ways::native::file_key],
    },
    Case { kind: "daypass", granted: "audit.read", stranger: "secret.status", ways: ways!["native": ways::native::daypass] },
];
