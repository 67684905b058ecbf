//! The Debian package: what is in it, and what it does when it is installed, removed and purged. That happens in a folder of its own
//! (`dpkg --root`, with maintainer scripts that know `DPKG_ROOT`), so this machine is not changed.

use super::{EPOCH, done, root};
use crate::support::{peer, put};
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every file except man pages.
const FILES: [&str; 10] = [
    "usr/bin/daypass",
    "usr/lib/systemd/system/daypass.service",
    "usr/lib/sysusers.d/daypass.conf",
    "usr/lib/tmpfiles.d/daypass.conf",
    "usr/share/bash-completion/completions/daypass",
    "usr/share/doc/daypass/changelog.gz",
    "usr/share/doc/daypass/copyright",
    "usr/share/doc/daypass/examples/daypass.yaml",
    "usr/share/fish/vendor_completions.d/daypass.fish",
    "usr/share/zsh/vendor-completions/_daypass",
];

/// The package of this test's own binary, as `make dist` makes it, but without compression, which takes a minute.
fn package(folder: &Path) -> PathBuf {
    package_under("022", folder)
}

fn package_under(umask: &str, folder: &Path) -> PathBuf {
    let (binary, pages, out) = (folder.join("daypass"), folder.join("pages"), folder.join("out"));
    done(Command::new("objcopy").arg("--strip-all").arg(env!("CARGO_BIN_EXE_daypass")).arg(&binary));
    let script = "umask $0; cd deploy/debian && ./pages.sh \"$1\" \"$3\" && ./package.sh \"$2\" \"$3\" amd64 \"$4\"";
    let mut command = Command::new("sh");
    command.current_dir(root()).args(["-c", script, umask, env!("CARGO_BIN_EXE_daypass")]).args([&binary, &pages, &out]);
    done(command.env("SOURCE_DATE_EPOCH", EPOCH).env("DAYPASS_DEB_COMPRESSION", "none"));
    out.join(concat!("daypass_", env!("CARGO_PKG_VERSION"), "_amd64.deb"))
}

/// The files of a package without its man pages, and the number of man pages. All belong to root, and only the binary is executable.
pub(super) fn files(package: &Path) -> (BTreeSet<String>, usize) {
    let listed = done(Command::new("dpkg-deb").arg("--contents").arg(package));
    let mut files = BTreeSet::new();
    for line in listed.lines().filter(|line| !line.ends_with('/')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mode = if words[5] == "./usr/bin/daypass" { "-rwxr-xr-x" } else { "-rw-r--r--" };
        assert_eq!((words[0], words[1]), (mode, "root/root"), "{line}");
        files.insert(words[5].trim_start_matches("./").to_owned());
    }
    let (man, rest): (BTreeSet<_>, BTreeSet<_>) = files.into_iter().partition(|file| file.starts_with("usr/share/man/man1/"));
    (rest, man.len())
}

/// Asserts that a package has its files and fields.
pub(super) fn check_files(package: &Path) {
    let (files, man) = files(package);
    assert_eq!(files.iter().map(String::as_str).collect::<Vec<_>>(), FILES);
    assert!(man > 40, "{man} man pages");
    let of = |field: &str| done(Command::new("dpkg-deb").arg("--field").arg(package).arg(field)).trim().to_owned();
    assert_eq!((of("Package").as_str(), of("Version").as_str()), ("daypass", env!("CARGO_PKG_VERSION")));
    let maintainer = of("Maintainer");
    assert!(maintainer.contains(" <") && maintainer.contains('@') && !maintainer.contains("localhost"), "{maintainer}");
    assert!(of("Installed-Size").parse::<u64>().unwrap() > 1024);
}

#[test]
fn the_package_has_its_unit_user_folders_completions_and_man_pages() {
    let Some(_) = peer("dpkg-deb") else { return };
    let folder = tempfile::tempdir().unwrap();
    check_files(&package(folder.path()));
}

