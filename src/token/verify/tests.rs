//! Attacks by tokens: rows T1 to T18 of the security catalogue, as far as this module can test them.

use super::*;
use crate::token::KeySet;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};

pub(crate) const NOW: i64 = 1_800_000_000;

struct Issuer(EcdsaKeyPair);

impl Issuer {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        json!({"kty": "EC", "crv": "P-256", "kid": "k1", "x": B64.encode(&point[1..33]), "y": B64.encode(&point[33..65])})
    }

    fn keys(&self) -> KeySet {
        KeySet::import(json!({"keys": [self.jwk()]}).to_string().as_bytes()).unwrap()
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let input = format!("{}.{}", B64.encode(header), B64.encode(claims));
        let signature = self.0.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", B64.encode(signature.as_ref()))
    }

    fn token(&self, change: Value) -> String {
        self.sign(HEADER, &claims(change).to_string())
    }
}

const HEADER: &str = r#"{"alg":"ES256","kid":"k1","typ":"JWT"}"#;

fn claims(change: Value) -> Value {
    let mut claims = json!({"iss": "https://issuer.example", "aud": "https://daypass.example", "sub": "job", "iat": NOW, "exp": NOW + 300, "jti": "1"});
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    claims
}

pub(crate) fn expected() -> Expected {
    Expected {
        issuer: IssuerUrl::parse("https://issuer.example").unwrap(),
        audiences: vec![Audience::parse("https://daypass.example").unwrap()],
        algorithms: Algorithm::ALL.to_vec(),
        token_age_max: Duration::from_secs(3600),
        one_client: false,
        session_max: None,
    }
}

/// A verified token with these claims changed.
pub(crate) fn verified(change: Value) -> VerifiedToken {
    let issuer = Issuer::new();
    judge_at(&issuer, issuer.token(change), UnixTime::from_seconds(NOW)).map_err(Reason::code).unwrap()
}

fn judge_at(issuer: &Issuer, token: String, now: UnixTime) -> Result<VerifiedToken, Reason> {
    let raw = RawToken::parse(token.into()).map_err(|denial| denial.reason)?;
    verify(raw, &issuer.keys(), &expected(), now).map_err(|denial| denial.reason)
}

fn judge(issuer: &Issuer, token: String) -> Option<Reason> {
    judge_at(issuer, token, UnixTime::from_seconds(NOW)).err()
}

#[test]
fn a_good_token_is_verified() {
    let issuer = Issuer::new();
    let token = judge_at(&issuer, issuer.token(json!({})), UnixTime::from_seconds(NOW)).unwrap();
    assert_eq!((token.subject(), token.token_id()), ("job", Some("1")));
    assert_eq!(judge(&issuer, issuer.token(json!({"aud": ["https://daypass.example"]}))), None);
}

#[test]
fn t1_t2_no_algorithm_but_the_configured_ones() {
    let issuer = Issuer::new();
    for alg in ["none", "None", "nOnE", "NONE", "HS256", "HS384", "HS512", "ES256K", "ES512", "es256", ""] {
        let header = json!({"alg": alg, "kid": "k1"}).to_string();
        assert_eq!(judge(&issuer, issuer.sign(&header, &claims(json!({})).to_string())), Some(Reason::AlgorithmRefused), "{alg}");
    }
    for header in [r#"{"kid":"k1"}"#, r#"{"alg":256,"kid":"k1"}"#] {
        assert_eq!(judge(&issuer, issuer.sign(header, &claims(json!({})).to_string())), Some(Reason::AlgorithmRefused));
    }
    let unsigned = issuer.token(json!({}));
    assert_eq!(judge(&issuer, format!("{}.", unsigned.rsplit_once('.').unwrap().0)), Some(Reason::TokenMalformed));
}

#[test]
fn t3_the_key_decides_the_algorithm() {
    let issuer = Issuer::new();
    let header = HEADER.replace("ES256", "RS256");
    assert_eq!(judge(&issuer, issuer.sign(&header, &claims(json!({})).to_string())), Some(Reason::AlgorithmRefused));
    let refused = [
        json!({"use": "enc"}),
        json!({"crv": "P-384"}),
        json!({"alg": "ES384"}),
        json!({"kty": "oct"}),
        json!({"key_ops": ["sign"]}),
    ];
    for change in refused {
        let mut jwk = issuer.jwk();
        jwk.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert!(KeySet::import(json!({"keys": [jwk]}).to_string().as_bytes()).is_err(), "{change}");
    }
    let secret = json!({"kty": "oct", "k": "AAAA", "kid": "s"});
    assert!(KeySet::import(json!({"keys": [issuer.jwk(), secret]}).to_string().as_bytes()).is_err());
    assert!(KeySet::import(json!({"keys": [issuer.jwk(), issuer.jwk()]}).to_string().as_bytes()).is_err());
}

