//! A pod in a network namespace of its own, whose only link is taken down and up again.

use super::pod::{Pod, policy, rotate, world};
use crate::support::{World, write_private};
use std::process::Command;
use std::time::Instant;
use tokio::net::{TcpListener, TcpStream};

const SETTINGS: &str = "secrets: { db-password: shop/password.age }\n";

/// A namespace with a veth pair to this one. Dropping it removes both.
struct Cable {
    name: String,
    host: String,
}

impl Cable {
    fn lay() -> Option<Self> {
        let number = std::process::id() % 200;
        let cable = Self { name: format!("dp{}", std::process::id()), host: format!("10.203.{number}.1") };
        let (near, far) = (cable.end(0), cable.end(1));
        let laid = [
            format!("netns add {}", cable.name),
            format!("link add {near} type veth peer name {far} netns {}", cable.name),
            format!("addr add {}/30 dev {near}", cable.host),
            format!("link set {near} up"),
            format!("-n {} addr add 10.203.{number}.2/30 dev {far}", cable.name),
            format!("-n {} link set {far} up", cable.name),
        ];
        laid.iter().all(|words| ip(words)).then_some(cable)
    }

    fn end(&self, number: u8) -> String {
        format!("{}e{number}", self.name)
    }

    fn pull(&self) {
        assert!(ip(&format!("link set {} down", self.end(0))));
    }

    fn put_back(&self) {
        assert!(ip(&format!("link set {} up", self.end(0))));
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        ip(&format!("link del {}", self.end(0)));
        ip(&format!("netns del {}", self.name));
    }
}

fn ip(words: &str) -> bool {
    Command::new("ip").args(words.split(' ')).output().is_ok_and(|ended| ended.status.success())
}

/// Forwards from the address on the link to the server on loopback.
async fn forward(listener: TcpListener, port: u16) {
    while let Ok((mut near, _)) = listener.accept().await {
        tokio::spawn(async move {
            if let Ok(mut far) = TcpStream::connect(("127.0.0.1", port)).await {
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            }
        });
    }
}

/// Writes a certificate that also names the address on the link. The server reads it again by itself.
fn certify(world: &World, host: &str) {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned(), host.to_owned()];
    let generated = rcgen::generate_simple_self_signed(names).unwrap();
    write_private(&world.path("tls.key"), generated.signing_key.serialize_pem().as_bytes());
    std::fs::write(world.path("tls.crt"), generated.cert.pem()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_outage_is_no_denial_and_the_limit_holds_meanwhile() {
    let Some(cable) = Cable::lay() else {
        return println!("passed over: no network namespace can be made here");
    };
    let world = world(policy("[{ secret: shop/**, offline: 12s }]", "")).await;
    certify(&world, &cable.host);
    let listener = TcpListener::bind((cable.host.as_str(), 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let forwarding = tokio::spawn(forward(listener, world.port));
    let mut pod = Pod::new(&world, SETTINGS);
    pod.wrapper = ["ip", "netns", "exec", &cable.name].map(str::to_owned).to_vec();
    pod.configure(&format!("https://{address}"), SETTINGS);
    pod.start();
    pod.until_file("db-password", Some("hunter2")).await;
    let (ends_at, before) = (pod.until_ends_at().await, pod.failures());
    cable.pull();
    rotate(&world, "two").await;
    pod.keeps("db-password", ends_at, "an outage is no denial", |pod| pod.failures() > before).await;
    cable.put_back();
    let took = pod.until_file("db-password", Some("two")).await;
    println!("from the cable put back to the file: {took:?}");
    let ends_at = pod.until_ends_at().await;
    cable.pull();
    let pulled = Instant::now();
    pod.keeps("db-password", ends_at, "its time is over", |pod| pod.file("db-password").is_none()).await;
    println!("lived on for {:?} of at most 12 s since it was last confirmed", pulled.elapsed());
    cable.put_back();
    let took = pod.until_file("db-password", Some("two")).await;
    println!("and back again after {took:?}");
    forwarding.abort();
}
