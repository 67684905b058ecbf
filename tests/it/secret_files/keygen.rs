//! `daypass secret keygen --to`: a whole key or none.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// A limit on the size of files stands for a full disk.
#[test]
fn a_key_that_cannot_be_written_leaves_no_file_and_the_next_try_makes_it() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("age.key");
    let make = |limit: &str| {
        let limited = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" secret keygen --to \"$1\"");
        Command::new("sh").arg("-c").arg(limited).arg(env!("CARGO_BIN_EXE_daypass")).arg(&to).output().unwrap()
    };
    let full = make("0");
    assert_eq!((full.status.code(), full.stdout.len()), (Some(78), 0), "{}", String::from_utf8_lossy(&full.stderr));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
    let made = make("unlimited");
    let recipient = String::from_utf8(made.stdout).unwrap();
    assert!(made.status.success() && std::fs::read_to_string(&to).unwrap().contains(recipient.trim()), "{recipient}");
    assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(make("unlimited").status.code(), Some(64), "and it is not overwritten");
}
