//! The sidecar's own binary: it accepts the same arguments. As `make sidecar` builds it (`DAYPASS_SIDECAR_BINARY` names that build), it is
//! static and small, and needs no other file.

use super::aws::granted;
use super::pod::{Pod, binary, policy, token, world, world_with};
use crate::sts::StandInSts;
use crate::support::free_port;
use std::net::UdpSocket;
use std::process::{Command, Output};
use std::time::Duration;

const ROLE: &str = "arn:aws:iam::000000000000:role/web";
/// The limit for the memory that each pod costs a node (docs/sidecar.md).
const RESIDENT_KIB_MAX: u64 = 12 * 1024;
/// After this time the sidecar is past everything that it does only once.
const STEADY_AFTER: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures what `make sidecar` builds"]
async fn a_steady_sidecar_has_at_most_12_mib_resident() {
    let (sts, port) = (StandInSts::start().await, free_port());
    let world = world_with(granted("[shop/**]", ROLE), sts.section()).await;
    let settings = format!(
        "secrets: {{ db-password: shop/password.age }}\ntemplates: {{ app.env: \"DB={{{{ secrets['db-password'] }}}}\" }}\n\
         on_change: {{ http: \"http://127.0.0.1:1/reload\" }}\nprobe: 127.0.0.1:{}\naws: {{ role: \"{ROLE}\", listen: 127.0.0.1:{port} }}\n",
        free_port()
    );
    let mut pod = Pod::new(&world, &settings);
    pod.log_filter = "info";
    trust_as_the_system_does(&mut pod);
    pod.start();
    pod.until("it listens", |_| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    let before = resident(&pod);
    let aws_token = pod.file("aws-token").unwrap();
    for password in ["one", "two", "three"] {
        super::pod::rotate(&world, password).await;
        pod.until_file("app.env", Some(&format!("DB={password}"))).await;
        let request = world.http.get(format!("http://127.0.0.1:{port}/aws/container")).header("authorization", &aws_token);
        assert_eq!(request.send().await.unwrap().status().as_u16(), 200);
    }
    tokio::time::sleep(STEADY_AFTER).await;
    let steady = resident(&pod);
    let size = std::fs::metadata(binary()).unwrap().len() / 1024;
    println!("{}, {size} KiB; resident, of its own, of files, in KiB: {before:?} at first, {steady:?} steady", binary());
    assert!(steady[0] <= RESIDENT_KIB_MAX, "{steady:?}");
}

/// Replaces `ca` by all roots of this machine and the server's certificate, which needs more memory.
fn trust_as_the_system_does(pod: &mut Pod) {
    let text = std::fs::read_to_string(pod.path("sidecar.yaml")).unwrap();
    std::fs::write(pod.path("sidecar.yaml"), text.replace("ca: ca.crt\n", "")).unwrap();
    let roots = std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt").unwrap_or_default();
    println!("{} roots of this machine, and the server's certificate", roots.matches("BEGIN CERTIFICATE").count());
    let own = std::fs::read_to_string(pod.path("ca.crt")).unwrap();
    std::fs::write(pod.path("roots.crt"), roots + &own).unwrap();
    pod.wrapper = vec!["env".to_owned(), format!("SSL_CERT_FILE={}", pod.path("roots.crt").display())];
}

/// proc(5): `VmRSS`, `RssAnon` and `RssFile`.
fn resident(pod: &Pod) -> [u64; 3] {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pod.id())).unwrap();
    ["VmRSS:", "RssAnon:", "RssFile:"].map(|name| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    })
}

/// elf(5): no interpreter (`PT_INTERP`, 3), and position-independent code (`ET_DYN`, 3).
#[test]
#[ignore = "looks at what `make sidecar` builds"]
fn the_small_binary_is_static_and_position_independent() {
    let bytes = std::fs::read(binary()).unwrap();
    let number =
        |at: usize, length: usize| bytes[at..at + length].iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    assert_eq!((&bytes[..5], number(16, 2)), (&b"\x7fELF\x02"[..], 3), "a 64-bit file without a fixed address");
    let (table, length, count) = (number(32, 8), number(54, 2), number(56, 2));
    let kinds: Vec<usize> = (0..count).map(|entry| number(table + entry * length, 4)).collect();
    assert!(count > 0 && !kinds.contains(&3), "{kinds:?}");
}

