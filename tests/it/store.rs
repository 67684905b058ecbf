//! The promise that nothing is released without a record, observed from outside: system calls, a failing disk, and kill -9.

use crate::support::{START_MAX, Setup, World};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn secret() -> Value {
    json!([{"secret": "shop/password.age"}])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_is_flushed_before_the_first_byte_of_each_answer() {
    let trace = tempfile::NamedTempFile::new().unwrap();
    let calls = "trace=fsync,fdatasync,sendto,recvfrom,read,write,writev,readv";
    let words = ["-yy", "-e", calls, "-o", trace.path().to_str().unwrap()];
    let Some(mut world) = World::start_traced(&words).await else { return };
    for _ in 0..100 {
        assert_eq!(world.exchange(&world.token(), secret()).await.0, 200);
    }
    // strace writes a line after the call, so the last answer may arrive before its line is written.
    world.stop();
    let port = format!("127.0.0.1:{}->", world.port);
    let text = std::fs::read_to_string(trace.path()).unwrap();
    let (mut flushed, mut answers, mut calls) = (0, 0, HashSet::new());
    // strace splits a call that another thread interrupts into two lines: the first has the address, the second the result.
    let mut to_client = HashSet::new();
    for line in text.lines() {
        let thread = line.split_whitespace().next().unwrap_or_default();
        let resumed = line.contains(" resumed>") && to_client.remove(thread);
        if line.contains(&port) && line.ends_with("<unfinished ...>") {
            to_client.insert(thread);
        }
        let call = line.split_whitespace().nth(if line.contains(" resumed>") { 2 } else { 1 }).unwrap_or_default();
        let done = !line.ends_with("<unfinished ...>") && line.ends_with("= 0");
        if done && (call.starts_with("fdatasync") || call.starts_with("fsync")) {
            calls.insert(call.split('(').next().unwrap().to_owned());
            flushed += 1;
        }
        // The answer of an exchange is larger than any other write to a client's socket in this test.
        let bytes: i64 = line.rsplit("= ").next().and_then(|count| count.trim().parse().ok()).unwrap_or(0);
        if (resumed || line.contains(&port))
            && (call.starts_with("write") || call.starts_with("sendto"))
            && bytes > 250
            && bytes < 1000
        {
            assert!(flushed >= 1, "an answer left after no flush: {line}");
            (flushed, answers) = (0, answers + 1);
        }
    }
    println!("{answers} answers, each after a flush ({calls:?}) of its intent and its outcome");
    assert!(answers >= 100, "{answers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_means_503_and_no_release() {
    let Some(world) = with_failing_flushes("30+").await else { return };
    let (mut released, mut refused) = (0, 0);
    for _ in 0..60 {
        let (status, body) = world.exchange(&world.token(), secret()).await;
        match status {
            200 => {
                assert_eq!(refused, 0, "nothing is released once the disk has failed");
                released += 1;
            }
            _ => {
                assert_eq!((status, &body["code"]), (503, &json!("audit_unavailable")), "{body}");
                refused += 1;
            }
        }
    }
    println!("{released} released before the disk failed, then {refused} of {refused} answered 503");
    assert!(released > 0 && refused > 20);
    assert_eq!(world.ready().await["ready"], false);
}

/// A server whose flushes fail by this rule of strace.
async fn with_failing_flushes(when: &str) -> Option<World> {
    let inject = format!("inject=fsync,fdatasync:error=EIO:when={when}");
    World::start_traced(&["-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", &inject]).await
}

fn released(world: &World) -> Vec<String> {
    world.audit().into_iter().filter(|entry| entry.kind == "released").filter_map(|entry| entry.decision).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_flush_is_no_release_and_its_token_can_be_used_again() {
    let Some(world) = with_failing_flushes("30..60").await else { return };
    let (mut answered, mut refused) = (Vec::new(), Vec::new());
    for _ in 0..120 {
        let token = world.token();
        let (status, body) = world.exchange(&token, secret()).await;
        match status {
            200 => answered.push(body["decision_id"].as_str().unwrap().to_owned()),
            _ => refused.push(token),
        }
    }
    assert!(refused.len() > 5 && answered.len() > 50, "{} answered, {} refused", answered.len(), refused.len());
    assert_eq!(released(&world), answered, "exactly what was answered is released");
    let failures = world.audit().iter().filter(|entry| entry.kind == "write_failed").count();
    assert!(failures > 0, "and the audit log records that the disk failed");
    for token in &refused {
        let (status, body) = world.exchange(token, secret()).await;
        assert_eq!(status, 200, "{body}");
        answered.push(body["decision_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(released(&world), answered);
    println!("{} of 120 failed at the disk; none of them is released, and each token was used afterwards", refused.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_flush_is_no_release_after_a_kill_either() {
    let Some(mut world) = with_failing_flushes("30+").await else { return };
    let (mut answered, mut refused) = (Vec::new(), Vec::new());
    for _ in 0..60 {
        let token = world.token();
        let (status, body) = world.exchange(&token, secret()).await;
        match status {
            200 => answered.push(body["decision_id"].as_str().unwrap().to_owned()),
            _ => refused.push(token),
        }
    }
    assert!(refused.len() > 20, "{} refused", refused.len());
    world.kill_and_restart_without_wrapper().await;
    assert_eq!(released(&world), answered);
    for token in &refused {
        let (status, body) = world.exchange(token, secret()).await;
        assert_eq!(status, 200, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_copies_of_one_token_give_one_mint_also_across_kill_9() {
    let mut world = World::start(Setup::default()).await;
    let token = Arc::new(world.lasting_token());
    let mut decisions = HashSet::new();
    let (mut same, mut replayed) = (0, 0);
    let requested = json!({"credentials": [{"id_token": {"audience": "https://partner.example"}}]}).to_string();
    for round in 0..2 {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let (http, url, token, requested) = (world.http.clone(), world.url("/v1/exchange"), token.clone(), requested.clone());
            tasks.spawn(async move {
                let mut answers = Vec::new();
                for _ in 0..100 {
                    let response = http.post(&url).bearer_auth(token.as_str()).body(requested.clone()).send().await.unwrap();
                    let status = response.status().as_u16();
                    answers.push((status, response.json::<Value>().await.unwrap()));
                }
                answers
            });
        }
        for (status, body) in tasks.join_all().await.into_iter().flatten() {
            match status {
                200 => {
                    decisions.insert(body["decision_id"].as_str().unwrap().to_owned());
                    same += 1;
                }
                _ => {
                    assert_eq!((status, &body["code"]), (403, &json!("replayed")), "{body}");
                    replayed += 1;
                }
            }
        }
        if round == 0 {
            world.kill_and_restart().await;
        }
    }
    let minted = world.audit().iter().filter(|entry| entry.kind == "released").count();
    println!("10,000 copies, a kill -9 between: {minted} mint, {same} the same answer, {replayed} replayed");
    assert_eq!((minted, decisions.len(), same + replayed), (1, 1, 10_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_released_is_recorded_after_kill_9() {
    let mut world = World::start(Setup::default()).await;
    let (mut released, answers) = (HashSet::new(), Arc::new(AtomicUsize::new(0)));
    for round in 0..10 {
        answers.store(0, Ordering::Relaxed);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (http, url, answers) = (world.http.clone(), world.url("/v1/exchange"), answers.clone());
            let tokens: Vec<String> = (0..50).map(|_| world.token()).collect();
            tasks.spawn(async move {
                let mut seen = Vec::new();
                for token in tokens {
                    let Ok(response) = http.post(&url).bearer_auth(token).json(&json!({"credentials": secret()})).send().await
                    else {
                        break;
                    };
                    let Ok(body) = response.json::<Value>().await else { break };
                    seen.extend(body["decision_id"].as_str().map(str::to_owned));
                    answers.fetch_add(1, Ordering::Relaxed);
                }
                seen
            });
        }
        // Each round ends elsewhere, in the middle of the requests.
        let started = Instant::now();
        while answers.load(Ordering::Relaxed) < 10 + 12 * round {
            assert!(started.elapsed() < START_MAX, "{}", world.log());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        world.kill_and_restart().await;
        released.extend(tasks.join_all().await.into_iter().flatten());
    }
    let recorded: HashSet<String> =
        world.audit().into_iter().filter(|entry| entry.kind == "released").filter_map(|entry| entry.decision).collect();
    println!(
        "{} answers seen over 10 kills, {} recorded, released without record: {}",
        released.len(),
        recorded.len(),
        released.difference(&recorded).count()
    );
    assert!(released.len() > 100, "{}", released.len());
    assert_eq!(released.difference(&recorded).count(), 0);
}
