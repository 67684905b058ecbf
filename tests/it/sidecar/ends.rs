//! The sidecar never confuses a grant that ends with a server that cannot be reached.

use super::pod::{Pod, change, daypass, policy, rotate, token, world};
use crate::support::World;
use daypass::words::{Clock, SystemClock, UnixTime};
use rustix::process::Signal;

const SETTINGS: &str = "secrets: { db-password: shop/password.age, again: shop/password.age }\n";
/// Limits in seconds for what a test has to do before it ends. Where the machine is too busy for one, the test goes on with the next.
const LIMITS: [u64; 3] = [8, 40, 200];

#[tokio::test(flavor = "multi_thread")]
async fn files_without_a_grant_are_gone_with_the_event_and_return_with_it() {
    let world = world(policy("[shop/**]", "")).await;
    let mut pod = Pod::new(&world, SETTINGS);
    pod.interval = "1h";
    pod.configure(&world.url(""), SETTINGS);
    pod.start();
    pod.until_file("again", Some("hunter2")).await;
    change(&world, &policy("[other/**]", "")).await;
    let took = pod.until_file("db-password", None).await;
    println!("from the commit in force to no file: {took:?}");
    pod.until("nothing is left", Pod::is_empty).await;
    assert_eq!(pod.run(&["--check"]).await.status.code(), Some(69));
    change(&world, &policy("[shop/**]", "")).await;
    pod.until_file("again", Some("hunter2")).await;
    for _ in 0..3 {
        let output = daypass(&world, &["deny", "--policy", "shop/web", "--reason", "INC-42"]).await;
        let took = pod.until_file("again", None).await;
        println!("from `daypass deny` to no file: {took:?}");
        let id = output.split("--lift ").nth(1).unwrap().split('`').next().unwrap().to_owned();
        daypass(&world, &["deny", "--lift", &id]).await;
        pod.until_file("again", Some("hunter2")).await;
    }
    std::fs::remove_file(world.path("access/policies/shop/web.yaml")).unwrap();
    world.commit_and_wait(&[]).await;
    pod.until("no policy at all", Pod::is_empty).await;
}

fn stop(world: &mut World) {
    world.server.kill().unwrap();
    world.server.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_policy_ends_its_files_also_without_the_server() {
    let mut world = world(policy("[shop/**]", "")).await;
    let mut pod = Pod::new(&world, SETTINGS);
    pod.start();
    for limit in LIMITS {
        pod.until_file("again", Some("hunter2")).await;
        // The time of expiry has a resolution of one second.
        let expires = UnixTime::from_seconds(SystemClock.now().seconds() + i64::try_from(limit).unwrap());
        change(&world, &policy("[shop/**]", &format!("expires: {expires}\n"))).await;
        let knows = |pod: &Pod| pod.ends_at() == Some(expires);
        pod.until("it knows the end", |pod| knows(pod) || expires <= SystemClock.now()).await;
        stop(&mut world);
        let was_there = knows(&pod) && pod.file("again").is_some();
        pod.keeps("again", expires, "it is gone", |pod| pod.file("again").is_none()).await;
        pod.until("nothing is left", Pod::is_empty).await;
        if was_there {
            return;
        }
        world.kill_and_restart().await;
        change(&world, &policy("[shop/**]", "")).await;
    }
    panic!("the machine is too busy for each limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_stay_without_the_server_until_the_policys_limit() {
    for limit in LIMITS {
        if stay_until(limit).await {
            return;
        }
    }
    panic!("the machine is too busy for each limit");
}

/// Returns whether the files were there in each stage: on a busy machine their time may be over too soon.
async fn stay_until(limit: u64) -> bool {
    let mut world = world(policy(&format!("[{{ secret: shop/**, offline: {limit}s }}]"), "")).await;
    let mut pod = Pod::new(&world, SETTINGS);
    pod.start();
    pod.until_file("again", Some("hunter2")).await;
    // A token that the server rejects is no denial either.
    let (good, before) = (token(&world, "web"), pod.failures());
    let Some(ends_at) = pod.ends_at() else { return false };
    pod.give("no.good.token");
    let mut stayed = pod.keeps("again", ends_at, "it is rejected", |pod| pod.failures() > before).await;
    pod.give(&good);
    rotate(&world, "two").await;
    pod.until_file("again", Some("two")).await;
    let Some(ends_at) = pod.ends_at() else { return false };
    stop(&mut world);
    // A new sidecar process continues with the existing files, because the policy allows it.
    pod.kill();
    let ends_at = pod.ends_at().unwrap_or(ends_at);
    let is_over = || ends_at <= SystemClock.now();
    let left = pod.file("again");
    assert!(left.as_deref() == Some("two") || is_over(), "whole while nobody keeps it: {left:?}");
    pod.start();
    pod.until("it takes over", |pod| pod.log().contains("taken over") || is_over()).await;
    let checked = pod.run(&["--check"]).await.status.code();
    assert!(checked == Some(0) || is_over(), "{checked:?}");
    stayed &= !is_over();
    pod.keeps("again", ends_at, "its time is over", |pod| pod.file("again").is_none()).await;
    pod.until("nothing is left", Pod::is_empty).await;
    let ended = pod.run(&["--check"]).await;
    assert_eq!(ended.status.code(), Some(69));
    world.kill_and_restart().await;
    pod.until_file("again", Some("two")).await;
    stayed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sidecar_that_starts_past_the_limit_removes_the_files() {
    for limit in LIMITS {
        let mut world = world(policy(&format!("[{{ secret: shop/**, offline: {limit}s }}]"), "")).await;
        let mut pod = Pod::new(&world, SETTINGS);
        assert!(pod.run(&["--once"]).await.status.success());
        let ends_at = pod.ends_at().unwrap();
        stop(&mut world);
        let last_good = pod.run(&["--once"]).await;
        if ends_at <= SystemClock.now() {
            continue;
        }
        assert!(last_good.status.success(), "last good is enough while the policy says so: {last_good:?}");
        tokio::time::sleep(ends_at.since(SystemClock.now())).await;
        assert_eq!(pod.file("again").as_deref(), Some("hunter2"), "nobody was there to take it away");
        pod.start();
        pod.until("nothing is left", Pod::is_empty).await;
        pod.until("it runs", |pod| pod.failures() > 0).await;
        pod.signal(Signal::TERM);
        assert_eq!(pod.sidecar.as_mut().unwrap().wait().unwrap().code(), Some(0));
        let ended = pod.run(&["--once", "--wait", "1s"]).await;
        return assert_eq!(ended.status.code(), Some(69), "{ended:?}");
    }
    panic!("the machine is too busy for each limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn once_ends_as_exec_does() {
    let world = world(policy("[shop/**]", "")).await;
    let pod = Pod::new(&world, SETTINGS);
    let ended = pod.run(&["--once"]).await;
    assert!(ended.status.success() && pod.file("again").as_deref() == Some("hunter2"), "{ended:?}");
    pod.give(&token(&world, "other"));
    let ended = pod.run(&["--once", "--wait", "1m"]).await;
    assert_eq!(ended.status.code(), Some(77), "a denial is not waited out: {ended:?}");
    assert!(String::from_utf8_lossy(&ended.stderr).contains("no_matching_policy") && pod.is_empty(), "{ended:?}");
}
