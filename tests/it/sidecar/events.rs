//! `GET /v1/events`, seen by a plain client.

use super::pod::{change, daypass, policy, token, world};
use crate::support::{START_MAX, World};
use std::time::{Duration, Instant};

async fn open(world: &World, token: &str, last: Option<&str>) -> reqwest::Response {
    let request = world.http.get(world.url("/v1/events")).bearer_auth(token).timeout(START_MAX);
    let request = if let Some(last) = last { request.header("last-event-id", last) } else { request };
    request.send().await.unwrap()
}

/// The text up to this end, however long it takes to arrive.
async fn until(response: &mut reqwest::Response, end: &str) -> String {
    let (started, mut text) = (Instant::now(), String::new());
    while !text.ends_with(end) {
        let left = START_MAX.saturating_sub(started.elapsed());
        let chunk = tokio::time::timeout(left, response.chunk()).await.unwrap_or_else(|_| panic!("no {end:?} in {text:?}"));
        text.push_str(std::str::from_utf8(&chunk.unwrap().unwrap_or_else(|| panic!("the stream ended after {text:?}"))).unwrap());
    }
    text
}

/// The text up to the next event, without the comments: one comes every 15 s.
async fn event(response: &mut reqwest::Response) -> String {
    until(response, CHANGED).await.replace(COMMENT, "")
}

/// Waits until the server ends the stream.
async fn ended(response: &mut reqwest::Response) {
    while tokio::time::timeout(START_MAX, response.chunk()).await.unwrap().unwrap().is_some() {}
}

