//! Secret reads over keep-alive TLS with KV version 2, the API of both daypass and OpenBao, which one client reads in turns. Both log
//! who read what; daypass flushes its log to the disk before each answer, OpenBao does not flush its file.

use crate::exchange::{CONNECTIONS, connect_to, token};
use crate::support::{Setup, World, free_port, peer};
use serde_json::{Value, json};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const READS: usize = 20_000;
/// How many turns each server gets; their median is printed.
const TURNS: usize = 3;
const ROOT: &str = "root";

pub(crate) fn run(thorough: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure(thorough));
}

async fn measure(thorough: bool) {
    let (reads, turns) = if thorough { (READS, TURNS) } else { (CONNECTIONS, 1) };
    let world = World::start(Setup::default()).await;
    let mut sessions = Vec::new();
    for job in 0..CONNECTIONS {
        sessions.push(request("/vault/v1/secret/data/shop/password.age", &session(&world, job).await));
    }
    let ours = (world.path("tls.crt"), world.port, sessions);
    let Some(bao) = peer("bao") else { return };
    let theirs = OpenBao::start(&bao).await;
    let sides = [
        ours,
        (theirs.folder.path().join("vault-ca.pem"), theirs.port, vec![request("/v1/secret/data/shop", ROOT); CONNECTIONS]),
    ];
    let mut rates: [Vec<f64>; 2] = Default::default();
    for _ in 0..turns {
        for ((ca, port, requests), rates) in sides.iter().zip(&mut rates) {
            rates.push(rate(ca, *port, requests, reads).await);
        }
    }
    let [ours, theirs] = rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    });
    println!("reads     a secret by KV version 2, {CONNECTIONS} connections: {ours:.0} a second, each recorded and flushed");
    println!(
        "          OpenBao, its audit log in a file:       {theirs:.0} a second; ours is {:.2} times that (aim: 3)",
        ours / theirs
    );
}

/// A session of one of many jobs.
async fn session(world: &World, job: usize) -> String {
    let login = json!({ "role": "shop/deploy", "jwt": token(world, job) });
    let answer = world.http.post(world.url("/vault/v1/auth/jwt/login")).json(&login).send().await.unwrap();
    answer.json::<Value>().await.unwrap()["auth"]["client_token"].as_str().unwrap().to_owned()
}

fn request(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: {token}\r\n\r\n").into_bytes()
}

/// Reads per second, with one connection for each of these requests.
async fn rate(ca: &std::path::Path, port: u16, requests: &[Vec<u8>], reads: usize) -> f64 {
    let mut streams = Vec::new();
    for request in requests {
        streams.push((connect_to(ca, port).await, request.clone()));
    }
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for (mut stream, request) in streams {
        tasks.spawn(async move {
            for _ in 0..reads / CONNECTIONS {
                crate::exchange::answer(&mut stream, &request).await;
            }
        });
    }
    tasks.join_all().await;
    (reads / CONNECTIONS * CONNECTIONS) as f64 / started.elapsed().as_secs_f64()
}

struct OpenBao {
    folder: tempfile::TempDir,
    port: u16,
    server: Child,
}

impl OpenBao {
    /// Starts the development server: in memory, with TLS, a root token and one secret.
    async fn start(bao: &std::path::Path) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let audit =
            format!("audit \"file\" \"log\" {{ options {{ file_path = \"{}\" }} }}\n", folder.path().join("audit.log").display());
        std::fs::write(folder.path().join("audit.hcl"), audit).unwrap();
        let mut command = Command::new(bao);
        command.args([
            "server",
            "-dev-tls",
            &format!("-dev-root-token-id={ROOT}"),
            &format!("-dev-listen-address=127.0.0.1:{port}"),
        ]);
        command.arg(format!("-dev-tls-cert-dir={}", folder.path().display()));
        command.arg(format!("-config={}", folder.path().join("audit.hcl").display()));
        command.env("HOME", folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let made = Self { port, server: command.spawn().unwrap(), folder };
        let started = Instant::now();
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "OpenBao does not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let ca = std::fs::read(made.folder.path().join("vault-ca.pem")).unwrap();
        let http = daypass::issuers::http::command_client(Some(&ca)).unwrap();
        let put = http.post(format!("https://localhost:{port}/v1/secret/data/shop")).header("x-vault-token", ROOT);
        let answer = put.json(&json!({ "data": { "password": "hunter2" } })).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        let log = std::fs::metadata(made.folder.path().join("audit.log")).unwrap();
        assert!(log.len() > 0, "OpenBao's audit log is not written");
        made
    }
}

impl Drop for OpenBao {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
