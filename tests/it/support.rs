//! The real server in a process of its own, over real TLS, with a repository and an issuer.

use daypass::client::environment::Environment;
use daypass::demo::issuer::{LocalIssuer, github_claims};
use daypass::secrets::{Identities, encrypt};
use daypass::store::{Entry, Reader};
use daypass::words::{Clock as _, SystemClock};
use serde_json::{Map, Value};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Linux counts processor time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);
/// Whatever neither ends nor answers for this long hangs, however busy the machine is.
pub const START_MAX: Duration = Duration::from_secs(240);

/// Waits until the condition holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < START_MAX, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub const DEPLOY: &str = "issuer: github
match:
  repository: acme/shop@456789
  ref: refs/heads/main
  event: push
grant:
  secrets: [shop/**]
  id_token: { audience: https://partner.example, ttl: 10m }
";

/// How many tokens are searched for in the log. A test of ten thousand would spend its time on that.
const TOKENS_LOOKED_FOR: usize = 50;

/// What a world starts with.
pub struct Setup {
    pub policies: Vec<(&'static str, String)>,
    /// Another audience of the issuer `github`, beside the server's address.
    pub audience: Option<&'static str>,
    pub issuers: String,
    pub aws: String,
    /// Where the root source is.
    pub git: String,
    /// The key to which the server's own keys are encrypted.
    pub key_encryption: String,
    /// The age identities of the root source.
    pub identities: String,
    /// More of the root source.
    pub root: String,
    /// More of the configuration.
    pub more: String,
    /// Private files beside the configuration.
    pub files: Vec<(&'static str, Vec<u8>)>,
    /// A program that runs the server, such as strace.
    pub wrapper: Vec<String>,
    /// The line with the time for which a stop waits for load balancers. Most tests need no wait.
    pub drain_pause: &'static str,
    pub environment: Vec<(&'static str, String)>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            policies: vec![("shop/deploy", DEPLOY.to_owned())],
            audience: None,
            issuers: String::new(),
            aws: String::new(),
            git: "access".to_owned(),
            key_encryption: "{ age_identity: root.key }".to_owned(),
            identities: "[root.key]".to_owned(),
            root: String::new(),
            more: String::new(),
            files: Vec::new(),
            wrapper: Vec::new(),
            drain_pause: "drain_pause: 0s\n",
            environment: Vec::new(),
        }
    }
}

pub struct World {
    pub folder: tempfile::TempDir,
    pub issuer: Arc<LocalIssuer>,
    pub port: u16,
    pub admin_port: u16,
    pub http: reqwest::Client,
    pub recipient: String,
    pub server: Child,
    setup: Setup,
    /// Tokens of this world that its log must not hold.
    minted: Mutex<Vec<String>>,
}

impl World {
    pub async fn start(setup: Setup) -> Self {
        let world = Self::start_unready(setup).await;
        assert_eq!(world.ready().await["ready"], true, "{}", world.log());
        world
    }

    /// Starts a server under strace; `None`, with a message, if that is not installed.
    pub async fn start_traced(arguments: &[&str]) -> Option<Self> {
        let mut wrapper = vec![peer("strace")?.display().to_string(), "-f".to_owned()];
        wrapper.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        Some(Self::start(Setup { wrapper, ..Setup::default() }).await)
    }

    /// Starts a server that may answer without being ready.
    pub async fn start_unready(setup: Setup) -> Self {
        daypass::telemetry::install_crypto();
        let issuer = LocalIssuer::start(Arc::new(SystemClock)).await.unwrap();
        issuer.add_run("push", github_claims("push", "refs/heads/main"));
        issuer.add_run("pull", github_claims("pull_request", "refs/pull/7/merge"));
        let folder = tempfile::tempdir().unwrap();
        let (identity, recipient) = Identities::generate();
        write_private(&folder.path().join("root.key"), identity.expose());
        certificate(folder.path());
        let (port, admin_port) = (free_port(), free_port());
        let text = configuration(port, admin_port, issuer.url(), &setup);
        std::fs::write(folder.path().join("daypass.yaml"), text).unwrap();
        let ca = std::fs::read(folder.path().join("tls.crt")).unwrap();
        let http = patient_client(Some(&ca));
        let repository = folder.path().join("access");
        for (name, text) in &setup.policies {
            put(&repository.join(format!("policies/{name}.yaml")), text.as_bytes());
        }
        put(&repository.join("secrets/shop/password.age"), &encrypt(b"hunter2", std::slice::from_ref(&recipient), true).unwrap());
        git(&repository, &["init", "--quiet", "--initial-branch=main", "."]);
        commit(&repository);
        setup.files.iter().for_each(|(name, bytes)| {
            std::fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
            write_private(&folder.path().join(name), bytes);
        });
        let server = spawn(folder.path(), &setup);
        let mut world = Self { folder, issuer, port, admin_port, http, recipient, server, setup, minted: Mutex::default() };
        world.wait_until_it_answers(true).await;
        world
    }

    /// Another program may take a port between the check and its use. Then the server starts on other ports.
    fn move_to_other_ports(&mut self) {
        std::fs::remove_file(self.path("server.log")).unwrap();
        (self.port, self.admin_port) = (free_port(), free_port());
        let text = configuration(self.port, self.admin_port, self.issuer.url(), &self.setup);
        std::fs::write(self.path("daypass.yaml"), text).unwrap();
        self.server = spawn(self.folder.path(), &self.setup);
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Stops the server without warning and starts it again.
    pub async fn kill_and_restart(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
        self.server = spawn(self.folder.path(), &self.setup);
        self.wait_until_it_answers(false).await;
    }

    /// The same for a server with a wrapper. It starts again without the wrapper.
    pub async fn kill_and_restart_without_wrapper(&mut self) {
        let wrapped = self.wrapped().unwrap().unwrap();
        assert!(Command::new("kill").args(["-KILL", &wrapped]).status().unwrap().success());
        self.server.wait().unwrap();
        self.setup.wrapper.clear();
        self.server = spawn(self.folder.path(), &self.setup);
        self.wait_until_it_answers(false).await;
    }

    /// Asks the server to stop, and waits for its end and that of its wrapper.
    pub fn stop(&mut self) {
        // A wrapper such as strace blocks the signal itself.
        let server = self.wrapped().unwrap().unwrap_or_else(|| self.server.id().to_string());
        let killed = Command::new("kill").arg(server).status().unwrap();
        assert!(killed.success());
        self.server.wait().unwrap();
    }

    /// The user and system time that the server has used (proc(5), fields 14 and 15 of `stat`).
    pub fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.server.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: u32 = fields[11..13].iter().map(|field| field.parse::<u32>().unwrap()).sum();
        TICK * ticks
    }

    /// The server's own process ID, if it has a wrapper. Fails if that has ended.
    fn wrapped(&self) -> std::io::Result<Option<String>> {
        if self.setup.wrapper.is_empty() {
            return Ok(None);
        }
        let own = self.server.id();
        let children = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children"))?;
        Ok(children.split_whitespace().next().map(str::to_owned))
    }

    /// `may_move`: the server may use other ports, because nobody knows them yet.
    async fn wait_until_it_answers(&mut self, may_move: bool) {
        let started = Instant::now();
        // The admin address is the last one that is bound.
        while tokio::net::TcpStream::connect(("127.0.0.1", self.admin_port)).await.is_err() {
            let ended = self.server.try_wait().unwrap();
            if may_move && ended.is_some() && self.log().contains("Address already in use") {
                self.move_to_other_ports();
                continue;
            }
            assert!(ended.is_none() && started.elapsed() < START_MAX, "the server did not start:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.ready().await;
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("server.log")).unwrap_or_default()
    }

    /// Waits for a line of the log. A server logs its alarms beside its answers, so an answer may come first.
    pub async fn until_logged(&self, text: &str) {
        until(text, async || self.log().contains(text)).await;
    }

    /// A fresh token of a run of `acme/shop` on main.
    pub fn token(&self) -> String {
        self.token_with(github_claims("push", "refs/heads/main"))
    }

    /// A token for tests that may take longer than the usual five minutes on a busy machine.
    pub fn lasting_token(&self) -> String {
        let mut claims = github_claims("push", "refs/heads/main");
        claims.insert("exp".to_owned(), (SystemClock.now().seconds() + 3600).into());
        self.token_with(claims)
    }

    pub fn token_with(&self, claims: Map<String, Value>) -> String {
        let token = self.issuer.mint(&claims, &self.url("")).unwrap();
        let mut minted = self.minted.lock().unwrap();
        if minted.len() < TOKENS_LOOKED_FOR {
            minted.push(token.clone());
        }
        token
    }

    pub async fn exchange(&self, token: &str, credentials: Value) -> (u16, Value) {
        let body = serde_json::json!({ "credentials": credentials });
        let response = self.http.post(self.url("/v1/exchange")).bearer_auth(token).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub fn audit(&self) -> Vec<Entry> {
        Reader::open(&self.path("data")).unwrap().after(0, 1_000_000).unwrap()
    }

    pub async fn ready(&self) -> Value {
        let answer = self.http.get(format!("http://127.0.0.1:{}/readyz", self.admin_port)).send().await;
        answer.unwrap_or_else(|error| panic!("{error:?}\n{}", self.log())).json().await.unwrap()
    }

    /// The answer of /metrics.
    pub async fn metrics(&self) -> String {
        let answer = self.http.get(format!("http://127.0.0.1:{}/metrics", self.admin_port)).send().await.unwrap();
        answer.text().await.unwrap()
    }

    /// Changes the repository, commits, and waits until that commit is in force.
    pub async fn commit_and_wait(&self, files: &[(&str, &[u8])]) -> Value {
        let repository = self.path("access");
        files.iter().for_each(|(name, bytes)| put(&repository.join(name), bytes));
        commit(&repository);
        let head = git(&repository, &["rev-parse", "HEAD"]);
        let started = Instant::now();
        loop {
            let ready = self.ready().await;
            if ready["revision"] == head.as_str() {
                return ready;
            }
            assert!(started.elapsed() < START_MAX, "{ready}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until the answer of /readyz fits the condition.
    pub async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let ready = self.ready().await;
            if holds(&ready) {
                return ready;
            }
            assert!(started.elapsed() < START_MAX, "{what}: {ready:#}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Runs `daypass` as a job.
    pub async fn job(&self, run: &str, arguments: &[&str], environment: &[(&str, &str)]) -> std::process::Output {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_daypass"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("DAYPASS_TOKEN");
        command.env("DAYPASS_SERVER", self.url("")).env("DAYPASS_CA", self.path("tls.crt"));
        command.envs(self.issuer.job_environment(run)).envs(environment.iter().copied());
        command.output().await.unwrap()
    }
}

/// The detail and the hint of a refusal, without the decision's ID, so that refusals can be compared.
pub fn told(refused: &Value) -> (Value, String) {
    let (decision, hint) = (refused["decision_id"].as_str().unwrap(), refused["hint"].as_str().unwrap());
    (refused["detail"].clone(), hint.replace(decision, "ID"))
}

impl Drop for World {
    fn drop(&mut self) {
        // The server would outlive its wrapper.
        if let Ok(Some(wrapped)) = self.wrapped() {
            let _ = Command::new("kill").args(["-KILL", &wrapped]).status();
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
        if std::thread::panicking() {
            return;
        }
        // The log is at TRACE. It must hold neither a token nor the secret of every world.
        let log = self.log();
        for token in self.minted.lock().unwrap().iter() {
            let signature = token.rsplit('.').next().unwrap();
            assert!(!log.contains(signature), "a token is in the log");
        }
        assert!(!log.contains("hunter2"), "a secret is in the log");
    }
}

fn spawn(folder: &Path, setup: &Setup) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("server.log")).unwrap();
    let mut words = setup.wrapper.clone();
    let process = Environment::of_process();
    let program = std::fs::canonicalize(process.value("DAYPASS_SERVER_BINARY").unwrap_or(env!("CARGO_BIN_EXE_daypass"))).unwrap();
    // As in the docs: every path of such a configuration is relative.
    words.extend([program.to_str().unwrap(), "serve", "--config", "daypass.yaml"].map(str::to_owned));
    let mut command = Command::new(&words[0]);
    command.current_dir(folder);
    // Everything is logged, because this log is searched for what no log may hold.
    command.args(&words[1..]).env("DAYPASS_LOG", "trace").envs(setup.environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

fn configuration(port: u16, admin_port: u16, issuer: &str, setup: &Setup) -> String {
    format!(
        "listen: 127.0.0.1:{port}
admin_listen: 127.0.0.1:{admin_port}
public_url: https://localhost:{port}
{}tls: {{ certificate: tls.crt, key: tls.key }}
data: data
key_encryption: {}
root: {{ git: \"{}\", ref: refs/heads/main, interval: 1s, age_identities: {}{} }}
issuers:
  - name: github
    mapping: github-actions
    issuer: {issuer}
    audiences: [\"https://localhost:{port}\"{}]
    addresses: [127.0.0.0/8]
{}{}{}",
        setup.drain_pause,
        setup.key_encryption,
        setup.git,
        setup.identities,
        setup.root,
        setup.audience.map(|text| format!(", \"{}\"", text.replace("{port}", &port.to_string()))).unwrap_or_default(),
        setup.issuers.replace("{port}", &port.to_string()).replace("{issuer}", issuer),
        setup.aws,
        setup.more
    )
}

/// How long a test waits for an answer before it counts as lost. On a busy machine a request took more than half a minute, and no test is
/// about that.
const PATIENCE: Duration = Duration::from_secs(600);

/// A client like that of commands, without their deadlines.
#[expect(clippy::disallowed_methods, reason = "deadlines of commands are no part of what the tests ask")]
pub fn patient_client(ca: Option<&[u8]>) -> reqwest::Client {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(PATIENCE)
        .user_agent(concat!("daypass/", env!("CARGO_PKG_VERSION")));
    let builder = match ca {
        None => builder,
        Some(pem) => builder.tls_certs_only(reqwest::Certificate::from_pem_bundle(pem).unwrap()),
    };
    builder.build().unwrap()
}

/// Writes a fresh certificate pair.
pub fn certificate(folder: &Path) {
    certificate_of(folder, &["localhost", "127.0.0.1"]);
}

/// The same for these names.
pub fn certificate_of(folder: &Path, names: &[&str]) {
    let generated = rcgen::generate_simple_self_signed(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    write_private(&folder.join("tls.key"), generated.signing_key.serialize_pem().as_bytes());
    std::fs::write(folder.join("tls.crt"), generated.cert.pem()).unwrap();
}

pub fn write_private(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

pub fn put(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

pub fn commit(repository: &Path) {
    git(repository, &["add", "--all"]);
    git(
        repository,
        &[
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@t.example",
            "-c",
            "commit.gpgsign=false",
            "commit",
            "--quiet",
            "--message",
            "x",
        ],
    );
}

pub fn git(repository: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(repository).args(arguments).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub fn free_port() -> u16 {
    free_ports(1)
}

/// The first of `count` consecutive free ports that no other test gets.
pub fn free_ports(count: u16) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Below the system's ephemeral ports, so that no outgoing connection takes the port before the server does.
    const FIRST: u16 = 12_000;
    const COUNT: u16 = 20_000;
    // Concurrent runs start at different ports.
    let own = u16::try_from(std::process::id() % u32::from(COUNT)).unwrap();
    let firsts = std::iter::repeat_with(|| {
        let next = NEXT.fetch_add(count, Ordering::Relaxed);
        FIRST + u16::try_from((u32::from(own) * 61 + u32::from(next)) % u32::from(COUNT)).unwrap()
    });
    let free = |port: u16| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
    let mut firsts = firsts.take(usize::from(COUNT));
    firsts.find(|first| (*first..first + count).all(free)).unwrap()
}

/// A peer's program; `None`, with a message, if it is not installed. With `DAYPASS_PEERS_REQUIRED` a missing peer is a failure.
pub fn peer(name: &str) -> Option<PathBuf> {
    let environment = daypass::client::environment::Environment::of_process();
    let peers = environment.value("DAYPASS_PEERS").unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/.peers"));
    let folders = std::iter::once(PathBuf::from(peers).join("bin"));
    let path = environment.value("PATH").unwrap_or_default().split(':').map(PathBuf::from).collect::<Vec<_>>();
    let found = folders.chain(path).map(|folder| folder.join(name)).find(|program| program.exists());
    if found.is_none() {
        assert!(environment.value("DAYPASS_PEERS_REQUIRED").is_none(), "{name} is not installed (tests/peers/install.sh)");
        println!("passed over: {name} is not installed (tests/peers/install.sh)");
    }
    found
}
