//! Git, unmodified, with `daypass credential git` as its helper, against git http-backend behind lighttpd with a password.

use super::git_remotes::lighttpd;
use crate::helpers::{AUDIENCE, check_denial, texts, verified};
use crate::support::{Setup, World, free_port, peer, until};
use daypass::secrets::encrypt;
use std::process::Output;

/// Runs git with this helper alone, and without prompts.
async fn git(world: &World, run: &str, helper: &str, arguments: &[&str], input: &str) -> Output {
    use tokio::io::AsyncWriteExt;
    let mut command = tokio::process::Command::new("git");
    command
        .args(["-c", "credential.helper=", "-c"])
        .arg(format!("credential.helper=!{} {helper}", env!("CARGO_BIN_EXE_daypass")));
    command.args(arguments).current_dir(world.folder.path()).env("HOME", world.folder.path());
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0").env("GIT_SSL_CAINFO", world.path("tls.crt"));
    command.env("DAYPASS_SERVER", world.url("")).env("DAYPASS_CA", world.path("tls.crt"));
    command.envs(world.issuer.job_environment(run)).env_remove("GIT_ASKPASS").env_remove("SSH_ASKPASS");
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    child.wait_with_output().await.unwrap()
}

fn released(world: &World) -> usize {
    world.audit().iter().filter(|entry| entry.kind == "released").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn git_clones_and_pushes_with_a_granted_secret_for_the_named_host_and_path_only() {
    if peer("lighttpd").is_none() {
        return;
    }
    let world = World::start(Setup::default()).await;
    let sealed = encrypt(b"s3cret\n", std::slice::from_ref(&world.recipient), false).unwrap();
    world.commit_and_wait(&[("secrets/shop/git.age", &sealed)]).await;
    let port = free_port();
    let _server = lighttpd(world.folder.path(), port);
    until("its server answers", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
    let url = format!("https://localhost:{port}/git/access/.git");
    let helper = |host: &str| format!("credential git --host {host} --username x-access-token --secret shop/git.age");
    let ours = helper(&format!("localhost:{port}"));
    let (_, fault) = texts(&git(&world, "push", &ours, &["clone", "--quiet", &url, "one"], "").await);
    assert!(world.path("one/policies/shop/deploy.yaml").exists(), "{fault}");
    assert_eq!(released(&world), 1, "one password for the whole clone");

    crate::support::git(&world.path("access"), &["config", "http.receivepack", "true"]);
    crate::support::git(&world.path("one"), &["checkout", "--quiet", "-b", "topic"]);
    let push = git(&world, "push", &ours, &["-C", "one", "push", "--quiet", "origin", "topic"], "").await;
    assert!(push.status.success(), "{}", texts(&push).1);

    for (other, why) in [
        (helper("other.example"), "could not read Username"),
        (format!("{ours} --path access"), "could not read Username"),
        (format!("{ours} --path somebody/else"), "could not read Username"),
    ] {
        let before = released(&world);
        let (_, fault) = texts(&git(&world, "push", &other, &["clone", "--quiet", &url, "two"], "").await);
        assert!(fault.contains(why), "{other}: {fault}");
        assert_eq!((released(&world), fault.contains("useHttpPath")), (before, other.contains("--path")), "{other}: {fault}");
    }
    let by_path = ["-c", "credential.useHttpPath=true", "clone", "--quiet", &url, "three"];
    let (_, fault) = texts(&git(&world, "push", &format!("{ours} --path git/access"), &by_path, "").await);
    assert!(world.path("three/policies").exists(), "{fault}");

    let denied = git(&world, "pull", &ours, &["clone", "--quiet", &url, "four"], "").await;
    let (_, fault) = texts(&denied);
    check_denial(&world, &fault);
    assert!(!denied.status.success() && fault.contains("told us to quit"), "{fault}");
    println!("git: {fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn git_learns_when_a_token_expires_and_that_it_is_not_stored() {
    let world = World::start(Setup::default()).await;
    let helper = format!("credential git --host git.example --username oidc --audience {AUDIENCE}");
    let request = "capability[]=authtype\nprotocol=https\nhost=git.example\n\n";
    let (out, fault) = texts(&git(&world, "push", &helper, &["credential", "fill"], request).await);
    let value = |key: &str| {
        out.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap_or_else(|| panic!("{out}{fault}"))
    };
    let claims = verified(&world, value("password")).await;
    assert_eq!((value("password_expiry_utc"), value("username")), (claims["exp"].to_string().as_str(), "oidc"));
    let version = crate::support::git(world.folder.path(), &["--version"]);
    println!("{version}: {}", out.replace(value("password"), "TOKEN"));
    if !version.contains("version 2.39") {
        assert_eq!(value("ephemeral"), "1", "{version}");
    }
    for verb in ["approve", "reject"] {
        let known = "protocol=https\nhost=git.example\nusername=a\npassword=b\n\n";
        let kept = git(&world, "push", &helper, &["credential", verb], known).await;
        assert!(kept.status.success() && kept.stderr.is_empty(), "{verb}: {}", texts(&kept).1);
    }
    assert_eq!(released(&world), 1);
}
