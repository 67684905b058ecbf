//! Access tokens of Microsoft Entra ID, against a strict stand-in over TLS: what is granted, what is refused, and what is reported.

mod bootstrap;
mod exchange;
mod lies;
mod refusals;
pub mod stand_in;

use crate::support::{Setup, World, certificate};
use serde_json::{Value, json};
use stand_in::{FederatedCredential, StandInEntra, TENANT};

/// An application's client ID.
pub const SHOP: &str = "11111111-2222-3333-4444-555555555555";
pub const MANAGEMENT: &str = "https://management.azure.com/.default";
pub const VAULT: &str = "https://vault.azure.net/.default";

const POLICY: &str = "owners: [team-shop]
issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant:
  azure:
    - { client_id: 11111111-2222-3333-4444-555555555555, scope: \"https://management.azure.com/.default\" }
";

/// A server, and the Entra that it asks.
pub struct Scene {
    pub world: World,
    pub entra: StandInEntra,
    folder: tempfile::TempDir,
}

impl Scene {
    async fn start() -> Self {
        Self::with(POLICY, "").await
    }

    /// With this policy, called `acme/shop`, and more of `providers: azure`.
    pub async fn with(policy: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        certificate(folder.path());
        let entra = StandInEntra::start(folder.path()).await;
        let section =
            format!("providers:\n  azure:\n    tenant: {TENANT}\n    authority: \"{}\"\n    ca: entra.crt\n{more}", entra.url);
        let setup = Setup {
            policies: vec![("acme/shop", policy.to_owned())],
            more: section,
            files: vec![("entra.crt", std::fs::read(folder.path().join("tls.crt")).unwrap())],
            ..Setup::default()
        };
        let world = World::start(setup).await;
        let jwks = world.http.get(world.url("/.well-known/jwks.json")).send().await.unwrap().json().await.unwrap();
        let credential = FederatedCredential {
            issuer: world.url(""),
            subject: "root/acme/shop".to_owned(),
            audience: "api://AzureADTokenExchange".to_owned(),
        };
        entra.with(|inside| {
            inside.jwks = jwks;
            inside.applications.insert(SHOP.to_owned(), vec![credential]);
        });
        Self { world, entra, folder }
    }

    /// The path of the stand-in's certificate.
    pub fn ca(&self) -> String {
        self.folder.path().join("tls.crt").display().to_string()
    }

    async fn ask(&self, azure: Value) -> (u16, Value) {
        self.world.exchange(&self.world.token(), json!([{ "azure": azure }])).await
    }
}
