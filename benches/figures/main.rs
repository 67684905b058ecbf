//! Figures of one run on one machine: `cargo bench`, or `cargo bench -- verify` for one of them.
//!
//! Things that are compared are timed in turns within the same run and printed as a ratio, so the machine's load affects both alike.
//! Without `--bench`, which cargo passes, each runs once for a short time, so that `cargo test` notices when one breaks.
#![expect(clippy::unwrap_used, reason = "a bench that cannot run should say so at once")]

mod decide;
mod decrypt;
mod diff;
mod exchange;
mod instructions;
mod load;
mod paired;
mod reads;
mod rewrite;
#[path = "../../tests/it/support.rs"]
#[expect(dead_code, unreachable_pub, reason = "the world of the integration tests; the benches need a part of it")]
mod support;
mod swap;
mod verify;

/// The server's allocator, so that the times in this process include the wiping of freed memory.
#[global_allocator]
static WIPING: zeroizing_alloc::ZeroAlloc<mimalloc::MiMalloc> = zeroizing_alloc::ZeroAlloc(mimalloc::MiMalloc);

/// A name and the function that runs under it, thoroughly or for a short time.
type Bench = (&'static str, fn(bool));

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let thorough = words.iter().any(|word| word == "--bench");
    let chosen = words.iter().find(|word| !word.starts_with('-'));
    let benches: [Bench; 9] = [
        ("verify", verify::run),
        ("decide", decide::run),
        ("decrypt", decrypt::run),
        ("load", load::run),
        ("diff", diff::run),
        ("exchange", exchange::run),
        ("swap", swap::run),
        ("rotate", rewrite::run),
        ("reads", reads::run),
    ];
    daypass::telemetry::install_crypto();
    if !thorough {
        println!("each runs once, for a short time and in this build: these figures mean nothing; use `cargo bench`");
    }
    if chosen.is_some_and(|chosen| chosen == "instructions") {
        instructions::run(thorough);
    }
    for (name, run) in benches {
        if chosen.is_none_or(|chosen| chosen == name) {
            run(thorough);
        }
    }
}
