//! What requests without a verified identity cost the server, and how it answers them.

use crate::hostile::wire::Sent;
use crate::support::{START_MAX, Setup, World, peer};
use daypass::demo::issuer::github_claims;
use serde_json::Value;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test(flavor = "multi_thread")]
async fn an_anonymous_get_caller_identity_opens_no_database() {
    let trace = tempfile::NamedTempFile::new().unwrap();
    let words = ["-e", "trace=%file", "-o", trace.path().to_str().unwrap()];
    let Some(mut world) = World::start_traced(&words).await else { return };
    // SQLite looks at the path for every connection, and may use an open file again.
    let opened = || std::fs::read_to_string(trace.path()).unwrap().matches("daypass.sqlite\"").count();
    let before = opened();
    for number in 0..100 {
        let body = format!("Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Security-Token=guessed-{number}");
        let request = world.http.post(world.url("/aws/sts/")).header("content-type", FORM).body(body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 403);
    }
    world.stop();
    let all = opened();
    assert!(all > 0, "the trace shows no use of the database");
    let more = all - before;
    println!("100 anonymous requests looked at the database's path {more} times");
    assert!(more < 50, "{more}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_of_one_address_are_bounded() {
    let files = vec![("hook", b"hooked".to_vec())];
    let world = World::start(Setup { root: ", hook: { secret_file: hook }".to_owned(), files, ..Setup::default() }).await;
    let (mut refused, mut overloaded, started) = (0, 0, Instant::now());
    while overloaded == 0 || refused + overloaded < 200 {
        assert!(started.elapsed() < START_MAX, "{refused} are looked at");
        let request = world.http.post(world.url("/hooks/git/root")).header("x-hub-signature-256", "sha256=00").body("{}");
        let problem: Value = request.send().await.unwrap().json().await.unwrap();
        match problem["code"].as_str().unwrap() {
            "hook_refused" => refused += 1,
            "overloaded" => overloaded += 1,
            other => panic!("{other}"),
        }
    }
    println!("of {} forged hooks {refused} were looked at", refused + overloaded);
    // 120 at once, and then two a second.
    assert!(refused >= 120 && refused <= 121 + 2 * started.elapsed().as_secs(), "{refused} in {:?}", started.elapsed());
}

/// A token of the same issuer does not admit a caller that no policy is for.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_decides_about_no_document_before_it_admits_the_caller() {
    let world = World::start(Setup::default()).await;
    let token = world.token_with(github_claims("pull_request", "refs/pull/7/merge"));
    use base64::Engine;
    let parameter = serde_json::json!({ "key": "jwt", "value": token }).to_string();
    let parameter = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(parameter);
    let path = ("X-Vault-Inline-Auth-Path", "auth/jwt/login".to_owned());
    let get = Sent::get("/vault/v1/secret/metadata/", [path, ("X-Vault-Inline-Auth-Parameter-jwt", parameter)]);
    let list = Sent { method: "LIST", ..get };
    assert_eq!(list.send(&world).await.unwrap().status, 403);
    let causes: Vec<Value> =
        world.audit().iter().filter(|entry| entry.kind == "refused").map(|entry| entry.body["cause"].clone()).collect();
    assert_eq!(causes, ["no policy is for this identity"], "and not one of a document");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_too_much_gets_413() {
    let world = World::start(Setup::default()).await;
    let mut statuses = Vec::new();
    for number in 1..=10 {
        let mut stream = crate::server::connect(&world, b"http/1.1", &[&rustls::version::TLS13]).await.unwrap();
        let length = number * 100_000;
        let head = format!(
            "POST /v1/exchange HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // The client sends everything before it reads, and sends slower than the server reads.
        for _ in 0..10 {
            if stream.write_all(&vec![b'x'; length / 10]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut answer = Vec::new();
        if stream.read_to_end(&mut answer).await.is_ok() {
            statuses.extend(String::from_utf8_lossy(&answer).split(' ').nth(1).map(str::to_owned));
        }
    }
    println!("sent byte by byte: {statuses:?}");
    assert_eq!(statuses, ["413"; 10]);
}

#[tokio::test(flavor = "multi_thread")]
async fn urllib_that_sends_too_much_gets_413_ten_times_of_ten() {
    let Some(python) = peer("python3") else { return };
    let world = World::start(Setup::default()).await;
    let script = "
import ssl, sys, time, urllib.error, urllib.request
context = ssl.create_default_context(cafile=sys.argv[2])
headers = {'Authorization': 'Bearer x', 'Content-Type': 'application/json'}
def pieces(number):
    for _ in range(10):
        yield b'x' * (number * 10000)
        time.sleep(0.02)
for number in range(1, 11):
    headers['Content-Length'] = str(number * 100000)
    request = urllib.request.Request(sys.argv[1], data=pieces(number), headers=headers)
    try:
        urllib.request.urlopen(request, context=context)
    except urllib.error.HTTPError as answer:
        print(answer.code)
    except Exception as fault:
        print(repr(fault))
";
    let url = world.url("/v1/exchange");
    let ca = world.path("tls.crt").display().to_string();
    let output = tokio::task::spawn_blocking(move || Command::new(python).args(["-c", script, &url, &ca]).output().unwrap())
        .await
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{stdout}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(stdout.lines().filter(|line| *line == "413").count(), 10);
}

/// The server reads a bounded rest of the body: a client that never ends its body loses its connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_an_end_is_cut() {
    let world = World::start(Setup::default()).await;
    let mut endless = crate::server::connect(&world, b"http/1.1", &[&rustls::version::TLS13]).await.unwrap();
    let head = "POST /v1/exchange HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Type: application/json\r\nContent-Length: 9000000000\r\n\r\n";
    endless.write_all(head.as_bytes()).await.unwrap();
    let mut sent = 0;
    while endless.write_all(&[b'x'; 64 * 1024]).await.is_ok() {
        sent += 64 * 1024;
        assert!(sent < 64 * 1024 * 1024, "it reads without a bound");
    }
    println!("cut after {sent} bytes");
}
