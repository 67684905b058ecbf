//! A pod: folders in memory for its volumes, and the sidecar as a user of its own.

use crate::support::{START_MAX, Setup, World, write_private};
use daypass::words::{Clock, SystemClock, UnixTime};
use serde_json::json;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The application's user, the pod's fsGroup, and somebody else.
pub(super) const USER: u32 = 10_001;
pub(super) const GROUP: u32 = 20_001;
pub(super) const OTHER: u32 = 10_002;

const ISSUERS: &str = "  - { name: pods, mapping: kubernetes, issuer: \"{issuer}\", audiences: [\"https://pods.example\"], addresses: [127.0.0.0/8] }\n";

/// The policy of the pods with this grant of secrets, and more lines.
pub(super) fn policy(secrets: &str, more: &str) -> String {
    format!("issuer: pods\nmatch: {{ namespace: shop, service_account: web@u-1 }}\ngrant: {{ secrets: {secrets} }}\n{more}")
}

/// A world with one policy for pods.
pub(super) async fn world(policy: String) -> World {
    world_with(policy, String::new()).await
}

/// The same with an `aws` section.
pub(super) async fn world_with(policy: String, aws: String) -> World {
    let policies = vec![("shop/web", policy)];
    World::start(Setup { policies, issuers: ISSUERS.to_owned(), aws, ..Setup::default() }).await
}

/// Replaces the policy, and waits until it is in force.
pub(super) async fn change(world: &World, policy: &str) {
    world.commit_and_wait(&[("policies/shop/web.yaml", policy.as_bytes())]).await;
}

/// Replaces the password, and waits until it is in force.
pub(super) async fn rotate(world: &World, password: &str) {
    let sealed = daypass::secrets::encrypt(password.as_bytes(), std::slice::from_ref(&world.recipient), true).unwrap();
    world.commit_and_wait(&[("secrets/shop/password.age", &sealed)]).await;
}

pub(super) fn token(world: &World, account: &str) -> String {
    // The ID of an account decides, not its name.
    let id = if account == "web" { "u-1" } else { "u-9" };
    let claims = json!({ "sub": format!("system:serviceaccount:shop:{account}"), "jti": daypass::words::names::DecisionId::new().as_str(),
        "kubernetes.io": { "namespace": "shop", "serviceaccount": { "name": account, "uid": id }, "pod": { "name": "web-0", "uid": "u-2" } } });
    world.issuer.mint(claims.as_object().unwrap(), "https://pods.example").unwrap()
}

pub(super) struct Pod {
    pub(super) folder: tempfile::TempDir,
    pub(super) sidecar: Option<Child>,
    /// A program that runs the sidecar, such as `unshare`.
    pub(super) wrapper: Vec<String>,
    /// How often it asks without a stream of events. With a long one, what it learns soon it has learned from the stream.
    pub(super) interval: &'static str,
    /// The level of its log: everything, as for the servers of these tests.
    pub(super) log_filter: &'static str,
    pub(super) privileged: bool,
}

impl Pod {
    /// Its volumes: the settings, the token, and `files` in memory.
    pub(super) fn new(world: &World, more: &str) -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        let privileged = rustix::process::geteuid().is_root();
        if !privileged {
            println!("passed over: users of their own, which only root can take");
        }
        let pod = Self { folder, sidecar: None, wrapper: Vec::new(), interval: "1s", log_filter: "trace", privileged };
        std::fs::create_dir(pod.path("files")).unwrap();
        std::fs::copy(world.path("tls.crt"), pod.path("ca.crt")).unwrap();
        pod.configure(&world.url(""), more);
        pod.give(&token(world, "web"));
        if privileged {
            std::fs::set_permissions(pod.folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
            chown(pod.path("files"), Some(USER), Some(GROUP)).unwrap();
            // As the kubelet gives an emptyDir to the pod's fsGroup.
            std::fs::set_permissions(pod.path("files"), std::fs::Permissions::from_mode(0o2777)).unwrap();
        }
        pod
    }

    pub(super) fn configure(&self, server: &str, more: &str) {
        let text = format!(
            "server: {server}\naudience: https://pods.example\nca: ca.crt\ntoken_file: token\nfolder: files\ninterval: {}\n{more}",
            self.interval
        );
        std::fs::write(self.path("sidecar.yaml"), text).unwrap();
    }

    /// Replaces the projected token.
    pub(super) fn give(&self, token: &str) {
        std::fs::write(self.path("token.next"), token).unwrap();
        std::fs::rename(self.path("token.next"), self.path("token")).unwrap();
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut words = self.wrapper.clone();
        words.extend(self.as_user(USER));
        words.push(binary());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg("sidecar").arg("--config").arg(self.path("sidecar.yaml")).args(arguments);
        command.stdin(Stdio::null()).env("DAYPASS_LOG", self.log_filter);
        command
    }

