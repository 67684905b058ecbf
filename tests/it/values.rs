//! Grants down to one value: a document is answered with what is granted of it, and each answer names the commit that it is of.

use crate::support::{Setup, World, git};
use daypass::words::UnixTime;
use daypass::words::names::SecretPath;
use serde_json::{Value, json};

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

#[tokio::test(flavor = "multi_thread")]
async fn what_a_commit_takes_away_is_not_answered_from_memory() {
    let world = world().await;
    let wanted = json!([{"secret": "shop/db.yaml#/database/password"}]);
    for _ in 0..3 {
        assert_eq!(world.exchange(&world.token(), wanted.clone()).await.0, 200);
    }
    let narrower = READER.replace("\"shop/db.yaml#/database/password\", ", "");
    world.commit_and_wait(&[("policies/shop/read.yaml", narrower.as_bytes())]).await;
    assert_eq!(world.exchange(&world.token(), wanted).await.0, 403);
}
