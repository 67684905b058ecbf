//! Google Cloud tokens from a running server, against a strict stand-in over TLS: what is issued, what is refused, what is reported.

mod bootstrap;
mod exchange;
mod lies;
pub mod stand_in;
pub mod strict;
mod token_endpoint;

use crate::support::{Setup, World, certificate};
use serde_json::{Value, json};
use stand_in::{PROVIDER, SUBJECTS, StandInGoogle};

pub const DEPLOY: &str = "deploy@acme.iam.gserviceaccount.com";

/// One grant of each kind.
pub const GRANTS: &str = "    - { service_account: deploy@acme.iam.gserviceaccount.com, ttl: 30m }
    - { service_account: deploy@acme.iam.gserviceaccount.com, id_token: { audience: https://run.example } }
    - { service_account: reader@acme.iam.gserviceaccount.com, boundary: { bucket: acme-artifacts, prefix: shop/, permissions: \"inRole:roles/storage.objectViewer\" } }
    - { service_account: far@acme.iam.gserviceaccount.com, delegates: [hub@acme.iam.gserviceaccount.com, hub@other.iam.gserviceaccount.com] }
    - { service_account: nightly@acme.iam.gserviceaccount.com, ttl: 12h }
    - { service_account: nobody@acme.iam.gserviceaccount.com }
    - { access: direct, scopes: [\"https://www.googleapis.com/auth/devstorage.read_only\"] }
";

/// A policy that grants these.
pub fn policy(grants: &str) -> String {
    format!(
        "owners: [team-shop]\nissuer: github\nmatch: {{ repository: acme/shop@456789, ref: refs/heads/main, event: push }}\ngrant:\n  gcp:\n{grants}"
    )
}

/// The server, and the stand-in that it asks.
pub struct Scene {
    _folder: tempfile::TempDir,
    pub google: StandInGoogle,
    pub world: World,
}

impl Scene {
    pub async fn start(grants: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        certificate(folder.path());
        let google = StandInGoogle::start(folder.path()).await;
        let section = format!(
            "providers:\n  gcp:\n    provider: {PROVIDER}\n    sts: {url}\n    iamcredentials: {url}\n    ca: google.crt\n{more}",
            url = google.url
        );
        let setup = Setup {
            policies: vec![("shop/deploy", policy(grants))],
            more: section,
            files: vec![("google.crt", std::fs::read(folder.path().join("tls.crt")).unwrap())],
            ..Setup::default()
        };
        let world = World::start(setup).await;
        let jwks = world.http.get(world.url("/.well-known/jwks.json")).send().await.unwrap().json().await.unwrap();
        google.with(|google| {
            (google.issuer, google.jwks) = (world.url(""), jwks);
            let subject = format!("{SUBJECTS}root/shop/deploy");
            for account in ["deploy", "reader", "nightly"] {
                google.bind(&format!("{account}@acme.iam.gserviceaccount.com"), &subject);
            }
            google.bind("hub@acme.iam.gserviceaccount.com", &subject);
            google.bind("hub@other.iam.gserviceaccount.com", "hub@acme.iam.gserviceaccount.com");
            google.bind("far@acme.iam.gserviceaccount.com", "hub@other.iam.gserviceaccount.com");
        });
        Self { _folder: folder, google, world }
    }

    async fn usual() -> Self {
        Self::start(GRANTS, "").await
    }

    async fn ask(&self, gcp: Value) -> (u16, Value) {
        self.world.exchange(&self.world.token(), json!([{ "gcp": gcp }])).await
    }

    /// Asks for a token of the account with this name.
    async fn of(&self, name: &str) -> (u16, Value) {
        self.ask(json!({ "service_account": format!("{name}@acme.iam.gserviceaccount.com") })).await
    }

    /// The stand-in's description of a token.
    async fn who(&self, token: &str) -> Value {
        let ca = std::fs::read(self.world.path("google.crt")).unwrap();
        let http = crate::support::patient_client(Some(&ca));
        http.get(format!("{}/who", self.google.url)).bearer_auth(token).send().await.unwrap().json().await.unwrap()
    }

    /// Asserts that the denial, the audit log and the server's log hold no token and nothing of a hostile answer.
    fn check_quiet(&self, denial: &Value) {
        let records: Vec<String> = self.world.audit().iter().map(|entry| entry.body.to_string()).collect();
        let (texts, log) = (format!("{denial}{records:?}"), self.world.log());
        self.google.with(|google| {
            for token in google.tokens.keys().chain(&google.shown).filter(|token| token.len() > 40) {
                let end = &token[token.len() - 20..];
                assert!(!texts.contains(end) && !log.contains(end), "a token's end is told");
            }
        });
        for mark in ["ya29.", "<html>", "evil", "\u{202e}", "xxxx"] {
            assert!(!texts.contains(mark), "{mark}: {texts}");
        }
    }
}

/// The token of a good answer.
fn given(answer: &(u16, Value)) -> &Value {
    assert_eq!(answer.0, 200, "{}", answer.1);
    &answer.1["credentials"][0]["gcp"]
}
