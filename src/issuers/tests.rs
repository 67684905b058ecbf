//! Tests with a local server that misbehaves in every way of row T15 of the security catalogue.

use super::*;
use crate::token::Algorithm;
use crate::words::UnixTime;
use crate::words::names::{Audience, IssuerUrl};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

mod claimed;
mod hosts;

/// Whatever takes longer than this hangs, however busy the machine is.
const HANGS: Duration = Duration::from_secs(240);

#[derive(Clone)]
struct TestClock(Arc<AtomicI64>);

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(self.0.load(Ordering::SeqCst))
    }
}

type Answers = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A server that answers a path with bytes of the test's choice, and counts its requests.
struct Server {
    url: String,
    answers: Answers,
    hits: Arc<AtomicUsize>,
}

impl Server {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { url, answers: Arc::default(), hits: Arc::default() };
        let (answers, hits) = (server.answers.clone(), server.hits.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (answers, hits) = (answers.clone(), hits.clone());
                tokio::spawn(async move {
                    let mut head = vec![0; 4096];
                    let read = stream.read(&mut head).await.unwrap_or(0);
                    let head = String::from_utf8_lossy(&head[..read]).into_owned();
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    let answer =
                        answers.lock().unwrap().iter().find(|(known, _)| *known == path).map(|(_, answer)| answer.clone());
                    hits.fetch_add(1, Ordering::SeqCst);
                    match answer {
                        Some(answer) if answer == b"hang" => std::future::pending().await,
                        Some(answer) => _ = stream.write_all(&answer).await,
                        None => _ = stream.write_all(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await,
                    }
                });
            }
        });
        server
    }

    fn serve(&self, path: &str, body: &str) {
        self.raw(
            path,
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
            .into_bytes(),
        );
    }

    fn raw(&self, path: &str, answer: Vec<u8>) {
        let mut answers = self.answers.lock().unwrap();
        answers.retain(|(known, _)| known != path);
        answers.push((path.to_owned(), answer));
    }

    fn discovery(&self, issuer: &str, jwks_uri: &str) {
        self.serve("/.well-known/openid-configuration", &serde_json::json!({"issuer": issuer, "jwks_uri": jwks_uri}).to_string());
    }

    fn good(&self, kid: &str) {
        self.discovery(&self.url, &format!("{}/jwks", self.url));
        self.serve("/jwks", &jwks(kid));
    }

    fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}

fn jwks(kid: &str) -> String {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = pair.public_key().as_ref();
    serde_json::json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": kid, "x": B64.encode(&point[1..33]), "y": B64.encode(&point[33..65])}]}).to_string()
}

fn settings(url: &str, change: impl Fn(&mut IssuerSettings)) -> IssuerSettings {
    let mut settings = IssuerSettings {
        name: IssuerName::parse("ci").unwrap(),
        mapping: Mapping::built_in("generic").unwrap(),
        expected: Expected {
            issuer: IssuerUrl::parse(url).unwrap(),
            audiences: vec![Audience::parse("us").unwrap()],
            algorithms: Algorithm::ALL.to_vec(),
            token_age_max: Duration::from_secs(3600),
            one_client: false,
            session_max: None,
        },
        jwks: JwksSource::Discovery,
        jwks_hosts: Vec::new(),
        addresses: vec![Network::parse("127.0.0.0/8").unwrap()],
        proxy: None,
    };
    change(&mut settings);
    settings
}

fn issuers(settings: IssuerSettings) -> (Issuers, TestClock) {
    let clock = TestClock(Arc::new(AtomicI64::new(1_800_000_000)));
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    (Issuers::new(vec![settings], &shared).unwrap(), clock)
}

fn token(issuer: &str, audience: &str, kid: &str) -> RawToken {
    let part = |value: serde_json::Value| B64.encode(value.to_string());
    let text = format!(
        "{}.{}.AAAA",
        part(serde_json::json!({"alg": "ES256", "kid": kid})),
        part(serde_json::json!({"iss": issuer, "aud": audience}))
    );
    RawToken::parse(text.into()).unwrap()
}

async fn reason(issuers: &Issuers, raw: &RawToken) -> Option<Reason> {
    issuers.keys_for(raw).await.err().map(|denial| denial.reason)
}

