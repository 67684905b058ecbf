//! The image: skopeo and umoci read it, and crun runs it.

use super::{dist, done};
use crate::support::{peer, put};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The limit for the unpacked file system. A registry stores less than that.
const IMAGE_BYTES_MAX: u64 = 40 << 20;

#[test]
#[ignore = "looks at what `make dist` built"]
fn the_image_has_its_digest_and_runs_without_root() {
    let (Some(skopeo), Some(umoci)) = (peer("skopeo"), peer("umoci")) else { return };
    let (folder, name) = dist();
    let (archive, digest) = (folder.join(format!("{name}-image.tar")), folder.join(format!("{name}-image.digest")));
    let digest = std::fs::read_to_string(digest).unwrap();
    let work = tempfile::tempdir().unwrap();
    let layout = format!("{}:{}", work.path().join("layout").display(), env!("CARGO_PKG_VERSION"));
    // As a registry would: skopeo verifies each blob's digest and keeps the bytes.
    let mut copy = Command::new(&skopeo);
    copy.args(["copy", "--quiet", "--preserve-digests"]).arg(format!("oci-archive:{}", archive.display()));
    done(copy.arg(format!("oci:{layout}")));
    let inspected = done(Command::new(&skopeo).args(["inspect", &format!("oci:{layout}")]));
    let inspected: Value = serde_json::from_str(&inspected).unwrap();
    assert_eq!(inspected["Digest"], digest.trim());
    assert_eq!((&inspected["Architecture"], &inspected["Os"]), (&json!("amd64"), &json!("linux")));
    assert_eq!(inspected["Labels"]["org.opencontainers.image.version"], env!("CARGO_PKG_VERSION"));
    let bundle = work.path().join("bundle");
    done(Command::new(umoci).args(["unpack", "--image", &layout]).arg(&bundle));
    let files = files(&bundle.join("rootfs"));
    let (packed, whole) = (std::fs::metadata(&archive).unwrap().len(), files.iter().map(|(_, size)| size).sum::<u64>());
    println!("{}: {} KiB packed, {} KiB of files, {}", archive.display(), packed >> 10, whole >> 10, digest.trim());
    assert!(whole <= IMAGE_BYTES_MAX, "{whole}");
    let named: Vec<&str> = files.iter().map(|(file, _)| file.as_str()).collect();
    assert_eq!(named, ["etc/group", "etc/passwd", "etc/ssl/certs/ca-certificates.crt", "usr/local/bin/daypass"]);

    let printed = String::from_utf8(run(&bundle, &["--version"]).stdout).unwrap();
    assert_eq!(printed.trim(), concat!("daypass ", env!("CARGO_PKG_VERSION")));
    let made = run(&bundle, &["secret", "keygen", "--to", "/var/lib/daypass/age.key"]);
    assert!(String::from_utf8_lossy(&made.stdout).contains("age1"), "it writes where its data is kept: {made:?}");
    let refused = run(&bundle, &["secret", "keygen", "--to", "/etc/daypass/age.key"]);
    assert!(!refused.status.success(), "and nowhere else: {refused:?}");
}

/// The files of a folder and their sizes, sorted.
fn files(root: &Path) -> Vec<(String, u64)> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(root).sort_by_file_name() {
        let entry = entry.unwrap();
        if !entry.file_type().is_dir() {
            let name = entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.push((name, entry.metadata().unwrap().len()));
        }
    }
    files
}

/// Runs the image's program with other arguments: in a container if the kernel lets crun make one, and else with chroot.
fn run(bundle: &Path, words: &[&str]) -> Output {
    let config: PathBuf = bundle.join("config.json");
    let mut read: Value = serde_json::from_slice(&std::fs::read(&config).unwrap()).unwrap();
    assert_eq!((&read["process"]["user"]["uid"], &read["process"]["user"]["gid"]), (&json!(65532), &json!(65532)));
    let program: Vec<Value> = vec![read["process"]["args"][0].clone()];
    assert_eq!(program, ["/usr/local/bin/daypass"], "the entry point");
    read["process"]["args"] = program.into_iter().chain(words.iter().map(|word| json!(word))).collect();
    read["process"]["terminal"] = json!(false);
    put(&config, read.to_string().as_bytes());
    // crun refuses a machine that has control groups of both versions. A mount namespace of its own hides one of them.
    let script = "umount /sys/fs/cgroup/unified 2>/dev/null; exec crun --cgroup-manager=disabled run --bundle \"$0\" \"$1\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script]).arg(bundle).arg(format!("daypass-{}", uuid::Uuid::new_v4()));
    let output = command.output().unwrap();
    // The program's own errors begin with its name.
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() || stderr.starts_with("daypass:") {
        return output;
    }
    println!("not run by crun: {}", stderr.trim());
    let mut command = Command::new("chroot");
    command.arg("--userspec=65532:65532").arg(bundle.join("rootfs")).arg("/usr/local/bin/daypass").args(words);
    command.output().unwrap()
}
