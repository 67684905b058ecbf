//! Connections that are opened and not used.

use crate::support::{Setup, World};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

/// The address of another client. Each is in a network of its own.
const fn other(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 1 + number, 0, 1)
}

async fn open(world: &World, from: Ipv4Addr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(IpAddr::V4(from), 0))?;
    socket.connect(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), world.port)).await
}

async fn open_many(world: &World, from: Ipv4Addr, count: usize) -> Vec<TcpStream> {
    let mut opened = Vec::new();
    for _ in 0..count {
        opened.extend(open(world, from).await);
    }
    opened
}

/// As many connections as the server accepts, from five addresses.
async fn open_all(world: &World) -> Vec<TcpStream> {
    let many = |number| open_many(world, other(number), 2000);
    let (one, two, three, four, five) = tokio::join!(many(0), many(1), many(2), many(3), many(4));
    [one, two, three, four, five].into_iter().flatten().collect()
}

/// A ClientHello as it comes from a real client.
fn client_hello() -> Vec<u8> {
    let config = rustls::ClientConfig::builder().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    let mut client = rustls::ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    hello
}

/// Sends `count` requests, each on a new connection with the ordinary timeout. Returns how long each took that was answered.
async fn ask(world: &World, count: usize) -> Vec<Duration> {
    let ca = std::fs::read(world.path("tls.crt")).unwrap();
    let mut answered = Vec::new();
    for _ in 0..count {
        let client = crate::support::patient_client(Some(&ca));
        let started = Instant::now();
        if client.get(world.url("/.well-known/jwks.json")).send().await.is_ok_and(|answer| answer.status() == 200) {
            answered.push(started.elapsed());
        }
    }
    answered
}

fn print_latencies(what: &str, attempted: usize, mut answered: Vec<Duration>) -> usize {
    answered.sort();
    let at = |share: usize| answered.get((answered.len() * share / 100).min(answered.len().saturating_sub(1))).copied();
    println!("{what}: {} of {attempted} new connections served, p50 {:?}, p99 {:?}", answered.len(), at(50), at(99));
    answered.len()
}

/// Opens silent connections, and others that send a ClientHello and then nothing.
async fn flood(world: &World, addresses: u8, silent: usize, hellos: usize) -> Vec<TcpStream> {
    let (mut streams, hello) = (Vec::new(), client_hello());
    for number in 0..addresses {
        streams.extend(open_many(world, other(number), silent / usize::from(addresses)).await);
        for mut stream in open_many(world, other(number), hellos / usize::from(addresses)).await {
            let _ = stream.write_all(&hello).await;
            streams.push(stream);
        }
    }
    streams
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_of_one_address_block_no_new_connection() {
    let world = World::start(Setup::default()).await;
    let _held = flood(&world, 1, 1200, 300).await;
    assert_eq!(print_latencies("1,500 silent connections of one address", 40, ask(&world, 40).await), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_addresses_that_hold_all_connections_block_nobody() {
    let world = World::start(Setup::default()).await;
    let _held = open_all(&world).await;
    assert_eq!(print_latencies("10,000 silent connections of five addresses", 100, ask(&world, 100).await), 100);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "make faults"]
async fn figures_beside_5000_silent_connections() {
    for addresses in [1, 50] {
        let world = World::start(Setup::default()).await;
        let alone = ask(&world, 200).await;
        print_latencies("alone", 200, alone);
        let streams = flood(&world, addresses, 4500, 500).await;
        let answered = print_latencies(
            &format!("{} silent connections of {addresses} addresses", streams.len()),
            200,
            ask(&world, 200).await,
        );
        assert_eq!(answered, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "make faults"]
async fn figures_when_five_addresses_hold_all_connections() {
    let world = World::start(Setup::default()).await;
    let _held = open_all(&world).await;
    assert_eq!(print_latencies("10,000 silent connections of five addresses", 500, ask(&world, 500).await), 500);
}
