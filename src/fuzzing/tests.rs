//! The short form of `make fuzz`: runs the targets over their seeds and some thousands of mutations. Each run makes the same mutations.

use super::{TARGETS, run, seeds};
use std::path::Path;
use std::time::{Duration, Instant};

/// Mutations of each target. A slow machine runs fewer.
const CHANGES: usize = 5_000;
const TIME_MAX: Duration = Duration::from_millis(1_500);
/// The longest input. Longer ones cost more and find nothing more.
const BYTES_MAX: usize = 8 * 1024;
/// Bytes that often break parsers.
const WORDS: [&[u8]; 24] = [
    b"\0",
    b"\xff",
    b"\xc0\xae",
    b"..",
    b"/",
    b"%2f",
    b"%00",
    b"%",
    b"\n",
    b"\r\n",
    b"\"",
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b"&a: *a",
    b"- ",
    b": ",
    b"\xe2\x80\xae",
    b"\xd0\xb0",
    b"99999999999999999999",
    b"-1",
    b"**",
];

/// Runs the seeds, and then mutations of them until the time is up. Leaves the seeds where `make fuzz` reads them.
pub(super) fn run_for_a_second(name: &str) {
    let seeds = seeds::of(name);
    assert!(!seeds.is_empty(), "`{name}` has no seeds");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz-seeds").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for (number, seed) in seeds.iter().enumerate() {
        std::fs::write(folder.join(number.to_string()), seed).unwrap();
        run(name, seed);
    }
    for found in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/found").join(name)).into_iter().flatten() {
        run(name, &std::fs::read(found.unwrap().path()).unwrap());
    }
    let (started, mut dice) = (Instant::now(), Xorshift(0x9e37_79b9_7f4a_7c15));
    for _ in 0..CHANGES {
        let changed = dice.changed(&seeds);
        if std::panic::catch_unwind(|| run(name, &changed)).is_err() {
            panic!("`{name}` ends for {:?}: put it into fuzz/found/{name}/", String::from_utf8_lossy(&changed));
        }
        if started.elapsed() > TIME_MAX {
            break;
        }
    }
}

#[test]
fn every_target_is_a_binary_of_the_fuzz_workspace() {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/Cargo.toml")).unwrap();
    let named: Vec<&str> = manifest.split("[[bin]]\nname = \"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let known: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(named, known);
}

/// xorshift64*, for the same mutations at each run.
struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let rolled = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(rolled).unwrap() % most.max(1)
    }

    /// One seed with one to four changes.
    fn changed(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(32)).min(bytes.len());
            match self.below(7) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 => _ = bytes.drain(at..end),
                2 => bytes.truncate(at),
                3 => {
                    let again = bytes[at..end].to_vec();
                    bytes.splice(at..at, again.repeat(1 + self.below(8)));
                }
                4 => {
                    let other = &seeds[self.below(seeds.len())];
                    let from = self.below(other.len() + 1);
                    bytes.truncate(at);
                    bytes.extend(&other[from..]);
                }
                _ => _ = bytes.splice(at..at, WORDS[self.below(WORDS.len())].repeat(1 + self.below(3))),
            }
        }
        bytes.truncate(BYTES_MAX);
        bytes
    }
}