    /// The words before a command that run it as this user.
    pub(super) fn as_user(&self, user: u32) -> Vec<String> {
        let words = format!("setpriv --reuid {user} --regid {user} --groups {GROUP} --");
        if self.privileged { words.split(' ').map(str::to_owned).collect() } else { Vec::new() }
    }

    pub(super) fn start(&mut self) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.path("sidecar.log")).unwrap();
        self.sidecar = Some(self.command(&[]).stdout(Stdio::null()).stderr(log).spawn().unwrap());
    }

    /// Runs the sidecar to its end.
    pub(super) async fn run(&self, arguments: &[&str]) -> Output {
        tokio::process::Command::from(self.command(arguments)).output().await.unwrap()
    }

    pub(super) fn id(&self) -> u32 {
        self.sidecar.as_ref().unwrap().id()
    }

    pub(super) fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_raw(i32::try_from(self.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    pub(super) fn kill(&mut self) {
        if let Some(mut sidecar) = self.sidecar.take() {
            sidecar.kill().unwrap();
            sidecar.wait().unwrap();
        }
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.path("sidecar.log")).unwrap_or_default()
    }

    /// The file as the application reads it.
    pub(super) fn file(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.path("files").join(name)).ok()
    }

    /// Waits until the condition holds. Returns how long that took.
    pub(super) async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) -> Duration {
        let started = Instant::now();
        while !holds(self) {
            assert!(started.elapsed() < START_MAX, "{what}:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        started.elapsed()
    }

    pub(super) async fn until_file(&self, name: &str, value: Option<&str>) -> Duration {
        self.until(&format!("{name} is {value:?}"), |pod| pod.file(name).as_deref() == value).await
    }

    /// Until when the sidecar may keep its files, as it notes for a later process.
    pub(super) fn ends_at(&self) -> Option<UnixTime> {
        let note: serde_json::Value = serde_json::from_str(&self.file("..daypass.json")?).ok()?;
        note["ends_at"].as_i64().map(UnixTime::from_millis)
    }

    /// Until when the sidecar may keep its files. The sidecar notes that after it has written them.
    pub(super) async fn until_ends_at(&self) -> UnixTime {
        let noted = std::cell::Cell::new(None);
        self.until("it notes the end", |pod| {
            noted.set(pod.ends_at());
            noted.get().is_some()
        })
        .await;
        noted.get().unwrap()
    }

    /// Waits until the condition holds. Meanwhile the file may be gone only if its time is over, which is this one if the sidecar notes
    /// no later one. Returns whether the file is still there.
    pub(super) async fn keeps(&self, name: &str, mut ends_at: UnixTime, what: &str, holds: impl Fn(&Self) -> bool) -> bool {
        let is_there = |ends_at: UnixTime| {
            let is_there = self.file(name).is_some();
            // Two clocks count this time, and milliseconds are cut off.
            assert!(is_there || ends_at <= SystemClock.now().plus(Duration::from_millis(50)), "too early:\n{}", self.log());
            is_there
        };
        let started = Instant::now();
        while !holds(self) {
            assert!(started.elapsed() < START_MAX, "{what}:\n{}", self.log());
            ends_at = self.ends_at().unwrap_or(ends_at);
            is_there(ends_at);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        is_there(self.ends_at().unwrap_or(ends_at))
    }

    /// How often the sidecar has tried to renew the files in vain.
    pub(super) fn failures(&self) -> usize {
        self.log().matches("the files could not be renewed").count()
    }

    /// Whether the folder is empty, hidden files included.
    pub(super) fn is_empty(&self) -> bool {
        left(&self.path("files")).is_empty()
    }
}

/// `DAYPASS_SIDECAR_BINARY` names another build, to be measured.
pub(super) fn binary() -> String {
    let environment = daypass::client::environment::Environment::of_process();
    environment.value("DAYPASS_SIDECAR_BINARY").unwrap_or(env!("CARGO_BIN_EXE_daypass")).to_owned()
}

pub(super) fn left(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

impl Drop for Pod {
    fn drop(&mut self) {
        self.kill();
        if !std::thread::panicking() {
            assert!(!self.log().contains("hunter2"), "a secret is in the log");
        }
    }
}

pub(super) async fn daypass(world: &World, arguments: &[&str]) -> String {
    let (status, output) = crate::operate::daypass(world, arguments).await;
    assert_eq!(status, 0, "{output}");
    output
}

/// A program of this name, which `on_change` can find.
pub(super) fn program(pod: &Pod, name: &str) -> PathBuf {
    let path = pod.path(name);
    // A child copies it: other tests' processes would inherit a file that is open for writing here, and then it could not be run.
    assert!(Command::new("cp").arg("/bin/sh").arg(&path).status().unwrap().success());
    path
}

pub(super) fn public(path: &Path) {
    write_private(path, b"");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).unwrap();
}
