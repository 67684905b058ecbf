//! Full volumes, disks instead of memory, and hostile settings.

use super::pod::{Pod, policy, rotate, world};

const SETTINGS: &str = "secrets: { db-password: shop/password.age }\n";

/// The sidecar has a tmpfs of 64 KiB that only it sees. The test reads it through the sidecar's root in `/proc`.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_volume_keeps_the_old_version_whole_and_recovers() {
    let world = world(policy("[shop/**]", "")).await;
    let mut pod = Pod::new(&world, SETTINGS);
    let files = pod.path("files").display().to_string();
    let mount = format!("mount -t tmpfs -o size=64k,mode=2777,gid=20001 tmpfs {files} && exec \"$@\"");
    pod.wrapper = ["unshare", "--mount", "sh", "-c", &mount, "sh"].map(str::to_owned).to_vec();
    let mount = format!("mount -t tmpfs tmpfs {files}");
    let able = std::process::Command::new("unshare").args(["--mount", "sh", "-c", &mount]).output();
    if !able.is_ok_and(|ended| ended.status.success()) {
        return println!("passed over: no tmpfs can be mounted here");
    }
    pod.start();
    let inside = std::path::PathBuf::from(format!("/proc/{}/root{files}", pod.id()));
    let read = |name: &str| std::fs::read_to_string(inside.join(name)).ok();
    pod.until("the files are there", |_| read("db-password").as_deref() == Some("hunter2")).await;
    let filler = inside.join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while std::io::Write::write_all(&mut file, &[b'x'; 1024]).is_ok() {}
    rotate(&world, &"y".repeat(20_000)).await;
    pod.until("it is told, and tries again", |pod| pod.log().matches("cannot be written").count() >= 2).await;
    assert_eq!(read("db-password").as_deref(), Some("hunter2"), "the old version stays whole");
    let folders = || super::pod::left(&inside).iter().filter(|name| name.starts_with("..2")).count();
    pod.until("a failed try leaves nothing by halves", |_| folders() == 1).await;
    drop(file);
    std::fs::remove_file(&filler).unwrap();
    let took = pod.until("it recovers", |_| read("db-password").is_some_and(|text| text.len() == 20_000)).await;
    println!("after room was made: {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_hostile_names_and_hostile_templates_are_refused_with_a_reason() {
    let world = world(policy("[shop/**]", "")).await;
    let pod = Pod::new(&world, SETTINGS);
    let disk = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    std::fs::set_permissions(disk.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let on_disk = format!("{SETTINGS}folder: {}\n", disk.path().display());
    let text =
        |more: &str| format!("server: {}\naudience: https://pods.example\nca: ca.crt\ntoken_file: token\n{more}", world.url(""));
    std::fs::write(pod.path("sidecar.yaml"), text(&on_disk)).unwrap();
    let refused = pod.run(&["--once"]).await;
    assert_eq!(refused.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("medium: Memory"), "{refused:?}");
    assert!(pod.run(&["--once", "--allow-disk"]).await.status.success());
    assert_eq!(std::fs::read_to_string(disk.path().join("db-password")).unwrap(), "hunter2");
    for name in ["../escape", "..data", "a/b", "/etc/passwd", "..", ""] {
        pod.configure(&world.url(""), &format!("secrets: {{ {name:?}: shop/password.age }}\n"));
        let refused = pod.run(&["--once"]).await;
        assert_eq!(refused.status.code(), Some(78), "{name}: {refused:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("a file's name"), "{refused:?}");
    }
    for (template, expected) in [
        ("{% include '/etc/passwd' %}", "syntax error"),
        ("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", "too long"),
        ("{% for a in range(9000) %}{{ '0123456789' * 15 }}{% endfor %}", "larger than 1024 KiB"),
        ("{{ secrets.nobody }}", "not there"),
    ] {
        pod.configure(&world.url(""), &format!("{SETTINGS}templates: {{ app.env: {template:?} }}\n"));
        let refused = pod.run(&["--once"]).await;
        let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && stderr.contains(expected) && !stderr.contains("hunter2"), "{template}: {stderr}");
        assert!(pod.is_empty(), "{template}: nothing is written by halves");
    }
}
