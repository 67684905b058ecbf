//! Traces of requests, at a stand-in for a collector: what is exported, what never is, and what happens without the collector.

mod collector;

use crate::relying_party::acceptor;
use crate::sts::StandInSts;
use crate::support::{DEPLOY, START_MAX, Setup, World, certificate};
use collector::{Mood, StandInCollector};
use daypass::demo::issuer::github_claims;
use serde_json::json;
use std::time::{Duration, Instant};

const ROLES: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant:
  aws: [{ role: \"arn:aws:iam::123456789012:role/deploy\" }, { role: \"arn:aws:iam::123456789012:role/untrusting\" }]
";

async fn world(collector: &StandInCollector, more: &str) -> World {
    World::start(Setup { more: collector.section(more), ..Setup::default() }).await
}

async fn get(world: &World, path: &str) -> u16 {
    world.http.get(world.url(path)).send().await.unwrap().status().as_u16()
}

/// The value of a counter.
async fn counted(world: &World, name: &str) -> u64 {
    let text = world.metrics().await;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is not in\n{text}")).parse().unwrap()
}

async fn until_counted(world: &World, name: &str, least: u64) {
    let started = Instant::now();
    while counted(world, name).await < least {
        assert!(started.elapsed() < START_MAX, "{name} stays below {least}\n{}", world.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn roots(inside: &collector::Inside) -> usize {
    inside.spans.iter().filter(|span| span.parent_span_id.is_empty()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_a_span_with_one_for_each_credential_and_record() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let (collector, sts) = (StandInCollector::start(Some(acceptor(folder.path()))).await, StandInSts::start().await);
    let world = World::start(Setup {
        policies: vec![("shop/deploy", DEPLOY.to_owned()), ("shop/roles", ROLES.to_owned())],
        aws: sts.section(),
        more: collector.section(", ratio: 1.0, ca: collector.crt"),
        files: vec![("collector.crt", std::fs::read(folder.path().join("tls.crt")).unwrap())],
        ..Setup::default()
    })
    .await;
    let secret = json!([{ "secret": "shop/password.age" }, { "id_token": { "audience": "https://partner.example" } }]);
    let (status, answer) = world.exchange(&world.token(), secret).await;
    assert_eq!(status, 200, "{answer}");
    let role = |name: &str| json!([{ "aws": { "role": format!("arn:aws:iam::123456789012:role/{name}") } }]);
    let (status, denial) = world.exchange(&world.token(), role("deploy")).await;
    assert_eq!(status, 200, "{denial}");
    assert_eq!(world.exchange(&world.token(), role("untrusting")).await.0, 502);
    assert_eq!(world.exchange(&world.token(), json!([{ "secret": "other/password.age" }])).await.0, 403);
    assert_eq!(get(&world, "/nobody/knows").await, 404);
    assert_eq!(get(&world, "/v1/openapi.json").await, 200);

    collector.until("six requests", |inside| roots(inside) == 6).await;
    let request = |status: u16| {
        let failed = if status >= 500 { " failed" } else { "" };
        format!(
            "POST /v1/exchange {{http.request.method=POST, http.route=/v1/exchange, http.response.status_code={status}}}{failed}"
        )
    };
    let trees = [
        format!(
            "{}\n  make secret {{daypass.credential=secret}}\n  make id_token {{daypass.credential=id_token}}\n  record release {{}}",
            request(200)
        ),
        format!("{}\n  record intent {{}}\n  make aws {{daypass.credential=aws}}\n  record release {{}}", request(200)),
        format!(
            "{}\n  record intent {{}}\n  make aws {{daypass.credential=aws, error.type=aws_denied}} failed\n  record failure {{}}\n  record refusal {{}}",
            request(502)
        ),
        format!("{}\n  record refusal {{}}", request(403)),
        "GET {http.request.method=GET, http.response.status_code=404}\n  record refusal {}".to_owned(),
        "GET /v1/openapi.json {http.request.method=GET, http.route=/v1/openapi.json, http.response.status_code=200}".to_owned(),
    ];
    assert_eq!(collector.trees(), trees);
    collector.with(|inside| {
        assert_eq!(inside.resource["service.name"], "daypass");
        assert_eq!(inside.resource["service.version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(inside.resource.len(), 3, "{:?}", inside.resource);
        let decision = answer["decision_id"].as_str().unwrap();
        let known = inside.bodies.iter().any(|body| holds(body, decision.as_bytes()));
        assert!(known, "a trace is found by its decision");
    });
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_of_a_request_is_exported() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";
    let collector = StandInCollector::start(None).await;
    let policies = vec![("sentinel/deploy", DEPLOY.replace("shop/**", "shop/**, sentinel/**"))];
    let mut world = World::start(Setup { policies, more: collector.section(""), ..Setup::default() }).await;
    let mut claims = github_claims("push", "refs/heads/main");
    for claim in ["actor", "workflow", "jti"] {
        claims.insert(claim.to_owned(), format!("sentinel-{claim}").into());
    }
    let token = world.token_with(claims);
    let requests = [
        ("GET", "/v1/secrets/shop/password.age", 200),
        ("GET", "/v1/secrets/sentinel/password.age?key=/sentinel", 404),
        ("GET", "/v1/secrets/shop/password.age?sentinel=sentinel", 400),
        ("GET", "/sentinel/sentinel?sentinel", 404),
        ("SENTINEL", "/v1/exchange", 405),
        ("LIST", "/vault/v1/secret/metadata/sentinel", 403),
        ("POST", "/hooks/git/sentinel", 403),
        ("POST", "/aws/sentinel", 404),
    ];
    for (method, path, expected) in requests {
        let request = world.http.request(method.parse().unwrap(), world.url(path)).bearer_auth(&token);
        let request = request.header("traceparent", format!("00-{TRACE}-{SPAN}-01")).header("tracestate", "sentinel=sentinel");
        let request =
            request.header("baggage", "sentinel=sentinel").header("x-sentinel", "sentinel").header("user-agent", "sentinel");
        let status = request.body("{\"sentinel\": \"sentinel\"}").send().await.unwrap().status();
        assert_eq!(status, expected, "{method} {path}");
    }
    collector.until("all of them", |inside| roots(inside) == requests.len()).await;
    world.stop();
    collector.assert_strict();
    collector.with(|inside| {
        assert_eq!(roots(inside), requests.len(), "{:#?}", inside.spans);
        assert!(inside.spans.iter().any(|span| span.name == "GET /v1/secrets/{*path}"), "{:#?}", inside.spans);
        assert!(inside.spans.iter().any(|span| span.name.starts_with("HTTP")), "an unknown method is not exported");
        let bytes = |hex: &str| (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        let (trace, span): (Vec<u8>, Vec<u8>) = (bytes(TRACE), bytes(SPAN));
        let words = ["sentinel", "hunter2", "password", "acme", "refs/heads", &token, TRACE, SPAN, "127.0.0.1"];
        for part in words.iter().map(|word| word.as_bytes()).chain([trace.as_slice(), span.as_slice()]) {
            for body in &inside.bodies {
                assert!(!holds(body, part), "{} is in what was exported", String::from_utf8_lossy(part));
            }
        }
    });
}

/// Neither a caller nor an environment variable decides what is sampled.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_does_not_choose_what_is_sampled() {
    let collector = StandInCollector::start(None).await;
    let environment = vec![
        ("OTEL_TRACES_SAMPLER", "always_on".to_owned()),
        ("OTEL_RESOURCE_ATTRIBUTES", "sentinel=sentinel".to_owned()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-sentinel=sentinel".to_owned()),
    ];
    let setup = |ratio: &str| Setup { more: collector.section(ratio), environment: environment.clone(), ..Setup::default() };
    for (ratio, count) in [(", ratio: 0", 0), (", ratio: 1", 4)] {
        let mut world = World::start(setup(ratio)).await;
        for sampled in ["01", "00"] {
            let parent = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{sampled}");
            for path in ["/v1/openapi.json", "/v1/secrets/shop/password.age"] {
                let request = world.http.get(world.url(path)).bearer_auth(world.token()).header("traceparent", &parent);
                assert_eq!(request.send().await.unwrap().status(), 200);
            }
        }
        // The server sends its queue before it ends, if the machine is not too busy for that.
        collector.until("what is sampled", |inside| roots(inside) == count).await;
        world.stop();
        collector.assert_strict();
        let (found, sent) = collector.with(|inside| (roots(inside), inside.bodies.len()));
        assert_eq!((found, sent > 0), (count, count > 0), "{ratio}");
    }
    collector.with(|inside| {
        let mut traces: Vec<_> = inside.spans.iter().map(|span| span.trace_id.clone()).collect();
        traces.sort();
        traces.dedup();
        assert_eq!(traces.len(), 4, "each request has a trace of its own");
        assert!(!inside.resource.contains_key("sentinel"), "{:?}", inside.resource);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_collector_delays_nobody_and_is_logged_once() {
    const FAILED: &str = "daypass_trace_exports_failed_total";
    const BEGINS: &str = "traces are not exported";
    const ENDS: &str = "traces are exported again";
    let mut collector = StandInCollector::start(None).await;
    let mut world = world(&collector, "").await;
    assert_eq!(get(&world, "/v1/openapi.json").await, 200);
    collector.until("the first", |inside| roots(inside) == 1).await;
    assert_eq!((counted(&world, FAILED).await, world.log().contains(BEGINS)), (0, false));

    collector.go().await;
    for expected in [2, 3] {
        assert_eq!(world.exchange(&world.token(), json!([{ "secret": "shop/password.age" }])).await.0, 200);
        until_counted(&world, FAILED, expected).await;
    }
    assert_eq!(world.log().matches(BEGINS).count(), 1, "one line, however often it fails");
    collector.with(|inside| inside.mood = Mood::IsBusy);
    collector.come_back().await;
    let before = counted(&world, FAILED).await;
    until_counted(&world, FAILED, before + 1).await;
    assert!(!world.log().contains(ENDS), "a busy collector accepts nothing");

    collector.with(|inside| inside.mood = Mood::Takes);
    collector.until("what waited", |inside| roots(inside) == 3).await;
    let started = Instant::now();
    while !world.log().contains(ENDS) {
        assert!(started.elapsed() < START_MAX, "{}", world.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(counted(&world, "daypass_trace_spans_dropped_total").await, 0, "what waited was kept");

    // Refused spans are dropped, because the collector would refuse them again.
    collector.with(|inside| inside.mood = Mood::Refuses);
    assert_eq!(get(&world, "/v1/openapi.json").await, 200);
    until_counted(&world, "daypass_trace_spans_dropped_total", 1).await;
    collector.with(|inside| inside.mood = Mood::TakesButOne);
    assert_eq!(get(&world, "/v1/openapi.json").await, 200);
    until_counted(&world, "daypass_trace_spans_dropped_total", 2).await;
    // The line follows the count.
    let started = Instant::now();
    while world.log().matches(ENDS).count() < 2 {
        assert!(started.elapsed() < START_MAX, "{}", world.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((world.log().matches(BEGINS).count(), world.log().matches(ENDS).count()), (2, 2));

    // A collector that never answers does not keep the server from ending.
    collector.with(|inside| inside.mood = Mood::Hangs);
    assert_eq!(get(&world, "/v1/openapi.json").await, 200);
    world.stop();
    assert!(world.log().contains("the last traces could not be exported in time"), "{}", world.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_collector_makes_no_spans() {
    let world = World::start(Setup::default()).await;
    assert_eq!(world.exchange(&world.token(), json!([{ "secret": "shop/password.age" }])).await.0, 200);
    assert_eq!(counted(&world, "daypass_trace_exports_failed_total").await, 0);
    assert_eq!(counted(&world, "daypass_trace_spans_dropped_total").await, 0, "no span was made");
}
