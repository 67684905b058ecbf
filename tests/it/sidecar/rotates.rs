//! Delivered files, their rotation, and how the application is notified.

use super::pod::{OTHER, Pod, USER, change, policy, program, public, rotate, world};
use crate::support::{START_MAX, free_port};
use rustix::process::Signal;
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SETTINGS: &str =
    "secrets: { db-password: shop/password.age }\ntemplates: { app.env: \"DB={{ secrets['db-password'] }}\\n\" }\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret_is_in_the_file_with_the_event_and_no_other_user_reads_it() {
    let world = world(policy("[shop/**]", "")).await;
    let mut pod = Pod::new(&world, SETTINGS);
    pod.interval = "1h";
    pod.configure(&world.url(""), SETTINGS);
    assert_eq!(pod.run(&["--check"]).await.status.code(), Some(69), "nothing is there yet");
    pod.start();
    pod.until_file("app.env", Some("DB=hunter2\n")).await;
    assert_eq!(pod.run(&["--check"]).await.status.code(), Some(0));
    assert!(std::fs::read_link(pod.path("files/app.env")).unwrap().starts_with("..data"));
    for path in ["files/db-password", "files/app.env"] {
        assert_eq!(std::fs::metadata(pod.path(path)).unwrap().mode() & 0o777, 0o400, "{path}");
    }
    if rustix::process::geteuid().is_root() {
        assert_eq!(std::fs::metadata(pod.path("files/app.env")).unwrap().uid(), USER);
        for (user, reads) in [(USER, true), (OTHER, false)] {
            let words = pod.as_user(user);
            let path = pod.path("files/db-password");
            let read = Command::new(&words[0]).args(&words[1..]).arg("cat").arg(path).output().unwrap();
            assert_eq!(read.status.success(), reads, "{user}: {read:?}");
        }
    }
    for turn in 0..3 {
        let pushed = Instant::now();
        rotate(&world, &format!("turn {turn}")).await;
        let took = pod.until_file("db-password", Some(&format!("turn {turn}"))).await;
        println!("from the commit in force to the file: {took:?}; from before the commit, interval 1 s: {:?}", pushed.elapsed());
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", pod.id())).unwrap();
    println!(
        "resident: {:?}",
        status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("Rss")).collect::<Vec<_>>()
    );
    assert_eq!(pod.file("app.env").unwrap(), "DB=turn 2\n");
    assert!(!pod.log().contains("turn 2") && !pod.log().contains("hunter2"), "{}", pod.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pods_group_reads_files_if_the_mode_allows_it() {
    if !rustix::process::geteuid().is_root() {
        return println!("passed over: users of their own, which only root can take");
    }
    let world = world(policy("[shop/**]", "")).await;
    let pod = Pod::new(&world, &format!("{SETTINGS}mode: \"0440\"\n"));
    let ended = pod.run(&["--once"]).await;
    assert!(ended.status.success(), "{ended:?}");
    let words = pod.as_user(OTHER);
    let read = Command::new(&words[0]).args(&words[1..]).arg("cat").arg(pod.path("files/db-password")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&read.stdout), "hunter2", "by the fsGroup: {read:?}");
    let read = Command::new("setpriv")
        .args(["--reuid", "10003", "--regid", "10003", "--clear-groups", "cat"])
        .arg(pod.path("files/db-password"))
        .output();
    let read = read.unwrap();
    assert!(!read.status.success(), "{read:?}");
}

/// The name of the application, which no other run of these tests has.
fn name() -> String {
    format!("daypass-it-{}", std::process::id())
}

