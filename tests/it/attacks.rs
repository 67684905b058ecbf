//! The token-level catalogue against the running server: a 4xx, at most one audit record with its reason, and no connection that a token
//! caused.

use crate::support::{Setup, World};
use daypass::demo::issuer::github_claims;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the connections that are made to it.
async fn canary() -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let hits = Arc::new(AtomicUsize::new(0));
    let counter = hits.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    (url, hits)
}

struct Attack {
    row: &'static str,
    token: String,
    codes: &'static [&'static str],
}

fn claims(world: &World, change: Value) -> Map<String, Value> {
    let mut claims = github_claims("push", "refs/heads/main");
    let now = jiff_seconds();
    let standard = json!({"iss": world.issuer.url(), "aud": world.url(""), "iat": now, "nbf": now - 5, "exp": now + 300, "jti": uuid::Uuid::new_v4().to_string()});
    claims.extend(standard.as_object().unwrap().clone());
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            claims.remove(name)
        } else {
            claims.insert(name.clone(), value.clone())
        };
    }
    claims
}

fn jiff_seconds() -> i64 {
    use daypass::words::Clock;
    daypass::words::SystemClock.now().seconds()
}

fn attacks(world: &World, canary: &str) -> Vec<Attack> {
    let header = |members: Value| {
        let mut header = json!({"alg": "RS256", "kid": "local-1", "typ": "JWT"});
        header.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        header.to_string()
    };
    let body = |change: Value| Value::Object(claims(world, change)).to_string();
    let raw = |header: &str, body: &str| world.issuer.sign_raw(header, body.as_bytes()).unwrap();
    let good = || raw(&header(json!({})), &body(json!({})));
    let mut all = Vec::new();
    let mut add = |row, token, codes| all.push(Attack { row, token, codes });
    for alg in ["none", "None", "nOnE", "HS256", "ES256"] {
        add("T1 T2 T3", raw(&header(json!({"alg": alg})), &body(json!({}))), &["algorithm_refused"][..]);
    }
    let token = good();
    let (input, signature) = token.rsplit_once('.').unwrap();
    add("T1", format!("{input}."), &["token_malformed"]);
    add("T4", raw(&header(json!({"kid": "of-another-issuer"})), &body(json!({}))), &["unknown_key"]);
    for kid in ["../../../etc/passwd", "' OR 1=1 --", "x\u{0}y"] {
        add("T5", raw(&header(json!({"kid": kid})), &body(json!({}))), &["unknown_key", "token_malformed"]);
    }
    for member in ["jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "cty"] {
        add("T6 T8", raw(&header(json!({member: canary})), &body(json!({"iss": world.issuer.url()}))), &["token_malformed"]);
    }
    add("T7", format!("{input}.{}", "A".repeat(342)), &["signature_invalid"]);
    let twice = body(json!({})).replacen('{', "{\"sub\":\"x\",", 1);
    add("T9", raw(&header(json!({})), &twice), &["token_malformed"]);
    add("T10", format!("{input}.{}", "A".repeat(20_000)), &["token_malformed", "token_missing"]);
    add("T10", raw(&header(json!({})), &format!("{{\"iss\":{}1{}}}", "[".repeat(2000), "]".repeat(2000))), &["token_malformed"]);
    add("T11", format!("{input}.{signature}="), &["token_malformed"]);
    for (change, codes) in [
        (json!({"exp": jiff_seconds() - 31}), &["token_expired"][..]),
        (json!({"exp": "2000000000"}), &["claim_refused"]),
        (json!({"exp": null}), &["claim_refused"]),
        (json!({"iat": jiff_seconds() + 600}), &["token_not_yet_valid"]),
        (json!({"nbf": jiff_seconds() + 600}), &["token_not_yet_valid"]),
    ] {
        add("T12", raw(&header(json!({})), &body(change)), codes);
    }
    for aud in [json!(null), json!([world.url(""), "https://other.example"]), json!(format!("{}/", world.url(""))), json!([])] {
        add("T13", raw(&header(json!({})), &body(json!({"aud": aud}))), &["audience_mismatch"]);
    }
    for iss in [canary.to_owned(), format!("{}/", world.issuer.url()), format!("{}@{}", world.issuer.url(), &canary[7..])] {
        add("T14 T15", raw(&header(json!({})), &body(json!({"iss": iss}))), &["unknown_issuer"]);
    }
    add("T14", raw(&header(json!({})), &body(json!({"iss": [world.issuer.url()]}))), &["claim_refused"]);
    add("T17", raw(&header(json!({"typ": "at+jwt"})), &body(json!({}))), &["token_type_refused"]);
    add("T17", raw(&header(json!({})), &body(json!({"nonce": "n"}))), &["token_type_refused"]);
    for change in [
        json!({"repository_id": 456_789}),
        json!({"repository_id": ""}),
        json!({"event_name": ""}),
        json!({"ref": null}),
        json!({"ref": ["refs/heads/main"]}),
    ] {
        let mut change = change;
        change["sub"] = "custom".into();
        add("T18", raw(&header(json!({})), &body(change)), &["no_matching_policy"]);
    }
    add("T19", raw(&header(json!({})), &body(json!({"sub": "repo:evil/shop:ref:refs/heads/main"}))), &["claim_refused"]);
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attack_is_refused_and_causes_no_connection() {
    let world = World::start(Setup::default()).await;
    let (canary, hits) = canary().await;
    let requested = json!([{"secret": "shop/password.age"}]);
    assert_eq!(world.exchange(&world.token(), requested.clone()).await.0, 200, "a good token passes");
    let attacks = attacks(&world, &canary);
    let mut recorded = 0;
    for (number, attack) in attacks.iter().enumerate() {
        let (status, problem) = world.exchange(&attack.token, requested.clone()).await;
        let code = problem["code"].as_str().unwrap_or_default().to_owned();
        assert!(
            (400..500).contains(&status) && attack.codes.contains(&code.as_str()),
            "{} (number {number}): {status} {code}, expected {:?}",
            attack.row,
            attack.codes
        );
        let records = world
            .audit()
            .into_iter()
            .filter(|entry| entry.decision.as_deref() == problem["decision_id"].as_str())
            .collect::<Vec<_>>();
        assert!(records.len() <= 1, "{}", attack.row);
        if let [record] = &records[..] {
            assert_eq!((record.kind.as_str(), record.body["reason"].as_str()), ("refused", Some(code.as_str())));
            recorded += 1;
        }
        let text = serde_json::to_string(&problem).unwrap();
        assert!(!text.contains(&attack.token[..40]), "no token content in the answer");
    }
    assert!(recorded >= 30, "the first refusals of an address get a record each; {recorded} did");
    assert_eq!(hits.load(Ordering::SeqCst), 0);
    let log = world.log();
    assert!(attacks.iter().all(|attack| !log.contains(&attack.token)), "no token in the log");
    println!(
        "{} attacks: all refused, {recorded} recorded one by one (30 a minute and address), the rest counted, 0 connections",
        attacks.len()
    );
}