#[test]
fn t4_t5_a_key_id_chooses_and_does_nothing_else() {
    let (issuer, other) = (Issuer::new(), Issuer::new());
    assert_eq!(judge(&issuer, other.token(json!({}))), Some(Reason::SignatureInvalid));
    for kid in ["../../etc/passwd", "k1' OR 1=1 --", "K1", "", &"k".repeat(5000)] {
        let header = json!({"alg": "ES256", "kid": kid}).to_string();
        assert_eq!(judge(&issuer, issuer.sign(&header, &claims(json!({})).to_string())), Some(Reason::UnknownKey), "{kid}");
    }
    assert_eq!(judge(&issuer, issuer.sign(r#"{"alg":"ES256","kid":7}"#, "{}")), Some(Reason::TokenMalformed));
    let two = json!({"keys": [issuer.jwk(), {"kty": "OKP", "crv": "Ed25519", "x": B64.encode([9; 32]), "kid": "k2"}]});
    let keys = KeySet::import(two.to_string().as_bytes()).unwrap();
    let without = RawToken::parse(issuer.sign(r#"{"alg":"ES256"}"#, &claims(json!({})).to_string()).into()).unwrap();
    assert!(!keys.holds(without.jws()));
}

#[test]
fn t6_t8_a_header_that_changes_meaning_refuses_the_token() {
    let issuer = Issuer::new();
    let members = ["jku", "x5u", "x5c", "jwk", "crit", "b64", "zip", "cty", "enc", "epk", "p2c", "url"];
    for member in members {
        let header = json!({"alg": "ES256", "kid": "k1", member: "https://canary.example"}).to_string();
        assert_eq!(
            judge(&issuer, issuer.sign(&header, &claims(json!({})).to_string())),
            Some(Reason::TokenMalformed),
            "{member}"
        );
    }
    let token = issuer.token(json!({}));
    for broken in
        [format!("{token}."), token.replacen('.', "..", 1), format!("{{\"payload\":\"{token}\"}}"), format!("{token}.a.b")]
    {
        assert_eq!(judge(&issuer, broken), Some(Reason::TokenMalformed));
    }
}

#[test]
fn t7_psychic_and_der_signatures_do_not_verify() {
    let issuer = Issuer::new();
    let token = issuer.token(json!({}));
    let (input, _) = token.rsplit_once('.').unwrap();
    for signature in [vec![0; 64], vec![0xff; 64], vec![0; 63], vec![0x30, 6, 2, 1, 1, 2, 1, 1]] {
        assert_eq!(judge(&issuer, format!("{input}.{}", B64.encode(signature))), Some(Reason::SignatureInvalid));
    }
}

#[test]
fn t9_duplicate_members_are_refused() {
    let issuer = Issuer::new();
    let twice = [
        r#"{"iss":"https://issuer.example","iss":"https://issuer.example"}"#,
        r#"{"iss":"https://issuer.example","\u0069ss":"x"}"#,
        r#"{"iss":"https://issuer.example","a":{"b":1,"b":1}}"#,
    ];
    for claims in twice {
        assert_eq!(judge(&issuer, issuer.sign(HEADER, claims)), Some(Reason::TokenMalformed), "{claims}");
    }
    let header = r#"{"alg":"ES256","alg":"ES256","kid":"k1"}"#;
    assert_eq!(judge(&issuer, issuer.sign(header, &claims(json!({})).to_string())), Some(Reason::TokenMalformed));
}

#[test]
fn t10_huge_tokens_are_refused_before_they_are_split() {
    let issuer = Issuer::new();
    assert_eq!(judge(&issuer, ".".repeat(1_000_000)), Some(Reason::TokenMalformed));
    assert_eq!(judge(&issuer, issuer.token(json!({"x": "a".repeat(TOKEN_BYTES_MAX)}))), Some(Reason::TokenMalformed));
    assert_eq!(judge(&issuer, issuer.token(json!({"aud": vec!["a"; 300]}))), Some(Reason::TokenMalformed));
}

use crate::token::TOKEN_BYTES_MAX;

#[test]
fn t11_a_token_has_one_textual_form() {
    let issuer = Issuer::new();
    let token = issuer.token(json!({}));
    for broken in
        [format!("{token}="), format!(" {token}"), format!("{token}\n"), token.replace('.', " ."), token.replacen("ey", "e+", 1)]
    {
        assert_eq!(judge(&issuer, broken), Some(Reason::TokenMalformed));
    }
    let (input, signature) = token.rsplit_once('.').unwrap();
    let last = signature.chars().last().unwrap();
    let twin = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars().filter(|other| *other != last);
    let accepted = twin.filter(|other| judge(&issuer, format!("{input}.{}{other}", &signature[..signature.len() - 1])).is_none());
    assert_eq!(accepted.count(), 0, "trailing bits are not ignored");
}

#[test]
fn the_refusal_of_an_old_token_names_its_age_and_the_limit() {
    let issuer = Issuer::new();
    let detail_at = |seconds: i64, change: Value| {
        let token = RawToken::parse(issuer.token(change).into()).unwrap();
        verify(token, &issuer.keys(), &expected(), UnixTime::from_seconds(seconds))
            .err()
            .and_then(|denial| denial.detail)
            .unwrap()
    };
    let old = detail_at(NOW + 3661, json!({"exp": NOW + 20_000}));
    assert_eq!(old, "The token is 1h1m1s old, and this issuer's tokens are taken for 1h.");
    assert!(detail_at(NOW + 360, json!({})).starts_with("The token expired 1m ago, at 20"), "{old}");
}

#[test]
fn t12_time_limits_are_exact_to_the_second() {
    let issuer = Issuer::new();
    let at = |seconds: i64, change: Value| judge_at(&issuer, issuer.token(change), UnixTime::from_seconds(seconds)).err();
    assert_eq!(at(NOW + 329, json!({})), None);
    assert_eq!(at(NOW + 330, json!({})), Some(Reason::TokenExpired));
    assert_eq!(at(NOW - 30, json!({})), None);
    assert_eq!(at(NOW - 31, json!({})), Some(Reason::TokenNotYetValid));
    assert_eq!(at(NOW, json!({"nbf": NOW + 30})), None);
    assert_eq!(at(NOW, json!({"nbf": NOW + 31})), Some(Reason::TokenNotYetValid));
    let long = json!({"exp": NOW + 20_000});
    assert_eq!(at(NOW + 3629, long.clone()), None);
    assert_eq!(at(NOW + 3630, long), Some(Reason::TokenTooOld));
    let malformed =
        [json!("1800000300"), json!(1_800_000_300.5), json!(-1), json!(1e300), json!(true), json!([NOW]), json!(NOW + 86_401)];
    for exp in malformed {
        assert_eq!(at(NOW, json!({"exp": exp})), Some(Reason::ClaimRefused), "{exp}");
    }
    for missing in ["exp", "iat", "sub", "iss"] {
        assert_eq!(at(NOW, json!({missing: null})), Some(Reason::ClaimRefused), "{missing}");
    }
}

#[test]
fn t13_exactly_one_audience_and_it_is_ours() {
    let issuer = Issuer::new();
    let ours = "https://daypass.example";
    let foreign = [
        json!(null),
        json!(""),
        json!([]),
        json!([ours, "https://other.example"]),
        json!([ours, ours]),
        json!(ours.to_uppercase()),
    ];
    for aud in foreign.into_iter().chain([json!(format!("{ours}/")), json!(&ours[..10]), json!({"a": ours}), json!([[ours]])]) {
        assert_eq!(judge(&issuer, issuer.token(json!({"aud": aud}))), Some(Reason::AudienceMismatch), "{aud}");
    }
}

#[test]
fn t14_the_issuer_is_compared_byte_for_byte() {
    let issuer = Issuer::new();
    for iss in ["https://issuer.example/", "https://ISSUER.example", "https://issuer.example:443", "https://a@issuer.example"] {
        assert_eq!(judge(&issuer, issuer.token(json!({"iss": iss}))), Some(Reason::UnknownIssuer), "{iss}");
    }
    assert_eq!(judge(&issuer, issuer.token(json!({"iss": ["https://issuer.example"]}))), Some(Reason::ClaimRefused));
}

#[test]
fn t17_other_kinds_of_token_are_refused() {
    let issuer = Issuer::new();
    for kind in ["at+jwt", "logout+jwt", "dpop+jwt", "JOSE"] {
        let header = json!({"alg": "ES256", "kid": "k1", "typ": kind}).to_string();
        assert_eq!(
            judge(&issuer, issuer.sign(&header, &claims(json!({})).to_string())),
            Some(Reason::TokenTypeRefused),
            "{kind}"
        );
    }
    assert_eq!(judge(&issuer, issuer.token(json!({"nonce": "n"}))), Some(Reason::TokenTypeRefused));
}

proptest::proptest! {
    #[test]
    fn parsing_never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400), dots in "[A-Za-z0-9_.=-]{0,300}") {
        let _ = RawToken::parse(Secret::new(bytes));
        let _ = RawToken::parse(dots.into());
    }
}

use crate::words::Secret;
