//! Proof of possession (RFC 9449): no API accepts a bound token without its key, and a proof is valid for one request.

use crate::support::{DEPLOY, Setup, World};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use daypass::demo::issuer::github_claims;
use daypass::token::{ProofKey, ProvedRequest};
use daypass::words::{Clock, Digest, SystemClock};
use serde_json::{Value, json};

/// A client of another project: it signs the claims of RFC 9449, and more if a test asks for them.
struct Standard(EcdsaKeyPair);

impl Standard {
    fn generate() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        json!({ "crv": "P-256", "kty": "EC", "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..65]) })
    }

    fn audience(&self, world: &World) -> String {
        format!("{}?cnf={}", world.url(""), hash(self.jwk().to_string().as_bytes()))
    }

    /// A proof for a POST of `/v1/exchange` that was made `ago` seconds ago.
    fn prove(&self, world: &World, token: &str, id: &str, ago: i64, more: Value) -> String {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk() });
        let (address, now) = (world.url("/v1/exchange"), SystemClock.now().seconds());
        let mut claims = json!({ "jti": id, "htm": "POST", "htu": address, "iat": now - ago, "ath": hash(token.as_bytes()) });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let input = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let signature = self.0.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", BASE64.encode(signature))
    }
}

fn hash(bytes: &[u8]) -> String {
    BASE64.encode(Digest::plain(bytes).as_bytes())
}

fn body(secret: &str) -> String {
    json!({ "credentials": [{ "secret": secret }] }).to_string()
}

