//! Behind load balancers: the PROXY protocol byte by byte, and violations of it.

use crate::hostile::wire::{Answer, Sent};
use crate::server::tls;
use crate::support::{Setup, World};
use daypass::demo::issuer::github_claims;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// HAProxy's proxy-protocol.txt, section 2.2.
const MARK: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const LOCAL: &[u8] = b"\x20\0\0\0";
/// An address of this machine that is not listed as a proxy.
const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

async fn world(more: &str) -> World {
    World::start(Setup { more: more.to_owned(), ..Setup::default() }).await
}

async fn behind_a_proxy() -> World {
    world("proxies: [127.0.0.1]\n").await
}

pub async fn open(to: SocketAddr, from: IpAddr) -> TcpStream {
    let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.unwrap();
    socket.bind(SocketAddr::new(from, 0)).unwrap();
    socket.connect(to).await.unwrap()
}

async fn open_from(world: &World, from: Ipv4Addr) -> TcpStream {
    open(SocketAddr::from((Ipv4Addr::LOCALHOST, world.port)), from.into()).await
}

fn header_v4(client: [u8; 4]) -> Vec<u8> {
    [MARK, &b"\x21\x11\0\x0c"[..], &client, &[192, 0, 2, 200, 0x12, 0x34, 1, 0xbb]].concat()
}

fn header_v6(client: &str) -> Vec<u8> {
    let client: Ipv6Addr = client.parse().unwrap();
    let balancer = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x200);
    [MARK, &b"\x21\x21\0\x24"[..], &client.octets(), &balancer.octets(), &[0x12, 0x34, 1, 0xbb]].concat()
}

/// Sends these bytes and then a request. `None` if the connection ends instead.
async fn send(world: &World, from: Ipv4Addr, before: &[u8], sent: &Sent) -> Option<Answer> {
    let mut stream = open_from(world, from).await;
    stream.write_all(before).await.ok()?;
    let mut stream = tls(world, stream, b"http/1.1", &[&rustls::version::TLS13]).await.ok()?;
    sent.over(&mut stream).await
}

fn read(token: &str) -> Sent {
    Sent::get("/v1/secrets/shop/password.age", [("Authorization", format!("Bearer {token}"))])
}

fn clients(world: &World, kind: &str) -> Vec<String> {
    let client_of = |body: &Value| body["client"].as_str().unwrap_or_default().to_owned();
    world.audit().iter().filter(|entry| entry.kind == kind).map(|entry| client_of(&entry.body)).collect()
}

