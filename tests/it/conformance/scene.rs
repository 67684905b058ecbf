//! A server with every provider, each of which has a strict stand-in, and with one policy that grants one credential of each kind.

use crate::azure::stand_in::{FederatedCredential, StandInEntra, TENANT};
use crate::azure::{MANAGEMENT, SHOP};
use crate::canaries::memory::random;
use crate::gcp::DEPLOY;
use crate::gcp::stand_in::{PROVIDER, SUBJECTS, StandInGoogle};
use crate::github::AtGitHub;
use crate::sts::StandInSts;
use crate::support::{Setup, World, certificate};
use crate::token_exchange;
use crate::token_exchange::stand_in::StandInServices;
use daypass::secrets::{create_transit_key, encrypt};
use serde_json::Value;

/// The policy, with the name by which octo-sts's clients ask for it: repository `acme/shop`, identity `ci`.
pub const POLICY_NAME: &str = "acme/shop/ci";

pub struct Scene {
    pub world: World,
    /// The granted document.
    pub plaintext: String,
    /// The commit in force.
    pub commit: String,
    _folder: tempfile::TempDir,
}

fn policy() -> String {
    format!(
        "owners: [team-shop]
issuer: github
match: {{ repository: acme/shop@456789, ref: refs/heads/main, event: push }}
grant:
  aws: {{ role: \"arn:aws:iam::123456789012:role/canary\", ttl: 30m }}
  secrets: {{ secret: shop/canary.age, history: allow }}
  id_token: {{ audience: https://partner.example, ttl: 10m }}
  github: {{ app: acme, repositories: acme/shop, permissions: {{ contents: read }} }}
  azure: {{ client_id: {SHOP}, scope: {MANAGEMENT} }}
  token_exchange: {{ service: pulumi, fields: {{ scope: \"team:deploy\" }}, ttl: 2h }}
  gcp: {{ service_account: {DEPLOY}, ttl: 30m }}
  transit: flux
  daypass: [audit.read]
"
    )
}

impl Scene {
    pub async fn start() -> Self {
        Self::with(Vec::new()).await
    }

    /// A scene whose server has these environment variables.
    pub async fn with(environment: Vec<(&'static str, String)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        certificate(folder.path());
        let (sts, github) = (StandInSts::start().await, AtGitHub::start(&[]).await);
        let google = StandInGoogle::start(folder.path()).await;
        let entra = StandInEntra::start(folder.path()).await;
        let services = StandInServices::start(folder.path()).await;
        let own = format!(
            "  gcp: {{ provider: {PROVIDER}, sts: \"{google}\", iamcredentials: \"{google}\", ca: clouds.crt }}\n  azure: {{ tenant: {TENANT}, authority: \"{entra}\", ca: clouds.crt }}\n",
            google = google.url,
            entra = entra.url
        );
        let services_section =
            token_exchange::section(&services.url).replace("providers:\n", "").replace("services.crt", "clouds.crt");
        let mut files = github.files();
        files.push(("clouds.crt", std::fs::read(folder.path().join("tls.crt")).unwrap()));
        let setup = Setup {
            policies: vec![(POLICY_NAME, policy())],
            aws: sts.section(),
            more: format!("{}{own}{services_section}", github.section()),
            files,
            environment,
            ..Setup::default()
        };
        let world = World::start(setup).await;
        let subject = format!("root/{POLICY_NAME}");
        let jwks = keys(&world, "").await;
        google.with(|google| {
            (google.issuer, google.jwks) = (world.url(""), jwks.clone());
            google.bind(DEPLOY, &format!("{SUBJECTS}{subject}"));
        });
        let audience = "api://AzureADTokenExchange".to_owned();
        let credential = FederatedCredential { issuer: world.url(""), subject, audience };
        entra.with(|inside| {
            inside.jwks = jwks;
            inside.applications.insert(SHOP.to_owned(), vec![credential]);
        });
        let jwks = keys(&world, "/id-tokens").await;
        services.with(|inside| (inside.jwks, inside.issuer) = (jwks, world.url("/id-tokens")));
        let (plaintext, commit) = commit_files(&world).await;
        Self { world, plaintext, commit, _folder: folder }
    }
}

async fn keys(world: &World, issuer: &str) -> Value {
    let address = world.url(&format!("{issuer}/.well-known/jwks.json"));
    world.http.get(address).send().await.unwrap().json().await.unwrap()
}

/// The granted document and key, and another of each.
async fn commit_files(world: &World) -> (String, String) {
    let (plaintext, recipients) = (random(), std::slice::from_ref(&world.recipient));
    let document = encrypt(plaintext.as_bytes(), recipients, false).unwrap();
    let hidden = encrypt(b"hidden", recipients, false).unwrap();
    let key = create_transit_key(recipients, None).unwrap();
    let files: [(&str, &[u8]); 4] = [
        ("secrets/shop/canary.age", &document),
        ("secrets/hidden/canary.age", &hidden),
        ("transit/flux/1.age", &key),
        ("transit/hidden/1.age", &key),
    ];
    let ready = world.commit_and_wait(&files).await;
    (plaintext, ready["revision"].as_str().unwrap().to_owned())
}
