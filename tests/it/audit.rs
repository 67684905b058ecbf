//! The audit log as people and other logs read it.

mod of_both;
mod of_sources;
mod served;

use crate::operate::daypass;
use crate::support::{Setup, World};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

async fn world() -> World {
    let world = World::start(Setup::default()).await;
    for secret in ["shop/password.age", "other/a.yaml", "other/b.yaml"] {
        let _ = world.exchange(&world.token(), json!([{ "secret": secret }])).await;
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_found_and_counted() {
    let world = world().await;
    let query = async |arguments: &[&str]| {
        let (status, output) = daypass(&world, &[&["audit", "query", "--output", "json"], arguments].concat()).await;
        let lines: Vec<Value> = output.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        (status, output, lines)
    };
    let (_, output, lines) = query(&["--kind", "refused"]).await;
    assert_eq!(lines.len(), 2, "{output}");
    assert!(lines[0]["seq"].as_i64() < lines[1]["seq"].as_i64(), "oldest first: {output}");
    let decision = lines[1]["decision_id"].as_str().unwrap();
    for (arguments, expected) in [
        (&["--code", "no_matching_policy"][..], 2),
        (&["--code", "denied"], 0),
        (&["--kind", "refused", "-n", "1"], 1),
        (&["--kind", "released", "--policy", "shop/deploy"], 1),
        (&["--kind", "released", "--policy", "shop/other"], 0),
        (&["--repository", "acme/shop", "--kind", "refused"], 2),
        (&["--repository", "acme/renamed@456789", "--kind", "refused"], 2),
        (&["--repository", "acme/shop@1", "--kind", "refused"], 0),
        (&["--issuer", "github", "--kind", "refused", "--code", "denied"], 0),
        (&["--kind", "refused", "--since", "1h"], 2),
        (&["--decision", &decision[24..]], 1),
        (&["--decision", decision], 1),
    ] {
        let (status, output, lines) = query(arguments).await;
        assert_eq!((status, lines.len()), (0, expected), "{arguments:?}: {output}");
    }
    let (status, output, _) = query(&["--kind", "refussed"]).await;
    assert!(
        status == 64 && output.contains("no record is of the kind `refussed`; there are") && output.contains("refused"),
        "{output}"
    );
    let (_, output) = daypass(&world, &["audit", "query", "--count-by", "kind", "--kind", "refused"]).await;
    assert_eq!(output.trim(), "2  refused");
}

/// A log shipper is stopped, and resumes where it was.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_resumes_without_gaps() {
    let world = world().await;
    let state = world.path("exported").display().to_string();
    let export = async || {
        let (status, output) = daypass(&world, &["audit", "export", "--state", &state]).await;
        assert_eq!(status, 0, "{output}");
        output.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let first = export().await;
    assert_eq!(first, (1..=i64::try_from(first.len()).unwrap()).collect::<Vec<_>>());
    assert!(first.len() >= 5 && export().await.is_empty());
    let _ = world.exchange(&world.token(), json!([{ "secret": "other/c.yaml" }])).await;
    assert_eq!(export().await.first(), first.last().map(|last| last + 1).as_ref());
    // A new log uses the same numbers again, so the state also names the record.
    let saved = std::fs::read_to_string(&state).unwrap();
    let (seq, _) = saved.split_once(' ').unwrap();
    for other in [saved.replace(seq, "999999"), saved.replacen(seq, "2", 1), format!("{seq} 1700000000000 started -\n")] {
        std::fs::write(&state, other).unwrap();
        let (status, output) = daypass(&world, &["audit", "export", "--state", &state]).await;
        assert!(status == 78 && output.contains("another log"), "{output}");
    }
    // A symbolic link in the place of the temporary file is not followed.
    std::fs::write(&state, &saved).unwrap();
    std::fs::write(world.path("victim"), "v").unwrap();
    std::os::unix::fs::symlink(world.path("victim"), world.path("exported.new")).unwrap();
    let _ = world.exchange(&world.token(), json!([{ "secret": "other/c.yaml" }])).await;
    assert!(!export().await.is_empty());
    assert_eq!(std::fs::read_to_string(world.path("victim")).unwrap(), "v");
    std::fs::write(&state, "half").unwrap();
    assert_eq!(daypass(&world, &["audit", "export", "--state", &state]).await.0, 78);
    let (_, output) = daypass(&world, &["audit", "export", "--after", "2"]).await;
    assert!(output.starts_with('{') && output.contains("\"seq\":3"), "{output}");
}

/// Also after a pause in which no record came.
#[tokio::test(flavor = "multi_thread")]
async fn a_follower_prints_each_record_once() {
    let world = world().await;
    for command in [&["export", "--follow"][..], &["tail", "--follow", "--output", "json", "-n", "1000"]] {
        let config = world.path("daypass.yaml").display().to_string();
        let mut follower = Command::new(env!("CARGO_BIN_EXE_daypass"));
        follower.arg("audit").args(command).args(["--config", &config]).stdout(Stdio::piped());
        let mut follower = follower.spawn().unwrap();
        let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
        let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap()["seq"].as_i64().unwrap();
        let newest = world.audit().last().unwrap().seq;
        let mut last = 0;
        while last < newest {
            let seq = next();
            assert_eq!(seq, last + 1);
            last = seq;
        }
        // By then the follower has polled several times and found nothing.
        tokio::time::sleep(std::time::Duration::from_millis(1600)).await;
        let _ = world.exchange(&world.token(), json!([{ "secret": "other/d.yaml" }])).await;
        assert_eq!(next(), last + 1, "{command:?}");
        follower.kill().unwrap();
        follower.wait().unwrap();
    }
}

/// Whoever can write to the disk can truncate the log. Other tables of the store still show which records are missing.
#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_log_is_found_by_the_stores_other_tables() {
    let mut world = world().await;
    let (status, output) = daypass(&world, &["audit", "verify"]).await;
    assert!(status == 0 && output.contains("rows of other tables have their record"), "{output}");
    assert!(output.contains("not checked: ") && output.contains("An export that is kept elsewhere"), "{output}");
    world.stop();
    let store = rusqlite::Connection::open(world.path("data/daypass.sqlite")).unwrap();
    store.execute_batch("DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE kind IN ('released', 'refused')").unwrap();
    let (status, output) = daypass(&world, &["audit", "verify"]).await;
    assert!(status == 78 && output.contains("the store has the decision ") && output.contains("claims of"), "{output}");
    store.execute_batch("DELETE FROM audit").unwrap();
    let (status, output) = daypass(&world, &["audit", "verify", "--output", "json"]).await;
    let found: Value = serde_json::from_str(&output).unwrap();
    let found: Vec<&str> = found["findings"].as_array().unwrap().iter().filter_map(|one| one["what"].as_str()).collect();
    for part in ["the log has no record", "the store has the key ", "the store has the commit "] {
        assert!(status == 78 && found.iter().any(|finding| finding.contains(part)), "{part}: {found:?}");
    }
}
