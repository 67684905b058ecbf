//! An API server and its etcd on this machine; or the cluster that `DAYPASS_KUBECONFIG` names, whose API server has to reach
//! 127.0.0.1 as this machine does.

use super::{CLIENT, Running};
use crate::support::{certificate, free_port, peer};
use daypass::client::environment::Environment;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const TOKEN: &str = "admintoken";
/// How much of a log is printed.
const LOG_BYTES_MAX: usize = 6000;
const STARTUP_MAX: Duration = Duration::from_secs(120);

pub struct Cluster {
    _processes: Vec<Running>,
    folder: PathBuf,
    kubeconfig: PathBuf,
    program: PathBuf,
    minor: u32,
}

impl Cluster {
    /// Starts both processes. Their files are below `folder`.
    pub async fn start(port: u16, folder: &Path) -> Self {
        let program = peer("kubectl").unwrap();
        let folder = folder.join("apiserver");
        std::fs::create_dir_all(&folder).unwrap();
        let named = Environment::of_process().value("DAYPASS_KUBECONFIG").map(PathBuf::from);
        let own = named.is_none();
        let kubeconfig = named.unwrap_or_else(|| folder.join("kubeconfig"));
        let processes = if own { start_processes(port, &folder) } else { Vec::new() };
        let mut cluster = Self { _processes: processes, folder, kubeconfig, program, minor: 0 };
        let started = Instant::now();
        while cluster.kubectl(&["get", "namespace", "default"], "").is_err() {
            assert!(started.elapsed() < STARTUP_MAX, "the API server did not start:\n{}", cluster.log());
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let version: Value = serde_json::from_str(&cluster.kubectl(&["get", "--raw", "/version"], "").unwrap()).unwrap();
        cluster.minor = version["minor"].as_str().unwrap().trim_end_matches('+').parse().unwrap();
        println!("API server {}, ready after {:?}", version["gitVersion"], started.elapsed());
        cluster
    }

    /// Whether it knows restartable init containers.
    pub fn is_native(&self) -> bool {
        self.minor >= 29
    }

    /// Runs kubectl; the error is what it prints.
    pub fn kubectl(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        command.arg("--kubeconfig").arg(&self.kubeconfig).args(arguments).env("HOME", &self.folder);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        if output.status.success() {
            return Ok(text(output.stdout));
        }
        let stderr = text(output.stderr);
        if stderr.contains("EOF") {
            println!("{}", self.log());
        }
        Err(stderr)
    }

    /// Creates an object, and returns it as the API server stored it.
    pub fn create(&self, object: &Value) -> Result<Value, String> {
        self.kubectl(&["create", "--output=json", "-f", "-"], &object.to_string())
            .map(|text| serde_json::from_str(&text).unwrap())
    }

    /// Why the API server died, or its last lines.
    fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.join("kube-apiserver.log")).unwrap_or_default();
        let from = log.find("fatal error").or_else(|| log.find("panic")).unwrap_or(log.len().saturating_sub(LOG_BYTES_MAX));
        log.bytes().skip(from).take(LOG_BYTES_MAX).map(char::from).collect()
    }
}

fn start_processes(port: u16, folder: &Path) -> Vec<Running> {
    let (apiserver, etcd) = (peer("kube-apiserver").unwrap(), peer("etcd").unwrap());
    if !folder.join("tls.crt").exists() {
        certificate(folder);
    }
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    std::fs::write(folder.join("sa.key"), key.serialize_pem()).unwrap();
    std::fs::write(folder.join("sa.pub"), key.public_key_pem()).unwrap();
    std::fs::write(folder.join("tokens.csv"), format!("{TOKEN},admin,1,\"system:masters\"\n")).unwrap();
    write_configurations(port, folder);
    let log = |name: &str| std::fs::File::create(folder.join(name)).unwrap();
    let (clients, peers) = (format!("http://127.0.0.1:{}", free_port()), format!("http://127.0.0.1:{}", free_port()));
    let mut command = Command::new(etcd);
    command.args(["--data-dir", "etcd-data", "--listen-client-urls", &clients, "--advertise-client-urls", &clients]);
    command.args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers]);
    command.args(["--initial-cluster", &format!("default={peers}")]).current_dir(folder);
    let etcd = Running::start(&mut command, log("etcd.log"));
    let issuer = format!("https://127.0.0.1:{port}");
    let mut command = Command::new(apiserver);
    let jwks = format!("{issuer}/openid/v1/jwks");
    let port = port.to_string();
    for (flag, value) in [
        ("etcd-servers", clients.as_str()),
        ("bind-address", "127.0.0.1"),
        ("advertise-address", "127.0.0.1"),
        ("secure-port", &port),
        ("cert-dir", "certs"),
        ("tls-cert-file", "tls.crt"),
        ("tls-private-key-file", "tls.key"),
        ("service-cluster-ip-range", "10.96.0.0/24"),
        ("service-account-issuer", &issuer),
        ("service-account-jwks-uri", &jwks),
        ("service-account-signing-key-file", "sa.key"),
        ("service-account-key-file", "sa.pub"),
        ("api-audiences", &issuer),
        ("authorization-mode", "RBAC"),
        ("token-auth-file", "tokens.csv"),
        ("endpoint-reconciler-type", "none"),
        ("admission-control-config-file", "admission.json"),
    ] {
        command.arg(format!("--{flag}={value}"));
    }
    vec![Running::start(command.current_dir(folder), log("kube-apiserver.log")), etcd]
}

/// kubectl's configuration, and the certificate that the API server uses for webhooks (Kubernetes docs, "Authenticate apiservers").
fn write_configurations(port: u16, folder: &Path) {
    let write = |name: &str, value: Value| std::fs::write(folder.join(name), value.to_string()).unwrap();
    let client = |name: &str| folder.parent().unwrap().join(name).display().to_string();
    write(
        "kubeconfig",
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [{ "name": "here", "cluster": { "server": format!("https://127.0.0.1:{port}"), "certificate-authority": folder.join("tls.crt") } }],
            "users": [{ "name": "admin", "user": { "token": TOKEN } }],
            "contexts": [{ "name": "here", "context": { "cluster": "here", "user": "admin" } }],
        }),
    );
    let webhooks = json!({ "apiVersion": "apiserver.config.k8s.io/v1", "kind": "WebhookAdmissionConfiguration", "kubeConfigFile": folder.join("webhooks") });
    write(
        "admission.json",
        json!({ "apiVersion": "apiserver.config.k8s.io/v1", "kind": "AdmissionConfiguration", "plugins": [{ "name": "MutatingAdmissionWebhook", "configuration": webhooks }] }),
    );
    write(
        "webhooks",
        json!({
            "apiVersion": "v1", "kind": "Config",
            "users": [{ "name": "*", "user": { "client-certificate": client(CLIENT[0]), "client-key": client(CLIENT[1]) } }],
        }),
    );
}
