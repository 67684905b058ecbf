//! The same commands without private keys: a server gives the file key of a granted document, or encrypts files again.

use crate::support::{Setup, World, git, put, until};
use serde_json::{Value, json};

const READER: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant: { secrets: [shop/**] }
";
const OPERATOR: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant: { daypass: [secret.rotate] }
";

/// A server, and a clone of its source.
async fn world(policies: Vec<(&'static str, String)>) -> (World, tempfile::TempDir) {
    let world = World::start(Setup { policies, ..Setup::default() }).await;
    let path = daypass::words::names::SecretPath::parse("shop/db.yaml").unwrap();
    let sealed = |text: &str| {
        let now = daypass::words::UnixTime::from_seconds(1_795_000_000);
        daypass::secrets::encrypt_document(&path, text.as_bytes(), std::slice::from_ref(&world.recipient), now).unwrap()
    };
    let key = daypass::secrets::create_transit_key(std::slice::from_ref(&world.recipient), None).unwrap();
    let (one, two) = (sealed("password: one\nport: 1\n"), sealed("password: two\nport: 2\n"));
    world
        .commit_and_wait(&[("secrets/shop/db.yaml", &one), ("secrets/shop/other.yaml", &two), ("transit/flux/1.age", &key)])
        .await;
    let clone = tempfile::tempdir().unwrap();
    git(clone.path(), &["clone", "--quiet", world.path("access").to_str().unwrap(), "."]);
    git(clone.path(), &["config", "user.name", "t"]);
    git(clone.path(), &["config", "user.email", "t@t.example"]);
    (world, clone)
}

async fn run(
    world: &World,
    clone: &tempfile::TempDir,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> (i32, String, String) {
    let folder = clone.path().to_str().unwrap();
    let mut words = vec!["secret"];
    words.extend(arguments);
    let place = words.iter().map(|word| word.replace("CLONE", folder)).collect::<Vec<_>>();
    let output = world.job("push", &place.iter().map(String::as_str).collect::<Vec<_>>(), environment).await;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

async fn value(world: &World, key: &str) -> Value {
    let (_, answer) = world.exchange(&world.token(), json!([{"secret": format!("shop/db.yaml#/{key}")}])).await;
    answer["credentials"][0]["secret"]["value"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_granted_whole_is_edited_without_a_private_key() {
    let (world, clone) = world(vec![("shop/read", READER.to_owned())]).await;
    let editor = [("EDITOR", "sed -i s/one/three/"), ("XDG_RUNTIME_DIR", "")];
    let (status, stdout, fault) = run(&world, &clone, &["edit", "CLONE/secrets/shop/db.yaml"], &editor).await;
    assert_eq!((status, stdout.contains("is changed")), (0, true), "{fault}");
    let released = world.audit().into_iter().rfind(|entry| entry.kind == "released").unwrap();
    assert!(released.body["credentials"][0].as_str().unwrap().starts_with("file_key shop/db.yaml "), "{}", released.body);
    let bytes = std::fs::read(clone.path().join("secrets/shop/db.yaml")).unwrap();
    world.commit_and_wait(&[("secrets/shop/db.yaml", &bytes)]).await;
    assert_eq!(value(&world, "password").await, "three");
    // Without a grant of the whole document there is no file key.
    let narrower = READER.replace("shop/**", "\"shop/db.yaml#/password\"");
    world.commit_and_wait(&[("policies/shop/read.yaml", narrower.as_bytes())]).await;
    let (status, _, fault) = run(&world, &clone, &["edit", "CLONE/secrets/shop/db.yaml"], &editor).await;
    assert!(status == 77 && fault.contains("no_matching_policy") && fault.contains("decision: "), "{fault}");
    assert_eq!(std::fs::read(clone.path().join("secrets/shop/db.yaml")).unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_encrypts_its_sources_files_again_for_a_granted_job() {
    let (world, clone) = world(vec![("shop/read", READER.to_owned()), ("shop/operate", OPERATOR.to_owned())]).await;
    let before = std::fs::read_to_string(clone.path().join("secrets/shop/db.yaml")).unwrap();
    let (status, stdout, fault) = run(&world, &clone, &["rotate", "--commit", "CLONE"], &[]).await;
    assert_eq!(status, 78, "{stdout} {fault}");
    assert!(fault.contains("policies/shop/read.yaml: expected a file below secrets/ or transit/"), "{fault}");
    let (status, stdout, fault) = run(&world, &clone, &["rotate", "--commit", "CLONE/secrets", "CLONE/transit"], &[]).await;
    assert_eq!(status, 0, "{stdout} {fault}");
    assert!(stdout.contains("committed as "), "{stdout}");
    let after = std::fs::read_to_string(clone.path().join("secrets/shop/db.yaml")).unwrap();
    assert_ne!(before.lines().next(), after.lines().next(), "another data key");
    let recorded: Vec<Value> =
        world.audit().into_iter().filter(|entry| entry.body["rewritten"].is_object()).map(|entry| entry.body).collect();
    let files = recorded
        .iter()
        .flat_map(|body| body["rewritten"]["files"].as_array().unwrap())
        .map(|file| file["file"].as_str().unwrap());
    let files: std::collections::BTreeSet<_> = files.collect();
    assert!(
        files.contains("secrets/shop/db.yaml")
            && files.contains("transit/flux/1.age")
            && files.contains("secrets/shop/password.age"),
        "{files:?}"
    );
    assert_eq!((&recorded[0]["rewritten"]["change"], &recorded[0]["policies"]), (&json!("rotate"), &json!(["shop/operate"])));
    git(clone.path(), &["push", "--quiet", "origin", "HEAD:refs/heads/next"]);
    let next = git(clone.path(), &["rev-parse", "HEAD"]);
    git(&world.path("access"), &["reset", "--quiet", "--hard", &next]);
    world.until("the rotated files in force", |ready| ready["revision"] == next.as_str()).await;
    assert_eq!(value(&world, "password").await, "one");
    assert_eq!(world.ready().await["faults"], json!([]), "{}", world.ready().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_cannot_add_a_recipient_or_overwrite_another_version() {
    let (world, clone) = world(vec![("shop/read", READER.to_owned()), ("shop/operate", OPERATOR.to_owned())]).await;
    let (_, stranger) = daypass::secrets::Identities::generate();
    // The server uses the rules of the commit in force, not those of the checkout.
    put(&clone.path().join(".sops.yaml"), format!("creation_rules: [{{ age: {stranger} }}]\n").as_bytes());
    let (status, stdout, fault) =
        run(&world, &clone, &["updatekeys", "CLONE/secrets/shop/db.yaml", "CLONE/secrets/shop/password.age"], &[]).await;
    assert_eq!(status, 0, "{stdout} {fault}");
    assert!(!std::fs::read_to_string(clone.path().join("secrets/shop/db.yaml")).unwrap().contains(&stranger));
    // Rules that would lock the source itself out are refused, file by file.
    world.commit_and_wait(&[(".sops.yaml", format!("creation_rules: [{{ age: {stranger} }}]\n").as_bytes())]).await;
    git(clone.path(), &["checkout", "--quiet", "--", "."]);
    let (status, _, fault) = run(&world, &clone, &["updatekeys", "CLONE/secrets/shop/db.yaml"], &[]).await;
    assert!(status == 78 && fault.contains("do not include this source's own"), "{fault}");
    put(&clone.path().join("secrets/shop/db.yaml"), b"mine\n");
    let (status, _, fault) = run(&world, &clone, &["rotate", "CLONE/secrets/shop/db.yaml"], &[]).await;
    assert!(status == 78 && fault.contains("another form of this file"), "{fault}");
    assert_eq!(std::fs::read(clone.path().join("secrets/shop/db.yaml")).unwrap(), b"mine\n");
    // Without the grant the server refuses.
    world.commit_and_wait(&[("policies/shop/operate.yaml", READER.as_bytes())]).await;
    let (status, _, fault) = run(&world, &clone, &["rotate", "CLONE/secrets/shop/db.yaml"], &[]).await;
    assert!(status == 77 && fault.contains("no_matching_policy"), "{fault}");
}

/// With `--config` the command knows the source's identities, and does not write what they could not open.
#[tokio::test(flavor = "multi_thread")]
async fn rotate_never_locks_the_server_out_of_its_files() {
    let (world, clone) = world(vec![("shop/read", READER.to_owned())]).await;
    let (_, stranger) = daypass::secrets::Identities::generate();
    put(&clone.path().join(".sops.yaml"), format!("creation_rules: [{{ age: {stranger} }}]\n").as_bytes());
    let config = world.path("daypass.yaml").display().to_string();
    for how in ["rotate", "updatekeys"] {
        let before = std::fs::read(clone.path().join("secrets/shop/db.yaml")).unwrap();
        let (status, stdout, fault) = run(&world, &clone, &[how, "CLONE/secrets/shop/db.yaml", "--config", &config], &[]).await;
        let printed = stdout + &fault;
        assert!(status == 78 && printed.contains("the server could not open it any more"), "{how}: {status} {printed}");
        assert_eq!(std::fs::read(clone.path().join("secrets/shop/db.yaml")).unwrap(), before, "{how}");
    }
}

/// A server opens no copied file, and does not encrypt it for its new path: neither if the whole file is bound to the old path, nor
/// if only one recipient's part is.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_does_not_encrypt_a_copy_for_its_new_path() {
    use daypass::secrets::{Creation, Identities, RepositoryPath, Rewrite, encrypt_at, encrypt_document_with, rewrite};
    let (world, clone) = world(vec![("shop/read", READER.to_owned()), ("shop/operate", OPERATOR.to_owned())]).await;
    let (ours, theirs) = (world.recipient.clone(), Identities::generate().1);
    let key = daypass::words::Secret::new(std::fs::read(world.path("root.key")).unwrap());
    let identities = Identities::parse(&key).unwrap();
    let original = Some(RepositoryPath::parse("secrets/prod/db.yaml").unwrap());
    let path = daypass::words::names::SecretPath::parse("db.yaml").unwrap();
    let now = daypass::words::UnixTime::from_seconds(1_795_000_000);
    let to = |recipients: &[String], at: &Option<RepositoryPath>| Creation::to(recipients).at(at.clone());
    let sealed = |at| encrypt_document_with(&path, b"password: swordfish\n", &to(std::slice::from_ref(&ours), &at), now).unwrap();
    let bound = sealed(original.clone());
    let whole = encrypt_at(b"swordfish", std::slice::from_ref(&ours), true, original.as_ref()).unwrap();
    let both = to(&[ours.clone(), theirs.clone()], &original);
    let half = rewrite(&path, &sealed(None), Rewrite::UpdateKeys, &both, &identities, now).unwrap().unwrap();
    let rules = format!("creation_rules: [{{ age: \"{ours},{theirs}\" }}]\n");
    let names = ["secrets/shop/own.yaml", "secrets/shop/own.age", "secrets/shop/half.yaml"];
    let files = [(names[0], &bound[..]), (names[1], &whole), (names[2], &half), (".sops.yaml", rules.as_bytes())];
    world.commit_and_wait(&files).await;
    git(clone.path(), &["pull", "--quiet"]);
    for how in ["updatekeys", "rotate"] {
        for name in names {
            let (status, stdout, fault) = run(&world, &clone, &[how, &format!("CLONE/{name}")], &[]).await;
            let why = "is encrypted for `secrets/prod/db.yaml` and opens at no other path";
            assert!(status == 78 && fault.contains(why), "{how} {name}: {stdout} {fault}");
        }
        assert_eq!(git(clone.path(), &["status", "--porcelain"]), "", "{how}");
    }
}

/// The body of a use comes after its first decision, and the caller chooses when: a denial that comes meanwhile counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_use_that_is_denied_while_its_body_comes_is_not_answered() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (world, clone) = world(vec![("shop/operate", OPERATOR.to_owned())]).await;
    let file = std::fs::read(clone.path().join("secrets/shop/db.yaml")).unwrap();
    let sha256 = daypass::words::Digest::plain(&file).to_string();
    let body = json!({ "change": "rotate", "files": [{ "file": "secrets/shop/db.yaml", "sha256": sha256 }] }).to_string();
    let mut stream = crate::server::connect(&world, b"http/1.1", &[&rustls::version::TLS13]).await.unwrap();
    let head = format!(
        "POST /v1/rewrite HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        world.token(),
        body.len()
    );
    let (first, rest) = body.split_at(20);
    stream.write_all(format!("{head}{first}").as_bytes()).await.unwrap();
    until("the use is decided on", async || world.audit().iter().any(|entry| entry.kind == "intended")).await;
    let (status, output) = crate::operate::daypass(&world, &["deny", "--policy", "shop/operate", "--reason", "INC-42"]).await;
    assert_eq!(status, 0, "{output}");
    stream.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("\"denied\"") && !answer.contains("rewrite"), "{answer}");
    let kinds: Vec<String> = world.audit().into_iter().map(|entry| entry.kind).collect();
    assert!(kinds.iter().any(|kind| kind == "failed") && !kinds.iter().any(|kind| kind == "released"), "{kinds:?}");
}
