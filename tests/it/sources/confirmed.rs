//! `confirm` of a commit after which another one was pushed that the server has not read yet.

use super::{TEAM, define, live, world_with};
use crate::operate::daypass;
use crate::support::{DEPLOY, World, commit, git, put};
use serde_json::{Value, json};

/// The commits of the source that the log records as confirmed.
fn recorded(world: &World) -> Vec<Value> {
    let of_team = world.audit().into_iter().filter(|entry| entry.kind == "confirmed" && entry.body["source"] == "team-a");
    of_team.map(|entry| entry.body["commit"].clone()).collect()
}

async fn confirm(world: &World, commit: &str, source: &str) -> (i32, String) {
    daypass(world, &["confirm", commit, "--source", source]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmation_says_that_a_newer_commit_waits_for_its_own() {
    let (mut world, team, _) = world_with(", rollout: { widening: hold, narrowing: immediate }").await;
    define(&world, team.path(), &TEAM.replace("interval: 1s", "interval: 1h")).await;
    let root = git(&world.path("access"), &["rev-parse", "HEAD"]);
    assert_eq!(confirm(&world, &root, "root").await.0, 0);
    live(&world, team.path()).await;
    let push = |name: &str, text: &str| {
        put(&team.path().join(name), text.as_bytes());
        commit(team.path());
        git(team.path(), &["rev-parse", "HEAD"])
    };
    let waits = push("policies/more.yaml", &DEPLOY.replace("refs/heads/main", "refs/heads/**"));
    // Within the hour a restart alone reads it.
    world.kill_and_restart().await;
    live(&world, team.path()).await;
    let held = |ready: &Value| ready["sources"]["team-a"]["waiting"].as_array().map(Vec::len);
    assert_eq!(held(&world.ready().await), Some(1));
    let newer = push("policies/README.md", "Policies of team A.\n");
    let (status, output) = confirm(&world, &waits, "team-a").await;
    assert!(status == 64 && output.contains("Nothing is confirmed"), "{status} {output}");
    assert!(output.contains(&newer) && output.contains("a confirmation of its own"), "{output}");
    let ready = world.ready().await;
    assert_eq!((&ready["sources"]["team-a"]["revision"], held(&ready)), (&json!(newer), Some(1)), "{ready}");
    assert_eq!(recorded(&world), Vec::<Value>::new());
    // The newer one is gone again before anybody confirms: that one is read too.
    git(team.path(), &["rm", "--quiet", "policies/more.yaml"]);
    let last = push("policies/README.md", "Policies of team A, and no others.\n");
    let (status, output) = confirm(&world, &newer, "team-a").await;
    assert!(status == 64 && output.contains(&last) && output.contains("Nothing of that one waits"), "{status} {output}");
    let again = push("policies/more.yaml", &DEPLOY.replace("refs/heads/main", "refs/heads/**"));
    world.kill_and_restart().await;
    live(&world, team.path()).await;
    let (status, output) = confirm(&world, &again, "team-a").await;
    assert!(status == 0 && output.contains("nothing of this commit waits"), "{status} {output}");
    assert_eq!((held(&world.ready().await), recorded(&world)), (Some(0), vec![json!(again)]));
    for name in ["Team A", "", "team-a/"] {
        let (status, output) = confirm(&world, &again, name).await;
        assert!(status == 64 && output.contains("--source") && !output.contains("deserialize"), "{name}: {status} {output}");
    }
}
