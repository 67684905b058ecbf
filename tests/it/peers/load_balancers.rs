//! Debian's nginx and HAProxy in front of the server, with the configurations of `docs/load-balancers.md`.

use super::git_remotes::Peer;
use crate::hostile::wire::Sent;
use crate::proxies::open;
use crate::server::tls;
use crate::support::{START_MAX, Setup, World, free_port, peer};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The block of the page that has this text, with the test's own addresses.
fn configuration(first: &str, world: &World, port: u16) -> String {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/load-balancers.md")).unwrap();
    let block = page.split("```").find(|block| block.contains(first)).unwrap_or_else(|| panic!("{first} is not in the page"));
    let (_, text) = block.split_once('\n').unwrap();
    assert!(text.contains("10.0.0.20:8443") && text.contains(":443"), "{text}");
    text.replace("10.0.0.20:8443", &format!("127.0.0.1:{}", world.port)).replace(":443", &format!(":{port}"))
}

fn run(world: &World, command: &mut Command) -> Peer {
    let log = std::fs::File::create(world.path("balancer.log")).unwrap();
    Peer(command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap())
}

/// Sends a job's request through the load balancer, from this address.
async fn read_by(world: &World, from: IpAddr, port: u16) {
    let to = if from.is_ipv4() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { IpAddr::V6(Ipv6Addr::LOCALHOST) };
    let sent = Sent::get("/v1/secrets/shop/password.age", [("Authorization", format!("Bearer {}", world.token()))]);
    let started = Instant::now();
    loop {
        let answer = match tls(world, open(SocketAddr::new(to, port), from).await, b"http/1.1", &[&rustls::version::TLS13]).await
        {
            Ok(mut stream) => sent.over(&mut stream).await,
            Err(_) => None,
        };
        match answer {
            Some(answer) => return assert_eq!(answer.status, 200, "{answer:?}"),
            None => assert!(started.elapsed() < START_MAX, "{}\n{}", log(world), world.log()),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn log(world: &World) -> String {
    std::fs::read_to_string(world.path("balancer.log")).unwrap_or_default()
}

async fn listens(world: &World, port: u16) {
    let started = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() || std::net::TcpStream::connect(("::1", port)).is_err() {
        assert!(started.elapsed() < START_MAX, "{}", log(world));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn clients_are_told_apart(world: &World, port: u16) {
    listens(world, port).await;
    let from = [IpAddr::from([127, 0, 0, 8]), IpAddr::from([127, 0, 0, 9]), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    for address in from {
        read_by(world, address, port).await;
    }
    let released = world.audit().into_iter().filter(|entry| entry.kind == "released");
    let clients: Vec<String> = released.map(|entry| entry.body["client"].as_str().unwrap().to_owned()).collect();
    assert_eq!(clients, from.map(|address| address.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_nginx_clients_are_told_apart_by_both_families() {
    let Some(nginx) = peer("nginx") else { return };
    let proxies = "proxies: [{ address: 127.0.0.1, protocol: v1 }]\n".to_owned();
    let world = World::start(Setup { more: proxies, ..Setup::default() }).await;
    let port = free_port();
    std::fs::write(world.path("nginx.conf"), configuration("stream {", &world, port)).unwrap();
    let own = format!("daemon off; master_process off; pid {}; error_log stderr;", world.path("nginx.pid").display());
    let mut command = Command::new(nginx);
    let _nginx = run(&world, command.arg("-c").arg(world.path("nginx.conf")).args(["-g", &own]));
    clients_are_told_apart(&world, port).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_haproxy_clients_are_told_apart_by_both_families_and_its_checks_pass() {
    let Some(haproxy) = peer("haproxy") else { return };
    let world = World::start(Setup { more: "proxies: [127.0.0.1]\n".to_owned(), ..Setup::default() }).await;
    let port = free_port();
    std::fs::write(world.path("haproxy.cfg"), configuration("backend daypass", &world, port)).unwrap();
    let _haproxy = run(&world, Command::new(haproxy).arg("-db").arg("-V").arg("-f").arg(world.path("haproxy.cfg")));
    clients_are_told_apart(&world, port).await;
    // HAProxy checks the server every two seconds and logs a failure as DOWN.
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!log(&world).contains("DOWN"), "{}", log(&world));
    assert!(!world.log().contains("PROXY header"), "{}", world.log());
}
