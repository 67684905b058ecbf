//! What `make dist` built, checked by tools of other projects. `DAYPASS_DIST` names the folder (`make test-dist`).

mod image;

use super::{done, package, readme};
use crate::support::peer;
use daypass::client::environment::Environment;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The limit for users who take only the binary.
const BINARY_BYTES_MAX: u64 = 40 << 20;

/// The folder that DAYPASS_DIST names, and the prefix of this version's files.
fn dist() -> (PathBuf, String) {
    let folder = PathBuf::from(Environment::of_process().value("DAYPASS_DIST").unwrap());
    (folder, concat!("daypass-", env!("CARGO_PKG_VERSION")).to_owned())
}

fn binary() -> PathBuf {
    let (folder, name) = dist();
    folder.join(format!("{name}-linux-amd64"))
}

/// The same file under another ending.
fn beside(binary: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}.{ending}", binary.display()))
}

#[test]
#[ignore = "looks at what `make dist` built"]
fn the_binary_is_static_small_and_runs_in_an_empty_root() {
    let size = std::fs::metadata(binary()).unwrap().len();
    println!("{}: {} KiB", binary().display(), size >> 10);
    assert!(size <= BINARY_BYTES_MAX, "{size}");
    let headers = done(Command::new("readelf").arg("--program-headers").arg(binary()));
    assert!(headers.contains("DYN") && !headers.contains("INTERP"), "a static PIE: {headers}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(binary(), folder.path().join("daypass")).unwrap();
    let mut command = Command::new("chroot");
    let version = done(command.arg("--userspec=65532:65532").arg(folder.path()).args(["/daypass", "--version"]));
    assert_eq!(version.trim(), concat!("daypass ", env!("CARGO_PKG_VERSION")));
}

#[test]
#[ignore = "looks at what `make dist` built"]
fn debug_information_is_in_a_separate_file() {
    let (binary, debug) = (binary(), beside(&binary(), "debug"));
    let sections = |file: &Path| done(Command::new("readelf").args(["--wide", "--sections"]).arg(file));
    assert!(!sections(&binary).contains(".symtab") && !sections(&binary).contains(".debug_line"));
    assert!(sections(&debug).contains(".symtab") && sections(&debug).contains(".debug_line"));
    let id = |file: &Path| {
        let notes = done(Command::new("readelf").arg("--notes").arg(file));
        notes.lines().find(|line| line.contains("Build ID: ")).map(str::trim).map(str::to_owned)
    };
    assert!(id(&binary).is_some() && id(&binary) == id(&debug), "a debugger finds the debug file by the build ID");
    let linked = done(Command::new("readelf").arg("--string-dump=.gnu_debuglink").arg(&binary));
    assert!(linked.contains(debug.file_name().unwrap().to_str().unwrap()), "{linked}");
}

#[test]
#[ignore = "looks at what `make dist` built"]
fn no_build_path_is_in_the_binary() {
    let home = Environment::of_process().value("HOME").unwrap_or("/root").to_owned();
    for file in [binary(), beside(&binary(), "debug")] {
        let bytes = std::fs::read(&file).unwrap();
        for path in [".cargo/registry", ".rustup/toolchains", env!("CARGO_MANIFEST_DIR"), &format!("{home}/")] {
            let found = bytes.windows(path.len()).any(|window| window == path.as_bytes());
            assert!(!found, "{path} stands in {}", file.display());
        }
    }
}

#[test]
#[ignore = "looks at what `make dist` built"]
fn the_package_is_complete_and_is_removed_without_a_trace() {
    let (folder, _) = dist();
    let built = folder.join(concat!("daypass_", env!("CARGO_PKG_VERSION"), "_amd64.deb"));
    println!("{}: {} KiB", built.display(), std::fs::metadata(&built).unwrap().len() >> 10);
    package::check_files(&built);
    package::lives(&built, tempfile::tempdir().unwrap().path());
    if let Some(lintian) = peer("lintian") {
        println!("{}", done(Command::new(lintian).args(["--allow-root", "--fail-on", "error"]).arg(&built)));
    }
}

#[test]
#[ignore = "looks at what `make dist` built"]
fn the_checksums_cover_every_file() {
    let (folder, _) = dist();
    let checked = done(Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(&folder));
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(checked.lines().filter(|line| line.ends_with(": OK")).count(), files - 1, "{checked}");
}

#[test]
#[ignore = "looks at what `make dist` built"]
fn the_commands_of_the_readme_install_the_binary() {
    let home = tempfile::tempdir().unwrap();
    let commands = readme::block("dist::artefacts::the_commands_of_the_readme_install_the_binary");
    let output = done(Command::new("sh").args(["-ec", &commands]).current_dir(dist().0).env("HOME", home.path()));
    assert!(output.ends_with(concat!("daypass ", env!("CARGO_PKG_VERSION"), "\n")), "{output}");
}

/// Validates with CycloneDX's own library.
const VALIDATE: &str = r"
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
fault = JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(sys.argv[1]).read())
sys.exit(str(fault) if fault else 0)
";

#[test]
#[ignore = "looks at what `make dist` built"]
fn the_bill_of_materials_is_valid_and_lists_what_is_linked_in() {
    let bill = beside(&binary(), "cdx.json");
    let read: serde_json::Value = serde_json::from_slice(&std::fs::read(&bill).unwrap()).unwrap();
    let named: Vec<&str> = read["components"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    println!("{} components", named.len());
    assert!(named.len() > 250 && named.contains(&"aws-lc-sys") && named.contains(&"libsqlite3-sys"));
    assert!(!named.contains(&"proptest") && !named.contains(&"json-patch"), "what only tests use");
    for component in read["components"].as_array().unwrap() {
        assert!(component["hashes"][0]["content"].is_string() && component["licenses"][0].is_object(), "{component}");
    }
    if let Some(python) = peer("python-bills") {
        done(Command::new(python).args(["-c", VALIDATE]).arg(bill));
    }
}
