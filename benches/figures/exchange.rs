//! Whole exchanges over keep-alive TLS: distinct RS256 tokens for ES256 tokens signed by daypass, with replay check and durable store.
//! Clients and server share the machine's processors; the server's processor time is read from the kernel.

use crate::support::{Setup, World};
use daypass::demo::issuer::github_claims;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

pub(crate) const CONNECTIONS: usize = 64;
const TOKENS: usize = 20_000;
const BODY: &str = "{\"credentials\":[{\"id_token\":{\"audience\":\"https://partner.example\"}}]}";
/// How many flushed writes are timed before and after the exchanges.
const FLUSHES: usize = 200;

pub(crate) fn run(thorough: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure(if thorough { TOKENS } else { CONNECTIONS }));
}

async fn measure(count: usize) {
    let world = World::start(Setup::default()).await;
    let requests: Arc<Vec<Vec<u8>>> = Arc::new((0..count).map(|number| request(&world, number % CONNECTIONS)).collect());
    let flush = flush_time(&world);
    let mut streams = Vec::new();
    for _ in 0..CONNECTIONS {
        streams.push(connect(&world).await);
    }
    let (started, processor) = (Instant::now(), world.processor_time());
    let mut tasks = tokio::task::JoinSet::new();
    for (first, mut stream) in streams.into_iter().enumerate() {
        let requests = requests.clone();
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            for request in requests.iter().skip(first).step_by(CONNECTIONS) {
                let sent = Instant::now();
                answer(&mut stream, request).await;
                latencies.push(sent.elapsed());
            }
            latencies
        });
    }
    let mut latencies: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    let (took, used) = (started.elapsed(), world.processor_time() - processor);
    latencies.sort();
    let percentile = |hundredths: usize| latencies[(latencies.len() - 1) * hundredths / 100];
    let each = |whole: Duration| whole / u32::try_from(count).unwrap();
    println!(
        "exchange  {count} distinct tokens over {CONNECTIONS} connections: {:.0} a second, p50 {:.1?}, p99 {:.1?}",
        count as f64 / took.as_secs_f64(),
        percentile(50),
        percentile(99)
    );
    println!("          the server's processor time {:.1?} an exchange; one flush to this disk {flush:.1?}", each(used));
    let released = world.audit().iter().filter(|entry| entry.kind == "released").count();
    assert_eq!(released, count, "every answer has its record");
}

/// A fresh token of one of many jobs, because the requests of a single job are limited per minute.
pub(crate) fn token(world: &World, job: usize) -> String {
    let mut claims = github_claims("push", "refs/heads/main");
    claims.insert("sub".to_owned(), format!("repo:acme@9001/shop@456789:ref:refs/heads/main:job:{job}").into());
    world.token_with(claims)
}

/// The bytes of an exchange request with a fresh token.
pub(crate) fn request(world: &World, job: usize) -> Vec<u8> {
    let token = token(world, job);
    format!(
        "POST /v1/exchange HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{BODY}",
        BODY.len()
    )
    .into_bytes()
}

/// A new connection to the server.
pub(crate) async fn connect(world: &World) -> TlsStream<TcpStream> {
    connect_to(&world.path("tls.crt"), world.port).await
}

/// A new connection to any server whose certificate this CA signed.
pub(crate) async fn connect_to(ca: &std::path::Path, port: u16) -> TlsStream<TcpStream> {
    use rustls::pki_types::pem::PemObject;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rustls::pki_types::CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), stream).await.unwrap()
}

/// Sends an exchange request and reads its answer up to its content length.
pub(crate) async fn answer(stream: &mut TlsStream<TcpStream>, request: &[u8]) {
    stream.write_all(request).await.unwrap();
    let mut bytes = Vec::with_capacity(4096);
    loop {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "the server hung up");
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&bytes[..end]).unwrap().to_ascii_lowercase();
        let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
        if bytes.len() >= end + 4 + length {
            return assert!(bytes.starts_with(b"HTTP/1.1 200"), "the server refused an exchange");
        }
    }
}

/// The median time of a small write and its flush, in the store's folder.
fn flush_time(world: &World) -> Duration {
    let mut file = std::fs::File::create(world.path("data/flush-probe")).unwrap();
    let mut times: Vec<Duration> = (0..FLUSHES)
        .map(|_| {
            let started = Instant::now();
            file.write_all(&[7; 4096]).unwrap();
            file.sync_data().unwrap();
            started.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}
