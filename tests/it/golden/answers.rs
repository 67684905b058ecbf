//! Every API's answers to a fixed set of requests, and the records that they leave.

use super::check;
use super::normal::Normal;
use crate::file_keys::stanzas;
use crate::hostile::wire::{Answer, Sent};
use crate::sts::{StandInSts, encode};
use crate::support::{Setup, World};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use daypass::demo::issuer::github_claims;
use daypass::secrets::{create_transit_key, encrypt};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";
const DEPLOY: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant:
  secrets: [{ secret: shop/**, history: allow }, whole.age]
  id_token: { audience: https://partner.example, ttl: 10m }
  transit: [{ key: flux, allow: [encrypt, decrypt] }]
  aws: [{ role: \"arn:aws:iam::123456789012:role/deploy\", ttl: 30m, tags: { service: shop } }]
  daypass: [policy.replay]
";
const GUARDRAILS: &str = "denials:
  - description: Nobody gets this one.
    deny: { secrets: [shop/guarded.yaml], aws: [\"arn:aws:iam::123456789012:role/guarded\"] }
";

struct Faces {
    world: World,
    answers: String,
    normal: Normal,
}

async fn world(sts: &StandInSts) -> World {
    let policies = vec![("shop/deploy", DEPLOY.to_owned())];
    let world = World::start(Setup { policies, aws: sts.section(), ..Setup::default() }).await;
    let recipient = std::slice::from_ref(&world.recipient);
    let db = crate::vault::sealed(&world, "shop/db.yaml", b"user: app\npassword: first\nport: 5432\n");
    let key = create_transit_key(recipient, None).unwrap();
    let whole = encrypt(b"whole", recipient, false).unwrap();
    let files: [(&str, &[u8]); 5] = [
        ("secrets/shop/db.yaml", &db),
        ("secrets/shop/guarded.yaml", &db),
        ("secrets/whole.age", &whole),
        ("transit/flux/1.age", &key),
        ("guardrails.yaml", GUARDRAILS.as_bytes()),
    ];
    world.commit_and_wait(&files).await;
    world
}

fn bearer(token: &str) -> (&'static str, String) {
    ("Authorization", format!("Bearer {token}"))
}

fn form(fields: &[(&str, &str)]) -> (String, (&'static str, String)) {
    (encode(fields), ("Content-Type", "application/x-www-form-urlencoded".to_owned()))
}

impl Faces {
    async fn ask(&mut self, sent: Sent) -> Answer {
        let answer = sent.send(&self.world).await.unwrap();
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| answer.body.clone().into());
        let headers = answer.headers.iter().filter(|(name, _)| !["date", "content-length"].contains(&name.as_str()));
        let headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
        let request_line = format!("{} {}", sent.method, sent.target);
        let entry = json!({ "asked": request_line, "status": answer.status, "headers": headers, "body": body });
        self.answers += &self.normal.of(&format!("{entry:#}\n"));
        answer
    }

    async fn exchange(&mut self, token: &str, credentials: Value) -> Answer {
        let json = ("Content-Type", "application/json".to_owned());
        self.ask(Sent::post("/v1/exchange", [bearer(token), json], &json!({ "credentials": credentials }).to_string())).await
    }

    async fn native(&mut self, old: &str) {
        for credentials in [
            json!([{ "id_token": { "audience": "https://partner.example" } }]),
            json!([{ "secret": "shop/db.yaml" }, { "secret": "shop/password.age" }]),
            json!([{ "secret": "shop/db.yaml#/password" }, { "secret": "shop/db.yaml#/port" }]),
            json!([{ "secret_at": { "commit": old, "secret": "shop/password.age" } }]),
            json!([{ "aws": { "role": ROLE } }, { "secret": "shop/db.yaml#/user" }]),
            json!([{ "aws": {} }]),
            json!([{ "aws": { "role": "arn:aws:iam::123456789012:role/other" } }]),
            json!([{ "aws": { "role": "arn:aws:iam::123456789012:role/guarded" } }]),
            json!([{ "secret": "shop/guarded.yaml" }]),
            json!([{ "secret": "shop/none.yaml" }]),
            json!([{ "secret": "../shop" }]),
            json!([{ "transit": "flux" }]),
            json!([{ "none": "such" }]),
            json!([]),
        ] {
            let token = self.world.token();
            self.exchange(&token, credentials).await;
        }
        let token = self.world.token();
        for _ in 0..2 {
            self.exchange(&token, json!([{ "secret": "shop/db.yaml#/password" }])).await;
        }
        let pull = self.world.token_with(github_claims("pull_request", "refs/pull/7/merge"));
        self.exchange(&pull, json!([{ "secret": "shop/db.yaml" }])).await;
        self.exchange("not-a-token", json!([{ "secret": "shop/db.yaml" }])).await;
        for target in ["/v1/whoami", "/v1/secrets/shop/db.yaml", "/v1/secrets/shop/db.yaml?key=/password", "/v1/secrets/none.age"]
        {
            let token = bearer(&self.world.token());
            self.ask(Sent::get(target, [token])).await;
        }
        let file = std::fs::read(self.world.path("access/secrets/whole.age")).unwrap();
        let body = json!({ "stanzas": stanzas(&file) }).to_string();
        let headers = [bearer(&self.world.token()), ("Content-Type", "application/json".to_owned())];
        self.ask(Sent::post("/v1/age/unwrap", headers.clone(), &body)).await;
        self.ask(Sent::post("/v1/age/unwrap", headers, "{\"stanzas\":[]}")).await;
        let headers = [bearer(&self.world.token()), ("Content-Type", "application/json".to_owned())];
        let candidate = json!({ "files": { "policies/a.yaml": "issuer: github\nmatch: { repository: acme/shop@456789 }\ngrant: { secrets: [shop/db.yaml] }\n" } });
        self.ask(Sent::post("/v1/policy/replay", headers, &candidate.to_string())).await;
    }

    async fn aws(&mut self) {
        for (role, name) in [(ROLE, "job"), ("arn:aws:iam::123456789012:role/guarded", "job"), ("deploy", "job"), (ROLE, "a b")] {
            let token = self.world.token();
            let (body, kind) = form(&[
                ("Action", "AssumeRoleWithWebIdentity"),
                ("Version", "2011-06-15"),
                ("RoleSessionName", name),
                ("RoleArn", role),
                ("WebIdentityToken", &token),
            ]);
            self.ask(Sent::post("/aws/sts/", [kind], &body)).await;
        }
        for target in [
            format!("/aws/container?{}", encode(&[("role", ROLE)])),
            "/aws/container".to_owned(),
            "/aws/container?role=x".to_owned(),
        ] {
            let token = self.world.token();
            self.ask(Sent::get(&target, [("Authorization", token)])).await;
        }
    }

    async fn oauth(&mut self) {
        self.ask(Sent::get("/.well-known/oauth-authorization-server", [])).await;
        for audience in ["https://partner.example", "https://nobody.example"] {
            let token = self.world.token();
            let (body, kind) = form(&[
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("subject_token", &token),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
                ("audience", audience),
            ]);
            self.ask(Sent::post("/oauth2/token", [kind], &body)).await;
        }
        self.ask(Sent::post("/oauth2/token", [], "grant_type=password")).await;
    }

    async fn vault(&mut self) {
        let json = ("Content-Type", "application/json".to_owned());
        let login = json!({ "role": "shop/deploy", "jwt": self.world.token() }).to_string();
        let login = self.ask(Sent::post("/vault/v1/auth/jwt/login", [json.clone()], &login)).await.json();
        let session = ("X-Vault-Token", login["auth"]["client_token"].as_str().unwrap_or_else(|| panic!("{login}")).to_owned());
        for target in [
            "secret/data/shop/db",
            "secret/data/shop/password",
            "secret/data/none",
            "secret/metadata/shop/db",
            "secret/data/shop/db?version=7",
            "aws/creds/deploy",
            "aws/creds/none",
            "auth/token/lookup-self",
            "sys/internal/ui/mounts/secret/shop",
            "sys/health",
            "nothing",
        ] {
            self.ask(Sent::get(&format!("/vault/v1/{target}"), [session.clone()])).await;
        }
        self.ask(Sent { method: "LIST", ..Sent::get("/vault/v1/secret/metadata/shop", [session.clone()]) }).await;
        let plaintext = json!({ "plaintext": STANDARD.encode("text") }).to_string();
        let sealed =
            self.ask(Sent::post("/vault/v1/transit/encrypt/flux", [session.clone(), json.clone()], &plaintext)).await.json();
        let opening = json!({ "ciphertext": sealed["data"]["ciphertext"] }).to_string();
        self.ask(Sent::post("/vault/v1/transit/decrypt/flux", [session.clone(), json.clone()], &opening)).await;
        self.ask(Sent::post("/vault/v1/transit/decrypt/none", [session.clone(), json.clone()], &opening)).await;
        let parameter = URL_SAFE_NO_PAD.encode(json!({ "key": "jwt", "value": self.world.token() }).to_string());
        let inline =
            [("X-Vault-Inline-Auth-Path", "auth/jwt/login".to_owned()), ("X-Vault-Inline-Auth-Parameter-jwt", parameter)];
        self.ask(Sent::get("/vault/v1/secret/data/shop/db", inline)).await;
        self.ask(Sent::post("/vault/v1/auth/token/revoke-self", [session.clone(), json], "{}")).await;
        self.ask(Sent::get("/vault/v1/secret/data/shop/db", [session])).await;
    }

    async fn metadata(&mut self) {
        for target in ["/.well-known/openid-configuration", "/id-tokens/.well-known/openid-configuration", "/healthz", "/none"] {
            self.ask(Sent::get(target, [])).await;
        }
    }

    fn records(&self) -> String {
        let records = self.world.audit().into_iter().map(|entry| format!("{} {}\n", entry.kind, entry.body));
        self.normal.of(&records.collect::<String>())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_api_answers_and_records_as_before() {
    let sts = StandInSts::start().await;
    let world = world(&sts).await;
    let old = crate::support::git(&world.path("access"), &["rev-parse", "HEAD~1"]);
    let mut faces = Faces { world, answers: String::new(), normal: Normal::new() };
    faces.native(&old).await;
    faces.aws().await;
    faces.oauth().await;
    faces.vault().await;
    faces.metadata().await;
    check("records.txt", &faces.records());
    super::stored::keep(&faces.world.path("data"));
    check("answers.txt", &faces.answers);
}
