//! A server that stops loses no request.

use crate::server::connect;
use crate::support::{START_MAX, Setup, World};
use rustix::process::{Pid, Signal, kill_process};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const REQUEST: &[u8] = b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A stopping server waits longer than this for a request on an open connection.
const CLIENT_PAUSE_MAX: Duration = Duration::from_millis(500);

/// How long clients that connected before the stop wait until they ask.
const FIRST_REQUEST_PAUSE: Duration = Duration::from_millis(300);

/// The server stops after more requests than this.
const SENT_MIN: usize = 100;

type Stream = tokio_rustls::client::TlsStream<tokio::net::TcpStream>;

async fn http1(world: &World) -> std::io::Result<Stream> {
    connect(world, b"http/1.1", &[&rustls::version::TLS13]).await
}

fn signal(world: &World, signal: Signal) {
    kill_process(Pid::from_child(&world.server), signal).unwrap();
}

/// Reads one answer. Returns its head, or `None` if the connection ended instead.
async fn answer(stream: &mut Stream) -> Option<String> {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse::<usize>().unwrap();
            if body.len() >= length {
                return Some(head.to_owned());
            }
        }
        if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

/// Sends requests until it cannot connect, on the same connection while that is kept. Counts those sent and those not answered. The
/// server need not wait for a client that lets it wait, so the requests of a client that the machine held up do not count.
async fn ask_on(world: &World, sent: &AtomicUsize, unanswered: &AtomicUsize) {
    let mut before = Instant::now();
    while let Ok(mut stream) = http1(world).await {
        loop {
            tokio::time::sleep(Duration::from_millis(3)).await;
            if stream.write_all(REQUEST).await.is_err() {
                break;
            }
            let is_late = before.elapsed() > CLIENT_PAUSE_MAX;
            sent.fetch_add(1, Ordering::SeqCst);
            let answered = answer(&mut stream).await;
            before = Instant::now();
            match answered {
                None => _ = unanswered.fetch_add(usize::from(!is_late), Ordering::SeqCst),
                Some(head) if !head.contains("connection: close") => continue,
                Some(_) => {}
            }
            break;
        }
        before = Instant::now();
    }
}

async fn stop_under_load(clients: usize) -> (usize, usize) {
    let world = Arc::new(World::start(Setup { drain_pause: "drain_pause: 2s\n", ..Setup::default() }).await);
    let (sent, unanswered) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..clients {
        let (world, sent, unanswered) = (world.clone(), sent.clone(), unanswered.clone());
        asking.spawn(async move { ask_on(&world, &sent, &unanswered).await });
    }
    let started = Instant::now();
    while sent.load(Ordering::SeqCst) <= SENT_MIN {
        assert!(started.elapsed() < START_MAX, "{}", world.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    signal(&world, Signal::TERM);
    asking.join_all().await;
    (sent.load(Ordering::SeqCst), unanswered.load(Ordering::SeqCst))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_says_so_and_still_answers() {
    // A busy machine may need longer than the first pause to ask four times.
    for (pause, drain_pause) in [(5, "drain_pause: 5s\n"), (60, "drain_pause: 60s\n")] {
        let mut world = World::start(Setup { drain_pause, ..Setup::default() }).await;
        let mut kept = http1(&world).await.unwrap();
        kept.write_all(REQUEST).await.unwrap();
        assert!(!answer(&mut kept).await.unwrap().contains("connection: close"));
        let started = Instant::now();
        signal(&world, Signal::TERM);
        let answers = while_it_drains(&world, &mut kept).await;
        let is_over = started.elapsed() >= Duration::from_secs(pause);
        assert!(world.server.wait().unwrap().success(), "{}", world.log());
        if answers.is_none() && is_over {
            continue;
        }
        let (on_kept, on_new, over_http2) = answers.expect("it still accepts, and answers");
        assert!(on_kept.contains("connection: close"), "a kept connection: {on_kept}");
        assert!(on_new.contains("connection: close"), "a new connection: {on_new}");
        assert_eq!(over_http2, (200, reqwest::Version::HTTP_2));
        return assert!(!world.log().contains("did not end in time"), "{}", world.log());
    }
    panic!("the machine is too busy for each pause");
}

/// The answers on a kept connection, a new one, and one of HTTP/2. `None` if one does not come.
async fn while_it_drains(world: &World, kept: &mut Stream) -> Option<(String, String, (u16, reqwest::Version))> {
    loop {
        let ready = world.http.get(format!("http://127.0.0.1:{}/readyz", world.admin_port)).send().await.ok()?;
        let ready: serde_json::Value = ready.json().await.ok()?;
        if ready["ready"] == false {
            assert_eq!(ready["draining"], true, "{ready}");
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    kept.write_all(REQUEST).await.ok()?;
    let on_kept = answer(kept).await?;
    let mut new = http1(world).await.ok()?;
    new.write_all(REQUEST).await.ok()?;
    let on_new = answer(&mut new).await?;
    let over_http2 = world.http.get(world.url("/.well-known/jwks.json")).send().await.ok()?;
    Some((on_kept, on_new, (over_http2.status().as_u16(), over_http2.version())))
}

/// The requests wait in the kernel, and the server learns of them and of its end at the same moment.
#[tokio::test(flavor = "multi_thread")]
async fn requests_that_nobody_has_read_yet_are_answered_before_the_end() {
    let world = World::start(Setup::default()).await;
    let mut waiting = Vec::new();
    for _ in 0..50 {
        let mut stream = http1(&world).await.unwrap();
        stream.write_all(REQUEST).await.unwrap();
        answer(&mut stream).await.unwrap();
        waiting.push(stream);
    }
    signal(&world, Signal::STOP);
    for stream in &mut waiting {
        stream.write_all(REQUEST).await.unwrap();
    }
    signal(&world, Signal::TERM);
    signal(&world, Signal::CONT);
    let mut answered = 0;
    for stream in &mut waiting {
        answered += usize::from(answer(stream).await.is_some());
    }
    println!("{answered} of 50 answered");
    assert_eq!(answered, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_connected_just_before_the_end_is_answered() {
    for _ in 0..10 {
        let world = World::start(Setup::default()).await;
        let mut stream = http1(&world).await.unwrap();
        let started = Instant::now();
        signal(&world, Signal::TERM);
        tokio::time::sleep(FIRST_REQUEST_PAUSE).await;
        let is_sent = stream.write_all(REQUEST).await.is_ok();
        // The machine may hold the client up.
        let is_late = started.elapsed() > CLIENT_PAUSE_MAX;
        let answered = is_sent && answer(&mut stream).await.is_some();
        if answered || !is_late {
            return assert!(answered, "{}", world.log());
        }
    }
    panic!("the machine is too busy");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_is_lost_when_the_server_stops_under_load() {
    let (sent, unanswered) = stop_under_load(30).await;
    println!("{sent} requests sent, {unanswered} not answered");
    assert_eq!(unanswered, 0, "of {sent}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "make faults"]
async fn figures_of_twenty_stops_under_load() {
    let (mut sent, mut unanswered) = (0, 0);
    for _ in 0..20 {
        let (more, lost) = stop_under_load(30).await;
        (sent, unanswered) = (sent + more, unanswered + lost);
    }
    println!("20 stops: {sent} requests sent, {unanswered} not answered");
    assert_eq!(unanswered, 0);
}