/// A build from files with other times and under a stricter umask has the same bytes.
#[test]
fn the_package_is_reproducible() {
    let Some(_) = peer("dpkg-deb") else { return };
    let made = |umask: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::read(package_under(umask, folder.path())).unwrap()
    };
    assert!(made("022") == made("077"));
}

#[test]
fn the_package_never_deletes_an_operators_files() {
    let folder = tempfile::tempdir().unwrap();
    if peer("dpkg").is_some() {
        lives(&package(folder.path()), folder.path());
    }
}

/// Installs, removes and purges a package in a folder.
pub(super) fn lives(package: &Path, folder: &Path) {
    let (Some(_), Some(_)) = (peer("systemd-sysusers"), peer("systemd-tmpfiles")) else { return };
    if !rustix::process::geteuid().is_root() {
        return println!("passed over: only root gives folders to a user");
    }
    let machine = empty_machine(folder);
    dpkg(&machine, &["--install", package.to_str().unwrap()]);
    let users = std::fs::read_to_string(machine.join("etc/passwd")).unwrap();
    let user: Vec<&str> = users.lines().find(|line| line.starts_with("daypass:")).unwrap().split(':').collect();
    let (uid, gid) = (user[2].parse().unwrap(), user[3].parse().unwrap());
    assert!(uid != 0 && user[6].ends_with("nologin"), "{users}");
    let owner = |path: &str| {
        std::fs::metadata(machine.join(path)).map(|found| (found.uid(), found.gid(), found.mode() & 0o7777)).unwrap()
    };
    assert_eq!(owner("var/lib/daypass"), (uid, gid, 0o700));
    assert_eq!(owner("etc/daypass"), (0, gid, 0o750));
    let version = done(Command::new(machine.join("usr/bin/daypass")).arg("--version"));
    assert_eq!(version.trim(), concat!("daypass ", env!("CARGO_PKG_VERSION")));
    verify_unit(&machine);

    put(&machine.join("etc/daypass/root.key"), b"AGE-SECRET-KEY-1");
    dpkg(&machine, &["--remove", "daypass"]);
    assert!(!machine.join("usr/bin").exists() && !machine.join("usr/share").exists(), "nothing of the package is left");
    let output = dpkg(&machine, &["--purge", "daypass"]);
    assert!(
        output.contains("/etc/daypass is kept because it is not empty") && !output.contains("/var/lib/daypass is"),
        "{output}"
    );
    assert!(machine.join("etc/daypass/root.key").exists() && !machine.join("var/lib/daypass").exists());
}

fn empty_machine(folder: &Path) -> PathBuf {
    let machine = folder.join("machine");
    std::fs::create_dir_all(machine.join("var/lib/dpkg/updates")).unwrap();
    for (file, content) in [("dpkg/status", ""), ("dpkg/info/format", "1\n")] {
        put(&machine.join("var/lib").join(file), content.as_bytes());
    }
    for file in ["etc/passwd", "etc/group"] {
        put(&machine.join(file), b"");
    }
    machine
}

/// What dpkg and the package's scripts print. The dependencies are not installed in the folder, so they are not checked.
fn dpkg(machine: &Path, words: &[&str]) -> String {
    let mut command = Command::new("dpkg");
    command.arg(format!("--root={}", machine.display()));
    command.args(["--force-script-chrootless", "--force-depends", "--log=/dev/null"]).args(words);
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words:?}: {stderr}");
    stderr
}

/// systemd verifies the installed unit. It looks for programs on this machine, so the copy names the binary by its path here.
fn verify_unit(machine: &Path) {
    let Some(systemd_analyze) = peer("systemd-analyze") else { return };
    let unit = std::fs::read_to_string(machine.join("usr/lib/systemd/system/daypass.service")).unwrap();
    assert!(unit.contains("ExecStart=/usr/bin/daypass serve --config /etc/daypass/daypass.yaml\n"), "{unit}");
    let copy = machine.join("verified/daypass.service");
    put(&copy, unit.replace("/usr/bin/daypass", machine.join("usr/bin/daypass").to_str().unwrap()).as_bytes());
    let output = Command::new(systemd_analyze).arg("verify").arg(&copy).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
