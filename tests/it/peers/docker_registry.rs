//! skopeo, unmodified, with a link to `daypass` as its credential helper, against Debian's docker-registry that requires a password.

use super::git_remotes::Peer;
use crate::helpers::{check_denial, texts};
use crate::support::{Setup, World, free_port, peer, put, until};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};

/// bcrypt of `hunter2`, the secret of every world. This registry accepts no other hash.
const PASSWORDS: &str = "ci:$2b$04$kmdxVlGacUucvEzi.2FGL.UD2E4MzELVyYrkJfr/nBeiEqP41fMkC\n";

async fn registry(world: &World, program: &Path, port: u16) -> Peer {
    let here = world.folder.path().display();
    std::fs::write(world.path("htpasswd"), PASSWORDS).unwrap();
    let configuration = format!(
        "version: 0.1
storage: {{ filesystem: {{ rootdirectory: {here}/registry }} }}
http: {{ addr: \"127.0.0.1:{port}\", tls: {{ certificate: {here}/tls.crt, key: {here}/tls.key }} }}
auth: {{ htpasswd: {{ realm: registry, path: {here}/htpasswd }} }}
"
    );
    std::fs::write(world.path("registry.yml"), configuration).unwrap();
    let log = std::fs::File::create(world.path("registry.log")).unwrap();
    let mut command = Command::new(program);
    command.arg("serve").arg(world.path("registry.yml")).stdout(Stdio::null()).stderr(log);
    let server = Peer(command.spawn().unwrap());
    until("its server answers", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
    server
}

/// The smallest image: a configuration and no layer (OCI image layout).
fn image(folder: &Path) {
    let blob = |document: &Value, kind: &str| {
        let bytes = document.to_string();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes.as_bytes());
        let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        put(&folder.join("blobs/sha256").join(&hex), bytes.as_bytes());
        json!({ "mediaType": format!("application/vnd.oci.image.{kind}.v1+json"), "digest": format!("sha256:{hex}"), "size": bytes.len() })
    };
    let none: [Value; 0] = [];
    let rootfs = json!({ "type": "layers", "diff_ids": none });
    let config = blob(&json!({ "architecture": "amd64", "os": "linux", "rootfs": rootfs }), "config");
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let mut manifest = blob(&json!({ "schemaVersion": 2, "mediaType": kind, "config": config, "layers": none }), "manifest");
    manifest["annotations"] = json!({ "org.opencontainers.image.ref.name": "1" });
    put(&folder.join("index.json"), json!({ "schemaVersion": 2, "manifests": [manifest] }).to_string().as_bytes());
    put(&folder.join("oci-layout"), b"{\"imageLayoutVersion\": \"1.0.0\"}");
}

#[tokio::test(flavor = "multi_thread")]
async fn skopeo_pushes_and_reads_an_image_with_a_granted_secret() {
    let (Some(skopeo), Some(program)) = (peer("skopeo"), peer("docker-registry")) else { return };
    let world = World::start(Setup::default()).await;
    let port = free_port();
    let _registry = registry(&world, &program, port).await;
    let host = format!("localhost:{port}");
    put(&world.path("bin/x"), b"");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_daypass"), world.path("bin/docker-credential-daypass")).unwrap();
    let file = format!("registries:\n  \"{host}\": {{ username: ci, secret: shop/password.age }}\n");
    put(&world.path(".docker/daypass.yaml"), file.as_bytes());
    let helpers = json!({ "credHelpers": { &host: "daypass" } }).to_string();
    put(&world.path(".docker/config.json"), helpers.as_bytes());
    put(&world.path("certificates/ca.crt"), &std::fs::read(world.path("tls.crt")).unwrap());
    image(&world.path("image"));
    let path = daypass::client::environment::Environment::of_process().value("PATH").unwrap_or_default().to_owned();
    let run = async |run: &str, arguments: &[&str]| {
        let mut command = tokio::process::Command::new(&skopeo);
        command.arg("--insecure-policy").args(arguments).current_dir(world.folder.path()).env("HOME", world.folder.path());
        command.env("PATH", format!("{}:{path}", world.path("bin").display())).env("REGISTRY_AUTH_FILE", ".docker/config.json");
        command.env("DAYPASS_SERVER", world.url("")).env("DAYPASS_CA", world.path("tls.crt"));
        command.envs(world.issuer.job_environment(run)).env_remove("DOCKER_CONFIG").output().await.unwrap()
    };
    let there = format!("docker://{host}/shop:1");
    let pushed = run("push", &["copy", "--dest-cert-dir", "certificates", "oci:image:1", &there]).await;
    assert!(pushed.status.success(), "{:?}", texts(&pushed));
    let read = run("push", &["inspect", "--raw", "--cert-dir", "certificates", &there]).await;
    assert!(texts(&read).0.contains("\"schemaVersion\":2"), "{:?}", texts(&read));
    let denied = run("pull", &["inspect", "--raw", "--cert-dir", "certificates", &there]).await;
    let (_, fault) = texts(&denied);
    check_denial(&world, &fault);
    assert!(!denied.status.success(), "{fault}");
    println!("skopeo: {fault}");
}
