//! The audit log through the server, for jobs that a policy grants `daypass: [audit.read]`.

use crate::sources;
use crate::support::{DEPLOY, Setup, World, commit, put};
use daypass::demo::issuer::github_claims;
use serde_json::{Map, Value, json};

pub(super) const READ: &str = "issuer: github
match: { repository: acme/shop@456789, event: pull-request }
grant: { daypass: [audit.read] }
";

async fn world() -> World {
    let policies = vec![("shop/deploy", DEPLOY.to_owned()), ("access/audit", READ.to_owned())];
    let world = World::start(Setup { policies, ..Setup::default() }).await;
    for secret in ["shop/password.age", "other/a.yaml", "other/b.yaml"] {
        let _ = world.exchange(&world.token(), json!([{ "secret": secret }])).await;
    }
    world
}

pub(super) fn pull() -> Map<String, Value> {
    github_claims("pull_request", "refs/pull/7/merge")
}

pub(super) async fn ask(world: &World, token: &str, query: &str) -> (u16, Value) {
    let response = world.http.get(world.url(&format!("/v1/audit{query}"))).bearer_auth(token).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn page(world: &World, query: &str) -> (Vec<Value>, Value) {
    let (status, answer) = ask(world, &world.token_with(pull()), query).await;
    assert_eq!(status, 200, "{answer}");
    (answer["audit"]["records"].as_array().unwrap().clone(), answer["audit"]["next_before"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_with_the_grant_reads_the_log_and_the_read_is_recorded() {
    let world = world().await;
    let (status, answer) = ask(&world, &world.token_with(pull()), "?kind=refused").await;
    assert_eq!((status, &answer["policy"]), (200, &json!("access/audit")), "{answer}");
    let records = answer["audit"]["records"].as_array().unwrap();
    assert_eq!((records.len(), &answer["audit"]["next_before"]), (2, &Value::Null), "{answer}");
    let entries = world.audit();
    let stored = |record: &Value| serde_json::to_value(entries.iter().find(|entry| record["seq"] == entry.seq).unwrap()).unwrap();
    assert!(records.iter().all(|record| stored(record) == *record), "as the store has them");
    assert!(records[0]["seq"].as_i64() > records[1]["seq"].as_i64(), "the newest first");
    let own: Vec<_> = entries.iter().filter(|entry| entry.decision.as_deref() == answer["decision_id"].as_str()).collect();
    let kinds: Vec<&str> = own.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!((kinds, &own[0].body["credentials"]), (vec!["intended", "released"], &json!(["daypass audit.read"])));
    let read = json!({ "filter": { "kind": "refused" }, "records": 2, "newest": records[0]["seq"], "oldest": records[1]["seq"] });
    assert_eq!(own[1].body["audit_read"], read);
    // Every member of a filter counts, and all of them together.
    let decision = records[0]["decision_id"].as_str().unwrap();
    for (query, expected) in [
        ("?kind=refused&code=no_matching_policy".to_owned(), 2),
        ("?code=denied".to_owned(), 0),
        (format!("?decision={decision}"), 1),
        (format!("?decision={}", &decision[24..]), 1),
        ("?policy=shop/deploy&kind=released".to_owned(), 1),
        ("?repository=acme/shop&kind=refused".to_owned(), 2),
        ("?repository=acme/renamed@456789&kind=refused&since=1d".to_owned(), 2),
        ("?issuer=gitlab".to_owned(), 0),
        (format!("?kind=refused&before={}", records[0]["seq"]), 1),
        (format!("?kind=refused&after={}", records[1]["seq"]), 1),
    ] {
        assert_eq!(page(&world, &query).await.0.len(), expected, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_leave_nothing_out_and_bring_nothing_twice() {
    let world = world().await;
    let newest = world.audit().last().unwrap().seq;
    let (mut seen, mut before) = (Vec::new(), newest + 1);
    loop {
        let (records, next) = page(&world, &format!("?limit=2&before={before}")).await;
        assert!(records.len() <= 2);
        seen.extend(records.iter().map(|record| record["seq"].as_i64().unwrap()));
        let Some(next) = next.as_i64() else { break };
        before = next;
    }
    assert_eq!(seen, (1..=newest).rev().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_without_the_grant_and_a_bad_query_are_refused() {
    let world = world().await;
    let (status, refused) = ask(&world, &world.token(), "").await;
    assert_eq!((status, &refused["code"]), (403, &json!("no_matching_policy")), "{refused}");
    let entry = world.audit().into_iter().next_back().unwrap();
    assert_eq!((entry.kind.as_str(), &entry.body["credentials"]), ("refused", &json!(["daypass audit.read"])));
    assert_eq!(entry.decision.as_deref(), refused["decision_id"].as_str());
    let response = world.http.get(world.url("/v1/audit")).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 401);
    for (query, expected) in [
        ("?code=no_matching_polcy", "`code`: there is no such code"),
        ("?kinds=refused", "A name near `kind` is no parameter here"),
        ("?limit=1001", "`limit`: expected a whole number from 1 to 1000"),
        ("?before=0", "`before`: expected a whole number from 1"),
    ] {
        let (status, refused) = ask(&world, &world.token_with(pull()), query).await;
        assert!(status == 400 && refused["detail"].as_str().unwrap().contains(expected), "{refused}");
    }
    let (status, refused) = world.exchange(&world.token_with(pull()), json!([{ "daypass": "audit.read" }])).await;
    assert_eq!((status, &refused["code"]), (400, &json!("bad_request")), "it is no credential: {refused}");
    let config = world.path("daypass.yaml").display().to_string();
    let stop = ["deny", "--repository", "acme/shop@456789", "--reason", "INC-7", "--config", &config];
    assert!(world.job("push", &stop, &[]).await.status.success());
    assert_eq!(ask(&world, &world.token_with(pull()), "").await.1["code"], "denied", "an operator's denial counts here too");
}

/// The server takes a token once, so that one that is given as a file reads one page.
#[tokio::test(flavor = "multi_thread")]
async fn the_records_of_a_page_are_printed_where_the_next_one_fails() {
    let mut world = world().await;
    world.stop();
    let store = rusqlite::Connection::open(world.path("data/daypass.sqlite")).unwrap();
    let long = json!({ "text": "x".repeat(3_000_000), "v": 1 }).to_string();
    let add = "INSERT INTO audit SELECT max(seq) + 1, max(at), 'clock', NULL, CAST(?1 AS BLOB) FROM audit";
    (0..2).for_each(|_| assert_eq!(store.execute(add, [&long]).unwrap(), 1));
    drop(store);
    world.kill_and_restart().await;
    put(&world.path("token"), world.token_with(pull()).as_bytes());
    let query = ["audit", "query", "--kind", "clock"];
    let cut_off = world.job("pull", &[&query[..], &["--token-file", "token"]].concat(), &[]).await;
    let (printed, stderr) = (String::from_utf8_lossy(&cut_off.stdout), String::from_utf8_lossy(&cut_off.stderr));
    assert!(!cut_off.status.success() && printed.lines().count() == 1, "{:?} {stderr}", cut_off.status);
    assert!(stderr.contains("replayed") && stderr.contains("these are the newest records: those before record"), "{stderr}");
    let whole = world.job("pull", &query, &[]).await;
    assert!(whole.status.success() && whole.stdout.iter().filter(|byte| **byte == b'\n').count() == 2, "{:?}", whole.status);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_prints_the_same_from_the_server_and_from_the_store() {
    let world = world().await;
    let config = world.path("daypass.yaml").display().to_string();
    let run = async |run: &str, arguments: &[&str]| {
        let output = world.job(run, &[&["audit", "query"], arguments].concat(), &[]).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    for arguments in [
        &["--kind", "refused"][..],
        &["--kind", "refused", "-n", "1"],
        &["--kind", "refused", "--output", "json"],
        &["--kind", "refused", "--count-by", "code"],
        &["--kind", "refused", "--repository", "acme/shop@456789", "--since", "1h"],
    ] {
        let served = run("pull", arguments).await;
        let stored = run("pull", &[arguments, &["--config", &config]].concat()).await;
        assert_eq!(served, stored, "{arguments:?}");
        assert!(served.0 == 0 && !served.1.is_empty() && served.2.is_empty(), "{served:?}");
    }
    let (status, printed, stderr) = run("push", &["--kind", "refused"]).await;
    assert_eq!((status, printed.as_str()), (77, ""));
    assert!(stderr.contains("no_matching_policy") && stderr.contains("decision:"), "{stderr}");
    let (status, printed, stderr) = run("pull", &["--config", &config, "--server", "https://elsewhere.example"]).await;
    assert!(status == 64 && printed.is_empty() && stderr.contains("leave one of them out"), "{stderr}");
    for (arguments, words) in [
        (&["--code", "no_matching_polcy"][..], "nothing is refused with the code `no_matching_polcy`; there are"),
        (&["--kind", "refussed"], "no record is of the kind `refussed`; there are"),
        (&["--issuer", "gihub", "--config", &config], "no issuer `gihub` is configured; there are github"),
        (&["--policy", "shop//deploy"], "shop//deploy"),
    ] {
        let (status, printed, stderr) = run("pull", arguments).await;
        assert!(status == 64 && printed.is_empty() && stderr.contains(words), "{arguments:?}: {status} {stderr}");
    }
}

/// A source that may let its people read the log shows them its own part of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_of_a_further_source_grants_its_own_records() {
    let (world, team, _) = sources::world().await;
    put(&team.path().join("policies/audit.yaml"), READ.as_bytes());
    commit(team.path());
    let allowed = sources::TEAM.replace("\"https://partner.example\"]", "\"https://partner.example\"], daypass: [audit.read]");
    sources::define(&world, team.path(), &allowed).await;
    sources::live(&world, team.path()).await;
    assert_eq!(world.exchange(&world.token(), json!([{ "secret": "team-a/db.age" }])).await.0, 200);
    assert_eq!(world.exchange(&world.token(), json!([{ "secret": "shop/password.age" }])).await.0, 200);
    let (status, answer) = ask(&world, &world.token_with(pull()), "").await;
    assert_eq!((status, &answer["policy"]), (200, &json!("team-a/audit")), "{answer}");
    let records = answer["audit"]["records"].as_array().unwrap();
    let has = |policies: Value| records.iter().any(|record| record["body"]["policies"] == policies);
    assert!(has(json!(["team-a/deploy"])) && has(json!(["team-a/audit"])) && !has(json!(["root/deploy"])), "{answer}");
    let others = records.iter().filter(|record| record["body"]["policies"].is_null() || record["body"]["source"].is_string());
    assert!(others.clone().count() > 0 && others.clone().all(|record| record["body"]["source"] == "team-a"), "{answer}");
    assert!(world.audit().iter().any(|entry| entry.body["policies"] == json!(["root/deploy"])), "the root's own log has it");
}
