//! A further source whose files are faulty, in great number, and one that cannot be read at all.

use super::{TEAM, define, live, world};
use crate::operate::daypass;
use crate::support::{World, commit, put};
use serde_json::{Value, json};
use std::path::Path;

/// Faulty files of the source, and faults that are kept of each: those that are listed of a file, and one that says that there are more.
const FILES: usize = 600;
const KEPT: usize = 101;
/// Faults that are listed of a source.
const LISTED: usize = 500;

async fn gauge(world: &World, series: &str) -> String {
    let metrics = world.metrics().await;
    let line = metrics.lines().find_map(|line| line.strip_prefix(series)).unwrap_or_else(|| panic!("{series} in {metrics}"));
    line.trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_faulty_files_flood_neither_the_logs_nor_the_monitors() {
    let (world, team, _) = world().await;
    define(&world, team.path(), TEAM).await;
    live(&world, team.path()).await;
    let keys: String = (0..KEPT + 1).map(|key| format!("unknown_key_number_{key}: 1\n")).collect();
    for file in 0..FILES {
        put(&team.path().join(format!("policies/faulty/{file:03}.yaml")), keys.as_bytes());
    }
    commit(team.path());
    live(&world, team.path()).await;
    let ready = world.commit_and_wait(&[("policies/typo.yaml", b"isuer: github\n")]).await;
    let left_out = json!({ "faults": FILES * KEPT - LISTED, "files": FILES - LISTED });
    assert_eq!(ready["faults_left_out"], left_out, "{}", ready["faults_left_out"]);
    let of = |source: &str| {
        let faults = ready["faults"].as_array().unwrap().iter().map(|fault| fault["at"].as_str().unwrap());
        faults.filter(|at| at.starts_with(source)).count()
    };
    assert_eq!(of("team-a:policies/faulty/"), LISTED, "each file that is named once");
    assert!(of("policies/typo.yaml") > 0, "a source's faults hide nothing of another's");
    let record = world.audit().into_iter().rfind(|entry| entry.kind == "revision" && entry.body["source"] == "team-a").unwrap();
    assert_eq!((record.body["faults"].as_array().unwrap().len(), &record.body["faults_left_out"]), (LISTED, &left_out));
    assert!(record.body.to_string().len() < daypass::store::RECORD_BYTES_MAX / 4);
    let (more, log) = (format!("and {} more, also in 100 files that are not named", FILES * KEPT - LISTED), world.log());
    assert_eq!(log.lines().filter(|line| line.contains("a file is faulty") && line.contains("policies/faulty/")).count(), LISTED);
    assert!(log.contains(&more), "the log says how many more there are");
    assert_eq!(gauge(&world, "daypass_source_faulty_files{source=\"team-a\"}").await, FILES.to_string());
    let (status, output) = daypass(&world, &["status"]).await;
    assert!(status == 0 && output.contains(&more), "{output}");
    let (_, output) = daypass(&world, &["audit", "tail", "-n", "5"]).await;
    assert!(output.contains(&format!("{FILES} faulty files")) && output.contains(", 1 faulty file"), "{output}");
}

/// Nothing of it was ever in force, so nothing but the list of sources says that it is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_was_never_read_is_in_every_report() {
    let (world, _, _) = world().await;
    define(&world, Path::new("/nowhere/team-a"), TEAM).await;
    let ready = world.until("it alarms", |ready| ready["sources"]["team-a"]["alarm"].is_string()).await;
    let source = &ready["sources"]["team-a"];
    assert_eq!((&source["revision"], &source["read_at"], &source["stale"]), (&Value::Null, &Value::Null, &json!(true)));
    assert!(ready["alarm"].as_str().is_some_and(|alarm| alarm.starts_with("team-a: ")), "{}", ready["alarm"]);
    assert_eq!(gauge(&world, "daypass_source_alarmed{source=\"team-a\"}").await, "1");
    assert_eq!(gauge(&world, "daypass_source_alarmed{source=\"root\"}").await, "0");
    let (status, output) = daypass(&world, &["status"]).await;
    assert!(status == 78 && output.contains("team-a      none") && output.contains("ALARM       "), "{status} {output}");
    let (status, output) = daypass(&world, &["doctor"]).await;
    assert!(status == 78 && output.contains("source team-a"), "{status} {output}");
    assert!(output.contains("nothing of it is active until it can be followed"), "{output}");
}
