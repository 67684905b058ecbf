//! What a further source's reader sees of the audit log: all that its own policies did, and nothing of an earlier source with its name.

use super::served::{READ, ask, pull};
use crate::operate::daypass;
use crate::sources;
use crate::support::{DEPLOY, World, commit, git, put};
use serde_json::{Value, json};
use std::path::Path;

/// A source whose people read the log and replay policies.
pub(super) fn definition() -> String {
    sources::TEAM.replace("\"https://partner.example\"]", "\"https://partner.example\"], daypass: [audit.read, policy.replay]")
}

pub(super) fn put_reader(repository: &Path) {
    put(&repository.join("policies/audit.yaml"), READ.replace("audit.read", "audit.read, policy.replay").as_bytes());
    commit(repository);
}

pub(super) async fn post(world: &World, token: &str, path: &str, body: Value) -> (u16, Value) {
    let response = world.http.post(world.url(path)).bearer_auth(token).json(&body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// What the source's reader sees.
pub(super) async fn seen(world: &World, query: &str) -> Vec<Value> {
    let (status, answer) = ask(world, &world.token_with(pull()), query).await;
    assert_eq!((status, &answer["policy"]), (200, &json!("team-a/audit")), "{answer}");
    answer["audit"]["records"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_refused_and_revoked_records_name_the_policies_that_granted() {
    let (world, team, _) = sources::world().await;
    put_reader(team.path());
    sources::define(&world, team.path(), &definition()).await;
    sources::live(&world, team.path()).await;
    let (status, failed) = post(&world, &world.token_with(pull()), "/v1/policy/replay", json!({})).await;
    assert_eq!((status, &failed["code"]), (400, &json!("bad_request")), "{failed}");
    let (_, missing) = world.exchange(&world.token(), json!([{ "secret": "team-a/absent.age" }])).await;
    assert_eq!(missing["code"], "secret_missing", "{missing}");
    let (_, released) = world.exchange(&world.token(), json!([{ "secret": "team-a/db.age" }])).await;
    let id = |answer: &Value| answer["decision_id"].as_str().unwrap().to_owned();
    let (status, output) = daypass(&world, &["revoke", &id(&released), "--reason", "INC-7"]).await;
    assert_eq!(status, 0, "{output}");
    for (answer, kind, policy) in
        [(&failed, "failed", "team-a/audit"), (&missing, "refused", "team-a/deploy"), (&released, "revoked", "team-a/deploy")]
    {
        let records = seen(&world, &format!("?decision={}&kind={kind}&policy={policy}", id(answer))).await;
        assert_eq!((records.len(), &records[0]["body"]["policies"]), (1, &json!([policy])), "{kind}: {records:?}");
        let (status, output) = daypass(&world, &["audit", "query", "--kind", kind, "--policy", policy, "--output", "json"]).await;
        assert!(status == 0 && output.contains(&id(answer)), "{kind}, where the log is: {output}");
    }
}

/// The reader sees no record up to `past`, and some records of its own.
async fn sees_its_own_alone(world: &World, past: i64) {
    let records = seen(world, "").await;
    assert!(!records.is_empty() && records.iter().all(|record| record["seq"].as_i64().unwrap() > past), "{past}: {records:?}");
    let kinds: Vec<&str> = records.iter().map(|record| record["kind"].as_str().unwrap()).collect();
    assert!(["revision", "intended"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reused_source_name_does_not_show_earlier_records() {
    let (world, team, _) = sources::world().await;
    let named = async |policy: &str| {
        let request = json!({ "credentials": [{ "id_token": { "audience": "https://partner.example" } }], "policy": policy });
        post(&world, &world.token(), "/v1/exchange", request).await
    };
    // A folder of the root's becomes a source.
    world.commit_and_wait(&[("policies/team-a/deploy.yaml", DEPLOY.as_bytes())]).await;
    assert_eq!(named("team-a/deploy").await.0, 200);
    assert_eq!(named("team-a/absent").await.0, 403);
    let past = world.audit().last().unwrap().seq;
    git(&world.path("access"), &["rm", "--quiet", "-r", "policies/team-a"]);
    put_reader(team.path());
    sources::define(&world, team.path(), &definition()).await;
    sources::live(&world, team.path()).await;
    sees_its_own_alone(&world, past).await;
    assert_eq!(named("team-a/deploy").await.0, 200);
    assert_eq!(named("team-a/absent").await.0, 403);
    assert_eq!(seen(&world, "?kind=released&policy=team-a/deploy").await.len(), 1);
    assert_eq!(seen(&world, "?kind=refused&policy=team-a/absent").await.len(), 1, "what was asked of it by name");
    // The source goes, and another team's repository comes under its name.
    git(&world.path("access"), &["rm", "--quiet", "-r", "sources"]);
    world.commit_and_wait(&[]).await;
    let past = world.audit().last().unwrap().seq;
    let other = tempfile::tempdir().unwrap();
    git(other.path(), &["init", "--quiet", "--initial-branch=main", "."]);
    put_reader(other.path());
    sources::define(&world, other.path(), &definition()).await;
    let head = git(other.path(), &["rev-parse", "HEAD"]);
    let (status, output) = daypass(&world, &["accept", &head, "--source", "team-a"]).await;
    assert_eq!(status, 0, "a name's history only goes forward, unless an operator says otherwise: {output}");
    sources::live(&world, other.path()).await;
    sees_its_own_alone(&world, past).await;
    assert!(seen(&world, "?policy=team-a/deploy").await.is_empty(), "these are the first team's");
    // The first team's repository again: its own records are its own.
    sources::define(&world, team.path(), &definition()).await;
    let head = git(team.path(), &["rev-parse", "HEAD"]);
    let (status, output) = daypass(&world, &["accept", &head, "--source", "team-a"]).await;
    assert_eq!(status, 0, "{output}");
    sources::live(&world, team.path()).await;
    assert_eq!(seen(&world, "?kind=released&policy=team-a/deploy").await.len(), 1);
}
