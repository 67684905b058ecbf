//! The sidecar never confuses a grant that ends with a server that cannot be reached.

use super::pod::{Pod, change, daypass, policy, rotate, token, world};
use daypass::words::{Clock, SystemClock};
use rustix::process::Signal;
use std::time::Duration;

const SETTINGS: &str = "secrets: { db-password: shop/password.age, again: shop/password.age }\n";
const SOON: Duration = Duration::from_secs(20);
/// Files whose grant ended are gone within this time.
const WIPED: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn files_without_a_grant_are_gone_within_two_seconds_and_return_with_it() {
    let world = world(policy("[shop/**]", "")).await;
    let mut pod = Pod::new(&world, SETTINGS);
    pod.start();
    pod.until_file("again", Some("hunter2"), SOON).await;
    change(&world, &policy("[other/**]", "")).await;
    let took = pod.until_file("db-password", None, WIPED).await;
    println!("from the commit in force to no file: {took:?}");
    pod.until("nothing is left", WIPED, Pod::is_empty).await;
    assert_eq!(pod.run(&["--check"]).await.status.code(), Some(69));
    change(&world, &policy("[shop/**]", "")).await;
    pod.until_file("again", Some("hunter2"), Duration::from_secs(3)).await;
    for _ in 0..3 {
        let told = daypass(&world, &["deny", "--policy", "shop/web", "--reason", "INC-42"]).await;
        let took = pod.until_file("again", None, WIPED).await;
        println!("from `daypass deny` to no file: {took:?}");
        let id = told.split("--lift ").nth(1).unwrap().split('`').next().unwrap().to_owned();
        daypass(&world, &["deny", "--lift", &id]).await;
        pod.until_file("again", Some("hunter2"), Duration::from_secs(3)).await;
    }
    std::fs::remove_file(world.path("access/policies/shop/web.yaml")).unwrap();
    world.commit_and_wait(&[]).await;
    pod.until("no policy at all", WIPED, Pod::is_empty).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_policy_ends_its_files_also_without_the_server() {
    let expires = SystemClock.now().plus(Duration::from_secs(9));
    let mut world = world(policy("[shop/**]", &format!("expires: {expires}\n"))).await;
    let mut pod = Pod::new(&world, SETTINGS);
    pod.start();
    pod.until_file("again", Some("hunter2"), SOON).await;
    world.server.kill().unwrap();
    world.server.wait().unwrap();
    // The time of expiry has a resolution of one second.
    let left = expires.since(SystemClock.now());
    tokio::time::sleep(left.saturating_sub(Duration::from_millis(1200))).await;
    assert_eq!(pod.file("again").as_deref(), Some("hunter2"), "until then it stays");
    let took = pod.until_file("again", None, Duration::from_millis(1200) + WIPED).await;
    println!("gone {took:?} after 1.2 s before the end");
    assert!(SystemClock.now() >= expires.minus(Duration::from_millis(1000)));
    pod.until("nothing is left", WIPED, Pod::is_empty).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_stay_without_the_server_until_the_policys_limit() {
    let mut world = world(policy("[{ secret: shop/**, offline: 8s }]", "")).await;
    let mut pod = Pod::new(&world, SETTINGS);
    pod.start();
    pod.until_file("again", Some("hunter2"), SOON).await;
    // A token that the server rejects is no denial either.
    let good = token(&world, "web");
    pod.give("no.good.token");
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(pod.file("again").as_deref(), Some("hunter2"), "{}", pod.log());
    pod.give(&good);
    rotate(&world, "two").await;
    pod.until_file("again", Some("two"), SOON).await;
    world.server.kill().unwrap();
    world.server.wait().unwrap();
    let gone = std::time::Instant::now();
    tokio::time::sleep(Duration::from_secs(2)).await;
    // A new sidecar process continues with the existing files, because the policy allows it.
    pod.kill();
    assert_eq!(pod.file("again").as_deref(), Some("two"), "whole while nobody keeps it");
    pod.start();
    pod.until("it takes over", SOON, |pod| pod.log().contains("taken over")).await;
    assert_eq!((pod.file("again").as_deref(), pod.run(&["--check"]).await.status.code()), (Some("two"), Some(0)));
    pod.until_file("again", None, Duration::from_secs(12)).await;
    let lived = gone.elapsed();
    println!("lived on for {lived:?} of at most 8 s since it was last confirmed");
    assert!(lived > Duration::from_secs(3) && lived < Duration::from_secs(10), "{lived:?}");
    pod.until("nothing is left", WIPED, Pod::is_empty).await;
    let ended = pod.run(&["--check"]).await;
    assert_eq!(ended.status.code(), Some(69));
    world.kill_and_restart().await;
    pod.until_file("again", Some("two"), SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sidecar_that_starts_past_the_limit_removes_the_files() {
    let mut world = world(policy("[{ secret: shop/**, offline: 5s }]", "")).await;
    let mut pod = Pod::new(&world, SETTINGS);
    assert!(pod.run(&["--once"]).await.status.success());
    world.server.kill().unwrap();
    world.server.wait().unwrap();
    assert!(pod.run(&["--once"]).await.status.success(), "last good is enough while the policy says so");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(pod.file("again").as_deref(), Some("hunter2"), "nobody was there to take it away");
    pod.start();
    pod.until("nothing is left", WIPED, Pod::is_empty).await;
    pod.signal(Signal::TERM);
    assert_eq!(pod.sidecar.as_mut().unwrap().wait().unwrap().code(), Some(0));
    let ended = pod.run(&["--once", "--wait", "1s"]).await;
    assert_eq!(ended.status.code(), Some(69), "{ended:?}");
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
