//! npm's oidc-provider as an issuer with discovery: another implementation signs with every algorithm that we verify.

use crate::support::{DEPLOY, START_MAX, Setup, World, free_port, peer};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ALGORITHMS: [&str; 9] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
const AUDIENCE: &str = "https://daypass.example";

struct Provider {
    server: Child,
    url: String,
    http: reqwest::Client,
}

impl Provider {
    async fn start() -> Option<Self> {
        let (node, module) = (peer("node")?, peer("oidc-provider")?);
        daypass::telemetry::install_crypto();
        let port = free_port().to_string();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/oidc-provider.mjs");
        let mut command = Command::new(node);
        command.arg(script).arg(module.canonicalize().unwrap()).args([&port, AUDIENCE]);
        let server = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let http = crate::support::patient_client(None);
        let provider = Self { server, url: format!("http://127.0.0.1:{port}"), http };
        let started = Instant::now();
        while provider.http.get(format!("{}/jwks", provider.url)).send().await.is_err() {
            assert!(started.elapsed() < START_MAX, "oidc-provider did not start");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Some(provider)
    }

    async fn token(&self, client: &str) -> String {
        let form = format!("grant_type=client_credentials&scope=ci&resource={AUDIENCE}");
        let request = self.http.post(format!("{}/token", self.url)).basic_auth(client.replace('+', "%2B"), Some("secret"));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{client}: {answer}")).to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_algorithm_of_oidc_provider_is_verified_and_access_tokens_are_refused() {
    let Some(provider) = Provider::start().await else { return };
    let policy = "issuer: npm\nclaims: { /pipeline: shop }\ngrant: { secrets: [shop/**] }\n".to_owned();
    let issuer = |name: &str, rest: &str| {
        let url = &provider.url;
        format!(
            "  - {{ name: {name}, mapping: generic, issuer: \"{url}\", audiences: [\"{AUDIENCE}\"], addresses: [127.0.0.0/8]{rest} }}\n"
        )
    };
    let every = format!(", algorithms: [{}]", ALGORITHMS.join(", "));
    let policies = || vec![("shop/deploy", DEPLOY.to_owned()), ("npm", policy.clone())];
    let world = World::start(Setup { policies: policies(), issuers: issuer("npm", &every), ..Setup::default() }).await;
    for algorithm in ALGORITHMS {
        let token = provider.token(algorithm).await;
        let (status, answer) = world.exchange(&token, json!([{"secret": "shop/password.age"}])).await;
        assert_eq!((status, &answer["policy"]), (200, &json!("npm")), "{algorithm}: {answer}");
        let (input, signature) = token.rsplit_once('.').unwrap();
        let flipped = if signature.starts_with('A') { 'B' } else { 'A' };
        let (status, answer) =
            world.exchange(&format!("{input}.{flipped}{}", &signature[1..]), json!([{"secret": "shop/password.age"}])).await;
        assert_eq!((status, &answer["code"]), (401, &json!("signature_invalid")), "{algorithm}: {answer}");
    }
    let (status, answer) = world.exchange(&provider.token("at+jwt").await, json!([{"secret": "shop/password.age"}])).await;
    assert_eq!((status, &answer["code"]), (401, &json!("token_type_refused")), "RFC 9068: {answer}");
    let narrow = issuer("npm", ", algorithms: [ES256]");
    let world = World::start(Setup { policies: policies(), issuers: narrow, ..Setup::default() }).await;
    let (status, answer) = world.exchange(&provider.token("RS256").await, json!([{"secret": "shop/password.age"}])).await;
    assert_eq!((status, &answer["code"]), (401, &json!("algorithm_refused")), "{answer}");
    assert_eq!(world.exchange(&provider.token("ES256").await, json!([{"secret": "shop/password.age"}])).await.0, 200);
}