/// An application that records each signal, as the user of the pod. Not HUP: under `nohup` a shell cannot trap it. A signal that comes
/// before the shell has its trap would end it.
async fn application(pod: &Pod, noted: &str) -> Child {
    let path = program(pod, &name());
    let (noted, traps) = (pod.path(noted), pod.path("traps"));
    public(&traps);
    let script =
        format!("trap 'echo told >> {}' USR1; echo > {}; while :; do sleep 0.05; done", noted.display(), traps.display());
    let words = pod.as_user(USER);
    let mut command = Command::new(words.first().map_or(path.as_os_str(), |word| word.as_ref()));
    command.args(words.iter().skip(1));
    if !words.is_empty() {
        command.arg(&path);
    }
    let application = command.args(["-c", &script]).stdin(Stdio::null()).spawn().unwrap();
    pod.until("it has its trap", |_| std::fs::metadata(&traps).unwrap().len() > 0).await;
    application
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_is_notified_once_of_each_delivered_change_and_of_nothing_else() {
    let world = world(policy("[shop/**]", "")).await;
    let mut pod = Pod::new(&world, &format!("{SETTINGS}on_change: {{ signal: USR1, process: {} }}\n", name()));
    public(&pod.path("noted"));
    let noted = |pod: &Pod| std::fs::read_to_string(pod.path("noted")).unwrap().lines().count();
    let notified = |pod: &Pod| pod.log().matches("was notified of the change").count();
    let mut app = application(&pod, "noted").await;
    pod.start();
    pod.until_file("db-password", Some("hunter2")).await;
    rotate(&world, "one").await;
    let took = pod.until("it is told", |pod| noted(pod) >= 1).await;
    println!("from the commit in force to the signal: {took:?}");
    // Signals only make the sidecar poll, whoever sends them.
    let before = world.audit().iter().filter(|entry| entry.kind == "released").count();
    let started = Instant::now();
    for _ in 0..500 {
        for signal in [Signal::HUP, Signal::USR1, Signal::USR2] {
            pod.signal(signal);
        }
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
    let asked = || world.audit().iter().filter(|entry| entry.kind == "released").count() - before;
    pod.until("it asks", |_| asked() > 0).await;
    let (asked, stormed) = (asked(), started.elapsed());
    let most = 2 * (stormed.as_secs() as usize + 3);
    assert!(asked <= most, "asked {asked} times in {stormed:?}");
    println!("1,500 signals in {stormed:?}: asked {asked} times");
    // Without the application the files still change, and the next application process is notified.
    app.kill().unwrap();
    app.wait().unwrap();
    rotate(&world, "two").await;
    pod.until_file("db-password", Some("two")).await;
    rotate(&world, "three").await;
    pod.until_file("db-password", Some("three")).await;
    pod.until("nobody is there", |pod| pod.log().contains("could not be notified")).await;
    assert_eq!((notified(&pod), noted(&pod)), (1, 1), "neither the first files nor a request without a change is told");
    // If the sidecar is killed before it could notify, the next one does.
    pod.kill();
    let mut app = application(&pod, "noted").await;
    pod.start();
    pod.until("the next one is told", |pod| notified(pod) == 2 && noted(pod) >= 2).await;
    rotate(&world, "four").await;
    pod.until("it is told again", |pod| notified(pod) == 3 && noted(pod) >= 3).await;
    assert_eq!(noted(&pod), 3, "of the two changes before once");
    app.kill().unwrap();
    app.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_or_an_address_of_the_pod_is_notified_instead() {
    let world = world(policy("[shop/**]", "")).await;
    let mut pod = Pod::new(&world, SETTINGS);
    public(&pod.path("noted"));
    let exec = format!("{SETTINGS}on_change: {{ exec: [sh, -c, 'echo $0 told >> {}', by-exec] }}\n", pod.path("noted").display());
    pod.configure(&world.url(""), &exec);
    pod.start();
    pod.until_file("db-password", Some("hunter2")).await;
    rotate(&world, "one").await;
    pod.until("the command ran", |pod| std::fs::read_to_string(pod.path("noted")).unwrap() == "by-exec told\n").await;
    pod.kill();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let probe = free_port();
    let port = listener.local_addr().unwrap().port();
    pod.configure(
        &world.url(""),
        &format!("{SETTINGS}on_change: {{ http: 'http://127.0.0.1:{port}/reload' }}\nprobe: 127.0.0.1:{probe}\n"),
    );
    pod.start();
    pod.until("it runs", |pod| pod.log().matches("taken over").count() == 1).await;
    rotate(&world, "two").await;
    for status in ["500 Oh No", "204 No Content"] {
        let (mut stream, _) = tokio::time::timeout(START_MAX, listener.accept()).await.unwrap().unwrap();
        let mut buffer = [0; 1024];
        let length = tokio::io::AsyncReadExt::read(&mut stream, &mut buffer).await.unwrap();
        let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
        assert!(request.starts_with("POST /reload HTTP/1.1") && !request.to_lowercase().contains("authorization"), "{request}");
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await.unwrap();
    }
    pod.until("it was told", |pod| pod.log().contains("was notified of the change")).await;
    assert_eq!(pod.file("db-password").unwrap(), "two");
    let ready = world.http.get(format!("http://127.0.0.1:{probe}/readyz")).send().await.unwrap();
    assert_eq!((ready.status().as_u16(), ready.text().await.unwrap().as_str()), (200, "ready\n"));
}

/// The application may hold what it read before the files were taken away.
#[tokio::test(flavor = "multi_thread")]
async fn the_application_is_notified_of_files_that_are_back_after_a_restart() {
    let world = world(policy("[shop/**]", "")).await;
    let mut pod = Pod::new(&world, SETTINGS);
    public(&pod.path("noted"));
    let (file, noted) = (pod.path("files/db-password"), pod.path("noted"));
    let command = format!("[sh, -c, 'cat \"$0\" >> \"$1\"', {}, {}]", file.display(), noted.display());
    pod.configure(&world.url(""), &format!("{SETTINGS}on_change: {{ exec: {command} }}\n"));
    pod.start();
    pod.until_file("db-password", Some("hunter2")).await;
    change(&world, &policy("[other/**]", "")).await;
    pod.until_file("db-password", None).await;
    pod.kill();
    let denied = |pod: &Pod| pod.log().matches("could not be renewed").count();
    let before = denied(&pod);
    pod.start();
    pod.until("the next one is denied too", |pod| denied(pod) > before).await;
    assert_eq!(std::fs::read_to_string(&noted).unwrap(), "", "nobody is notified of files that are not there");
    rotate(&world, "four").await;
    change(&world, &policy("[shop/**]", "")).await;
    pod.until("it is notified", |_| std::fs::read_to_string(&noted).unwrap() == "four").await;
}
