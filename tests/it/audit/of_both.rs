//! One request for credentials of two sources: each source's reader sees its own part of the record, and nothing of the other's.

use super::of_sources::{definition, post, put_reader, seen};
use crate::operate::daypass;
use crate::sources;
use crate::support::{DEPLOY, World};
use serde_json::{Value, json};

/// A service on a closed port: every request to it fails.
const CLOSED: &str = "providers:
  token_exchange:
    services:
      - { name: closed, url: \"https://127.0.0.1:1/token\", encoding: form, audience: \"https://closed.example\", assertion: subject_token, token: /access_token, lifetime: /expires_in }
";
/// Values of the root source that a reader of `team-a` must not see.
const FOREIGN: [&str; 6] = ["root/deploy", "shop/password", "root.example", "closed", "leaked", "absent"];

async fn world() -> (World, tempfile::TempDir) {
    let deploy = format!("{}  token_exchange: [{{ service: closed }}]\n", DEPLOY.replace("partner.example", "root.example"));
    let (world, team, _) = sources::world_of("", CLOSED, &deploy).await;
    put_reader(team.path());
    sources::define(&world, team.path(), &definition()).await;
    sources::live(&world, team.path()).await;
    (world, team)
}

/// The body of the only record of this kind and decision. It must hold nothing of the root source's.
async fn part(world: &World, kind: &str, decision: &str) -> Value {
    let records = seen(world, &format!("?kind={kind}&decision={decision}")).await;
    assert_eq!(records.len(), 1, "{kind}: {records:?}");
    let text = records[0].to_string();
    assert!(FOREIGN.iter().all(|foreign| !text.contains(foreign)), "{kind}: {text}");
    let stored = world.audit().into_iter().find(|entry| records[0]["seq"] == entry.seq).unwrap();
    for member in ["subject", "attributes", "client", "api", "issuer", "repeats"] {
        assert_eq!(records[0]["body"][member], stored.body[member], "{kind}: {member}");
    }
    records[0]["body"].clone()
}

fn id(answer: &Value) -> String {
    answer["decision_id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_source_sees_its_own_part_of_a_request_of_two_sources() {
    let (world, _team) = world().await;
    let (of_team, of_root) = (json!({ "secret": "team-a/db.age" }), json!({ "secret": "shop/password.age" }));
    let tokens =
        ["https://partner.example", "https://root.example"].map(|audience| json!({ "id_token": { "audience": audience } }));
    let both = json!([of_root, of_team, tokens[0], tokens[1]]);
    let token = world.token();
    let (status, released) = world.exchange(&token, both.clone()).await;
    assert_eq!(status, 200, "{released}");
    let (_, repeated) = world.exchange(&token, both.clone()).await;
    let (status, output) = daypass(&world, &["revoke", &id(&released), "--reason", "shop/password.age leaked"]).await;
    assert_eq!((status, id(&repeated)), (0, id(&released)), "{output}");
    let body = part(&world, "released", &id(&released)).await;
    assert_eq!(body["credentials"], json!(["secret team-a/db.age", "id_token https://partner.example"]), "{body}");
    assert_eq!(body["policies"], json!(["team-a/deploy", "team-a/deploy"]));
    assert_eq!(body["issued"].as_array().unwrap().len(), 2, "{body}");
    assert!(body["issued"][0]["secret"].is_object() && body["issued"][1]["id_token"].is_object(), "{body}");
    assert_eq!((&body["partial"], body["sources"].as_object().unwrap().len()), (&json!(true), 1));
    assert_eq!(part(&world, "revoked", &id(&released)).await["policies"], body["policies"]);
    let repeat = world.audit().into_iter().find(|entry| entry.kind == "repeated").unwrap();
    assert_eq!(part(&world, "repeated", &repeat.decision.unwrap()).await["credentials"], body["credentials"]);
    // A filter by the root source's policy finds nothing for this reader.
    assert!(seen(&world, "?policy=root/deploy").await.is_empty());
    assert!(!seen(&world, "?policy=team-a/deploy&kind=released").await.is_empty());

    let (_, tried) = post(&world, &world.token(), "/v1/exchange", json!({ "credentials": both, "dry_run": true })).await;
    assert_eq!(part(&world, "dry_run", &id(&tried)).await["credentials"], body["credentials"]);
    let (_, failed) = world.exchange(&world.token(), json!([{ "token_exchange": { "service": "closed" } }, of_team])).await;
    for kind in ["intended", "failed"] {
        assert_eq!(part(&world, kind, &id(&failed)).await["credentials"], json!(["secret team-a/db.age"]), "{kind}");
    }
    let absent = json!([of_team, { "secret": "shop/absent.age" }]);
    let (_, missing) = world.exchange(&world.token(), absent).await;
    let body = part(&world, "refused", &id(&missing)).await;
    assert_eq!((&missing["code"], &body["reason"]), (&json!("secret_missing"), &json!("secret_missing")), "{missing}");
    assert_eq!(body["credentials"], json!(["secret team-a/db.age"]));
    // A request that names the source's policy also asks for a secret of the root source's.
    let named = json!({ "credentials": [of_root, of_team], "policy": "team-a/deploy" });
    let (status, refused) = post(&world, &world.token(), "/v1/exchange", named).await;
    assert_eq!(status, 403, "{refused}");
    assert_eq!(part(&world, "refused", &id(&refused)).await["credentials"], json!(["secret team-a/db.age"]));
    // The root's reader has all of it.
    let stored = world.audit();
    let whole =
        |kind: &str| stored.iter().find(|entry| entry.kind == kind && entry.body["policies"][0] == "root/deploy").unwrap();
    assert_eq!(whole("released").body["credentials"].as_array().unwrap().len(), 4);
}
