//! The values to search for, and the search of a process's memory.

use crate::support::START_MAX;
use regex::bytes::RegexSet;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Sixty seconds after the last use nothing is left (docs/threat-model.md).
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);
/// The steps of that time.
const PAUSE: Duration = Duration::from_millis(100);
/// If the machine was held up for less, everything has to be forgotten in time.
const HELD_UP_MIN: Duration = Duration::from_secs(2);
/// A mapping is read in pieces. They overlap by more than the length of any canary.
const PIECE_BYTES: usize = 256 * 1024;
const OVERLAP_BYTES: usize = 4096;
/// A search that read less did not see the process.
const READ_MIN: usize = 1024 * 1024;

/// What each value is, and the bytes that must not be found.
#[derive(Default)]
pub struct Canaries(Vec<(String, Vec<u8>)>);

impl Canaries {
    /// The value as it is, and as it is written inside of other things.
    pub fn add(&mut self, what: &str, value: &str) {
        use base64::Engine;
        let base64 = base64::engine::general_purpose::STANDARD_NO_PAD;
        self.add_plain(what, value);
        // The base64 of a value that starts at a multiple of three bytes. Its last group depends on what follows, so it is cut off.
        let encoded = base64.encode(value);
        self.add_plain(&format!("{what} in base64"), &encoded[..encoded.len() - 4]);
    }

    /// The value as it is, and in no other form.
    pub fn add_plain(&mut self, what: &str, value: &str) {
        self.0.push((what.to_owned(), value.as_bytes().to_vec()));
    }

    /// Bytes that are no text.
    pub fn add_bytes(&mut self, what: &str, value: Vec<u8>) {
        self.0.push((what.to_owned(), value));
    }

    /// A token is known by its signature and by its claims.
    pub fn add_token(&mut self, what: &str, token: &str) {
        let parts: Vec<&str> = token.split('.').collect();
        self.add_plain(&format!("{what}: its signature"), parts[parts.len() - 1]);
        self.add_plain(&format!("{what}: its claims"), parts[1]);
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// One search for all of them.
    pub fn search(&self) -> Search<'_> {
        let literal = |value: &[u8]| value.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
        let set = RegexSet::new(self.0.iter().map(|(_, value)| format!("(?-u:{})", literal(value)))).unwrap();
        Search { canaries: self, set }
    }
}

/// Waits until a process has had the time to forget. Returns for how long the machine was held up meanwhile: for that long a process may
/// be late too.
pub async fn time_to_forget() -> Duration {
    let (started, mut held_up) = (Instant::now(), Duration::ZERO);
    while started.elapsed() < FORGOTTEN_AFTER {
        let before = Instant::now();
        tokio::time::sleep(PAUSE).await;
        // A timer of a machine that is merely busy is late by less.
        held_up += Some(before.elapsed() - PAUSE).filter(|late| *late > PAUSE).unwrap_or_default();
    }
    held_up
}

/// An unmistakable value.
pub fn random() -> String {
    format!("canary-{}", uuid::Uuid::new_v4().simple())
}

/// Looks for canaries.
pub struct Search<'a> {
    canaries: &'a Canaries,
    set: RegexSet,
}

impl Search<'_> {
    /// The canaries in these bytes.
    pub fn found(&self, bytes: &[u8]) -> Vec<String> {
        self.set.matches(bytes).into_iter().map(|number| self.canaries.0[number].0.clone()).collect()
    }

    pub fn assert_none(&self, place: &str, bytes: &[u8]) {
        assert_eq!(self.found(bytes), Vec::<String>::new(), "in {place}");
    }

    /// Asserts that no canary is in the process's environment and that it writes no core dump.
    pub fn assert_none_around(&self, process: u32) {
        let process = PathBuf::from(format!("/proc/{process}"));
        self.assert_none("the environment", &std::fs::read(process.join("environ")).unwrap());
        let limits = std::fs::read_to_string(process.join("limits")).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().rev().nth(1), Some("0"), "{core}");
    }

    /// Asserts that the process has forgotten them in time, or later if the machine was held up meanwhile.
    pub async fn assert_forgotten(&self, process: u32, held_up: Duration) {
        let started = Instant::now();
        loop {
            let (bytes, found) = self.memory(process);
            println!("{bytes} bytes of memory, {} canaries looked for, found: {found:?}", self.canaries.count());
            if found.is_empty() {
                return;
            }
            assert!(held_up >= HELD_UP_MIN && started.elapsed() < START_MAX, "{found:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Reads every writable mapping of a process (proc(5)). Returns how many bytes it read, and the canaries in them.
    pub fn memory(&self, process: u32) -> (usize, Vec<String>) {
        let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
        let mut memory = std::fs::File::open(format!("/proc/{process}/mem")).unwrap();
        let (mut bytes, mut found, mut piece) = (0, Vec::new(), vec![0; PIECE_BYTES]);
        let untouched = vec![0; PIECE_BYTES];
        for line in maps.lines() {
            let mut fields = line.split_whitespace();
            let (range, rights) = (fields.next().unwrap(), fields.next().unwrap());
            let (start, end) = range.split_once('-').unwrap();
            let [mut start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
            if !rights.starts_with("rw") {
                continue;
            }
            while start < end {
                let length = PIECE_BYTES.min(usize::try_from(end - start).unwrap());
                memory.seek(SeekFrom::Start(start)).unwrap();
                let read = memory.read(&mut piece[..length]).unwrap_or(0);
                if read == 0 {
                    break;
                }
                bytes += read;
                let name = line.split_whitespace().nth(5).unwrap_or("memory without a name");
                // The allocator holds a GiB of addresses, most of which it never wrote to.
                if piece[..read] != untouched[..read] {
                    found.extend(self.found(&piece[..read]).into_iter().map(|what| format!("{what} ({name} {start:x})")));
                }
                let all = start + read as u64 >= end;
                start += if all { read as u64 } else { (read.saturating_sub(OVERLAP_BYTES)).max(1) as u64 };
            }
        }
        assert!(bytes > READ_MIN, "only {bytes} bytes of memory were read");
        (bytes, found)
    }
}
