//! The stand-in's App: its key, what its JWTs have to be, and the tokens in both shapes.

use super::{Installation, Shape};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use daypass::words::{Clock, SystemClock};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value, json};

pub struct AppPair {
    pub id: u64,
    pub client_id: &'static str,
    /// As GitHub hands it out: PKCS#1.
    pub pem: String,
    key: DecodingKey,
}

impl AppPair {
    pub fn generate() -> Self {
        daypass::telemetry::install_crypto();
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        // RFC 5208: the key itself stands behind the version, the algorithm and the header of its octets.
        Self { id: 4711, client_id: "Iv23liStandIn", pem: pem(&der.as_ref()[26..]), key: public(&pair) }
    }

    /// Another key than the one of the PEM.
    pub fn forget(&mut self) {
        self.key = public(&KeyPair::generate(KeySize::Rsa2048).unwrap());
    }

    /// Accepts a key that a test made elsewhere from now on (modulus and exponent, base64url).
    pub fn trust(&mut self, modulus: &str, exponent: &str) {
        self.key = DecodingKey::from_rsa_components(modulus, exponent).unwrap();
    }

    /// GitHub, "Generating a JSON Web Token (JWT) for a GitHub App". The errors are GitHub's texts.
    pub fn verify(&self, jwt: &str) -> Result<(), String> {
        let undecoded = |_| "A JSON web token could not be decoded".to_owned();
        let header = jsonwebtoken::decode_header(jwt).map_err(undecoded)?;
        if header.alg != Algorithm::RS256 {
            return Err("A JSON web token could not be decoded".to_owned());
        }
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_required_spec_claims(&["exp", "iss"]);
        validation.leeway = 0;
        let claims = jsonwebtoken::decode::<Map<String, Value>>(jwt, &self.key, &validation).map_err(undecoded)?.claims;
        let now = SystemClock.now().seconds();
        let number = |name: &str| claims.get(name).and_then(Value::as_i64);
        let issued = number("iat").filter(|issued| *issued <= now);
        issued.ok_or("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")?;
        let ends = number("exp").ok_or("'Expiration time' claim ('exp') must be a numeric value")?;
        if ends > now + 600 {
            return Err("'Expiration time' claim ('exp') is too far in the future".to_owned());
        }
        let issuer = claims["iss"].as_str().map_or_else(|| claims["iss"].to_string(), str::to_owned);
        let known = issuer == self.id.to_string() || issuer == self.client_id;
        let only = claims.keys().all(|name| ["iat", "exp", "iss"].contains(&name.as_str()));
        if known && only { Ok(()) } else { Err("'Issuer' claim ('iss') must be an Integer".to_owned()) }
    }

    pub fn described(&self, one: &Installation) -> Value {
        let suspended = one.suspended.then_some("2026-11-01T00:00:00Z");
        json!({
            "id": one.id, "account": { "login": one.login, "id": 77, "type": one.kind, "site_admin": false },
            "repository_selection": one.selection, "app_id": self.id, "app_slug": "stand-in", "client_id": self.client_id,
            "access_tokens_url": "https://api.github.com/app/installations/1/access_tokens", "html_url": "https://github.com/",
            "repositories_url": "https://api.github.com/installation/repositories", "target_id": 77, "target_type": one.kind,
            "permissions": one.permissions, "events": [], "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
            "single_file_name": null, "suspended_by": null, "suspended_at": suspended,
        })
    }

    pub fn token(&self, shape: Shape) -> String {
        let random: String = (0..16).map(|_| uuid::Uuid::new_v4().simple().to_string()).collect();
        match shape {
            Shape::Old => format!("ghs_{}", &random[..36]),
            Shape::Stateless => {
                let (header, rest) = (URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES256"}"#), &random[..300]);
                let token = format!("ghs_{}_{header}.{rest}_-.", self.id);
                format!("{token}{}", random.chars().rev().take(520 - token.len()).collect::<String>())
            }
        }
    }
}

fn public(pair: &KeyPair) -> DecodingKey {
    use aws_lc_rs::signature::KeyPair as _;
    let key = pair.public_key();
    DecodingKey::from_rsa_raw_components(
        key.modulus().big_endian_without_leading_zero(),
        key.exponent().big_endian_without_leading_zero(),
    )
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", lines.join("\n"))
}