async fn metric(world: &World, name: &str) -> u64 {
    let metrics = world.metrics().await;
    metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or_else(|| panic!("{name}: {metrics}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thief_behind_the_same_load_balancer_gets_no_repeated_answer() {
    let world = behind_a_proxy().await;
    let token = world.token();
    let owner = send(&world, Ipv4Addr::LOCALHOST, &header_v4([192, 0, 2, 1]), &read(&token)).await.unwrap();
    let thief = send(&world, Ipv4Addr::LOCALHOST, &header_v4([192, 0, 2, 2]), &read(&token)).await.unwrap();
    let again = send(&world, Ipv4Addr::LOCALHOST, &header_v4([192, 0, 2, 1]), &read(&token)).await.unwrap();
    assert_eq!((owner.status, thief.status, again.status), (200, 403, 200), "{thief:?}");
    assert_eq!((thief.json()["code"].as_str(), owner.body == again.body), (Some("replayed"), true));
    assert_eq!(clients(&world, "released"), ["192.0.2.1"]);
}

/// RFC 8981: a host takes new addresses in its /64 while it runs.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_changes_its_ipv6_privacy_address_is_the_same_client() {
    let world = behind_a_proxy().await;
    let token = world.token();
    let mut answers = Vec::new();
    for client in ["2001:db8:1:2::a", "2001:db8:1:2:4c1f:77ff:fe00:9", "2001:db8:1:3::a"] {
        answers.push(send(&world, Ipv4Addr::LOCALHOST, &header_v6(client), &read(&token)).await.unwrap());
    }
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [200, 200, 403], "{answers:?}");
    assert_eq!((&answers[0].body, answers[2].json()["code"].as_str()), (&answers[1].body, Some("replayed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_behind_a_load_balancer_does_not_use_up_the_records_of_another() {
    let world = behind_a_proxy().await;
    let anonymous = Sent::get("/v1/whoami", []);
    for _ in 0..40 {
        send(&world, Ipv4Addr::LOCALHOST, &header_v4([192, 0, 2, 1]), &anonymous).await.unwrap();
    }
    send(&world, Ipv4Addr::LOCALHOST, &header_v4([198, 51, 100, 1]), &anonymous).await.unwrap();
    let recorded = clients(&world, "refused");
    assert!(recorded.contains(&"198.51.100.1".to_owned()), "{recorded:?}");
    assert!(recorded.iter().filter(|client| *client == "192.0.2.1").count() < 40, "{recorded:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_violation_of_the_proxy_protocol_ends_the_connection_and_is_logged_once() {
    let world = behind_a_proxy().await;
    let (token, proxy) = (world.token(), Ipv4Addr::LOCALHOST);
    let fields = [&MARK[..], b"\x21\x11\xff\xff", &[0; 65_535]].concat();
    let unix = [&MARK[..], b"\x21\x31\0\xd8", &[0; 216]].concat();
    let v4 = header_v4([192, 0, 2, 1]);
    let cases: [(&str, Ipv4Addr, &[u8]); 8] = [
        ("a header of a stranger", STRANGER, &v4),
        ("an older header of a stranger", STRANGER, b"PROXY TCP4 192.0.2.1 192.0.2.2 4660 443\r\n"),
        ("no header of a proxy", proxy, b""),
        ("version 1 where version 2 is due", proxy, b"PROXY TCP4 192.0.2.1 192.0.2.2 4660 443\r\n"),
        ("fields of 64 KiB", proxy, &fields),
        ("no address family", proxy, b"\r\n\r\n\0\r\nQUIT\n\x21\0\0\0"),
        ("a Unix socket", proxy, &unix),
        ("two headers", proxy, &[v4.clone(), v4.clone()].concat()),
    ];
    for (what, from, before) in cases {
        for _ in 0..2 {
            assert!(send(&world, from, before, &read(&token)).await.is_none(), "{what}");
        }
    }
    let mut cut = open_from(&world, proxy).await;
    cut.write_all(&v4[..20]).await.unwrap();
    cut.shutdown().await.unwrap();
    assert_eq!(cut.read(&mut [0; 16]).await.unwrap_or(0), 0, "a cut header");
    assert_eq!(metric(&world, "daypass_proxy_faults_total").await, 15, "of two headers the second is no TLS, and no proxy fault");
    let log = world.log();
    for expected in
        ["is not in `proxies`", "no PROXY header", "of version 1 where version 2 is due", "longer than 2048", "ended within"]
    {
        assert_eq!(log.lines().filter(|line| line.contains(expected)).count(), 1, "{expected}: {log}");
    }
    let good = send(&world, proxy, &v4, &read(&token)).await.unwrap();
    assert_eq!(good.status, 200, "nothing was used up, and the server lives");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_balancers_own_connection_sees_health_and_exchanges_nothing() {
    let world = behind_a_proxy().await;
    let (token, local) = (world.token(), [&MARK[..], LOCAL].concat());
    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/v1/whoami", 403), ("/metrics", 403)] {
        let answer = send(&world, Ipv4Addr::LOCALHOST, &local, &Sent::get(path, [])).await.unwrap();
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
    assert_eq!(send(&world, Ipv4Addr::LOCALHOST, &local, &read(&token)).await.unwrap().status, 403);
    let exchange = Sent::post("/v1/exchange", [("Authorization", format!("Bearer {token}"))], r#"{"credentials":[]}"#);
    assert_eq!(send(&world, Ipv4Addr::LOCALHOST, &local, &exchange).await.unwrap().status, 403);
    assert!(clients(&world, "released").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn forwarded_headers_never_count() {
    let world = world("").await;
    let sent = read(&world.token())
        .with_header("X-Forwarded-For", "192.0.2.1")
        .with_header("Forwarded", "for=192.0.2.1")
        .with_header("X-Real-IP", "192.0.2.1");
    assert_eq!(send(&world, STRANGER, b"", &sent).await.unwrap().status, 200);
    assert_eq!(clients(&world, "released"), ["127.0.0.9"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_many_identities_is_reported_and_not_refused() {
    let world = world("").await;
    for number in 0..60 {
        let mut claims = github_claims("push", "refs/heads/main");
        claims.insert("sub".to_owned(), json!(format!("repo:acme/shop:ref:refs/heads/{number}")));
        claims.insert("ref".to_owned(), json!(format!("refs/heads/{number}")));
        let answer = send(&world, STRANGER, b"", &read(&world.token_with(claims))).await.unwrap();
        assert_eq!(answer.status, 403, "no policy is for them");
    }
    assert_eq!(send(&world, STRANGER, b"", &read(&world.token())).await.unwrap().status, 200);
    assert_eq!(metric(&world, "daypass_crowded_addresses").await, 1);
    let config = world.path("daypass.yaml").display().to_string();
    let status = world.job("push", &["status", "--config", &config], &[]).await;
    let stdout = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(stdout.contains("127.0.0.9 speaks for many identities"), "{stdout}");
}
