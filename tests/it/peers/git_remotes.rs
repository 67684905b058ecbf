//! Git remotes: smart HTTP (git http-backend behind lighttpd, over TLS, with a password) and a real sshd.

use crate::support::{Setup, World, commit, free_port, git, peer, put, write_private};
use serde_json::json;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server that ends with its test.
pub(super) struct Peer(pub(super) Child);

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A world whose root source is its own repository, behind lighttpd.
fn of_lighttpd(port: u16) -> Setup {
    Setup {
        git: format!("https://127.0.0.1:{port}/git/access/.git"),
        root: ", credentials: { token_file: git-token, ca: tls.crt }".to_owned(),
        files: vec![("git-token", b"s3cret\n".to_vec())],
        ..Setup::default()
    }
}

pub(super) fn lighttpd(folder: &Path, port: u16) -> Peer {
    let backend = Path::new(&git(folder, &["--exec-path"])).join("git-http-backend");
    std::fs::write(folder.join("passwords"), "x-access-token:s3cret\n").unwrap();
    let pair = ["tls.crt", "tls.key"].map(|name| std::fs::read_to_string(folder.join(name)).unwrap()).concat();
    write_private(&folder.join("lighttpd.pem"), pair.as_bytes());
    let here = folder.display();
    let configuration = format!(
        "server.bind = \"127.0.0.1\"\nserver.port = {port}\nserver.document-root = \"{here}\"
server.modules = ( \"mod_openssl\", \"mod_auth\", \"mod_authn_file\", \"mod_redirect\", \"mod_alias\", \"mod_setenv\", \"mod_cgi\" )
ssl.engine = \"enable\"\nssl.pemfile = \"{here}/lighttpd.pem\"
auth.backend = \"plain\"\nauth.backend.plain.userfile = \"{here}/passwords\"
url.redirect = ( \"^/moved/(.*)$\" => \"https://127.0.0.1:{port}/git/$1\" )
alias.url = ( \"/git\" => \"{}\" )
$HTTP[\"url\"] =~ \"^/git\" {{
  cgi.assign = ( \"\" => \"\" )
  setenv.set-environment = ( \"GIT_PROJECT_ROOT\" => \"{here}\", \"GIT_HTTP_EXPORT_ALL\" => \"1\", \"HOME\" => \"{here}\" )
  auth.require = ( \"\" => ( \"method\" => \"basic\", \"realm\" => \"git\", \"require\" => \"valid-user\" ) )
}}\n",
        backend.display()
    );
    std::fs::write(folder.join("lighttpd.conf"), configuration).unwrap();
    let log = std::fs::File::create(folder.join("lighttpd.log")).unwrap();
    let mut command = Command::new(peer("lighttpd").unwrap());
    Peer(command.arg("-D").arg("-f").arg(folder.join("lighttpd.conf")).stdout(Stdio::null()).stderr(log).spawn().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_https_remote_is_followed_and_a_failed_fetch_changes_nothing() {
    if peer("lighttpd").is_none() {
        return;
    }
    let port = free_port();
    let mut world = World::start_unready(of_lighttpd(port)).await;
    let ready = world.until("the alarm", |ready| ready["alarm"].is_string()).await;
    assert!(ready["ready"] == false && ready["alarm"].as_str().unwrap().contains("cannot be fetched"), "{ready}");
    let server = lighttpd(world.folder.path(), port);
    world.until("the first fetch", |ready| ready["ready"] == true && ready["alarm"].is_null()).await;
    let secret = json!([{ "secret": "shop/password.age" }]);
    assert_eq!(world.exchange(&world.token(), secret.clone()).await.0, 200);

    let elsewhere = crate::support::DEPLOY.replace("refs/heads/main", "refs/heads/release");
    world.commit_and_wait(&[("policies/shop/deploy.yaml", elsewhere.as_bytes())]).await;
    assert_eq!(world.exchange(&world.token(), secret.clone()).await.0, 403, "a narrowing commit came by the fetch");
    world.commit_and_wait(&[("policies/shop/deploy.yaml", crate::support::DEPLOY.as_bytes())]).await;

    write_private(&world.path("git-token"), b"wrong");
    let ready = world.until("the alarm", |ready| ready["alarm"].is_string()).await;
    let alarm = ready["alarm"].as_str().unwrap();
    assert!(!alarm.contains("wrong") && !world.log().contains("s3cret"), "{alarm}");
    assert_eq!(world.exchange(&world.token(), secret.clone()).await.0, 200, "the last good revision stays");

    drop(server);
    world.kill_and_restart().await;
    let ready = world.ready().await;
    assert_eq!(ready["ready"], true, "what the mirror has is in force at once, with the forge down: {ready}");
    assert_eq!(world.exchange(&world.token(), secret).await.0, 200);
}

/// The server fetches before it tells an operator that there is no such commit.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_accepted_if_the_remote_has_it() {
    if peer("lighttpd").is_none() {
        return;
    }
    let port = free_port();
    let world = World::start_unready(of_lighttpd(port)).await;
    let server = lighttpd(world.folder.path(), port);
    world.until("the first fetch", |ready| ready["ready"] == true && ready["alarm"].is_null()).await;
    let config = world.path("daypass.yaml").display().to_string();
    let accept = async |commit: &str| {
        let output = world.job("push", &["accept", commit, "--config", &config], &[]).await;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap(), printed)
    };
    let missing = "1".repeat(40);
    let (status, text) = accept(&missing).await;
    assert!(status == 64 && text.contains(&format!("The source `root` has no commit {missing}")), "{status} {text}");
    let repository = world.path("access");
    git(&repository, &["checkout", "--quiet", "--orphan", "rewritten"]);
    commit(&repository);
    git(&repository, &["branch", "--force", "main", "rewritten"]);
    let rewritten = git(&repository, &["rev-parse", "main"]);
    assert_eq!(accept(&rewritten).await, (0, "in force\n".to_owned()), "{}", world.ready().await);
    drop(server);
    let (status, text) = accept(&missing).await;
    assert!(status == 69 && text.contains("Nobody can tell") && text.contains("cannot be fetched"), "{status} {text}");
    assert_eq!(accept(&rewritten).await.0, 0, "the mirror has it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_and_an_unknown_authority_are_refused() {
    if peer("lighttpd").is_none() {
        return;
    }
    let cases = [
        ("moved", "{ token_file: git-token, ca: tls.crt }", "upload-pack-advertisement"),
        ("git", "{ token_file: git-token }", "certificate"),
    ];
    for (path, credentials, why) in cases {
        let port = free_port();
        let setup = Setup {
            git: format!("https://127.0.0.1:{port}/{path}/access/.git"),
            root: format!(", credentials: {credentials}"),
            files: vec![("git-token", b"s3cret".to_vec())],
            ..Setup::default()
        };
        let world = World::start_unready(setup).await;
        let _server = lighttpd(world.folder.path(), port);
        let has_alarm = |ready: &serde_json::Value| ready["alarm"].as_str().is_some_and(|alarm| alarm.contains(why));
        assert_eq!(world.until(why, has_alarm).await["ready"], false);
    }
}

fn sshd(folder: &Path, port: u16, host_key: &str) -> Peer {
    let here = folder.display();
    let configuration = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {here}/{host_key}\nPidFile {here}/sshd.pid\nStrictModes no\nUsePAM no
PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nAuthorizedKeysFile {here}/authorized_keys\nAcceptEnv GIT_PROTOCOL\n"
    );
    std::fs::write(folder.join("sshd_config"), configuration).unwrap();
    let _ = std::fs::create_dir_all("/run/sshd");
    let log = std::fs::File::create(folder.join("sshd.log")).unwrap();
    let mut command = Command::new(peer("sshd").unwrap());
    Peer(command.args(["-D", "-e", "-f"]).arg(folder.join("sshd_config")).stderr(log).spawn().unwrap())
}

fn ssh_key(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    let status = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"]).arg(&path).status().unwrap();
    assert!(status.success());
    std::fs::read_to_string(path.with_extension("pub")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ssh_remote_is_followed_while_its_host_key_is_known() {
    if peer("sshd").is_none() {
        return;
    }
    let (port, keys) = (free_port(), tempfile::tempdir().unwrap());
    let (client, host) = (ssh_key(keys.path(), "client"), ssh_key(keys.path(), "host"));
    ssh_key(keys.path(), "impostor");
    std::fs::write(keys.path().join("authorized_keys"), client).unwrap();
    std::fs::write(keys.path().join("known_hosts"), format!("[127.0.0.1]:{port} {host}")).unwrap();
    let repository = tempfile::tempdir().unwrap();
    let (user, here) =
        (String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap(), repository.path().display());
    let setup = Setup {
        git: format!("ssh://{}@127.0.0.1:{port}{here}", user.trim()),
        root: format!(", credentials: {{ key: {0}/client, known_hosts: {0}/known_hosts }}", keys.path().display()),
        ..Setup::default()
    };
    let server = sshd(keys.path(), port, "host");
    git(repository.path(), &["init", "--quiet", "--initial-branch=main", "."]);
    put(&repository.path().join("policies/shop/deploy.yaml"), crate::support::DEPLOY.as_bytes());
    commit(repository.path());
    let world = World::start_unready(setup).await;
    world.until("the first fetch", |ready| ready["ready"] == true && ready["alarm"].is_null()).await;
    let token = json!([{ "id_token": { "audience": "https://partner.example" } }]);
    assert_eq!(world.exchange(&world.token(), token.clone()).await.0, 200);

    drop(server);
    let _impostor = sshd(keys.path(), port, "impostor");
    put(&repository.path().join("policies/shop/deploy.yaml"), b"issuer: github\n");
    commit(repository.path());
    let ready = world.until("the alarm", |ready| ready["alarm"].as_str().is_some_and(|alarm| alarm.contains("Host key"))).await;
    assert_eq!(ready["ready"], true, "{ready}");
    assert_eq!(world.exchange(&world.token(), token).await.0, 200, "the last good revision stays");
}

/// Whatever a hostile or broken remote sends, the server keeps the last good revision and reports the fault.
#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_remote_ends_in_an_alarm_and_nothing_else() {
    if peer("lighttpd").is_none() {
        return;
    }
    let port = free_port();
    let world = World::start_unready(of_lighttpd(port)).await;
    let repository = world.path("access");
    let first = git(&repository, &["rev-parse", "HEAD"]);
    let refs: String = (0..100_000).map(|number| format!("{first} refs/tags/t{number:06}\n")).collect();
    std::fs::write(repository.join(".git/packed-refs"), format!("# pack-refs with: peeled fully-peeled sorted \n{refs}"))
        .unwrap();
    let _server = lighttpd(world.folder.path(), port);
    world.until("a hundred thousand refs", |ready| ready["ready"] == true).await;
    assert!(!world.path("data/git/root.git/refs/tags").join("t000000").exists(), "only the one branch is fetched");

    // A blob of 1 GiB of zeros is a pack of a megabyte: git runs into its limits, or the file is left out.
    let huge = std::fs::File::create(world.path("huge")).unwrap();
    huge.set_len(1 << 30).unwrap();
    git(&repository, &["config", "core.bigFileThreshold", "16m"]);
    let blob = git(&repository, &["hash-object", "-w", world.path("huge").to_str().unwrap()]);
    git(&repository, &["update-index", "--add", "--cacheinfo", &format!("100644,{blob},secrets/huge.age")]);
    let author = ["-c", "user.name=t", "-c", "user.email=t@t.example"];
    git(&repository, &[&author[..], &["commit", "--quiet", "-m", "x"]].concat());
    let head = git(&repository, &["rev-parse", "HEAD"]);
    let ready = world.until("an end", |ready| ready["alarm"].is_string() || ready["revision"] == head.as_str()).await;
    println!("a blob of 1 GiB: {} {}", ready["alarm"], ready["revision"] == head.as_str());
    assert_eq!(ready["ready"], true, "{ready}");
    let token = json!([{ "secret": "shop/password.age" }]);
    assert_eq!(world.exchange(&world.token(), token).await.0, 200);
    let status = std::fs::read_to_string(format!("/proc/{}/status", world.server.id())).unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap().split_whitespace().nth(1).unwrap();
    assert!(peak.parse::<u64>().unwrap() < 256 * 1024, "the server itself never held it: {peak} KiB");
}
