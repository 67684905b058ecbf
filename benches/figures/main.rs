//! Figures of one run on one machine: `cargo bench`, or `cargo bench -- verify` for one of them.
//!
//! What is compared is timed in turns within the same run, and told as a ratio: a machine's mood then falls out.
//! Without `--bench`, which cargo gives, everything runs once and shortly, so that `cargo test` keeps it whole.
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

/// As in the server: what is timed in this process pays for the same wiping.
#[global_allocator]
static WIPING: zeroizing_alloc::ZeroAlloc<mimalloc::MiMalloc> = zeroizing_alloc::ZeroAlloc(mimalloc::MiMalloc);

/// A name, and what runs under it: thoroughly or shortly.
type Bench = (&'static str, fn(bool));

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let thorough = words.iter().any(|word| word == "--bench");
    let wanted = words.iter().find(|word| !word.starts_with('-'));
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
        println!("each runs once, shortly and as it was built: these figures say nothing; `cargo bench` prints some that do");
    }
    if wanted.is_some_and(|wanted| wanted == "instructions") {
        instructions::run(thorough);
    }
    for (name, run) in benches {
        if wanted.is_none_or(|wanted| wanted == name) {
            run(thorough);
        }
    }
}
