//! Instructions of the server for one exchange and for the decision in it, counted by valgrind's callgrind. They hardly depend on what
//! else the machine does, so two revisions can be compared. `DAYPASS_SERVER_BINARY` names another build of the server.
//! It runs only when it is named: `cargo bench -- instructions`.

use crate::exchange::{answer, connect, request};
use crate::support::{Setup, World, peer};
use daypass::client::environment::Environment;
use std::path::Path;
use std::process::Command;

const EXCHANGES: usize = 10_000;
/// What a start costs, and what is done only once, is in both runs and falls out of their difference.
const WARM_UP: usize = 1_000;
/// By this name callgrind knows the decision.
const DECISION: &str = "::decide::";

pub(crate) fn run(thorough: bool) {
    let counted = if thorough { EXCHANGES } else { 100 };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (few, many) = runtime.block_on(async { (count(WARM_UP).await, count(WARM_UP + counted).await) });
    let each = |few: u64, many: u64| many.saturating_sub(few) / counted as u64;
    println!("instructions of the server, {counted} exchanges");
    println!("          an exchange {}", each(few.0, many.0));
    println!("          the decision in it {}", each(few.1, many.1));
}

/// Instructions of a server that starts, makes so many exchanges and stops; and those of its decisions.
async fn count(exchanges: usize) -> (u64, u64) {
    peer("valgrind").unwrap();
    let out = tempfile::NamedTempFile::new().unwrap();
    let process = Environment::of_process();
    let binary = process.value("DAYPASS_SERVER_BINARY").unwrap_or(env!("CARGO_BIN_EXE_daypass"));
    // The program that the world would run is dropped for the one that is measured.
    let script =
        format!("shift; exec valgrind --quiet --tool=callgrind --callgrind-out-file={} {binary} \"$@\"", out.path().display());
    let environment = vec![("DAYPASS_LOG", "info".to_owned())];
    let wrapper = ["sh", "-c", &script, "sh"].map(str::to_owned).to_vec();
    // Older servers do not know the key.
    let mut world = World::start(Setup { wrapper, environment, drain_pause: "", ..Setup::default() }).await;
    let mut stream = connect(&world).await;
    for _ in 0..exchanges {
        answer(&mut stream, &request(&world, 0)).await;
    }
    drop(stream);
    world.stop();
    (total(out.path()), inclusive(out.path()))
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
