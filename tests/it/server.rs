//! The server's main functions over real TLS: exchange, denials, `exec`, TLS itself, and stops.

use crate::support::{DEPLOY, START_MAX, Setup, World, certificate, until};
use daypass::demo::issuer::github_claims;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_gets_everything_in_one_request_and_a_retry_gets_the_same() {
    let world = World::start(Setup::default()).await;
    let token = world.token();
    let requested = json!([{"secret": "shop/password.age"}, {"id_token": {"audience": "https://partner.example"}}]);
    let (status, answer) = world.exchange(&token, requested.clone()).await;
    assert_eq!((status, &answer["policy"]), (200, &json!("shop/deploy")), "{answer}");
    assert_eq!(answer["credentials"][0]["secret"]["value"], "hunter2");
    assert_eq!(world.exchange(&token, requested).await, (200, answer.clone()), "the same answer within a minute");
    let (status, refused) = world.exchange(&token, json!([{"secret": "shop/password.age"}])).await;
    assert_eq!((status, &refused["code"]), (403, &json!("replayed")));
    let kinds: Vec<String> = world
        .audit()
        .iter()
        .map(|entry| entry.kind.clone())
        .filter(|kind| !["started", "key", "revision"].contains(&kind.as_str()))
        .collect();
    assert_eq!(kinds, ["released", "repeated", "refused"], "what needs nobody outside has one record of its intent and outcome");
    let claims = |kind: &str| world.audit().iter().find(|entry| entry.kind == kind).unwrap().body["claims"].clone();
    assert!(claims("released").is_string() && claims("released") == claims("refused"), "by the hash of its claims");
    let issued = answer["credentials"][1]["id_token"]["token"].as_str().unwrap();
    let jwks: jsonwebtoken::jwk::JwkSet =
        world.http.get(world.url("/id-tokens/.well-known/jwks.json")).send().await.unwrap().json().await.unwrap();
    let header = jsonwebtoken::decode_header(issued).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(jwks.find(header.kid.as_deref().unwrap()).unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
    validation.set_audience(&["https://partner.example"]);
    validation.set_issuer(&[world.url("/id-tokens")]);
    let claims = jsonwebtoken::decode::<Value>(issued, &key, &validation).unwrap().claims;
    assert_eq!((&claims["sub"], &claims["jti"]), (&json!("root/shop/deploy"), &answer["decision_id"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_is_a_problem_document_with_a_hint_and_without_the_policy() {
    let world = World::start(Setup::default()).await;
    let token = world.token_with(github_claims("pull_request", "refs/pull/7/merge"));
    let response = world.http.get(world.url("/v1/secrets/shop/password.age")).bearer_auth(&token).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let problem: Value = response.json().await.unwrap();
    for member in ["type", "title", "status", "code", "decision_id", "detail", "hint"] {
        assert!(!problem[member].is_null(), "{member}");
    }
    assert_eq!(problem["code"], "no_matching_policy");
    assert!(!problem.to_string().contains("refs/heads/main"), "{problem}");
    let entries = world.audit();
    let record = entries.iter().find(|entry| entry.decision.as_deref() == problem["decision_id"].as_str()).unwrap();
    assert_eq!((record.kind.as_str(), &record.body["reason"]), ("refused", &json!("no_matching_policy")));
    for (path, method, code, status) in [
        ("/nope", "GET", "not_found", 404),
        ("/v1/exchange", "GET", "method_not_allowed", 405),
        ("/v1/secrets/shop/password.age?key=/~2", "GET", "bad_request", 400),
        ("/v1/exchange", "POST", "bad_request", 400),
        ("/v1/whoami", "GET", "token_missing", 401),
    ] {
        let response = world.http.request(method.parse().unwrap(), world.url(path)).send().await.unwrap();
        let got = response.status().as_u16();
        let problem: Value = response.json().await.unwrap();
        assert_eq!((problem["code"].as_str(), got), (Some(code), status), "{path} {problem}");
        assert!(problem["decision_id"].is_string());
    }
    let large = world.http.post(world.url("/v1/exchange")).bearer_auth(&token).body("x".repeat(100_000)).send().await.unwrap();
    assert_eq!(large.status().as_u16(), 413);
}

/// A HEAD must not release anything: nobody would get it, and the token would be used up.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_releases_nothing() {
    let world = World::start(Setup::default()).await;
    let login = serde_json::json!({ "jwt": world.lasting_token() });
    let login = world.http.post(world.url("/vault/v1/auth/ci/login")).json(&login).send().await.unwrap();
    let login: Value = login.json().await.unwrap();
    let session = login["auth"]["client_token"].as_str().unwrap().to_owned();
    let before = world.audit().iter().filter(|entry| entry.kind == "released").count();
    for path in [
        "/v1/secrets/shop/password.age",
        "/v1/whoami",
        "/v1/events",
        "/aws/container",
        "/vault/v1/kv/data/shop/password.age",
        "/vault/v1/kv/subkeys/shop/password.age",
        "/vault/v1/kv/metadata/shop/password.age",
        "/vault/v1/kv/metadata/shop?list=true",
        "/vault/v1/aws/creds/shop/deploy",
        "/vault/v1/auth/token/lookup-self",
        "/v1/kv/data/shop/password.age",
    ] {
        let request = world.http.head(world.url(path)).bearer_auth(world.token()).header("X-Vault-Token", &session);
        let response = request.send().await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"GET".parse().unwrap()), "{path}");
    }
    assert_eq!(world.audit().iter().filter(|entry| entry.kind == "released").count(), before);
    for path in ["/v1/audit", "/v1/whoami", "/v1/events", "/v1/secrets/shop/password.age", "/sts/exchange"] {
        for method in ["POST", "OPTIONS", "HEAD"] {
            let request = world.http.request(method.parse().unwrap(), world.url(path)).bearer_auth(world.token());
            let response = request.send().await.unwrap();
            let allowed = response.headers()["allow"].to_str().unwrap().to_owned();
            assert_eq!((response.status().as_u16(), allowed.as_str()), (405, "GET"), "{method} {path}: HEAD is not allowed");
        }
    }
    let public = world.http.post(world.url("/v1/openapi.json")).send().await.unwrap();
    assert_eq!((public.status().as_u16(), &public.headers()["allow"]), (405, &"GET,HEAD".parse().unwrap()));
    // Public documents may be checked by clients and load balancers.
    for path in ["/v1/openapi.json", "/.well-known/jwks.json", "/vault/v1/sys/health"] {
        assert_eq!(world.http.head(world.url(path)).send().await.unwrap().status(), 200, "{path}");
    }
    let read = world.http.get(world.url("/vault/v1/kv/data/shop/password.age")).header("X-Vault-Token", &session);
    assert_eq!(read.send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bare_value_of_a_secret_and_whoami() {
    let world = World::start(Setup::default()).await;
    let request =
        world.http.get(world.url("/v1/secrets/shop/password.age")).bearer_auth(world.token()).header("accept", "text/plain");
    assert_eq!(request.send().await.unwrap().text().await.unwrap(), "hunter2");
    let identity: Value =
        world.http.get(world.url("/v1/whoami")).bearer_auth(world.token()).send().await.unwrap().json().await.unwrap();
    assert_eq!((&identity["issuer"], &identity["attributes"]["repository"]), (&json!("github"), &json!("acme/shop@456789")));
    let (status, _) = world.exchange(&world.token(), json!([{"secret": "other/x"}])).await;
    assert_eq!(status, 403);
    let (status, problem) = world.exchange(&world.token(), json!([{"secret": "shop/not-there.age"}])).await;
    assert_eq!((status, &problem["code"]), (404, &json!("secret_missing")), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_files_keep_their_last_good_version_and_everything_else_goes_live() {
    let world = World::start(Setup::default()).await;
    let wider = DEPLOY.replace("refs/heads/main", "refs/heads/release");
    let ready = world
        .commit_and_wait(&[
            // This file has two faults: an unknown issuer, and no grant.
            ("policies/shop/deploy.yaml", b"issuer: nobody\n"),
            ("secrets/shop/password.age", b"no age file"),
            ("policies/shop/release.yaml", wider.as_bytes()),
        ])
        .await;
    assert_eq!((&ready["ready"], ready["faults"].as_array().unwrap().len()), (&json!(true), 3), "{ready}");
    let (status, answer) = world.exchange(&world.token(), json!([{"secret": "shop/password.age"}])).await;
    assert_eq!((status, &answer["credentials"][0]["secret"]["value"]), (200, &json!("hunter2")));
    let release = world.token_with(github_claims("push", "refs/heads/release"));
    assert_eq!(world.exchange(&release, json!([{"secret": "shop/password.age"}])).await.0, 200, "the good new file is in force");
    let revisions: Vec<_> = world.audit().into_iter().filter(|entry| entry.kind == "revision").collect();
    assert_eq!(revisions.last().unwrap().body["faults"].as_array().unwrap().len(), 3);
    let metrics = world.metrics().await;
    assert!(
        metrics.contains("daypass_source_faulty_files{source=\"root\"} 2")
            && metrics.contains("daypass_credentials_released_total{credential=\"secret\"} 2"),
        "{metrics}"
    );
    std::fs::remove_file(world.path("access/policies/shop/deploy.yaml")).unwrap();
    world.commit_and_wait(&[]).await;
    assert_eq!(
        world.exchange(&world.token(), json!([{"secret": "shop/password.age"}])).await.0,
        403,
        "a deletion goes live at once"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewritten_history_is_not_followed() {
    let world = World::start(Setup::default()).await;
    let repository = world.path("access");
    let wider = DEPLOY.replace("  ref: refs/heads/main\n", "");
    std::fs::write(repository.join("policies/shop/deploy.yaml"), wider).unwrap();
    crate::support::git(
        &repository,
        &["-c", "user.name=t", "-c", "user.email=t@t.example", "commit", "--quiet", "--all", "--amend", "--message", "y"],
    );
    let is_rewritten = |ready: &Value| ready["alarm"].as_str().is_some_and(|alarm| alarm.contains("history was rewritten"));
    world.until("the alarm", is_rewritten).await;
    let other = world.token_with(github_claims("push", "refs/heads/other"));
    assert_eq!(world.exchange(&other, json!([{"secret": "shop/password.age"}])).await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_gives_its_command_the_secrets_and_returns_its_status() {
    let world = World::start(Setup::default()).await;
    let script = "printf '%s|%s|%s' \"$PW\" \"$(cat app.secret)\" \"$DAYPASS_TOKEN\"; exit 42";
    let arguments = ["exec", "--env", "PW=shop/password.age", "--file", "app.secret=shop/password.age", "--", "sh", "-c", script];
    let output = world.job("push", &arguments, &[]).await;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "hunter2|hunter2|", "{}", String::from_utf8_lossy(&output.stderr));
    let sealed = daypass::secrets::encrypt(b"two\nlines", std::slice::from_ref(&world.recipient), false).unwrap();
    world.commit_and_wait(&[("secrets/shop/file.age", &sealed)]).await;
    let arguments = ["exec", "--env", "PW=shop/password.age", "--file", "app.secret=shop/file.age", "--", "sh", "-c", script];
    let output = world.job("push", &arguments, &[("GITHUB_ACTIONS", "true")]).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(42), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(text, "hunter2|two\nlines|");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(stderr, "::add-mask::two%0Alines\n::add-mask::two\n::add-mask::lines\n::add-mask::hunter2\n");
    assert!(!world.path("app.secret").exists());
    let denied = world.job("pull", &["exec", "--env", "PW=shop/password.age", "--", "true"], &[]).await;
    assert_eq!(denied.status.code(), Some(125));
    let denied = world.job("pull", &["secret", "get", "shop/password.age"], &[]).await;
    let stderr = String::from_utf8_lossy(&denied.stderr).into_owned();
    assert_eq!(denied.status.code(), Some(77));
    assert!(stderr.contains("no_matching_policy") && stderr.contains("hint:") && stderr.contains("decision:"), "{stderr}");
    let seen = world.job("push", &["whoami"], &[]).await;
    assert!(String::from_utf8_lossy(&seen.stdout).contains("acme/shop@456789"));
    let gone = world.job("push", &["secret", "get", "x"], &[("DAYPASS_SERVER", "https://localhost:1")]).await;
    assert_eq!(gone.status.code(), Some(69));
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_passes_signals_on() {
    let world = World::start(Setup::default()).await;
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_daypass"));
    command
        .args([
            "exec",
            "--env",
            "PW=shop/password.age",
            "--",
            "sh",
            "-c",
            "trap 'exit 7' TERM; touch ready; while :; do sleep 0.05; done",
        ])
        .current_dir(world.folder.path());
    command
        .env("DAYPASS_SERVER", world.url(""))
        .env("DAYPASS_CA", world.path("tls.crt"))
        .envs(world.issuer.job_environment("push"));
    let mut child = command.spawn().unwrap();
    until("its command begins", async || world.path("ready").exists()).await;
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM).unwrap();
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
    assert_eq!(status.code(), Some(7));
}

/// A TLS connection on which the test sends whatever it wants.
pub async fn connect(
    world: &World,
    alpn: &[u8],
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> std::io::Result<tokio_rustls::client::TlsStream<tokio::net::TcpStream>> {
    tls(world, tokio::net::TcpStream::connect(("127.0.0.1", world.port)).await?, alpn, versions).await
}

/// The same on an open connection.
pub async fn tls(
    world: &World,
    stream: tokio::net::TcpStream,
    alpn: &[u8],
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> std::io::Result<tokio_rustls::client::TlsStream<tokio::net::TcpStream>> {
    use rustls::pki_types::pem::PemObject;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rustls::pki_types::CertificateDer::from_pem_file(world.path("tls.crt")).unwrap()).unwrap();
    let mut config =
        rustls::ClientConfig::builder_with_protocol_versions(versions).with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), stream).await
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_post_quantum_first_and_speaks_both_versions_and_both_protocols() {
    let world = World::start(Setup::default()).await;
    let modern = connect(&world, b"h2", &[&rustls::version::TLS13]).await.unwrap();
    let (_, session) = modern.get_ref();
    assert_eq!(session.negotiated_key_exchange_group().unwrap().name(), rustls::NamedGroup::X25519MLKEM768);
    assert_eq!(session.alpn_protocol(), Some(&b"h2"[..]));
    let older = connect(&world, b"http/1.1", &[&rustls::version::TLS12]).await.unwrap();
    assert_eq!(older.get_ref().1.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_2));
    let mut ancient = tokio::net::TcpStream::connect(("127.0.0.1", world.port)).await.unwrap();
    ancient.write_all(&client_hello_of_tls_1_1()).await.unwrap();
    let mut alert = [0; 7];
    ancient.read_exact(&mut alert).await.unwrap();
    // RFC 8446, sections 5.1 and 6: an alert's record, whose description is `protocol_version`.
    assert_eq!((alert[0], alert[6]), (21, 70), "{alert:?}");
}

/// RFC 4346, section 7.4.1.2: version 1.1, a random, no session, two suites, no compression; and `signature_algorithms` (RFC 5246,
/// section 7.4.1.4.1), so that nothing but the version is wrong.
fn client_hello_of_tls_1_1() -> Vec<u8> {
    let (suites, signatures) = ([0xc0, 0x09, 0xc0, 0x13], [0, 8, 0, 13, 0, 4, 0, 2, 4, 3]);
    let body = [&[3, 2][..], &[7; 32], &[0], &[0, 4], &suites, &[1, 0], &signatures].concat();
    let length = u8::try_from(body.len()).unwrap();
    [&[22, 3, 1, 0, length + 4][..], &[1, 0, 0, length], &body].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_clients_block_nobody_and_are_disconnected() {
    let world = World::start(Setup::default()).await;
    let mut silent = Vec::new();
    let started = Instant::now();
    loop {
        for _ in 0..200 {
            silent.push(tokio::net::TcpStream::connect(("127.0.0.1", world.port)).await.unwrap());
        }
        assert_eq!(world.exchange(&world.token(), json!([{"secret": "shop/password.age"}])).await.0, 200);
        // Whoever waits for a silent connection waits until it is cut. On a busy machine a request may take that long by itself.
        let newest = silent.last().unwrap();
        if tokio::time::timeout(Duration::ZERO, newest.peek(&mut [0])).await.is_err() {
            break;
        }
        assert!(started.elapsed() < START_MAX, "it is answered when the silent connections are gone");
    }
    let mut slow = connect(&world, b"http/1.1", &[&rustls::version::TLS13]).await.unwrap();
    slow.write_all(b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let mut body = connect(&world, b"http/1.1", &[&rustls::version::TLS13]).await.unwrap();
    let head = format!(
        "POST /v1/exchange HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 99\r\n\r\n{{",
        world.token()
    );
    body.write_all(head.as_bytes()).await.unwrap();
    let cut = tokio::time::timeout(START_MAX, async {
        let mut rest = Vec::new();
        let _ = slow.read_to_end(&mut rest).await;
        let _ = silent[0].read(&mut [0; 1]).await;
        let mut answer = [0; 512];
        let read = body.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..read]).into_owned()
    });
    let answer = cut.await.expect("slow headers, slow bodies and silent handshakes end within their limits");
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_used_when_its_files_change() {
    let world = World::start(Setup::default()).await;
    std::fs::write(world.path("tls.crt"), "no certificate").unwrap();
    let started = Instant::now();
    while !world.log().contains("the old one stays in use") {
        assert!(started.elapsed() < START_MAX, "{}", world.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    certificate(world.folder.path());
    let started = Instant::now();
    while connect(&world, b"h2", &[&rustls::version::TLS13]).await.is_err() {
        assert!(started.elapsed() < START_MAX, "{}", world.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// An issuer that answers late, so that a request that needs its keys is in progress meanwhile.
async fn late_issuer(pause: Duration) -> (String, Arc<tokio::sync::Notify>) {
    let requested = Arc::new(tokio::sync::Notify::new());
    let notified = requested.clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            notified.notify_one();
            tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                drop(stream);
            });
        }
    });
    (url, requested)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_requests_and_not_for_silent_connections() {
    let (late, requested) = late_issuer(Duration::from_millis(2500)).await;
    let issuers = format!(
        "  - {{ name: late, mapping: generic, issuer: \"{late}\", audiences: [\"https://localhost:{{port}}\"], addresses: [127.0.0.0/8] }}\n"
    );
    let mut world = World::start(Setup { issuers, ..Setup::default() }).await;
    let mut claims = github_claims("push", "refs/heads/main");
    claims.insert("iss".to_owned(), late.into());
    let request = world.http.get(world.url("/v1/whoami")).bearer_auth(world.token_with(claims));
    let under_way = tokio::spawn(async move { request.send().await.unwrap().status().as_u16() });
    let mut silent = Vec::new();
    for alpn in [&b"h2"[..], b"http/1.1"] {
        silent.push(connect(&world, alpn, &[&rustls::version::TLS13]).await.unwrap());
    }
    let mut half = connect(&world, b"http/1.1", &[&rustls::version::TLS13]).await.unwrap();
    half.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    // On a busy machine a request may need longer than any pause to arrive.
    requested.notified().await;
    rustix::process::kill_process(rustix::process::Pid::from_child(&world.server), rustix::process::Signal::TERM).unwrap();
    let started = Instant::now();
    while world.server.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < START_MAX, "{}", world.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(under_way.await.unwrap(), 503, "the request under way is answered");
    assert!(world.server.wait().unwrap().success(), "{}", world.log());
    assert!(!world.log().contains("did not end in time"), "{}", world.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_no_request_is_disconnected() {
    let world = World::start(Setup::default()).await;
    let mut silent = connect(&world, b"h2", &[&rustls::version::TLS13]).await.unwrap();
    let mut first = [0; 64];
    let cut = tokio::time::timeout(START_MAX, silent.read(&mut first));
    assert!(cut.await.is_ok_and(|read| !matches!(read, Ok(1..))), "closed within the limit");
}

/// RFC 9113, section 6.8: GOAWAY tells a client which of its last requests were not processed, so that it may repeat them.
#[tokio::test(flavor = "multi_thread")]
async fn an_http2_client_gets_goaway() {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const GOAWAY: u8 = 7;
    let world = World::start(Setup::default()).await;
    let mut peer = connect(&world, b"h2", &[&rustls::version::TLS13]).await.unwrap();
    peer.write_all(&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &SETTINGS[..]].concat()).await.unwrap();
    let mut received = Vec::new();
    // The test does not close the connection, so the server does.
    let cut = tokio::time::timeout(START_MAX, peer.read_to_end(&mut received));
    assert!(cut.await.is_ok(), "closed within the limit");
    let (mut kinds, mut rest) = (Vec::new(), &received[..]);
    while let Some((head, behind)) = rest.split_first_chunk::<9>() {
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        kinds.push(head[3]);
        rest = &behind[length..];
    }
    assert!(kinds.contains(&GOAWAY), "{kinds:?}");
}