/// The first line of every stream.
const RETRY: &str = "retry: 1000\n\n";
/// A line that keeps the connection in use.
const COMMENT: &str = ":\n\n";
/// The end of an event.
const CHANGED: &str = "data: changed\n\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_says_only_that_something_changed_and_can_be_resumed() {
    let mut world = world(policy("[shop/**]", "")).await;
    let token = token(&world, "web");
    let mut stream = open(&world, &token, None).await;
    assert_eq!((stream.status().as_u16(), &stream.headers()["content-type"]), (200, &"text/event-stream".parse().unwrap()));
    assert_eq!(stream.headers()["cache-control"], "no-store");
    let first = event(&mut stream).await;
    let id = first.split("id: ").nth(1).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(first, format!("{RETRY}id: {id}\nevent: change\n{CHANGED}"));
    let mut resumed = open(&world, &token, Some(&id)).await;
    assert_eq!(until(&mut resumed, RETRY).await, RETRY);
    let head = crate::support::git(&world.path("access"), &["rev-parse", "HEAD"]);
    let output = daypass(&world, &["deny", "--repository", "acme/other", "--reason", "INC-42"]).await;
    let denied = event(&mut stream).await;
    assert!(!denied.contains(&id) && !denied.contains("INC-42") && !denied.contains(&head), "{denied}");
    assert_eq!(event(&mut resumed).await, denied, "everybody hears the same, and nothing before it");
    let lift = output.split("--lift ").nth(1).unwrap().split('`').next().unwrap();
    daypass(&world, &["deny", "--lift", lift]).await;
    assert!(event(&mut stream).await.contains(&id), "the state is as it was");
    change(&world, &policy("[shop/**]", "owners: [a]\n")).await;
    event(&mut stream).await;
    let mut missed = open(&world, &token, Some(&id)).await;
    let caught_up = event(&mut missed).await;
    assert!(!caught_up.contains(&id), "what was missed is told at once: {caught_up}");
    let now = caught_up.split("id: ").nth(1).unwrap().lines().next().unwrap().to_owned();
    world.kill_and_restart().await;
    let mut after = open(&world, &token, Some(&now)).await;
    assert_eq!(until(&mut after, RETRY).await, RETRY);
    daypass(&world, &["deny", "--repository", "acme/other", "--reason", "INC-43"]).await;
    let denied = event(&mut after).await;
    let newest = event(&mut open(&world, &token, None).await).await;
    assert_eq!(format!("{RETRY}{denied}"), newest, "a restart is no change: the denial is the first one");
    let used: Vec<_> =
        world.audit().into_iter().filter(|entry| ["intended", "released"].contains(&entry.kind.as_str())).collect();
    assert!(used.is_empty(), "nothing was used up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_needs_a_policy_and_each_token_has_few() {
    let world = world(policy("[shop/**]", "")).await;
    for (token, status, code) in
        [(token(&world, "other"), 403, "no_matching_policy"), ("x.y.z".to_owned(), 401, "token_malformed")]
    {
        let refused = open(&world, &token, None).await;
        assert_eq!(refused.status().as_u16(), status);
        let problem: serde_json::Value = refused.json().await.unwrap();
        assert!(problem["code"] == code && problem["decision_id"].is_string() && problem["hint"].is_string(), "{problem}");
    }
    let token = token(&world, "web");
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(open(&world, &token, None).await);
    }
    assert!(held.iter().all(|stream| stream.status().as_u16() == 200));
    let refused = open(&world, &token, None).await;
    assert_eq!((refused.status().as_u16(), refused.headers().contains_key("retry-after")), (503, true));
    assert_eq!(
        open(&world, &super::pod::token(&world, "web"), None).await.status().as_u16(),
        200,
        "another token has its own share"
    );
    held.clear();
    let started = Instant::now();
    while open(&world, &token, None).await.status().as_u16() != 200 {
        assert!(started.elapsed() < START_MAX, "places come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_without_events_sends_comments() {
    let world = world(policy("[shop/**]", "")).await;
    let started = Instant::now();
    let mut stream = open(&world, &token(&world, "web"), None).await;
    event(&mut stream).await;
    for number in 1..=4 {
        assert_eq!(until(&mut stream, "\n\n").await, COMMENT, "and no end");
        assert!(started.elapsed() >= number * Duration::from_secs(15), "a comment every 15 s");
    }
    daypass(&world, &["deny", "--repository", "acme/other", "--reason", "INC-42"]).await;
    event(&mut stream).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_token_and_with_the_server() {
    let mut world = world(policy("[shop/**]", "")).await;
    let now = daypass::words::Clock::now(&daypass::words::SystemClock).seconds();
    let claims = serde_json::json!({ "iss": world.issuer.url(), "aud": "https://pods.example", "sub": "system:serviceaccount:shop:web",
        "jti": "short", "iat": now, "nbf": now, "exp": now + 3,
        "kubernetes.io": { "namespace": "shop", "serviceaccount": { "name": "web", "uid": "u-1" }, "pod": { "name": "web-0", "uid": "u-2" } } });
    let mut short = open(&world, &world.issuer.sign(&claims).unwrap(), None).await;
    assert_eq!(short.status(), 200);
    // Without its token a stream would last longer than the test waits.
    let started = Instant::now();
    ended(&mut short).await;
    println!("a stream of a token of 3 s ended after {:?}", started.elapsed());
    let mut long = open(&world, &token(&world, "web"), None).await;
    event(&mut long).await;
    let id = rustix::process::Pid::from_raw(i32::try_from(world.server.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    let started = Instant::now();
    ended(&mut long).await;
    assert_eq!(world.server.wait().unwrap().code(), Some(0));
    println!("a server with an open stream stopped in {:?}", started.elapsed());
    assert!(!world.log().contains("did not end in time"), "{}", world.log());
}

/// One HTTP/2 frame (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The payloads of all whole PING frames.
fn pings(mut received: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (head, rest) = received.split_first_chunk::<9>()?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let (payload, rest) = rest.split_at_checked(length)?;
        received = rest;
        Some(((head[3], head[4]) == (6, 0)).then_some(payload))
    })
    .flatten()
}

/// A header field, never indexed (RFC 7541, section 6.2.3).
fn field(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.len();
        if rest < 127 {
            bytes.push(rest as u8);
        } else {
            bytes.push(127);
            rest -= 127;
            while rest >= 128 {
                bytes.push((rest % 128) as u8 | 128);
                rest /= 128;
            }
            bytes.push(rest as u8);
        }
        [bytes, text.as_bytes().to_vec()].concat()
    };
    [vec![0x10], text(name), text(value)].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_nothing_is_disconnected() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = world(policy("[shop/**]", "")).await;
    let mut stream = crate::server::connect(&world, b"h2", &[&rustls::version::TLS13]).await.unwrap();
    let bearer = format!("Bearer {}", token(&world, "web"));
    let pairs = [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "localhost"),
        (":path", "/v1/events"),
        ("authorization", &bearer),
    ];
    let fields: Vec<u8> = pairs.iter().flat_map(|(name, value)| field(name, value)).collect();
    // SETTINGS_INITIAL_WINDOW_SIZE is 0: the client accepts no byte of any body.
    let settings = frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let request = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), settings, frame(1, 0x5, 1, &fields)].concat();
    stream.write_all(&request).await.unwrap();
    let (started, mut received, mut answered) = (Instant::now(), Vec::new(), 0);
    while tokio::time::timeout(START_MAX, stream.read_buf(&mut received)).await.expect("it is still there").unwrap_or(0) > 0 {
        // It answers pings, so that a peer that does not is no reason.
        for ping in pings(&received).skip(answered) {
            let _ = stream.write_all(&frame(6, 1, 0, ping)).await;
        }
        answered = pings(&received).count();
    }
    println!("cut off after {:?}", started.elapsed());
    // The third line, the first comment after 15 s, cannot be queued, and the server ends the connection 10 s later.
    assert!(started.elapsed().as_secs() >= 20, "{:?}", started.elapsed());
    assert!(!received.windows(7).any(|part| part == b"changed"));
}
