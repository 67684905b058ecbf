//! The stand-in refuses what Google's documentation refuses. Otherwise the tests against it would prove nothing.

use super::DEPLOY;
use super::stand_in::{Issued, PROVIDER, SUBJECTS, StandInGoogle};
use crate::support::certificate;
use daypass::words::{Clock, SystemClock};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

pub struct Raw {
    folder: tempfile::TempDir,
    pub google: StandInGoogle,
    http: reqwest::Client,
    key: EncodingKey,
}

const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const CLOUD: &str = "https://www.googleapis.com/auth/cloud-platform";

impl Raw {
    pub async fn start() -> Self {
        daypass::telemetry::install_crypto();
        let folder = tempfile::tempdir().unwrap();
        certificate(folder.path());
        let google = StandInGoogle::start(folder.path()).await;
        let pair = rcgen::KeyPair::generate().unwrap();
        let key = EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes()).unwrap();
        let mut jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some("k".to_owned());
        google.with(|google| {
            google.issuer = "https://issuer.example".to_owned();
            google.jwks = json!({ "keys": [jwk] });
            google.bind(DEPLOY, &format!("{SUBJECTS}s"));
        });
        let ca = std::fs::read(folder.path().join("tls.crt")).unwrap();
        let http = crate::support::patient_client(Some(&ca));
        Self { folder, google, http, key }
    }

    pub fn ca(&self) -> std::path::PathBuf {
        self.folder.path().join("tls.crt")
    }

    /// A token with changed claims. `null` leaves one out, and a number is an offset from now.
    pub fn jwt(&self, change: &Value) -> String {
        let now = SystemClock.now().seconds();
        let mut claims = json!({ "iss": "https://issuer.example", "sub": "s", "aud": format!("https://iam.googleapis.com/{PROVIDER}"), "iat": now - 5, "exp": now + 300 });
        for (name, value) in change.as_object().unwrap() {
            match (value, value.as_i64()) {
                (Value::Null, _) => _ = claims.as_object_mut().unwrap().remove(name),
                (_, Some(offset)) => claims[name] = (now + offset).into(),
                _ => claims[name] = value.clone(),
            }
        }
        self.signed(Some("k"), &claims)
    }

    fn signed(&self, kid: Option<&str>, claims: &Value) -> String {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::ES256) };
        encode(&header, claims, &self.key).unwrap()
    }

    async fn exchange(&self, change: &[(&str, &str)], jwt: &str) -> (u16, Value) {
        let audience = format!("//iam.googleapis.com/{PROVIDER}");
        let mut form = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("audience", &audience),
            ("scope", CLOUD),
            ("requested_token_type", ACCESS_TOKEN),
            ("subject_token", jwt),
            ("subject_token_type", JWT),
        ];
        form.retain(|(name, _)| !change.iter().any(|(other, _)| other == name));
        form.extend(change);
        let request = self.http.post(format!("{}/v1/token", self.google.url));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(crate::sts::encode(&form));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn impersonate(&self, path: &str, bearer: &str, body: Value) -> (u16, Value) {
        let request = self.http.post(format!("{}/v1/projects/{path}", self.google.url));
        let answer = request.bearer_auth(bearer).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stand_in_accepts_only_tokens_of_its_issuer_for_its_provider() {
    let raw = Raw::start().await;
    assert_eq!(raw.exchange(&[], &raw.jwt(&json!({}))).await.0, 200);
    let short = json!({ "aud": format!("//iam.googleapis.com/{PROVIDER}") });
    assert_eq!(raw.exchange(&[], &raw.jwt(&short)).await.0, 200);
    for (change, error) in [
        (json!({ "aud": "https://iam.googleapis.com/projects/1" }), "invalid_request"),
        (json!({ "aud": null }), "invalid_grant"),
        (json!({ "iss": "https://other.example" }), "invalid_grant"),
        (json!({ "exp": -120 }), "invalid_grant"),
        (json!({ "exp": null }), "invalid_grant"),
        (json!({ "exp": 48 * 3600 }), "invalid_grant"),
        (json!({ "iat": 120 }), "invalid_grant"),
        (json!({ "iat": null }), "invalid_grant"),
        (json!({ "sub": "s".repeat(128) }), "invalid_request"),
        (json!({ "sub": "" }), "invalid_request"),
    ] {
        let (status, answer) = raw.exchange(&[], &raw.jwt(&change)).await;
        assert_eq!((status, answer["error"].as_str()), (400, Some(error)), "{change}: {answer}");
    }
    assert_eq!(raw.exchange(&[], &raw.jwt(&json!({ "sub": "s".repeat(127) }))).await.0, 200);
    let good: Value = json!({ "iss": "https://issuer.example", "sub": "s", "aud": format!("https://iam.googleapis.com/{PROVIDER}"), "iat": 0, "exp": 1 });
    for jwt in [raw.signed(None, &good), raw.signed(Some("other"), &good), format!("{}A", raw.jwt(&json!({}))), "x".to_owned()] {
        assert_eq!(raw.exchange(&[], &jwt).await.1["error"], "invalid_grant");
    }
    let symmetric =
        encode(&Header { kid: Some("k".to_owned()), ..Header::new(Algorithm::HS256) }, &good, &EncodingKey::from_secret(b"k"))
            .unwrap();
    assert_eq!(raw.exchange(&[], &symmetric).await.1["error"], "invalid_grant");
    for (change, error) in [
        (("audience", "//iam.googleapis.com/projects/1"), "invalid_target"),
        (("scope", ""), "invalid_scope"),
        (("scope", "all"), "invalid_scope"),
        (("grant_type", "client_credentials"), "unsupported_grant_type"),
        (("subject_token_type", "saml"), "invalid_request"),
        (("requested_token_type", JWT), "invalid_request"),
        (("resource", "x"), "invalid_request"),
    ] {
        assert_eq!(raw.exchange(&[change], &raw.jwt(&json!({}))).await.1["error"], error, "{change:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stand_in_impersonates_only_accounts_that_allow_it() {
    let raw = Raw::start().await;
    let federated = raw.exchange(&[], &raw.jwt(&json!({}))).await.1["access_token"].as_str().unwrap().to_owned();
    let path = format!("-/serviceAccounts/{DEPLOY}:generateAccessToken");
    let (status, made) = raw.impersonate(&path, &federated, json!({ "scope": [CLOUD], "lifetime": "60s" })).await;
    assert_eq!(status, 200, "{made}");
    let token = made["accessToken"].as_str().unwrap();
    for (path, bearer, body, status) in [
        (path.as_str(), "x", json!({ "scope": [CLOUD] }), 401),
        (&path, token, json!({ "scope": [CLOUD] }), 403),
        (&path, &federated, json!({ "scope": [] }), 400),
        (&path, &federated, json!({ "scope": [CLOUD], "lifetime": "3601s" }), 400),
        (&path, &federated, json!({ "scope": [CLOUD], "lifetime": "60" }), 400),
        (&path, &federated, json!({ "scope": [CLOUD], "ttl": "60s" }), 400),
        (&path, &federated, json!({ "scope": [CLOUD], "delegates": ["hub@acme.iam.gserviceaccount.com"] }), 400),
        (
            &path,
            &federated,
            json!({ "scope": [CLOUD], "delegates": ["projects/-/serviceAccounts/hub@acme.iam.gserviceaccount.com"] }),
            403,
        ),
        (
            "-/serviceAccounts/other@acme.iam.gserviceaccount.com:generateAccessToken",
            &federated,
            json!({ "scope": [CLOUD] }),
            403,
        ),
        (&path.replacen('-', "acme", 1), &federated, json!({ "scope": [CLOUD] }), 400),
        (&path.replace("AccessToken", "IdToken"), &federated, json!({}), 400),
    ] {
        assert_eq!(raw.impersonate(path, bearer, body.clone()).await.0, status, "{path} {body}");
    }
    let narrow = Issued {
        principal: format!("{SUBJECTS}s"),
        scopes: vec!["https://www.googleapis.com/auth/devstorage.read_only".to_owned()],
        ends: i64::MAX,
        boundary: None,
    };
    raw.google.with(|google| google.tokens.insert("narrow".to_owned(), narrow));
    let (status, answer) = raw.impersonate(&path, "narrow", json!({ "scope": [CLOUD] })).await;
    assert_eq!((status, answer["error"]["details"][0]["reason"].as_str()), (403, Some("ACCESS_TOKEN_SCOPE_INSUFFICIENT")));

    let rule = json!({ "availableResource": "//storage.googleapis.com/projects/_/buckets/acme-a", "availablePermissions": ["inRole:roles/storage.objectViewer"] });
    let bounded = async |rules: Value| {
        let options = json!({ "accessBoundary": { "accessBoundaryRules": rules } }).to_string();
        raw.exchange(&[("subject_token_type", ACCESS_TOKEN), ("options", &options)], token).await.0
    };
    assert_eq!(bounded(json!([rule])).await, 200);
    let mut elsewhere = rule.clone();
    elsewhere["availableResource"] = "//compute.googleapis.com/projects/acme".into();
    let mut injected = rule.clone();
    injected["availabilityCondition"] =
        json!({ "expression": "resource.name.startsWith('projects/_/buckets/acme-a/objects/x') || true" });
    for bad in [json!([]), json!(vec![rule; 11]), json!([elsewhere]), json!([injected])] {
        assert_eq!(bounded(bad.clone()).await, 400, "{bad}");
    }
}
