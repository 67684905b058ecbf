//! OpenBao as a verifier of the tokens that we sign, and as an issuer whose tokens we accept.

use crate::support::{DEPLOY, START_MAX, Setup, World, free_ports, peer};
use serde_json::{Value, json};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Bao {
    server: Child,
    pub url: String,
    http: reqwest::Client,
}

impl Bao {
    pub async fn start() -> Option<Self> {
        let program = peer("bao")?;
        daypass::telemetry::install_crypto();
        // Its development server also listens on the next port, for other members of a cluster.
        let url = format!("http://127.0.0.1:{}", free_ports(2));
        let home = std::env::temp_dir();
        let mut command = Command::new(program);
        command
            .args([
                "server",
                "-dev",
                "-dev-no-store-token",
                "-dev-root-token-id=root",
                &format!("-dev-listen-address={}", &url[7..]),
            ])
            .env("HOME", home);
        let server = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut bao = Self { server, url, http: crate::support::patient_client(None) };
        let started = Instant::now();
        while bao.http.get(format!("{}/v1/sys/health", bao.url)).send().await.is_err() {
            let ended = bao.server.try_wait().unwrap();
            assert!(ended.is_none() && started.elapsed() < START_MAX, "bao did not start: {ended:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Some(bao)
    }

    pub async fn call(&self, method: &str, path: &str, token: &str, body: Value) -> (u16, Value) {
        let request = self
            .http
            .request(method.parse().unwrap(), format!("{}/v1/{path}", self.url))
            .header("X-Vault-Token", token)
            .json(&body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }
}

impl Drop for Bao {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_that_start_at_once_take_different_ports() {
    let (Some(one), Some(other)) = tokio::join!(Bao::start(), Bao::start()) else { return };
    assert_ne!(one.url, other.url);
}

#[tokio::test(flavor = "multi_thread")]
async fn openbao_accepts_the_tokens_that_we_sign_and_refuses_changed_ones() {
    let Some(bao) = Bao::start().await else { return };
    let world = World::start(Setup::default()).await;
    let jwks = world.http.get(world.url("/id-tokens/.well-known/jwks.json")).send().await.unwrap().text().await.unwrap();
    let ca = std::fs::read_to_string(world.path("tls.crt")).unwrap();
    assert!(jwks.contains("ES256"));
    assert_eq!(bao.call("POST", "sys/auth/jwt", "root", json!({"type": "jwt"})).await.0, 204);
    let config = json!({"oidc_discovery_url": world.url("/id-tokens"), "oidc_discovery_ca_pem": ca, "bound_issuer": world.url("/id-tokens")});
    assert_eq!(bao.call("POST", "auth/jwt/config", "root", config).await.0, 204, "it reads our discovery document and keys");
    let role = json!({"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["https://partner.example"], "bound_subject": "root/shop/deploy", "token_ttl": "60s"});
    let (status, body) = bao.call("POST", "auth/jwt/role/ci", "root", role).await;
    assert!(status < 300, "{body}");
    let (_, answer) = world.exchange(&world.token(), json!([{"id_token": {"audience": "https://partner.example"}}])).await;
    let token = answer["credentials"][0]["id_token"]["token"].as_str().unwrap();
    let login = |jwt: String| {
        let bao = &bao;
        async move { bao.call("POST", "auth/jwt/login", "", json!({"role": "ci", "jwt": jwt})).await }
    };
    let (status, body) = login(token.to_owned()).await;
    assert_eq!(status, 200, "{body}");
    let (input, signature) = token.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { 'B' } else { 'A' };
    assert_ne!(login(format!("{input}.{flipped}{}", &signature[1..])).await.0, 200, "a changed signature");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_openbao_are_accepted_by_discovery_also_after_a_key_rotation() {
    let Some(bao) = Bao::start().await else { return };
    let steps = [
        ("sys/auth/userpass", json!({"type": "userpass"})),
        ("auth/userpass/users/ci", json!({"password": "pw", "token_policies": "mint"})),
        ("sys/policies/acl/mint", json!({"policy": "path \"identity/oidc/token/*\" { capabilities = [\"read\"] }"})),
        ("identity/oidc/key/k", json!({"allowed_client_ids": ["*"], "algorithm": "RS256"})),
        ("identity/oidc/role/r", json!({"key": "k", "ttl": "5m"})),
    ];
    for (path, body) in steps {
        let (status, answer) = bao.call("POST", path, "root", body).await;
        assert!(status < 300, "{path}: {answer}");
    }
    let (_, role) = bao.call("GET", "identity/oidc/role/r", "root", json!({})).await;
    let audience = role["data"]["client_id"].as_str().unwrap().to_owned();
    let (_, login) = bao.call("POST", "auth/userpass/login/ci", "", json!({"password": "pw"})).await;
    let session = login["auth"]["client_token"].as_str().unwrap().to_owned();
    let issuer = format!("{}/v1/identity/oidc", bao.url);
    let policy = format!("issuer: bao\nclaims: {{ /aud: \"{audience}\" }}\ngrant: {{ secrets: [shop/**] }}\n");
    let issuers = format!(
        "  - {{ name: bao, mapping: generic, issuer: \"{issuer}\", audiences: [\"{audience}\"], addresses: [127.0.0.0/8] }}\n"
    );
    let world =
        World::start(Setup { policies: vec![("shop/deploy", DEPLOY.to_owned()), ("bao", policy)], issuers, ..Setup::default() })
            .await;
    for round in 0..2 {
        let (_, minted) = bao.call("GET", "identity/oidc/token/r", &session, json!({})).await;
        let token = minted["data"]["token"].as_str().unwrap();
        let (status, answer) = world.exchange(token, json!([{"secret": "shop/password.age"}])).await;
        assert_eq!((status, &answer["policy"]), (200, &json!("bao")), "round {round}: {answer}");
        let (status, _) = bao.call("POST", "identity/oidc/key/k/rotate", "root", json!({})).await;
        assert!(status < 300);
    }
}
