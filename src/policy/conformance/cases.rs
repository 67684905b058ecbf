//! One case for each kind of credential.

/// What policies, guardrails and bounds say of one credential.
pub struct Case {
    /// The credential, as the audit log names it.
    pub target: &'static str,
    /// Another of its kind, which no policy of the case grants.
    pub stranger: &'static str,
    /// A section of `grant:` that grants the first.
    pub grant: &'static str,
    /// The same section, which gives more.
    pub looser: Looser,
    /// The pattern of a guardrail that fits it, below `deny:`.
    pub denial: &'static str,
    /// A pattern that fits the other one alone.
    pub other_denial: &'static str,
    /// What allows a further source to grant it; `None` where a source has such credentials of its own and no other's.
    pub allowed: Option<&'static str>,
}

/// What gives more than the grant of a case.
pub enum Looser {
    /// The kind has no terms.
    No,
    /// The same credential on looser terms.
    Terms(&'static str),
    /// Another credential of the kind, which includes the first.
    Wider(&'static str),
}

impl Looser {
    /// The section.
    pub const fn grant(&self) -> Option<&'static str> {
        match self {
            Self::No => None,
            Self::Terms(grant) | Self::Wider(grant) => Some(grant),
        }
    }
}

pub const CASES: &[Case] = &[
    Case {
        target: "aws arn:aws:iam::123456789012:role/deploy",
        stranger: "aws arn:aws:iam::123456789012:role/admin",
        grant: "aws: { role: \"arn:aws:iam::123456789012:role/deploy\", ttl: 15m }",
        looser: Looser::Terms("aws: { role: \"arn:aws:iam::123456789012:role/deploy\", ttl: 1h }"),
        denial: "aws: [\"arn:aws:iam::123456789012:role/dep*\"]",
        other_denial: "aws: [\"arn:aws:iam::123456789012:role/admin\"]",
        allowed: Some("aws: [\"arn:aws:iam::123456789012:role/deploy\"]"),
    },
    Case {
        target: "secret shop/db.yaml#/password",
        stranger: "secret shop/db.yaml#/user",
        grant: "secrets: { secret: \"shop/db.yaml#/password\", offline: 5m }",
        looser: Looser::Terms("secrets: { secret: \"shop/db.yaml#/password\", offline: 7d }"),
        denial: "secrets: [\"shop/**\"]",
        other_denial: "secrets: [\"other/**\"]",
        allowed: None,
    },
    Case {
        target: "secret_at 0123456789abcdef0123456789abcdef01234567 shop/db.yaml",
        stranger: "secret_at 0123456789abcdef0123456789abcdef01234567 other/db.yaml",
        grant: "secrets: { secret: shop/db.yaml, history: allow, offline: 5m }",
        looser: Looser::Terms("secrets: { secret: shop/db.yaml, history: allow, offline: 7d }"),
        denial: "secrets: [\"shop/**\"]",
        other_denial: "secrets: [\"other/**\"]",
        allowed: None,
    },
    Case {
        target: "id_token https://partner.example",
        stranger: "id_token https://other.example",
        grant: "id_token: { audience: \"https://partner.example\", ttl: 5m }",
        looser: Looser::Terms("id_token: { audience: \"https://partner.example\", ttl: 15m }"),
        denial: "id_token: [\"https://partner.*\"]",
        other_denial: "id_token: [\"https://other.example\"]",
        allowed: Some("id_token: [\"https://partner.example\"]"),
    },
    Case {
        target: "github acme/shop contents=read",
        stranger: "github acme/other contents=read",
        grant: "github: { app: acme, repositories: [\"acme/shop@1\"], permissions: { contents: read } }",
        looser: Looser::Wider("github: { app: acme, repositories: [\"acme/shop@1\"], permissions: { contents: write } }"),
        denial: "github: [\"acme/sh*\"]",
        other_denial: "github: [\"acme/other\"]",
        allowed: Some("github: [\"acme/shop\"]"),
    },
    Case {
        target: "azure 11111111-2222-3333-4444-555555555555/https://vault.azure.net/.default",
        stranger: "azure 11111111-2222-3333-4444-666666666666/https://vault.azure.net/.default",
        grant: "azure: { client_id: 11111111-2222-3333-4444-555555555555, scope: \"https://vault.azure.net/.default\", ttl: 70m }",
        looser: Looser::Terms(
            "azure: { client_id: 11111111-2222-3333-4444-555555555555, scope: \"https://vault.azure.net/.default\", ttl: 90m }",
        ),
        denial: "azure: [\"11111111-2222-3333-4444-555555555555/**\"]",
        other_denial: "azure: [\"11111111-2222-3333-4444-666666666666/**\"]",
        allowed: Some("azure: [\"11111111-2222-3333-4444-555555555555/https://vault.azure.net/.default\"]"),
    },
    Case {
        target: "token_exchange partner?role=deploy",
        stranger: "token_exchange other?role=deploy",
        grant: "token_exchange: { service: partner, fields: { role: deploy }, ttl: 10m }",
        looser: Looser::Terms("token_exchange: { service: partner, fields: { role: deploy }, ttl: 1h }"),
        denial: "token_exchange: [\"partner?role=dep*\"]",
        other_denial: "token_exchange: [\"other\"]",
        allowed: Some("token_exchange: [\"partner\"]"),
    },
    Case {
        target: "gcp deploy@acme-prod.iam.gserviceaccount.com",
        stranger: "gcp admin@acme-prod.iam.gserviceaccount.com",
        grant: "gcp: { service_account: deploy@acme-prod.iam.gserviceaccount.com, ttl: 10m }",
        looser: Looser::Terms("gcp: { service_account: deploy@acme-prod.iam.gserviceaccount.com, ttl: 1h }"),
        denial: "gcp: [\"deploy@**\"]",
        other_denial: "gcp: [\"admin@**\"]",
        allowed: Some("gcp: [\"deploy@acme-prod.iam.gserviceaccount.com\"]"),
    },
    Case {
        target: "transit decrypt flux",
        stranger: "transit decrypt other",
        grant: "transit: { key: flux, allow: [decrypt] }",
        looser: Looser::No,
        denial: "transit: [\"fl*\"]",
        other_denial: "transit: [\"other\"]",
        allowed: None,
    },
    Case {
        target: "file_key shop/db.yaml e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        stranger: "file_key other/db.yaml e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        grant: "secrets: { secret: shop/db.yaml, offline: 5m }",
        looser: Looser::Terms("secrets: { secret: shop/db.yaml, offline: 7d }"),
        denial: "secrets: [\"shop/**\"]",
        other_denial: "secrets: [\"other/**\"]",
        allowed: None,
    },
    Case {
        target: "daypass policy.replay",
        stranger: "daypass secret.rotate",
        grant: "daypass: [policy.replay]",
        looser: Looser::No,
        denial: "daypass: [policy.replay]",
        other_denial: "daypass: [secret.rotate]",
        allowed: Some("daypass: [policy.replay]"),
    },
];
