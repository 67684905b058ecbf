//! A valid proof, and each way in which a proof is refused.

use super::*;
use crate::token::audience::unbound;

const NOW: i64 = 1_800_000_000;
const TOKEN: &[u8] = b"a.b.c";
const URL: &str = "https://daypass.example/v1/exchange";

fn thumbprint(key: &ProofKey) -> String {
    unbound(&key.bind("https://daypass.example")).1.unwrap().to_owned()
}

const QUERY: &str = "key=/password";
const BODY: &[u8] = b"{\"credentials\":[]}";

fn proof_of(jws: String, query: &str, body: RequestBody) -> Proof {
    Proof { jws, method: "POST".to_owned(), urls: vec![URL.to_owned()], query: Digest::plain(query.as_bytes()), body }
}

fn judge(key: &ProofKey, jws: String, seconds: i64) -> Result<(), Reason> {
    let proof = proof_of(jws, QUERY, RequestBody::Read(Digest::plain(BODY)));
    let proven = check(&thumbprint(key), Some(&proof), TOKEN, UnixTime::from_seconds(seconds));
    proven.map(drop).map_err(|denial| denial.reason)
}

fn jws_of(key: &ProofKey, method: &str, url: &str, token: &[u8]) -> String {
    let request = ProvedRequest { method, url, query: QUERY, body: BODY };
    key.prove(request, token, UnixTime::from_seconds(NOW), "1").unwrap()
}

#[test]
fn a_proof_is_for_one_query_and_one_body() {
    let key = ProofKey::generate().unwrap();
    let jws = jws_of(&key, "POST", URL, TOKEN);
    let judge = |query: &str, body: RequestBody| {
        check(&thumbprint(&key), Some(&proof_of(jws.clone(), query, body)), TOKEN, UnixTime::from_seconds(NOW))
    };
    let read = |body: &[u8]| RequestBody::Read(Digest::plain(body));
    let proven = judge(QUERY, read(BODY)).unwrap();
    assert_eq!((proven.possession(), proven.awaits_body()), (Possession::Request, false));
    let bad = [("", BODY), ("key=/port", BODY), ("key=%2Fpassword", BODY), (QUERY, &b""[..]), (QUERY, b"{\"credentials\":[{}]}")];
    for (query, body) in bad {
        assert!(judge(query, read(body)).is_err_and(|denial| denial.reason == Reason::ProofInvalid), "{query} {body:?}");
    }
    let later = judge(QUERY, RequestBody::Unread).unwrap();
    assert!(later.awaits_body() && later.check_body(BODY).is_ok());
    assert!(later.check_body(b"{}").is_err_and(|denial| denial.reason == Reason::ProofInvalid));
    assert!(judge("", RequestBody::Unread).is_err(), "the query is known at once");
    let other =
        check(&thumbprint(&key), Some(&proof_of(jws_of(&key, "POST", URL, TOKEN), QUERY, read(BODY))), TOKEN, at(5)).unwrap();
    assert_eq!((proven.id(), proven.kept_until()), (other.id(), at(120)), "by its key and its `jti`");
}

fn at(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(NOW + seconds)
}

#[test]
fn a_proof_is_for_one_key_request_token_and_minute() {
    let key = ProofKey::generate().unwrap();
    let good = || jws_of(&key, "POST", URL, TOKEN);
    for seconds in [NOW, NOW + 59, NOW - 30] {
        assert_eq!(judge(&key, good(), seconds), Ok(()), "{seconds}");
    }
    for seconds in [NOW + 60, NOW - 31] {
        assert_eq!(judge(&key, good(), seconds), Err(Reason::ProofInvalid), "{seconds}");
    }
    let other = ProofKey::generate().unwrap();
    let bad = [
        jws_of(&other, "POST", URL, TOKEN),
        jws_of(&key, "GET", URL, TOKEN),
        jws_of(&key, "POST", "https://daypass.example/v1/whoami", TOKEN),
        jws_of(&key, "POST", "https://evil.example/v1/exchange", TOKEN),
        jws_of(&key, "POST", URL, b"a.b.d"),
        key.prove(ProvedRequest { method: "POST", url: URL, query: QUERY, body: BODY }, TOKEN, at(0), "").unwrap(),
        good().replace('.', ""),
        format!("{}A", good()),
        String::new(),
    ];
    for jws in bad {
        assert_eq!(judge(&key, jws.clone(), NOW), Err(Reason::ProofInvalid), "{jws}");
    }
    assert!(
        check(&thumbprint(&key), None, TOKEN, UnixTime::from_seconds(NOW))
            .is_err_and(|denial| denial.reason == Reason::ProofMissing)
    );
    assert!(
        check("short", None, TOKEN, UnixTime::from_seconds(NOW)).is_err_and(|denial| denial.reason == Reason::AudienceMismatch)
    );
}

#[test]
fn a_proof_with_another_header_or_key_is_refused() {
    let key = ProofKey::generate().unwrap();
    let good = jws_of(&key, "POST", URL, TOKEN);
    let (header, rest) = good.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    let changes: [(&str, Value); 5] = [
        ("typ", "JWT".into()),
        ("alg", "none".into()),
        ("alg", "HS256".into()),
        ("kid", "x".into()),
        ("jwk", object!({ "kty": "oct", "k": "c2VjcmV0" })),
    ];
    for (member, value) in changes {
        let mut changed = header.clone();
        changed[member] = value;
        let jws = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(changed.to_string()));
        assert_eq!(judge(&key, jws, NOW), Err(Reason::ProofInvalid), "{member}");
    }
}

/// The example of RFC 8037, appendix A.3: that of RFC 7638 is an RSA key.
#[test]
fn thumbprints_are_those_of_the_rfc() {
    let header = object!({ "jwk": { "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" } });
    assert_eq!(thumbprint_of(header.as_object().unwrap()).as_deref(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
}
