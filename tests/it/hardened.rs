//! No command writes a core dump, whatever its limit was: each may hold a key, a token or a secret.

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Raises the limit of core dumps as far as this machine permits it, and then runs the program.
const UNLIMITED: &str = "ulimit -S -c \"$(ulimit -H -c)\"; exec \"$0\" \"$@\"";
/// Waits for what has to happen.
const TRIES: usize = 3000;

fn unlimited(program: &str, folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", UNLIMITED, program]).current_dir(folder).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// Waits until the program reads this pipe, which nobody fills.
fn wait_for_reader(pipe: &Path, child: &mut Child, command: &str) -> std::fs::File {
    for _ in 0..TRIES {
        // Without a reader this fails (fifo(7)).
        let opened = std::fs::OpenOptions::new().write(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32).open(pipe);
        if let Ok(open) = opened {
            return open;
        }
        assert!(child.try_wait().unwrap().is_none(), "{command}: it ended before it read");
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{command}: it does not read");
}

#[test]
fn no_command_that_may_hold_a_key_writes_a_core_dump() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // `policy check` looks for policies before it reads the configuration.
    std::fs::create_dir(folder.path().join("policies")).unwrap();
    std::fs::write(folder.path().join("policies/a.yaml"), "owners: [team]\n").unwrap();
    let server = ["--server", "https://127.0.0.1:1", "--token-file", "pipe"];
    let config = ["--config", "pipe"];
    let with = |words: &[&'static str], options: &[&'static str], rest: &[&'static str]| [words, options, rest].concat();
    let commands = [
        with(&["doctor"], &config, &[]),
        with(&["serve"], &config, &[]),
        with(&["sidecar"], &config, &[]),
        with(&["keys", "list"], &config, &[]),
        with(
            &["keys", "wrap"],
            &["--aws-kms", "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
            &["pipe"],
        ),
        with(&["policy", "check"], &config, &["--folder", "."]),
        with(&["audit", "verify"], &config, &[]),
        with(&["status"], &config, &[]),
        with(&["secret", "decrypt", "--identity", "pipe"], &[], &["pipe"]),
        with(&["exec"], &server, &["--env", "A=a/b.age", "--", "true"]),
        with(&["credential", "aws"], &server, &[]),
        with(&["whoami"], &server, &[]),
    ];
    for arguments in commands {
        let command = arguments.join(" ");
        let mut child = unlimited(env!("CARGO_BIN_EXE_daypass"), folder.path()).args(&arguments).spawn().unwrap();
        let open = wait_for_reader(&pipe, &mut child, &command);
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
        let core: Vec<&str> =
            limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().split_whitespace().collect();
        assert_eq!(core[4], "0", "{command}: {core:?}");
        assert!(arguments[0] == "exec" || core[5] == "0", "{command}: {core:?}");
        // The limit alone does not decide: the process is not dumpable either.
        let process = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        let most = rustix::process::getrlimit(Resource::Core).maximum;
        let _ = prlimit(Some(process), Resource::Core, Rlimit { current: most, maximum: most });
        kill_process(process, Signal::ABORT).unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status.signal(), status.core_dumped()), (Some(Signal::ABORT.as_raw()), false), "{command}");
        drop(open);
    }
}

/// What a job runs is the job's: its limit is the one that the job was started with.
#[test]
fn the_command_of_exec_has_the_limit_that_daypass_was_started_with() {
    let folder = tempfile::tempdir().unwrap();
    let limits = ["-c", "ulimit -S -c; ulimit -H -c"];
    let alone = unlimited("sh", folder.path()).args(limits).output().unwrap();
    let mut exec = unlimited(env!("CARGO_BIN_EXE_daypass"), folder.path());
    exec.args(["exec", "--dry-run", "--server", "https://127.0.0.1:1", "--env", "A=a/b.age", "--", "sh"]).args(limits);
    let output = exec.env("DAYPASS_TOKEN", "x").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&alone.stdout));
    assert!(output.status.success() && alone.status.success());
}
