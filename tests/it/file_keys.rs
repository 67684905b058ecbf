//! `POST /v1/age/unwrap` gives file keys of documents in force, and of nothing else.

use crate::peers::age_plugin::Job;
use crate::sources::{TEAM, define, live, world};
use crate::support::{World, commit, put, told};
use daypass::secrets::encrypt;
use serde_json::{Value, json};

/// The stanzas of a binary file's header, as the endpoint takes them.
pub fn stanzas(file: &[u8]) -> Vec<Value> {
    let end = file.windows(4).position(|four| four == b"--- ").unwrap();
    let header = std::str::from_utf8(&file[..end]).unwrap();
    let one = |text: &str| {
        let (line, body) = text.split_once('\n').unwrap();
        let mut words = line.split(' ').map(str::to_owned);
        let kind = words.next().unwrap();
        json!({ "type": kind, "args": words.collect::<Vec<_>>(), "body": body.replace('\n', "") })
    };
    header.split("-> ").skip(1).map(one).collect()
}

async fn unwrap(world: &World, token: &str, body: Value) -> (u16, Value) {
    let response = world.http.post(world.url("/v1/age/unwrap")).bearer_auth(token).json(&body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_answers_for_granted_documents_alone() {
    let job = Job::start().await;
    let world = &job.world;
    let read = |name: &str| std::fs::read(world.path("access/secrets").join(name)).unwrap();
    let both = stanzas(&read("shop/both.age"));
    let token = world.token();
    let (status, answer) = unwrap(world, &token, json!({ "stanzas": both })).await;
    assert_eq!((status, &answer["credentials"][0]["file_key"]["document"]), (200, &json!("shop/both.age")), "{answer}");
    // A retry gets the same answer.
    assert_eq!(unwrap(world, &token, json!({ "stanzas": both })).await.1["decision_id"], answer["decision_id"]);
    // One stanza of a header is enough to find the document.
    let (status, again) = unwrap(world, &world.token(), json!({ "stanzas": [both[0]], "policy": "shop/deploy" })).await;
    assert_eq!((status, &again["credentials"]), (200, &answer["credentials"]), "{again}");
    // The stanzas of a granted document together with one of another document open neither.
    let hidden = stanzas(&read("hidden/x.age"));
    let mixed: Vec<&Value> = both.iter().chain(&hidden).collect();
    let unknown = [json!({ "stanzas": hidden }), json!({ "stanzas": mixed })];
    let none = json!({ "stanzas": [{ "type": "X25519", "args": ["x"], "body": "AAAA" }] });
    let mut refusals = Vec::new();
    for body in unknown.iter().chain([&none]) {
        let (status, refused) = unwrap(world, &world.token(), body.clone()).await;
        assert_eq!((status, &refused["code"]), (403, &json!("no_matching_policy")), "{refused}");
        refusals.push(told(&refused));
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "nobody learns which files there are");
    for bad in [
        json!({}),
        json!({ "stanzas": [] }),
        json!({ "stanzas": [{ "type": "x", "args": [], "body": "=" }] }),
        json!([]),
        json!([both]),
    ] {
        assert_eq!(unwrap(world, &world.token(), bad).await.0, 400);
    }
    assert_eq!(unwrap(world, "x", json!({ "stanzas": both })).await.0, 401);
    let guardrails = "denials:\n  - description: Nobody.\n    deny: { secrets: [shop/both.age] }\n";
    world.commit_and_wait(&[("guardrails.yaml", guardrails.as_bytes())]).await;
    let (status, refused) = unwrap(world, &world.token(), json!({ "stanzas": both })).await;
    assert_eq!((status, &refused["code"]), (403, &json!("denied")), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_unwraps_file_keys_with_its_own_identities_alone() {
    let (world, team, recipient) = world().await;
    // The team's repository has a copy of the root's file, and a file of its own.
    let theirs = encrypt(b"root", std::slice::from_ref(&world.recipient), false).unwrap();
    let own = encrypt(b"own", std::slice::from_ref(&recipient), false).unwrap();
    world.commit_and_wait(&[("secrets/hidden/root.age", &theirs)]).await;
    put(&team.path().join("secrets/stolen.age"), &theirs);
    put(&team.path().join("secrets/own.age"), &own);
    commit(team.path());
    define(&world, team.path(), TEAM).await;
    live(&world, team.path()).await;
    let (status, answer) = unwrap(&world, &world.token(), json!({ "stanzas": stanzas(&own) })).await;
    assert_eq!((status, &answer["credentials"][0]["file_key"]["document"]), (200, &json!("team-a/own.age")), "{answer}");
    assert_eq!(answer["policy"], "team-a/deploy");
    let (status, refused) = unwrap(&world, &world.token(), json!({ "stanzas": stanzas(&theirs) })).await;
    assert_eq!((status, &refused["code"]), (403, &json!("no_matching_policy")), "{refused}");
}