#[tokio::test]
async fn nothing_in_a_token_causes_a_connection() {
    let server = Server::start().await;
    server.good("k1");
    let (issuers, _) = issuers(settings(&server.url, |_| ()));
    for foreign in ["https://evil.example", &format!("{}/", server.url), &server.url.to_uppercase()] {
        assert_eq!(reason(&issuers, &token(foreign, "us", "k1")).await, Some(Reason::UnknownIssuer));
    }
    assert_eq!(reason(&issuers, &token(&server.url, "them", "k1")).await, Some(Reason::AudienceMismatch));
    assert_eq!(server.hits(), 0);
    assert_eq!(reason(&issuers, &token(&server.url, "us", "k1")).await, None);
    assert_eq!(server.hits(), 2, "discovery and keys");
}

#[tokio::test]
async fn the_refusal_of_bad_keys_does_not_advise_another_try() {
    let server = Server::start().await;
    server.good("k1");
    server.serve("/jwks", r#"{"keys":[{"kty":"oct","kid":"k1","k":"c2VjcmV0"}]}"#);
    let (issuers, _) = issuers(settings(&server.url, |_| ()));
    let denial = issuers.keys_for(&token(&server.url, "us", "k1")).await.err().unwrap();
    assert_eq!(denial.reason, Reason::IssuerUnavailable);
    assert!(denial.public_detail().contains("keys that are refused") && denial.hint().contains("operator"), "{denial:?}");
    assert!(!denial.hint().contains("in a moment") && !denial.cause.contains("c2VjcmV0"), "{denial:?}");
}

#[tokio::test]
async fn a_flood_of_unknown_keys_causes_one_fetch_in_thirty_seconds() {
    let server = Server::start().await;
    server.good("k1");
    let (issuers, clock) = issuers(settings(&server.url, |_| ()));
    let issuers = Arc::new(issuers);
    assert_eq!(reason(&issuers, &token(&server.url, "us", "k1")).await, None);
    let flood = |count: usize| {
        let (issuers, url) = (issuers.clone(), server.url.clone());
        async move {
            let mut tasks = tokio::task::JoinSet::new();
            for number in 0..count {
                let (issuers, raw) = (issuers.clone(), token(&url, "us", &format!("x{number}")));
                tasks.spawn(async move { issuers.keys_for(&raw).await.is_ok() });
            }
            tasks.join_all().await
        }
    };
    flood(500).await;
    assert_eq!(server.hits(), 4, "one more discovery and one more JWKS");
    clock.0.fetch_add(31, Ordering::SeqCst);
    server.good("k2");
    let (_, keys) = issuers.keys_for(&token(&server.url, "us", "k2")).await.unwrap();
    assert!(keys.holds(token(&server.url, "us", "k2").jws()));
    assert!(!keys.holds(token(&server.url, "us", "k1").jws()), "a removed key goes with the fetch");
    flood(500).await;
    assert_eq!(server.hits(), 6);
}

#[tokio::test]
async fn known_keys_do_not_wait_for_a_fetch_that_an_unknown_one_causes() {
    let server = Server::start().await;
    server.good("k1");
    let (issuers, clock) = issuers(settings(&server.url, |_| ()));
    let issuers = Arc::new(issuers);
    assert_eq!(reason(&issuers, &token(&server.url, "us", "k1")).await, None);
    server.raw("/jwks", b"hang".to_vec());
    clock.0.fetch_add(31, Ordering::SeqCst);
    let (flood, unknown) = (issuers.clone(), token(&server.url, "us", "x"));
    let waiting = tokio::spawn(async move { flood.keys_for(&unknown).await.is_ok() });
    while server.hits() < 4 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let known = token(&server.url, "us", "k1");
    let at_once = async || tokio::time::timeout(Duration::ZERO, reason(&issuers, &known)).await;
    for _ in 0..100 {
        assert_eq!(at_once().await, Ok(None), "the fetch hangs, and this does not wait at all");
    }
    clock.0.fetch_add(240, Ordering::SeqCst);
    assert_eq!(at_once().await, Ok(None), "nor does ageing make anyone wait");
    assert!(waiting.await.unwrap(), "and the hung fetch falls back on the keys that are there");
}

#[tokio::test]
async fn a_removed_key_is_trusted_for_less_than_five_minutes() {
    let server = Server::start().await;
    server.good("k1");
    let (issuers, clock) = issuers(settings(&server.url, |_| ()));
    assert_eq!(reason(&issuers, &token(&server.url, "us", "k1")).await, None);
    server.good("k2");
    clock.0.fetch_add(299, Ordering::SeqCst);
    let (_, keys) = issuers.keys_for(&token(&server.url, "us", "k1")).await.unwrap();
    assert!(!keys.holds(token(&server.url, "us", "k1").jws()));
}

#[tokio::test]
async fn a_clock_that_is_set_neither_keeps_a_removed_key_nor_stops_a_fetch() {
    for step in [-3_600_000, 3_600_000] {
        let server = Server::start().await;
        server.good("k1");
        let clock = crate::words::SteppingClock::at(1_800_000_000_000);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let issuers = Issuers::new(vec![settings(&server.url, |_| ())], &shared).unwrap();
        assert_eq!(reason(&issuers, &token(&server.url, "us", "k1")).await, None);
        server.good("k2");
        clock.step(step);
        let (_, keys) = issuers.keys_for(&token(&server.url, "us", "k1")).await.unwrap();
        assert!(keys.holds(token(&server.url, "us", "k1").jws()), "nobody waits because the clock was set");
        assert_eq!(server.hits(), 2);
        let (_, keys) = issuers.keys_for(&token(&server.url, "us", "k2")).await.unwrap();
        assert!(keys.holds(token(&server.url, "us", "k2").jws()), "an unknown key is fetched");
        server.good("k3");
        clock.step(-step);
        clock.pass(Duration::from_secs(299));
        let (_, keys) = issuers.keys_for(&token(&server.url, "us", "k2")).await.unwrap();
        assert!(!keys.holds(token(&server.url, "us", "k2").jws()), "a removed key goes within five minutes");
        server.raw("/jwks", b"HTTP/1.1 500 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec());
        clock.step(step);
        clock.pass(Duration::from_secs(3600));
        assert_eq!(reason(&issuers, &token(&server.url, "us", "k3")).await, Some(Reason::IssuerUnavailable), "after its hour");
    }
}

#[tokio::test]
async fn a_dead_issuers_keys_stay_in_use_for_an_hour_and_no_longer() {
    let server = Server::start().await;
    server.good("k1");
    let (issuers, clock) = issuers(settings(&server.url, |_| ()));
    assert_eq!(reason(&issuers, &token(&server.url, "us", "k1")).await, None);
    server.raw("/jwks", b"HTTP/1.1 500 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec());
    clock.0.fetch_add(3000, Ordering::SeqCst);
    assert_eq!(reason(&issuers, &token(&server.url, "us", "other")).await, None, "the stale keys answer");
    clock.0.fetch_add(700, Ordering::SeqCst);
    assert_eq!(reason(&issuers, &token(&server.url, "us", "other")).await, Some(Reason::IssuerUnavailable));
}

#[tokio::test]
async fn each_misbehaviour_of_an_issuer_is_refused() {
    let body = |head: &str, body: &str| {
        format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).into_bytes()
    };
    type Mode = Box<dyn Fn(&Server)>;
    let modes: Vec<(&str, Mode)> = vec![
        (
            "another issuer",
            Box::new(|server: &Server| server.discovery("https://other.example", &format!("{}/jwks", server.url))),
        ),
        ("another host", Box::new(|server: &Server| server.discovery(&server.url, "https://other.example/jwks"))),
        ("another port", Box::new(|server: &Server| server.discovery(&server.url, "http://127.0.0.1:1/jwks"))),
        ("a file", Box::new(|server: &Server| server.discovery(&server.url, "file:///etc/passwd"))),
        (
            "a redirect",
            Box::new(move |server: &Server| {
                server.raw(
                    "/jwks",
                    b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
                )
            }),
        ),
        ("an error", Box::new(move |server: &Server| server.raw("/jwks", body("503 X", "")))),
        (
            "too much",
            Box::new(move |server: &Server| server.serve("/jwks", &format!("{{\"keys\":[],\"x\":\"{}\"}}", "a".repeat(300_000)))),
        ),
        ("no JSON", Box::new(|server: &Server| server.serve("/jwks", "<html>"))),
        ("no keys", Box::new(|server: &Server| server.serve("/jwks", "{\"keys\":[]}"))),
        ("a symmetric key", Box::new(|server: &Server| server.serve("/jwks", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}"))),
        (
            "cut short",
            Box::new(|server: &Server| server.raw("/jwks", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{".to_vec())),
        ),
        ("garbage", Box::new(|server: &Server| server.raw("/jwks", b"\x16\x03\x01".to_vec()))),
        ("silence", Box::new(|server: &Server| server.raw("/jwks", b"hang".to_vec()))),
    ];
    for (name, misbehave) in modes {
        let server = Server::start().await;
        server.good("k1");
        misbehave(&server);
        let (issuers, _) = issuers(settings(&server.url, |_| ()));
        let token = token(&server.url, "us", "k1");
        let answered = tokio::time::timeout(HANGS, reason(&issuers, &token)).await;
        assert_eq!(answered, Ok(Some(Reason::IssuerUnavailable)), "{name}");
    }
}

#[tokio::test]
async fn private_addresses_are_contacted_only_where_the_operator_says_so() {
    let server = Server::start().await;
    server.good("k1");
    for networks in [vec![], vec![Network::parse("10.0.0.0/8").unwrap()]] {
        for url in [server.url.clone(), server.url.replace("127.0.0.1", "localhost")] {
            let (issuers, _) = issuers(settings(&url, |settings| settings.addresses = networks.clone()));
            assert_eq!(reason(&issuers, &token(&url, "us", "k1")).await, Some(Reason::IssuerUnavailable));
        }
    }
    assert_eq!(server.hits(), 0);
}

#[tokio::test]
async fn keys_come_from_a_file_too() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), jwks("k1")).unwrap();
    let path = file.path().to_owned();
    let (issuers, _) = issuers(settings("https://kubernetes.default.svc.cluster.local", |settings| {
        settings.jwks = JwksSource::File(path.clone())
    }));
    let (_, keys) = issuers.keys_for(&token("https://kubernetes.default.svc.cluster.local", "us", "k1")).await.unwrap();
    assert!(keys.holds(token("https://x.example", "us", "k1").jws()));
}

/// A private cluster's key endpoint: its own CA, and a bearer token.
async fn cluster(folder: &std::path::Path) -> String {
    crate::telemetry::install_crypto();
    let generated = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("ca.crt"), generated.cert.pem()).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(generated.signing_key.serialize_der());
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![generated.cert.der().clone()], key.into()).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let keys = jwks("k1");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = vec![0; 4096];
            let read = stream.read(&mut head).await.unwrap_or(0);
            let known = String::from_utf8_lossy(&head[..read]).contains("authorization: Bearer sa-token\r\n");
            let (status, body) = if known { ("200 OK", keys.as_str()) } else { ("401 X", "") };
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    format!("https://localhost:{port}/openid/v1/jwks")
}

#[tokio::test]
async fn keys_come_from_a_private_address_with_its_ca_and_a_bearer_token() {
    let folder = tempfile::tempdir().unwrap();
    let url = cluster(folder.path()).await;
    let file = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name)
    };
    let issuer = "https://kubernetes.default.svc.cluster.local";
    let ca = Some(folder.path().join("ca.crt"));
    let cases = [
        (ca.clone(), Some(file("token", "sa-token\n")), None),
        (ca, Some(file("wrong", "another")), Some(Reason::IssuerUnavailable)),
        (None, Some(file("token", "sa-token\n")), Some(Reason::IssuerUnavailable)),
    ];
    for (ca, token_file, expected) in cases {
        let (issuers, _) = issuers(settings(issuer, |settings| {
            settings.jwks = JwksSource::Url { url: url.clone(), ca: ca.clone(), token_file: token_file.clone() };
        }));
        assert_eq!(reason(&issuers, &token(issuer, "us", "k1")).await, expected, "{ca:?} {token_file:?}");
    }
}
