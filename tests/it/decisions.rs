//! What an operator learns of a decision by its ID: its records, and everything that denies the request now.

use crate::clients::{ELSEWHERE, ask};
use crate::operate::daypass;
use crate::support::{DEPLOY, Setup, World};
use serde_json::{Value, json};

const GUARDRAILS: &str = "denials:
  - description: Nothing of the shop while it moves
    match: { repository: acme/shop@456789 }
    deny: { secrets: [shop/**] }
";

async fn explained(world: &World, decision: &str) -> Value {
    let (status, output) = daypass(world, &["policy", "explain", "--decision", decision, "--output", "json"]).await;
    assert_eq!(status, 0, "{output}");
    serde_json::from_str(&output).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_in_a_denials_hint_lists_every_denial_and_near_miss() {
    let release = DEPLOY.replace("refs/heads/main", "refs/heads/release");
    let policies = vec![("shop/deploy", release), ("other/job", DEPLOY.replace("456789", "1"))];
    let world = World::start(Setup { policies, ..Setup::default() }).await;
    world.commit_and_wait(&[("guardrails.yaml", GUARDRAILS.as_bytes())]).await;
    let (status, output) = daypass(&world, &["deny", "--repository", "acme/shop", "--reason", "INC-42"]).await;
    assert_eq!(status, 0, "{output}");
    let (status, denial) = world.exchange(&world.token(), json!([{ "secret": "shop/password.age" }])).await;
    assert_eq!((status, &denial["code"]), (403, &json!("no_matching_policy")), "{denial}");
    let decision = denial["decision_id"].as_str().unwrap();
    let hint = denial["hint"].as_str().unwrap();
    let command = hint.split('`').nth(1).unwrap();
    assert_eq!(command, format!("daypass policy explain --decision {decision}"));

    let arguments: Vec<&str> = command.split(' ').skip(1).collect();
    let (status, output) = daypass(&world, &arguments).await;
    assert_eq!(status, 0, "{output}");
    for part in [
        &format!("Decision {decision}\n"),
        "refused    repo:acme@9001/shop@456789",
        "no_matching_policy",
        "asked for  secret shop/password.age",
        "at the API native",
        "DENIED   secret shop/password.age: ",
        "a guardrail denies it",
        "guardrails.yaml:2",
        "Nothing of the shop while it moves",
        "an operator denies it until it is lifted",
        "INC-42",
        "shop/deploy would grant it, but",
        "policies/shop/deploy.yaml:4",
        "saw refs/heads/main",
        "other/job would grant it, but",
        ", still in force",
    ] {
        assert!(output.contains(part), "{part}: {output}");
    }
    assert!(!output.contains("is shown as not matching"), "the claims are there: {output}");

    let by_end = explained(&world, &decision.to_ascii_uppercase()[24..]).await;
    assert_eq!((&by_end["decision_id"], &by_end["not_explained"]), (&json!(decision), &Value::Null));
    let explanation = &by_end["explanations"][0];
    assert_eq!(explanation["near_misses"].as_array().unwrap().len(), 2, "{by_end}");
    assert_eq!(explanation["operators_denials"].as_array().unwrap().len(), 1, "{by_end}");
    assert_eq!(by_end["records"][0]["body"]["reason"], "no_matching_policy");
    for query in [&["who-can", "shop/password.age"][..], &["what-can", "--issuer", "github", "--claim", "repository=acme/shop"]] {
        let (_, output) = daypass(&world, &[&["policy"], query].concat()).await;
        assert!(output.contains("An operator denies all the same: ") && output.contains("INC-42"), "{query:?}: {output}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_explained_by_the_policies_in_force_now_and_says_so() {
    let world = World::start(Setup::default()).await;
    let (_, answer) = world.exchange(&world.token(), json!([{ "secret": "shop/password.age" }])).await;
    let decision = answer["decision_id"].as_str().unwrap();
    let first = explained(&world, decision).await;
    assert_eq!(first["explanations"][0]["allowed_by"], "shop/deploy", "{first}");
    assert_eq!(first["decided_at_revision"], first["revision_in_force"]);
    world.commit_and_wait(&[("policies/shop/deploy.yaml", DEPLOY.replace("main", "release").as_bytes())]).await;
    let later = explained(&world, decision).await;
    assert_eq!(later["explanations"][0]["allowed_by"], Value::Null, "{later}");
    assert_eq!(later["decided_at_revision"], first["decided_at_revision"]);
    let (_, output) = daypass(&world, &["policy", "explain", "--decision", decision]).await;
    assert!(output.contains("; in force now is") && output.contains("released"), "{output}");
    assert!(!output.contains("Beware"), "{output}");
    world.commit_and_wait(&[("policies/shop/deploy.yaml", b"issuer: nobody\n")]).await;
    let (_, faulty) = daypass(&world, &["policy", "explain", "--decision", decision]).await;
    assert!(faulty.contains("Beware: the newest form of policies/shop/deploy.yaml is faulty or waits"), "{faulty}");
    assert!(!output.contains("s3cret") && !later.to_string().contains(&world.token()), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_decision_and_one_without_a_policy_are_reported() {
    let world = World::start(Setup::default()).await;
    let (status, denial) = world.exchange("not.a.token", json!([{ "secret": "shop/password.age" }])).await;
    assert_eq!(status, 401);
    let (status, output) = daypass(&world, &["policy", "explain", "--decision", denial["decision_id"].as_str().unwrap()]).await;
    assert!(status == 0 && output.contains("no policy was looked at") && output.contains("token_malformed"), "{output}");
    for (id, expected) in [
        ("01a207f0-a7c7-7607-8f85-47f46e007f4f", "No record has a decision `01a207f0-"),
        ("47f46e007f4f", "No record has a decision `47f46e007f4f`"),
        ("7f4f", "at least its last 8 digits"),
        ("not-an-id", "at least its last 8 digits"),
    ] {
        let (status, output) = daypass(&world, &["policy", "explain", "--decision", id]).await;
        assert!(status == 64 && output.contains(expected), "{id}: {output}");
    }
    let (status, output) = daypass(&world, &["policy", "explain", "--decision", "47f46e007f4f", "--secret", "a"]).await;
    assert!(status == 64 && output.contains("cannot be used with"), "{output}");
    // The log prints whole IDs, so that a search for one finds it.
    let (_, output) = daypass(&world, &["audit", "tail"]).await;
    assert!(output.contains(denial["decision_id"].as_str().unwrap()), "{output}");
}

/// The token is at fault and no policy. An explanation that said ALLOWED would send the reader to the wrong place.
#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_token_is_explained_as_replayed_and_not_as_allowed() {
    let world = World::start(Setup::default()).await;
    let (token, requested) = (world.token(), json!({"secret": "shop/password.age"}));
    assert_eq!(world.exchange(&token, json!([requested])).await.0, 200);
    let refused = ask(&world, ELSEWHERE, &token, requested).await;
    assert_eq!(refused["code"], "replayed", "{refused}");
    let id = refused["decision_id"].as_str().unwrap();
    let (_, output) = daypass(&world, &["policy", "explain", "--decision", id]).await;
    assert!(output.contains("The policies grant it. It was refused with `replayed`") && output.contains("hint: "), "{output}");
    assert!(!output.contains("would decide now"), "{output}");
}
