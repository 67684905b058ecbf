//! A real OpenTelemetry collector accepts our traces and reads the spans that we sent.

use crate::support::{START_MAX, Setup, World, free_port, peer};
use serde_json::json;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A collector that prints each span and exports none.
struct Rotel {
    server: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Rotel {
    async fn start() -> Option<Self> {
        let program = peer("rotel-agent")?;
        let folder = tempfile::tempdir().unwrap();
        let (port, grpc) = (free_port(), free_port());
        let mut command = Command::new(program);
        command
            .args(["start", "--exporter", "blackhole", "--debug-log", "traces", "--debug-log-verbosity", "detailed"])
            .arg(format!("--otlp-http-endpoint=127.0.0.1:{port}"))
            .arg(format!("--otlp-grpc-endpoint=127.0.0.1:{grpc}"))
            .arg("--pid-file")
            .arg(folder.path().join("pid"))
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(folder.path().join("printed")).unwrap())
            .stderr(Stdio::null());
        let mut rotel = Self { server: command.spawn().unwrap(), folder, port };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = rotel.server.try_wait().unwrap();
            assert!(ended.is_none() && started.elapsed() < START_MAX, "rotel did not start: {ended:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Some(rotel)
    }

    fn printed(&self) -> String {
        read(&self.folder.path().join("printed"))
    }

    async fn until_printed(&self, part: &str) {
        let started = Instant::now();
        while !self.printed().contains(part) {
            assert!(started.elapsed() < START_MAX, "{part} is not in\n{}", self.printed());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for Rotel {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

/// The values of this label, one of each span.
fn values<'a>(printed: &'a str, label: &str) -> Vec<&'a str> {
    let of_label = |line: &'a str| Some(line.trim().strip_prefix(label)?.trim_start().strip_prefix(':')?.trim());
    printed.lines().filter_map(of_label).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_collector_reads_our_spans() {
    let Some(rotel) = Rotel::start().await else { return };
    let more = format!("traces: {{ otlp: \"http://127.0.0.1:{}\" }}\n", rotel.port);
    let mut world = World::start(Setup { more, ..Setup::default() }).await;
    let (status, answer) = world.exchange(&world.token(), json!([{ "secret": "shop/password.age" }])).await;
    assert_eq!(status, 200, "{answer}");
    rotel.until_printed("POST /v1/exchange").await;
    world.stop();
    let printed = rotel.printed();
    let mut names = values(&printed, "Name");
    names.sort_unstable();
    assert_eq!(names, ["POST /v1/exchange", "make secret", "record release"], "{printed}");
    let traces = values(&printed, "Trace ID");
    assert!(traces.iter().all(|trace| *trace == traces[0]), "one request is one trace:\n{printed}");
    assert_eq!(values(&printed, "Parent ID").iter().filter(|parent| parent.is_empty()).count(), 1, "{printed}");
    assert!(printed.contains("SPAN_KIND_SERVER"), "{printed}");
}
