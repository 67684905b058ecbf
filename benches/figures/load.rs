//! Loads a hundred thousand policies from a fetched commit: cold, and after a commit that changes ten of them.

use daypass::app::{ReadContext, Revision};
use daypass::config::SourceFiles;
use daypass::git::Source;
use daypass::identity::Mapping;
use daypass::policy::{Catalogue, IssuerEntry, Widening};
use daypass::secrets::Identities;
use daypass::words::names::{IssuerName, IssuerUrl};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const POLICIES: usize = 100_000;
const CHANGED: usize = 10;
const MAIN: &str = "refs/heads/main";

pub(crate) fn run(thorough: bool) {
    let count = if thorough { POLICIES } else { 100 };
    let folder = tempfile::tempdir().unwrap();
    let source = Source { path: folder.path().to_owned(), reference: MAIN.to_owned() };
    git(folder.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "."], b"");
    commit(folder.path(), MAIN, 0..count, "main");
    let (catalogue, identities) = (catalogue(), Identities::parse(&Identities::generate().0).unwrap());
    let before = resident("VmRSS");
    let started = Instant::now();
    let empty = Revision::default();
    let files = SourceFiles::default();
    let reading = ReadContext {
        catalogue: &catalogue,
        identities: &identities,
        rekeyed: false,
        widening: Widening::GoesLive,
        widened: &[],
        bounds: None,
        files: &files,
    };
    let snapshot = source.read_at(&source.head().unwrap(), empty.snapshot()).unwrap();
    let read = started.elapsed();
    let live = empty.next(snapshot, &reading);
    let policies = live.ruleset.set().policies().len();
    let cold = started.elapsed();
    assert_eq!((policies, live.faults().count()), (count, 0));
    let grown = resident("VmHWM").saturating_sub(before) / 1024;
    commit(folder.path(), MAIN, 0..CHANGED, "release");
    let started = Instant::now();
    let snapshot = source.read_at(&source.head().unwrap(), live.snapshot()).unwrap();
    let next = live.next(snapshot, &reading);
    assert_eq!(next.ruleset.set().policies().len(), count);
    let warm = started.elapsed();
    assert_ne!(next.commit, live.commit);
    println!(
        "load      {count} policies loaded from a commit in {cold:.1?} ({read:.1?} of it Git), {grown} MiB at most (aim: 10 s, 400 MiB)"
    );
    println!("          a commit that changes {CHANGED} of them            {warm:.1?} (aim: 200 ms)");
}

/// The policy of one service for one branch.
pub(crate) fn policy(number: usize, branch: &str) -> String {
    format!(
        "description: Service {number}.\nowners: [team-{}]\nissuer: github\nmatch:\n  repository: acme/service-{number}@{}\n  ref: refs/heads/{branch}\n  event: [push, manual]\ngrant:\n  aws:\n    - role: arn:aws:iam::123456789012:role/service-{number}\n      ttl: 30m\n      tags: {{ commit: \"{{commit}}\" }}\n  secrets: [services/{number}/**]\n",
        number % 50,
        1_000_000 + number
    )
}

/// Commits these policies for that branch with `git fast-import`, on top of the ref's commit if the ref exists.
pub(crate) fn commit(repository: &Path, reference: &str, numbers: std::ops::Range<usize>, branch: &str) {
    let mut stream = format!("commit {reference}\ncommitter b <b@b.example> 1800000000 +0000\ndata 1\nx\n");
    if Command::new("git").arg("-C").arg(repository).args(["show-ref", "--quiet", reference]).status().unwrap().success() {
        stream.push_str(&format!("from {reference}^0\n"));
    }
    for number in numbers {
        let text = policy(number, branch);
        stream.push_str(&format!(
            "M 100644 inline policies/team-{}/service-{number}.yaml\ndata {}\n{text}\n",
            number % 50,
            text.len()
        ));
    }
    git(repository, &["fast-import", "--quiet", "--force"], stream.as_bytes());
}

fn git(repository: &Path, arguments: &[&str], input: &[u8]) {
    let mut child = Command::new("git").arg("-C").arg(repository).args(arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    assert!(child.wait().unwrap().success(), "git {arguments:?}");
}

/// The one issuer these policies name.
pub(crate) fn catalogue() -> Catalogue {
    let url = IssuerUrl::parse("https://token.actions.githubusercontent.com").unwrap();
    let entry = IssuerEntry { url, mapping: Mapping::built_in("github-actions").unwrap(), session_max: None };
    std::iter::once((IssuerName::parse("github").unwrap(), entry)).collect()
}

/// A size of this process in KiB, by its name in proc(5).
fn resident(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
