//! Grants of single values: the answer holds the granted values of a document alone, and names their commit.

use crate::support::{Setup, World, commit, git, put};
use daypass::secrets::Creations;
use daypass::words::UnixTime;
use daypass::words::names::SecretPath;
use serde_json::{Value, json};

mod past;

const READER: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant: { secrets: [\"shop/db.yaml#/database/password\", \"shop/db.yaml#/hosts/1\"] }
";

const DOCUMENT: &str = "database:\n  user: app\n  password: s3cret\nhosts:\n- one.example\n- two.example\n- three.example\n";

async fn world() -> World {
    let world = World::start(Setup { policies: vec![("shop/read", READER.to_owned())], ..Setup::default() }).await;
    let path = SecretPath::parse("shop/db.yaml").unwrap();
    let recipients = std::slice::from_ref(&world.recipient);
    let sealed =
        daypass::secrets::encrypt_document(&path, DOCUMENT.as_bytes(), recipients, UnixTime::from_seconds(1_800_000_000));
    world.commit_and_wait(&[("secrets/shop/db.yaml", &sealed.unwrap())]).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_answered_with_its_granted_values_alone() {
    let world = world().await;
    let head = git(&world.path("access"), &["rev-parse", "HEAD"]);
    let (status, answer) = world.exchange(&world.token(), json!([{"secret": "shop/db.yaml"}])).await;
    assert_eq!(status, 200, "{answer}");
    let secret = &answer["credentials"][0]["secret"];
    let value: Value = serde_saphyr::from_str(secret["value"].as_str().unwrap()).unwrap();
    assert_eq!(value, json!({"database": {"password": "s3cret"}, "hosts": [null, "two.example"]}));
    assert_eq!((&secret["only"], &secret["commit"]), (&json!(["/database/password", "/hosts/1"]), &json!(head)));
    let released = world.audit().into_iter().rfind(|entry| entry.kind == "released").unwrap();
    let issued = &released.body["issued"][0]["secret"];
    assert_eq!((&issued["only"], &issued["commit"]), (&secret["only"], &secret["commit"]));
    assert!(!released.body.to_string().contains("s3cret"));

    let (status, answer) = world.exchange(&world.token(), json!([{"secret": "shop/db.yaml#/database/user"}])).await;
    assert_eq!((status, &answer["code"]), (403, &json!("no_matching_policy")), "{answer}");
}

/// A document that was released in parts counts as these parts in an explanation and in a replay.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_in_parts_is_explained_and_replayed_as_it_was_answered() {
    let world = world().await;
    let (status, answer) = world.exchange(&world.token(), json!([{"secret": "shop/db.yaml"}])).await;
    assert_eq!(status, 200, "{answer}");
    let daypass = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_daypass"));
        command.env_remove("DAYPASS_SERVER").current_dir(world.folder.path()).args(arguments);
        let output = command.args(["--config", "daypass.yaml", "--output", "json"]).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    };
    let explained = daypass(&["policy", "explain", "--decision", answer["decision_id"].as_str().unwrap()]);
    let whole = &explained["explanations"][0];
    assert_eq!(
        (&whole["allowed_by"], &whole["only"]),
        (&json!("shop/read"), &json!(["/database/password", "/hosts/1"])),
        "{explained}"
    );

    let lost = |reader: &str| {
        let access = world.path("access");
        git(&access, &["switch", "--quiet", "--force-create", "change", "main"]);
        put(&access.join("policies/shop/read.yaml"), reader.as_bytes());
        commit(&access);
        git(&access, &["switch", "--quiet", "main"]);
        daypass(&["policy", "replay", "change", "--repository", "access", "--data", "data"])["grants"].clone()
    };
    assert_eq!(lost(&format!("# as before\n{READER}")), json!([]));
    let narrower = lost(&READER.replace("\"shop/db.yaml#/database/password\", ", ""));
    let credentials: Vec<&Value> = narrower.as_array().unwrap().iter().map(|lost| &lost["credential"]).collect();
    assert_eq!(credentials, [&json!("secret shop/db.yaml#/database/password")], "{narrower}");
    assert_eq!((&narrower[0]["times"], &narrower[0]["denied_already"]), (&json!(1), &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_grant_is_not_answered_from_a_cache() {
    let world = world().await;
    let requested = json!([{"secret": "shop/db.yaml#/database/password"}]);
    for _ in 0..3 {
        assert_eq!(world.exchange(&world.token(), requested.clone()).await.0, 200);
    }
    let narrower = READER.replace("\"shop/db.yaml#/database/password\", ", "");
    world.commit_and_wait(&[("policies/shop/read.yaml", narrower.as_bytes())]).await;
    assert_eq!(world.exchange(&world.token(), requested).await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_granted_key_that_the_file_lacks_is_missing_and_policy_check_finds_it() {
    let world = world().await;
    let policy =
        READER.replace("\"shop/db.yaml#/database/password\", \"shop/db.yaml#/hosts/1\"", "\"shop/db.yaml#/database/pasword\"");
    world.commit_and_wait(&[("policies/shop/read.yaml", policy.as_bytes())]).await;
    let (status, answer) = world.exchange(&world.token(), json!([{"secret": "shop/db.yaml"}])).await;
    assert_eq!((status, &answer["code"]), (404, &json!("secret_missing")), "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains("/database/pasword"), "{answer}");
    let (config, access) = (world.path("daypass.yaml").display().to_string(), world.path("access").display().to_string());
    let check = ["policy", "check", "--config", &config, "--folder", &access];
    let stdout = String::from_utf8(world.job("push", &check, &[]).await.stdout).unwrap();
    assert!(stdout.contains("`shop/db.yaml` has no `/database/pasword`"), "{stdout}");
    let good = policy.replace("pasword", "password");
    world.commit_and_wait(&[("policies/shop/read.yaml", good.as_bytes())]).await;
    let stdout = String::from_utf8(world.job("push", &check, &[]).await.stdout).unwrap();
    assert!(!stdout.contains("has no `"), "{stdout}");
}

/// A file whose MAC covers the encrypted values alone, with another value changed.
fn forged(world: &World) -> Vec<u8> {
    let rules =
        format!("creation_rules:\n  - age: {}\n    mac_only_encrypted: true\n    encrypted_regex: ^password$\n", world.recipient);
    let creations = Creations::parse(rules.as_bytes()).unwrap();
    let (path, plain) = (SecretPath::parse("shop/legacy/a.yaml").unwrap(), b"host: good.example\npassword: s3cret\n");
    let creation = creations.for_path("shop/legacy/a.yaml").unwrap();
    let sealed = daypass::secrets::encrypt_document_with(&path, plain, creation, UnixTime::from_seconds(1_800_000_000));
    String::from_utf8(sealed.unwrap()).unwrap().replace("good.example", "evil.example").into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn unauthenticated_values_need_a_grant_and_are_marked() {
    let world = world().await;
    let policy =
        |terms: &str| READER.replace("[\"shop/db.yaml#/database/password\"", &format!("[{{ secret: shop/legacy/**{terms} }}"));
    let ask = async |name: &str| world.exchange(&world.token(), json!([{ "secret": name }])).await;
    let (document, host, password) = ("shop/legacy/a.yaml", "shop/legacy/a.yaml#/host", "shop/legacy/a.yaml#/password");
    let strict = policy("");
    world
        .commit_and_wait(&[("policies/shop/read.yaml", strict.as_bytes()), ("secrets/shop/legacy/a.yaml", &forged(&world))])
        .await;
    for refused in [document, host] {
        let (status, answer) = ask(refused).await;
        assert_eq!((status, &answer["code"]), (502, &json!("secret_unreadable")), "{answer}");
    }
    // A missing name is an error of the caller, and not an unreadable secret.
    for (missing, expected) in [("shop/legacy/a.yaml#/pasword", "has no `/pasword`"), ("shop/legacy/b.yaml", "has no such file")]
    {
        let (status, answer) = ask(missing).await;
        assert_eq!((status, &answer["code"]), (404, &json!("secret_missing")), "{answer}");
        assert!(answer["detail"].as_str().unwrap().contains(expected), "{answer}");
    }
    let (status, answer) = ask(password).await;
    assert_eq!((status, &answer["credentials"][0]["secret"]["unauthenticated"]), (200, &Value::Null), "{answer}");

    world.commit_and_wait(&[("policies/shop/read.yaml", policy(", unauthenticated: allow").as_bytes())]).await;
    for (name, marked) in [(document, json!(true)), (host, json!(true)), (password, Value::Null)] {
        let (status, answer) = ask(name).await;
        assert_eq!((status, &answer["credentials"][0]["secret"]["unauthenticated"]), (200, &marked), "{answer}");
        let released = world.audit().into_iter().rfind(|entry| entry.kind == "released").unwrap();
        assert_eq!(released.body["issued"][0]["secret"]["unauthenticated"], marked, "{name}");
    }
    assert_eq!(ask(host).await.1["credentials"][0]["secret"]["value"], "evil.example");
    // Without the grant it is refused at once, although it was opened a moment ago.
    world.commit_and_wait(&[("policies/shop/read.yaml", strict.as_bytes())]).await;
    assert_eq!(ask(host).await.0, 502);
}