/// Requests a secret with a token and a proof, if any.
async fn ask(world: &World, token: &str, proof: Option<&str>, secret: &str) -> (u16, Value) {
    let request = world.http.post(world.url("/v1/exchange")).bearer_auth(token).header("content-type", "application/json");
    let request = proof.into_iter().fold(request.body(body(secret)), |request, proof| request.header("DPoP", proof));
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn code_of(world: &World, token: &str, proof: &str, secret: &str) -> String {
    ask(world, token, Some(proof), secret).await.1["code"].as_str().unwrap_or("released").to_owned()
}

fn policy(dpop: &str) -> String {
    DEPLOY.replace("issuer: github\n", &format!("issuer: github\ndpop: {dpop}\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_token_needs_its_key_and_a_policy_may_require_one() {
    let world = World::start(Setup { policies: vec![("shop/deploy", policy("required"))], ..Setup::default() }).await;
    let (key, thief) = (ProofKey::generate().unwrap(), ProofKey::generate().unwrap());
    let claims = github_claims("push", "refs/heads/main");
    let token = || world.issuer.mint(&claims, &key.bind(&world.url(""))).unwrap();
    let (url, secret) = (world.url("/v1/exchange"), "shop/password.age");
    let proof = |key: &ProofKey, token: &str, id: &str| {
        let body = body(secret);
        let request = ProvedRequest { method: "POST", url: &url, query: "", body: body.as_bytes() };
        key.prove(request, token.as_bytes(), SystemClock.now(), id).unwrap()
    };

    let leaked = token();
    assert_eq!(ask(&world, &leaked, None, secret).await.1["code"], "proof_missing");
    assert_eq!(code_of(&world, &leaked, &proof(&thief, &leaked, "1"), secret).await, "proof_invalid");
    assert_eq!(code_of(&world, &leaked, &proof(&key, &token(), "1"), secret).await, "proof_invalid", "a proof is for one token");
    let (status, answer) = ask(&world, &leaked, Some(&proof(&key, &leaked, "1")), secret).await;
    assert_eq!((status, &answer["credentials"][0]["secret"]["value"]), (200, &json!("hunter2")), "{answer}");
    let (status, again) = ask(&world, &leaked, Some(&proof(&key, &leaked, "2")), secret).await;
    assert_eq!(
        (status, &again["decision_id"]),
        (200, &answer["decision_id"]),
        "a retry of the same client by a proof of its own"
    );
    assert_eq!(ask(&world, &world.token(), None, secret).await.1["code"], "proof_required");

    // Our client asks the CI for a bound token and makes the proof by itself.
    let output = world.job("push", &["secret", "get", secret], &[]).await;
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "hunter2", "{}", String::from_utf8_lossy(&output.stderr));
}

/// A captured token and its proof are sent again, for the same and for other requests.
#[tokio::test(flavor = "multi_thread")]
async fn a_captured_proof_cannot_be_used_again() {
    let mut world = crate::vault::world().await;
    let key = ProofKey::generate().unwrap();
    let token = world.issuer.mint(&github_claims("push", "refs/heads/main"), &key.bind(&world.url(""))).unwrap();
    let prove = |method: &str, path: &str, query: &str, body: &str, id: &str| {
        let url = world.url(path);
        let request = ProvedRequest { method, url: &url, query, body: body.as_bytes() };
        key.prove(request, token.as_bytes(), SystemClock.now(), id).unwrap()
    };
    let read = async |proof: &str, query: &str| {
        let address = world.url(&format!("/v1/secrets/shop/db.yaml{query}"));
        let request = world.http.get(address).bearer_auth(&token).header("DPoP", proof);
        request.send().await.unwrap().json::<Value>().await.unwrap()["code"].as_str().unwrap_or("released").to_owned()
    };
    let captured = prove("POST", "/v1/exchange", "", &body("shop/password.age"), "1");
    let mut outcomes = vec![code_of(&world, &token, &captured, "shop/db.yaml").await];
    for secret in ["shop/password.age", "shop/password.age", "shop/db.yaml"] {
        outcomes.push(code_of(&world, &token, &captured, secret).await);
    }
    let another = prove("GET", "/v1/secrets/shop/db.yaml", "key=/password", "", "2");
    for query in ["?key=/port", "", "?key=/password", "?key=/password"] {
        outcomes.push(read(&another, query).await);
    }
    let invalid = "proof_invalid";
    assert_eq!(outcomes, [invalid, "released", invalid, invalid, invalid, invalid, "released", invalid]);
    world.kill_and_restart().await;
    assert_eq!(code_of(&world, &token, &captured, "shop/password.age").await, invalid, "nor after a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_rfc_9449_proof_is_accepted_where_a_policy_says_so() {
    let policies = vec![("shop/deploy", policy("required")), ("other", policy("standard").replace("shop/**", "other/**"))];
    let world = World::start(Setup { policies, ..Setup::default() }).await;
    let other = daypass::secrets::encrypt(b"x", std::slice::from_ref(&world.recipient), false).unwrap();
    world.commit_and_wait(&[("secrets/other/one.age", &other)]).await;
    let key = Standard::generate();
    let token = world.issuer.mint(&github_claims("push", "refs/heads/main"), &key.audience(&world)).unwrap();
    let (name, standard) = ("shop/password.age", "other/one.age");
    let covering = |secret: &str| json!({ "query_sha256": hash(b""), "body_sha256": hash(body(secret).as_bytes()) });
    let half = json!({ "body_sha256": hash(body(name).as_bytes()) });
    let cases = [
        (0, json!({}), name, "proof_required"),
        (0, half, name, "proof_required"),
        (0, json!({}), standard, "released"),
        (0, covering(name), standard, "proof_invalid"),
        (0, json!({ "body_sha256": "AAAA" }), standard, "proof_invalid"),
        (0, json!({ "body_sha256": 1 }), standard, "proof_invalid"),
        (0, json!({ "query_sha256": hash(b"key=/x") }), standard, "proof_invalid"),
        (3600, covering(name), name, "proof_invalid"),
        (-3600, covering(name), name, "proof_invalid"),
        (0, covering(name), name, "released"),
    ];
    for (number, (ago, more, secret, expected)) in cases.into_iter().enumerate() {
        let proof = key.prove(&world, &token, &number.to_string(), ago, more.clone());
        assert_eq!(code_of(&world, &token, &proof, secret).await, expected, "{more} {ago} {secret}");
    }
}

/// The body of this endpoint is read after the decision, and is still compared with the proof.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_refuses_a_proof_for_another_body() {
    let grant = "{ daypass: [policy.replay] }";
    let policy = format!(
        "issuer: github\nmatch: {{ repository: acme/shop@456789, ref: refs/heads/main, event: push }}\ndpop: required\ngrant: {grant}\n"
    );
    let world = World::start(Setup { policies: vec![("access/replay", policy)], ..Setup::default() }).await;
    let key = ProofKey::generate().unwrap();
    let body = json!({ "since": "1d", "files": {} }).to_string();
    let cases = [("1", body.replace("1d", "2d"), json!("proof_invalid")), ("2", body.clone(), Value::Null)];
    for (id, sent, expected) in cases {
        let token = world.issuer.mint(&github_claims("push", "refs/heads/main"), &key.bind(&world.url(""))).unwrap();
        let url = world.url("/v1/policy/replay");
        let request = ProvedRequest { method: "POST", url: &url, query: "", body: body.as_bytes() };
        let proof = key.prove(request, token.as_bytes(), SystemClock.now(), id).unwrap();
        let request = world.http.post(url).bearer_auth(token).header("DPoP", proof).header("content-type", "application/json");
        let answer: Value = request.body(sent).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["code"], expected, "{answer}");
    }
}

/// The other APIs accept no proof, and so no bound token.
#[tokio::test(flavor = "multi_thread")]
async fn no_other_api_accepts_a_bound_token() {
    let world = World::start(Setup::default()).await;
    let key = ProofKey::generate().unwrap();
    let token = || world.issuer.mint(&github_claims("push", "refs/heads/main"), &key.bind(&world.url(""))).unwrap();
    let form = |pairs: &[(&str, &str)]| crate::sts::encode(pairs);
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let (role, inline) = ("arn:aws:iam::123456789012:role/deploy", json!({ "key": "jwt", "value": token() }).to_string());
    let sts = [("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role), ("RoleSessionName", "job")];
    let jwt = "urn:ietf:params:oauth:token-type:jwt";
    let exchange = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token_type", jwt),
        ("audience", "https://partner.example"),
    ];
    let with_proof = |url: String| world.http.post(url).header("DPoP", "a.b.c").header(kind.0, kind.1);
    let requests = [
        with_proof(world.url("/aws/sts/")).body(form(&[&sts[..], &[("WebIdentityToken", &token())]].concat())),
        world.http.get(world.url(&format!("/aws/container?{}", form(&[("role", role)])))).header("authorization", token()),
        with_proof(world.url("/oauth2/token")).body(form(&[&exchange[..], &[("subject_token", &token())]].concat())),
        world.http.post(world.url("/vault/v1/auth/jwt/login")).json(&json!({ "jwt": token() })),
        world
            .http
            .get(world.url("/vault/v1/secret/data/shop/password"))
            .header("X-Vault-Inline-Auth-Path", "auth/jwt/login")
            .header("X-Vault-Inline-Auth-Parameter-jwt", BASE64.encode(inline)),
    ];
    for request in requests {
        let response = request.send().await.unwrap();
        let (status, body) = (response.status().as_u16(), response.text().await.unwrap());
        assert!((400..=403).contains(&status) && body.contains("proof_missing"), "{status}: {body}");
    }
    assert!(world.audit().iter().all(|entry| entry.kind != "released"));
}
