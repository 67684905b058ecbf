use super::*;
use crate::client::delivery::tests::{flags, nothing};
use std::path::Path;

#[test]
fn there_has_to_be_something_to_refresh() {
    let options = |arguments: &[&str]| ExecOptions {
        deliveries: flags(arguments),
        refresh: Refresh { all: true, ahead: None },
        policy: None,
        keep_token: false,
        dry_run: false,
        report: None,
    };
    let advice =
        "--refresh renews what --aws and --file bring: name one of them. A variable cannot change while its command runs.";
    let failure = options(&[]).check().unwrap_err();
    assert_eq!((failure.status, failure.message.as_str()), (STATUS_USAGE, advice));
    assert!(options(&["--aws"]).check().is_ok());
}

/// Runs a script. Returns the outcome, and whether the clean-up ran.
async fn outcome(script: &str, delivered: Result<(), Failure>, folder: &Path) -> (Result<u8, Failure>, bool) {
    let (mut delivery, done) = (nothing(false), folder.join("done"));
    let _ = std::fs::remove_file(&done);
    let work = done.clone();
    delivery.at_end("the end", async move {
        std::fs::write(work, "").unwrap();
        Err(Failure::new(1, "told, and nothing else"))
    });
    let (program, arguments) = script.split_once(' ').unwrap();
    let mut child = tokio::process::Command::new(program);
    child.args(["-c", arguments]).current_dir(folder);
    let outcome = run_and_end(delivered, delivery, &mut child, program, Signals::listen(), None).await;
    (outcome, done.exists())
}

#[tokio::test]
async fn the_clean_up_runs_however_the_command_ends() {
    let folder = tempfile::tempdir().unwrap();
    let status = async |script: &str| {
        let (outcome, done) = outcome(script, Ok(()), folder.path()).await;
        (outcome.map_err(|failure| failure.status), done)
    };
    assert_eq!(status("sh exit 0").await, (Ok(0), true));
    assert_eq!(status("sh kill -9 $$").await, (Ok(137), true));
    assert_eq!(status("/no/such/program x").await, (Err(STATUS_EXEC), true));
    let (failed, done) = outcome("sh exit 0", Err(Failure::new(STATUS_EXEC, "no")), folder.path()).await;
    assert!(failed.is_err_and(|failure| failure.message == "no") && done);
    let signalled = async {
        while !folder.path().join("listens").exists() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::HUP).unwrap();
    };
    let script = "sh trap 'exit 7' HUP; : > listens; while :; do sleep 0.01; done";
    assert_eq!(tokio::join!(status(script), signalled).0, (Ok(7), true));
}
