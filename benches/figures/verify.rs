//! Verifies a token from its bytes to a proof, compared with the bare RS256 check of its signature.

use crate::paired::{medians, ratio};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daypass::demo::issuer::{LocalIssuer, github_claims};
use daypass::token::{Algorithm, Expected, KeySet, RawToken, verify};
use daypass::words::names::{Audience, IssuerUrl};
use daypass::words::{Clock, SystemClock};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

const AUDIENCE: &str = "https://daypass.example";

pub(crate) fn run(thorough: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let issuer = runtime.block_on(LocalIssuer::start(Arc::new(SystemClock))).unwrap();
    let token = issuer.mint(&github_claims("push", "refs/heads/main"), AUDIENCE).unwrap();
    let keys = KeySet::import(issuer.jwks().to_string().as_bytes()).unwrap();
    let expected = Expected {
        issuer: IssuerUrl::parse(issuer.url()).unwrap(),
        audiences: vec![Audience::parse(AUDIENCE).unwrap()],
        algorithms: vec![Algorithm::Rs256],
        token_age_max: Duration::from_secs(3600),
        one_client: false,
        session_max: None,
    };
    let now = SystemClock.now();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let (input, signature) = (input.as_bytes(), URL_SAFE_NO_PAD.decode(signature).unwrap());
    let member = |name: &str| URL_SAFE_NO_PAD.decode(issuer.jwks()["keys"][0][name].as_str().unwrap()).unwrap();
    let bare: ParsedPublicKey =
        RsaPublicKeyComponents { n: member("n"), e: member("e") }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).unwrap();
    let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_value(issuer.jwks().clone()).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(&jwks.keys[0]).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[issuer.url()]);
    let [ours, base, other] = medians(
        thorough,
        [
            &mut || {
                let raw = RawToken::parse(token.clone().into()).unwrap();
                _ = black_box(verify(raw, &keys, &expected, now).unwrap());
            },
            &mut || bare.verify_sig(black_box(input), &signature).unwrap(),
            &mut || {
                _ = black_box(jsonwebtoken::decode::<serde_json::Value>(&token, &key, &validation).unwrap());
            },
        ],
    );
    println!("verify    RS256 token of {} bytes to a proof      {ours:>10.1?}", token.len());
    println!("          the bare signature check (aws-lc-rs)   {base:>10.1?}   {:.2} times it (aim: 1.35)", ratio(ours, base));
    println!("          jsonwebtoken, decode and validate      {other:>10.1?}   {:.2} times it", ratio(ours, other));
}