#[test]
fn the_small_binary_accepts_the_arguments_of_the_whole_program() {
    let (small, whole) = (env!("CARGO_BIN_EXE_daypass-sidecar"), env!("CARGO_BIN_EXE_daypass"));
    let run = |binary: &str, words: &[&str]| Command::new(binary).args(words).env_remove("DAYPASS_SIDECAR").output().unwrap();
    for (words, status) in [
        (&["sidecar"][..], 64),
        (&["sidecar", "--once", "--check"], 64),
        (&["sidecar", "--wait", "soon"], 64),
        (&["sidecar", "--config", "/nonexistent/sidecar.yaml"], 78),
    ] {
        let (small, whole) = (run(small, words), run(whole, words));
        assert_eq!((small.status.code(), whole.status.code()), (Some(status), Some(status)), "{words:?}");
        let stderr_of = |output: Output| String::from_utf8(output.stderr).unwrap().replace("daypass-sidecar", "daypass");
        assert_eq!(stderr_of(small), stderr_of(whole), "{words:?}");
    }
    assert_eq!(run(small, &["serve"]).status.code(), Some(64), "it has no server in it");
}

/// In a root with only the binary and a pod's volumes: no libraries, no `nsswitch.conf`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "runs what `make sidecar` builds"]
async fn the_small_binary_needs_no_other_file_and_resolves_names() {
    let world = world(policy("[shop/**]", "")).await;
    let pod = Pod::new(&world, "secrets: { db-password: shop/password.age }\n");
    if !pod.privileged {
        return println!("passed over: only root can give it a root of its own");
    }
    std::fs::copy(binary(), pod.path("daypass")).unwrap();
    std::fs::create_dir(pod.path("etc")).unwrap();
    let refused = alone(&pod).await;
    assert_eq!(refused.status.code(), Some(69), "nobody knows the name: {refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("lookup"), "{refused:?}");
    std::fs::write(pod.path("etc/hosts"), "127.0.0.1 localhost\n").unwrap();
    let done = alone(&pod).await;
    assert!(done.status.success() && pod.file("db-password").as_deref() == Some("hunter2"), "{done:?}");
    std::fs::remove_file(pod.path("etc/hosts")).unwrap();
    match UdpSocket::bind("127.0.0.1:53") {
        Err(fault) => println!("passed over: a name server on port 53: {fault}"),
        Ok(socket) => {
            std::thread::spawn(move || serve_names(&socket));
            std::fs::write(pod.path("etc/resolv.conf"), "nameserver 127.0.0.1\n").unwrap();
            pod.give(&token(&world, "web"));
            let done = alone(&pod).await;
            assert!(done.status.success(), "{done:?}");
        }
    }
}

async fn alone(pod: &Pod) -> Output {
    let mut command = Command::new("chroot");
    command.args(["--userspec=10001:10001", "--groups=20001"]).arg(pod.folder.path());
    command.args(["/daypass", "sidecar", "--config", "/sidecar.yaml", "--once"]);
    tokio::process::Command::from(command).output().await.unwrap()
}

/// A name server (RFC 1035) that resolves every name to this machine: it repeats the question and adds an A record if one is requested.
fn serve_names(socket: &UdpSocket) {
    let mut question = [0; 512];
    while let Ok((length, from)) = socket.recv_from(&mut question) {
        let end = 12 + question[12..length].iter().position(|byte| *byte == 0).unwrap() + 5;
        let is_address = question[end - 4..end - 2] == [0, 1];
        let mut answer = question[..2].to_vec();
        answer.extend([0x81, 0x80, 0, 1, 0, u8::from(is_address), 0, 0, 0, 0]);
        answer.extend(&question[12..end]);
        if is_address {
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
        }
        socket.send_to(&answer, from).unwrap();
    }
}
