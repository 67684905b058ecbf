//! Counts the server's instructions for one exchange and for the decision in it, with valgrind's callgrind. Other load on the machine
//! hardly changes them, so two revisions can be compared. `DAYPASS_SERVER_BINARY` names another build of the server.
//! Runs only when named: `cargo bench -- instructions`.

use crate::exchange::{answer, connect, request};
use crate::support::{Setup, World, peer};
use std::path::Path;
use std::process::Command;

const EXCHANGES: usize = 10_000;
/// How many exchanges fill caches and pools first; they are not counted.
const WARM_UP: usize = 1_000;
/// Where the last run's counts stay, for `callgrind_annotate`.
const KEPT: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/callgrind.exchange");
/// The name of the decision's function in callgrind's output.
const DECISION: &str = "::decide::";

pub(crate) fn run(thorough: bool) {
    let counted = if thorough { EXCHANGES } else { 100 };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (all, decisions) = runtime.block_on(count(counted));
    println!("instructions of the server, {counted} exchanges");
    println!("          an exchange {}", all / counted as u64);
    println!("          the decision in it {}", decisions / counted as u64);
}

/// The instructions of a running server for this many exchanges, and those of its decisions. The start is left out: generating RSA keys
/// takes a random time, longer than a thousand exchanges.
async fn count(exchanges: usize) -> (u64, u64) {
    peer("valgrind").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("counts");
    let script = format!("exec valgrind --quiet --tool=callgrind --callgrind-out-file={} \"$@\"", out.display());
    let environment = vec![("DAYPASS_LOG", "info".to_owned())];
    let wrapper = ["sh", "-c", &script, "sh"].map(str::to_owned).to_vec();
    // Older servers refuse this key as unknown.
    let mut world = World::start(Setup { wrapper, environment, drain_pause: "", ..Setup::default() }).await;
    let mut stream = connect(&world).await;
    for _ in 0..WARM_UP {
        answer(&mut stream, &request(&world, 0)).await;
    }
    control("--zero", &world);
    for _ in 0..exchanges {
        answer(&mut stream, &request(&world, 0)).await;
    }
    control("--dump", &world);
    drop(stream);
    world.stop();
    let dump = out.with_extension("1");
    std::fs::copy(&dump, KEPT).unwrap();
    (total(&dump), inclusive(&dump))
}

/// Tells callgrind to reset its counts or to write them to its file.
fn control(order: &str, world: &World) {
    let output = Command::new("callgrind_control").arg(order).arg(world.server.id().to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn total(out: &Path) -> u64 {
    let text = std::fs::read_to_string(out).unwrap();
    text.lines()
        .find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")))
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

/// The largest inclusive count of a function of that name.
fn inclusive(out: &Path) -> u64 {
    let output = Command::new("callgrind_annotate").args(["--inclusive=yes", "--threshold=100"]).arg(out).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let counts = text
        .lines()
        .filter(|line| line.contains(DECISION))
        .filter_map(|line| line.split_whitespace().next().and_then(|count| count.replace(',', "").parse().ok()));
    counts.max().unwrap_or(0)
}
