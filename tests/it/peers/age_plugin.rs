//! `age-plugin-daypass` under Debian's age and the real sops, against a live server.

use crate::support::{DEPLOY, Setup, World, commit, git, peer, put};
use daypass::secrets::{Creation, RepositoryPath, encrypt, encrypt_at, encrypt_document, encrypt_document_with};
use daypass::words::UnixTime;
use daypass::words::names::SecretPath;
use serde_json::json;
use std::path::Path;
use std::process::Output;

const ONE_KEY: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant: { secrets: [\"keys/db.yaml#/password\"] }
";

/// A world with documents that are granted as a whole, by one key, or not at all, and a job that has the plugin in its path.
pub(crate) struct Job {
    pub(crate) world: World,
    identity: String,
}

fn sops_file(recipients: &[&str], name: &str) -> Vec<u8> {
    let path = SecretPath::parse(name).unwrap();
    let now = UnixTime::from_seconds(1_800_000_000);
    let recipients: Vec<String> = recipients.iter().map(|recipient| (*recipient).to_owned()).collect();
    let plaintext: &[u8] = if name.ends_with(".json") { br#"{"password": "hunter2"}"# } else { b"password: hunter2\n" };
    encrypt_document(&path, plaintext, &recipients, now).unwrap()
}

impl Job {
    pub(crate) async fn start() -> Self {
        let policies = vec![("shop/deploy", DEPLOY.to_owned()), ("shop/key", ONE_KEY.to_owned())];
        let world = World::start(Setup { policies, ..Setup::default() }).await;
        let recipient = world.recipient.clone();
        let hidden = encrypt(b"hidden", std::slice::from_ref(&recipient), false).unwrap();
        let human = daypass::secrets::Identities::generate().1;
        // Bound to its path, as our commands do it.
        let bound = |file: &str| Some(RepositoryPath::parse(file).unwrap());
        let both = [human.clone(), recipient.clone()];
        let both = encrypt_at(b"for two", &both, false, bound("secrets/shop/both.age").as_ref()).unwrap();
        let (path, now) = (SecretPath::parse("db.yaml").unwrap(), UnixTime::from_seconds(1_800_000_000));
        let creation = Creation::to(std::slice::from_ref(&recipient)).at(bound("secrets/shop/db.yaml"));
        let granted = encrypt_document_with(&path, b"password: hunter2\n", &creation, now).unwrap();
        let keyed = sops_file(&[&recipient], "db.yaml");
        let two = sops_file(&[&human, &recipient], "two.json");
        let files: [(&str, &[u8]); 5] = [
            ("secrets/shop/two.json", &two),
            ("secrets/hidden/x.age", &hidden),
            ("secrets/shop/both.age", &both),
            ("secrets/shop/db.yaml", &granted),
            ("secrets/keys/db.yaml", &keyed),
        ];
        world.commit_and_wait(&files).await;
        std::fs::create_dir(world.path("bin")).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_daypass"), world.path("bin/age-plugin-daypass")).unwrap();
        let made = world.job("push", &["secret", "plugin-identity"], &[]).await;
        let identity = String::from_utf8(made.stdout).unwrap();
        std::fs::write(world.path("identity.txt"), &identity).unwrap();
        Self { identity: identity.lines().last().unwrap().to_owned(), world }
    }

    async fn run(&self, program: &Path, arguments: &[&str], run: &str) -> Output {
        let path = daypass::client::environment::Environment::of_process().value("PATH").unwrap_or_default().to_owned();
        let mut command = tokio::process::Command::new(program);
        command.args(arguments).current_dir(self.world.path("access/secrets"));
        command.env("PATH", format!("{}:{path}", self.world.path("bin").display())).env("DAYPASS_CA", self.world.path("tls.crt"));
        command.env("SOPS_AGE_KEY", &self.identity).env("SOPS_DISABLE_VERSION_CHECK", "1").env("HOME", self.world.path("bin"));
        command.envs(self.world.issuer.job_environment(run)).env_remove("DAYPASS_TOKEN");
        command.output().await.unwrap()
    }

    async fn age(&self, age: &Path, file: &str, run: &str) -> Output {
        let identity = self.world.path("identity.txt");
        self.run(age, &["--decrypt", "-i", identity.to_str().unwrap(), file], run).await
    }
}

/// Asserts that the program failed and that standard error has the code, the hint and the decision.
fn refusal_of(output: &Output, expected: &str) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(stderr.contains(expected) && stderr.contains("hint: ") && stderr.contains("decision: "), "{stderr}");
    stderr
}

#[tokio::test(flavor = "multi_thread")]
async fn age_opens_granted_files_and_shows_why_others_are_refused() {
    let Some(age) = peer("age") else { return };
    let job = Job::start().await;
    for (file, expected) in [("shop/password.age", &b"hunter2"[..]), ("shop/both.age", b"for two")] {
        let opened = job.age(&age, file, "push").await;
        assert_eq!(opened.stdout, expected, "{}", String::from_utf8_lossy(&opened.stderr));
    }
    println!("{}", refusal_of(&job.age(&age, "shop/password.age", "pull").await, "no_matching_policy"));
    refusal_of(&job.age(&age, "hidden/x.age", "push").await, "no_matching_policy");
    // A file for the same recipient that is in no commit.
    let foreign = encrypt(b"foreign", std::slice::from_ref(&job.world.recipient), false).unwrap();
    put(&job.world.path("foreign.age"), &foreign);
    refusal_of(&job.age(&age, "../../foreign.age", "push").await, "no_matching_policy");
    // A file that a commit removes no longer opens, also for a job that still has a copy.
    let repository = job.world.path("access");
    std::fs::copy(repository.join("secrets/shop/both.age"), job.world.path("kept.age")).unwrap();
    std::fs::remove_file(repository.join("secrets/shop/both.age")).unwrap();
    commit(&repository);
    let head = git(&repository, &["rev-parse", "HEAD"]);
    job.world.until("the removal is in force", |ready| ready["revision"] == head.as_str()).await;
    refusal_of(&job.age(&age, "../../kept.age", "push").await, "no_matching_policy");
    assert_eq!(job.age(&age, "shop/password.age", "push").await.stdout, b"hunter2");
    let plugin = job.world.path("bin/age-plugin-daypass");
    for (arguments, phrase) in [(&[][..], "daypass secret plugin-identity"), (&["--age-plugin=recipient-v1"], "own recipients")] {
        let refused = job.run(&plugin, arguments, "push").await;
        assert!(refused.status.code() == Some(64) && String::from_utf8_lossy(&refused.stderr).contains(phrase), "{refused:?}");
    }

    let entries = job.world.audit();
    let released: Vec<_> = entries.iter().filter(|entry| entry.kind == "released").collect();
    assert_eq!(released.len(), 3);
    let body = &released[0].body;
    assert!(body["credentials"][0].as_str().unwrap().starts_with("file_key shop/password.age "), "{body}");
    assert_eq!(body["issued"][0]["file_key"]["document"], "shop/password.age");
    assert!(body["issued"][0]["file_key"]["key"].is_null(), "{body}");
    assert_eq!(body["policy_revision"].as_str().unwrap().len(), 40, "{body}");
    let refused = entries.iter().find(|entry| entry.kind == "refused").unwrap();
    assert!(refused.body["credentials"][0].as_str().unwrap().starts_with("file_key shop/password.age "), "{:?}", refused.body);
    let Some(newer) = peer("age-1.3") else { return };
    assert_eq!(job.age(&newer, "shop/password.age", "push").await.stdout, b"hunter2");
    refusal_of(&job.age(&newer, "hidden/x.age", "push").await, "no_matching_policy");
}

#[tokio::test(flavor = "multi_thread")]
async fn sops_opens_granted_documents_and_shows_why_others_are_refused() {
    let Some(sops) = peer("sops") else { return };
    let job = Job::start().await;
    let opened = job.run(&sops, &["decrypt", "shop/db.yaml"], "push").await;
    assert_eq!(opened.stdout, b"password: hunter2\n", "{}", String::from_utf8_lossy(&opened.stderr));
    let opened = job.run(&sops, &["decrypt", "--extract", "[\"password\"]", "shop/two.json"], "push").await;
    assert_eq!(opened.stdout, b"hunter2", "another's recipient comes first: {}", String::from_utf8_lossy(&opened.stderr));
    assert!(
        job.world.audit().iter().any(|entry| entry.body["reason"] == "secret_unreadable"),
        "the stanza of the other recipient is refused"
    );
    println!("{}", refusal_of(&job.run(&sops, &["decrypt", "keys/db.yaml"], "push").await, "no_matching_policy"));
    refusal_of(&job.run(&sops, &["decrypt", "shop/db.yaml"], "pull").await, "no_matching_policy");
    // The one key that is granted can be had by its name.
    let (status, answer) = job.world.exchange(&job.world.token(), json!([{ "secret": "keys/db.yaml#/password" }])).await;
    assert_eq!((status, &answer["credentials"][0]["secret"]["value"]), (200, &json!("hunter2")), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rage_which_resolves_the_plugins_link_opens_granted_files() {
    let Some(python) = peer("python-pyrage") else { return };
    let job = Job::start().await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/pyrage_peer.py");
    let identity = job.world.path("identity.txt");
    let decrypt = async |file: &str| job.run(&python, &[script, "decrypt", identity.to_str().unwrap(), file], "push").await;
    let opened = decrypt("shop/password.age").await;
    assert_eq!(opened.stdout, b"hunter2", "{}", String::from_utf8_lossy(&opened.stderr));
    let refused = decrypt("hidden/x.age").await;
    assert!(!refused.status.success() && refused.stdout.is_empty(), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no_matching_policy"), "{refused:?}");
}
