//! Fetches a remote into its mirror with a child process. The child gets an order and a token, and nothing else from this process.

pub(super) mod child;
mod error;
mod ssh;

use error::ChildError;
use error::FETCH_MAX;
pub use error::{FetchError, ToldError};

use super::origin::Origin;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// The most bytes of the child's error message.
const COMPLAINT_BYTES_MAX: u64 = 4096;
/// The largest mirror that is still fetched into. A mirror of policies has a few MiB.
const MIRROR_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// This running program, also after its file was replaced by a newer one.
const OURSELVES: &str = "/proc/self/exe";
/// Where `ssh` and its tools are. The child gets no other variable of our environment.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// Our allocator reserves a GiB of addresses at a time, which is more than the child's limit. This makes it 64 MiB, in KiB.
const RESERVE: (&str, &str) = ("MIMALLOC_ARENA_RESERVE", "65536");

/// The child's order on its standard input: one line of JSON. The token, if there is one, is the second line.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    url: String,
    reference: String,
    mirror: PathBuf,
    username: Option<String>,
    ca: Option<String>,
    proxy: Option<String>,
    ssh_key: Option<PathBuf>,
    known_hosts: Option<PathBuf>,
}

impl Order {
    /// The same with absolute paths, because the child works in the mirror's folder.
    fn with_absolute_paths(self) -> std::io::Result<Self> {
        let absolute = |path: PathBuf| std::path::absolute(path);
        Ok(Self {
            mirror: absolute(self.mirror)?,
            ssh_key: self.ssh_key.map(absolute).transpose()?,
            known_hosts: self.known_hosts.map(absolute).transpose()?,
            ..self
        })
    }
}

/// Updates the mirror from its origin. An origin on this machine needs no fetch.
pub async fn fetch(origin: &Origin, mirror: &Path) -> Result<(), FetchError> {
    let Some(url) = origin.remote() else { return Ok(()) };
    let bytes = bytes_below(mirror);
    if bytes > MIRROR_BYTES_MAX {
        return Err(FetchError::MirrorTooLarge { mirror: mirror.to_owned(), bytes });
    }
    let read =
        |path: &PathBuf| std::fs::read_to_string(path).map_err(|fault| FetchError::Authorities { path: path.clone(), fault });
    let ca = origin.access.ca.as_ref().map(read).transpose()?;
    let order = Order {
        url: url.to_owned(),
        reference: origin.reference.clone(),
        mirror: mirror.to_owned(),
        username: origin.access.username.clone(),
        ca,
        proxy: origin.access.proxy.clone(),
        ssh_key: origin.access.ssh_key.clone(),
        known_hosts: origin.access.known_hosts.clone(),
    };
    let mut input = serde_json::to_vec(&order)?;
    input.push(b'\n');
    let token = origin.access.token()?;
    input.extend(token.as_ref().map(|token| token.expose()).unwrap_or_default());
    let input = zeroize::Zeroizing::new(input);
    let outcome = tokio::time::timeout(FETCH_MAX, run(&input)).await.unwrap_or(Err(ChildError::TooLong));
    outcome.map_err(|fault| FetchError::Remote { url: url.to_owned(), fault })
}

/// Runs the child to its end. Dropping the future kills it.
async fn run(input: &[u8]) -> Result<(), ChildError> {
    let mut command = Command::new(OURSELVES);
    command.arg("git-fetch").env_clear().env("PATH", PATH).env(RESERVE.0, RESERVE.1);
    run_as(&mut command, input).await
}

async fn run_as(command: &mut Command, input: &[u8]) -> Result<(), ChildError> {
    command.kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    // A child that fails early reads no order. Its own message says why; "Broken pipe" does not.
    let written = match stdin {
        Some(mut stdin) => stdin.write_all(input).await,
        None => Ok(()),
    };
    let mut complaint = Vec::new();
    if let Some(stderr) = stderr {
        let mut bounded = stderr.take(COMPLAINT_BYTES_MAX);
        bounded.read_to_end(&mut complaint).await?;
        let _ = tokio::io::copy(&mut bounded.into_inner(), &mut tokio::io::sink()).await;
    }
    let status = child.wait().await?;
    if status.success() {
        return Ok(written?);
    }
    let complaint = String::from_utf8_lossy(&complaint);
    let complaint = complaint.trim().trim_start_matches("daypass: ");
    Err(match complaint.is_empty() {
        true => ChildError::Ended { status },
        false => ChildError::Complained { complaint: complaint.to_owned() },
    })
}

fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.filter_map(Result::ok).map(size).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_child_that_ends_before_its_order_is_written_says_why() {
        // More than a pipe holds.
        let order = vec![b' '; 1024 * 1024];
        for (script, expected) in [
            ("echo 'daypass: a limit cannot be set' >&2; exit 1", "a limit cannot be set"),
            ("exit 3", "the fetching child ended with exit status: 3"),
            ("exit 0", "the fetching child: Broken pipe (os error 32)"),
        ] {
            let fault = run_as(Command::new("sh").args(["-c", script]), &order).await.unwrap_err();
            assert_eq!(fault.to_string(), expected, "{script}");
        }
    }
}
