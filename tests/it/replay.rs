//! A candidate revision against recorded decisions: by the job of a pull request, and by an operator with the store.

use crate::support::{DEPLOY, Setup, World, commit, git, put};
use daypass::demo::issuer::github_claims;
use serde_json::{Value, json};

const REPLAY: &str = "issuer: github
match: { repository: acme/shop@456789, event: pull-request }
grant: { daypass: [policy.replay] }
";

async fn world() -> World {
    let policies = vec![("shop/deploy", DEPLOY.to_owned()), ("access/replay", REPLAY.to_owned())];
    World::start(Setup { policies, ..Setup::default() }).await
}

/// Three uses of a secret and one of a token, by three runs.
async fn use_it(world: &World) {
    for run in ["1", "2", "3"] {
        let mut claims = github_claims("push", "refs/heads/main");
        claims.insert("run_id".to_owned(), run.into());
        let token = world.token_with(claims);
        assert_eq!(world.exchange(&token, json!([{"secret": "shop/password.age"}])).await.0, 200);
        if run == "2" {
            assert_eq!(world.exchange(&token, json!([{"id_token": {"audience": "https://partner.example"}}])).await.0, 200);
        }
    }
}

fn pull() -> serde_json::Map<String, Value> {
    github_claims("pull_request", "refs/pull/7/merge")
}

async fn ask(world: &World, token: &str, body: &Value) -> (u16, Value) {
    let request = world.http.post(world.url("/v1/policy/replay")).bearer_auth(token).json(body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// A candidate with this policy for the shop.
fn candidate(deploy: &str) -> Value {
    json!({ "files": { "policies/shop/deploy.yaml": deploy, "policies/access/replay.yaml": REPLAY } })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_of_a_pull_request_learns_what_would_have_been_denied() {
    let world = world().await;
    use_it(&world).await;
    let narrower = DEPLOY.replace("  secrets: [shop/**]\n", "");
    let (status, answer) = ask(&world, &world.token_with(pull()), &candidate(&narrower)).await;
    assert_eq!((status, &answer["policy"]), (200, &json!("access/replay")), "{answer}");
    let replay = &answer["replay"];
    assert_eq!(
        (&replay["decisions"], &replay["denied"], &replay["cut_off_at"]),
        (&json!(4), &json!(3), &Value::Null),
        "{replay}"
    );
    let lost = replay["grants"].as_array().unwrap();
    assert_eq!(
        (lost.len(), &lost[0]["credential"], &lost[0]["policy"], &lost[0]["times"], &lost[0]["last_run"]),
        (1, &json!("secret shop/password.age"), &json!("shop/deploy"), &json!(3), &json!("3")),
        "{replay}"
    );
    let token = world.token_with(pull());
    let (_, other) = ask(&world, &token, &candidate(&DEPLOY.replace("refs/heads/main", "refs/heads/release"))).await;
    assert_eq!(other["replay"]["denied"], 4);
    let line = &other["replay"]["grants"][0]["near_miss"]["lines"][0];
    assert_eq!((&line["at"], &line["saw"]), (&json!("policies/shop/deploy.yaml:4"), &json!("refs/heads/main")));
    assert_eq!(ask(&world, &token, &candidate(DEPLOY)).await.1["code"], "replayed", "a request with another body is no retry");
    let (_, without) = ask(&world, &world.token_with(pull()), &json!({ "files": { "policies/shop/deploy.yaml": DEPLOY } })).await;
    assert_eq!(without["replay"]["grants"][0]["credential"], "daypass policy.replay", "its own use counts too");
    assert_eq!(without["replay"]["grants"][0]["times"], 2);
    for text in [answer.to_string(), other.to_string()] {
        assert!(!text.contains("octocat") && !text.contains("jti"), "{text}");
    }
    let entries = world.audit();
    let of = |answer: &Value| {
        entries.iter().filter(|entry| entry.decision.as_deref() == answer["decision_id"].as_str()).collect::<Vec<_>>()
    };
    let kinds: Vec<&str> = of(&answer).iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["intended", "released"]);
    assert_eq!(of(&answer)[1].body["replayed"]["denied"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_without_the_grant_and_a_bad_candidate_are_refused() {
    let world = world().await;
    use_it(&world).await;
    let (status, refused) = ask(&world, &world.token(), &candidate(DEPLOY)).await;
    assert_eq!((status, &refused["code"]), (403, &json!("no_matching_policy")), "{refused}");
    let large = json!({ "files": { "policies/a.yaml": "x".repeat(17 * 1024 * 1024) } });
    assert_eq!(ask(&world, &world.token(), &large).await.1["code"], "no_matching_policy", "its body is not even read");
    let (status, refused) = ask(&world, &world.token_with(pull()), &large).await;
    assert_eq!((status, &refused["detail"]), (413, &json!("The body is larger than 16384 KiB.")));
    let bodies = [json!({ "credentials": [{"daypass": "policy.replay"}] }), json!({ "credentials": [{"daypass": {}}] })];
    for body in bodies {
        let response = world.http.post(world.url("/v1/exchange")).bearer_auth(world.token_with(pull())).json(&body);
        let problem: Value = response.send().await.unwrap().json().await.unwrap();
        assert_eq!((&problem["status"], &problem["code"]), (&json!(400), &json!("bad_request")));
        assert!(problem["detail"].as_str().unwrap().contains("unknown variant `daypass`"), "{problem}");
    }
    for (body, expected) in [
        (json!({}), "missing field `files`"),
        (json!({ "files": {}, "since": "91d" }), "at most 90d"),
        (json!({ "files": {}, "more": 1 }), "unknown field `more`"),
    ] {
        let (status, refused) = ask(&world, &world.token_with(pull()), &body).await;
        assert!(status == 400 && refused["detail"].as_str().unwrap().contains(expected), "{refused}");
    }
    let failed = world.audit().iter().filter(|entry| entry.kind == "failed").count();
    assert_eq!(failed, 4, "each has its outcome");
    let (_, faulty) = ask(&world, &world.token_with(pull()), &candidate("issuer: github\ngrnat: {}\n")).await;
    let faults = faulty["replay"]["faults"].as_array().unwrap();
    let unknown = faults.iter().find(|fault| fault["line"] == 2).unwrap();
    assert_eq!((&unknown["message"], &faulty["replay"]["denied"]), (&json!("unknown key `grnat`"), &json!(0)), "{faulty}");
    let config = world.path("daypass.yaml").display().to_string();
    let stop = ["deny", "--repository", "acme/shop@456789", "--reason", "INC-7", "--config", &config];
    assert!(world.job("push", &stop, &[]).await.status.success());
    assert_eq!(ask(&world, &world.token_with(pull()), &candidate(DEPLOY)).await.1["code"], "denied", "in every API");
}

#[tokio::test(flavor = "multi_thread")]
async fn pruned_claims_matter_only_to_lines_about_claims() {
    let world = world().await;
    use_it(&world).await;
    let store = rusqlite::Connection::open(world.path("data/daypass.sqlite")).unwrap();
    store.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    store.execute("DELETE FROM claims", []).unwrap();
    let narrower = candidate(&DEPLOY.replace("refs/heads/main", "refs/heads/release"));
    let (_, answer) = ask(&world, &world.token_with(pull()), &narrower).await;
    assert_eq!((&answer["replay"]["denied"], &answer["replay"]["claims_pruned"]), (&json!(4), &json!(0)), "{answer}");
    let (_, same) = ask(&world, &world.token_with(pull()), &candidate(DEPLOY)).await;
    assert_eq!((&same["replay"]["denied"], &same["replay"]["decisions"]), (&json!(0), &json!(5)), "{same}");
    let by_claim = candidate(&DEPLOY.replace("grant:", "claims: { /repository_visibility: private }\ngrant:"));
    let (_, answer) = ask(&world, &world.token_with(pull()), &by_claim).await;
    assert_eq!((&answer["replay"]["denied"], &answer["replay"]["claims_pruned"]), (&json!(0), &json!(4)), "{answer}");
}

/// A token may lack an attribute of a new denial, or claim it in a form that cannot be read. It would be refused as `claim_unreadable`,
/// and the replay lists that, whether the claims are kept or pruned.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_a_denial_cannot_read_are_listed() {
    let world = world().await;
    for (run, protected) in [("1", None), ("2", Some(json!("False"))), ("3", Some(json!("true")))] {
        let mut claims = github_claims("push", "refs/heads/main");
        claims.insert("run_id".to_owned(), run.into());
        claims.remove("ref_protected");
        claims.extend(protected.map(|protected| ("ref_protected".to_owned(), protected)));
        assert_eq!(world.exchange(&world.token_with(claims), json!([{"secret": "shop/password.age"}])).await.0, 200, "{run}");
    }
    let rails = |line: &str| {
        let mut candidate = candidate(DEPLOY);
        let denial = format!("denials: [ {{ description: Protected alone., issuer: github, {line} }} ]\n");
        candidate["files"]["guardrails.yaml"] = denial.into();
        candidate
    };
    let protected = rails("match: { ref_protected: { not: true }, event: push }");
    let check = |replay: &Value, decisions: u64| {
        let found = (&replay["decisions"], &replay["denied"], &replay["claims_pruned"], &replay["unreadable"]);
        assert_eq!(found, (&json!(decisions), &json!(2), &json!(0), &json!(0)), "{replay}");
        let lost = &replay["grants"][0];
        assert_eq!((&lost["times"], &lost["last_run"], &lost["denied_already"]), (&json!(2), &json!("2"), &json!(false)));
        let because = lost["because"].as_str().unwrap();
        assert!(because.starts_with("A denial looks at `ref_protected`, which the token lacks or claims in a form"), "{because}");
    };
    let (_, answer) = ask(&world, &world.token_with(pull()), &protected).await;
    check(&answer["replay"], 3);
    let (_, elsewhere) = ask(&world, &world.token_with(pull()), &rails("match: { ref_protected: false, owner: evil@6 }")).await;
    assert_eq!(elsewhere["replay"]["denied"], 0, "a line that does not hold settles it: {elsewhere}");
    let store = rusqlite::Connection::open(world.path("data/daypass.sqlite")).unwrap();
    store.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    store.execute("DELETE FROM claims", []).unwrap();
    let (_, answer) = ask(&world, &world.token_with(pull()), &protected).await;
    check(&answer["replay"], 5);
    world.commit_and_wait(&[("guardrails.yaml", protected["files"]["guardrails.yaml"].as_str().unwrap().as_bytes())]).await;
    let mut without = github_claims("push", "refs/heads/main");
    without.remove("ref_protected");
    let (status, refused) = world.exchange(&world.token_with(without), json!([{"secret": "shop/password.age"}])).await;
    assert_eq!((status, &refused["code"]), (403, &json!("claim_unreadable")), "in force it denies what the replay said");
}

/// Commits this policy for the shop on a branch. The server follows main.
fn branch(world: &World, deploy: &str) {
    let repository = world.path("access");
    git(&repository, &["checkout", "--quiet", "-b", "change"]);
    std::fs::write(repository.join("policies/shop/deploy.yaml"), deploy).unwrap();
    let author = ["-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "commit.gpgsign=false"];
    git(&repository, &[&author[..], &["commit", "--quiet", "--all", "--message", "change"]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_and_an_operator_get_the_same_from_the_command() {
    let world = world().await;
    use_it(&world).await;
    branch(&world, &DEPLOY.replace("  secrets: [shop/**]\n", ""));
    let replay = |run: &'static str, more: &'static [&'static str]| {
        let arguments = [&["policy", "replay", "change", "--repository", "access"][..], more].concat();
        let world = &world;
        async move {
            let output = world.job(run, &arguments, &[]).await;
            let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
            (output.status.code().unwrap(), text)
        }
    };
    let (status, printed) = replay("pull", &["--fail-on", "deny"]).await;
    assert_eq!(status, 2, "{printed}");
    for expected in [
        "DENIES   secret shop/password.age   shop/deploy: used 3 times, last ",
        "by acme/shop@456789, run 3\n",
        "4 decisions of the last 30d: 3 would have been denied.\n",
        &format!("In force: the server {}\n", git(&world.path("access"), &["rev-parse", "main"])),
        &format!("/access change ({})\n", git(&world.path("access"), &["rev-parse", "change"])),
    ] {
        assert!(printed.contains(expected), "{expected} in\n{printed}");
    }
    let flags = ["--data", "data", "--config", "daypass.yaml", "--output", "json", "--since", "1d"];
    let daypass = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_daypass"));
        command.env_remove("DAYPASS_SERVER").current_dir(world.folder.path()).args(["policy", "replay", "change"]);
        command.args(arguments).output().unwrap()
    };
    let output = daypass(&flags);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(
        (&found["decisions"], &found["denied"], &found["grants"][0]["times"]),
        (&json!(5), &json!(3), &json!(3)),
        "{found}"
    );
    assert_eq!(found["grants"][0]["denied_already"], false, "main is in force, whatever is checked out");
    // `--repository` names where NEW is from. The configuration, not the checkout's HEAD, says what is in force.
    let output = daypass(&[&flags[..], &["--repository", "access"]].concat());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!((&found["denied"], &found["grants"][0]["denied_already"]), (&json!(3), &json!(false)), "{found}");
    let commit_of = |name: &str| json!(git(&world.path("access"), &["rev-parse", name]));
    assert_eq!((&found["in_force"]["commit"], &found["new"]["commit"]), (&commit_of("main"), &commit_of("change")), "{found}");
    assert_eq!((&found["in_force"]["name"], &found["new"]["name"]), (&json!("refs/heads/main"), &json!("change")));
    let (status, printed) = replay("push", &[]).await;
    assert!(status == 77 && printed.contains("no_matching_policy"), "{printed}");
    let (status, printed) = replay("pull", &["--since", "91d"]).await;
    assert!(status == 64 && printed.contains("at most 90d") && !printed.contains("docs/api.md"), "{printed}");
    let (status, printed) = replay("pull", &["--since", "1h", "--output", "markdown"]).await;
    assert!(
        status == 0
            && printed.starts_with("```\nIn force: the server ")
            && printed.contains("\nDENIES")
            && printed.ends_with("```\n"),
        "{printed}"
    );
    // A file below sources/ stands for policies that only a server has.
    git(&world.path("access"), &["checkout", "--quiet", "change"]);
    put(&world.path("access/sources/team-a.yaml"), b"git: x\n");
    commit(&world.path("access"));
    let found: Value = serde_json::from_slice(&daypass(&flags).stdout).unwrap();
    assert_eq!(found["further_sources_not_looked_at"], json!(["team-a"]), "{found}");
    let text = String::from_utf8_lossy(&daypass(&flags[..4]).stdout).into_owned();
    assert!(
        text.contains("further sources team-a are not looked at: what one of them granted is listed as denied already"),
        "{text}"
    );
    let (_, printed) = replay("pull", &["--since", "1h"]).await;
    assert!(printed.contains("further sources team-a decide as they are in force"), "{printed}");
    // What is in force already denies nothing new. That must not look like a harmless change.
    let same = "Both decide by the same files: --repository names the checkout that has the change.\n";
    assert!(!printed.contains(same) && !text.contains(same) && found["same_files"] == false, "{found}\n{printed}\n{text}");
    git(&world.path("access"), &["checkout", "--quiet", "main"]);
    let replay_of = async |revision: &str| {
        let output = world.job("pull", &["policy", "replay", revision, "--repository", "access"], &[]).await;
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let printed = replay_of("main").await;
    assert!(printed.contains(&format!(")\n{same}")) && printed.contains(": 0 would have been denied"), "{printed}");
    git(&world.path("access"), &["checkout", "--quiet", "-B", "change", "main"]);
    put(&world.path("access/README.md"), b"no policy\n");
    commit(&world.path("access"));
    let printed = replay_of("change").await;
    assert!(printed.contains(same), "another commit, with what is in force: {printed}");
    let found: Value = serde_json::from_slice(&daypass(&flags).stdout).unwrap();
    assert_eq!((&found["same_files"], &found["denied"]), (&json!(true), &json!(0)), "{found}");
    let nowhere = daypass(&["--repository", "access"]);
    assert!(
        nowhere.status.code() == Some(64) && String::from_utf8_lossy(&nowhere.stderr).contains("name the server"),
        "{nowhere:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_a_patch_that_git_applies_without_names_that_changed_hands() {
    let named =
        DEPLOY.replace("acme/shop@456789", "acme/shop  # ours").replace("  event: push", "  event: push\n  owner: [acme]");
    let world = World::start(Setup { policies: vec![("shop/deploy", named.clone())], ..Setup::default() }).await;
    let lock = || async {
        let output = world.job("push", &["policy", "lock", "--config", "daypass.yaml"], &[]).await;
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, patch, stderr) = lock().await;
    assert!(status == 0 && patch.is_empty() && stderr.contains("no token with this name and an id was seen"), "{stderr}");
    assert_eq!(world.exchange(&world.token(), json!([{"secret": "shop/password.age"}])).await.0, 200);
    let (status, patch, stderr) = lock().await;
    assert!(status == 0 && stderr.contains("2 names without an id, 2 of them pinned"), "{stderr}");
    std::fs::write(world.path("lock.patch"), &patch).unwrap();
    git(&world.path("access"), &["apply", "../lock.patch"]);
    let text = std::fs::read_to_string(world.path("access/policies/shop/deploy.yaml")).unwrap();
    assert_eq!(text, named.replace("acme/shop ", "acme/shop@456789 ").replace("[acme]", "[acme@9001]"));
    let check = ["policy", "check", "--config", "daypass.yaml", "--folder", "access", "--deny", "name_only"];
    assert!(world.job("push", &check, &[]).await.status.success());
    world.commit_and_wait(&[]).await;
    assert_eq!(world.exchange(&world.token(), json!([{"secret": "shop/password.age"}])).await.0, 200);
    let mut taken = github_claims("push", "refs/heads/main");
    taken.insert("repository_id".to_owned(), "666".into());
    taken.insert("sub".to_owned(), "other".into());
    assert_eq!(world.exchange(&world.token_with(taken), json!([{"secret": "shop/password.age"}])).await.0, 403, "the id decides");
    world.commit_and_wait(&[("policies/shop/deploy.yaml", named.as_bytes())]).await;
    let (status, patch, stderr) = lock().await;
    assert_eq!(status, 78, "{stderr}");
    assert!(stderr.contains("policies/shop/deploy.yaml:3: repository acme/shop: was seen with several ids"), "{stderr}");
    assert!(stderr.contains("666 (last ") && stderr.contains("456789 (last "), "{stderr}");
    assert!(patch.contains("+  owner: [acme@9001]") && !patch.contains("+  repository"), "{patch}");
}

/// A diff shows how often a grant was used that somebody loses.
#[tokio::test(flavor = "multi_thread")]
async fn a_diff_shows_how_often_a_lost_grant_was_used() {
    let world = world().await;
    use_it(&world).await;
    branch(&world, &DEPLOY.replace("  secrets: [shop/**]\n", "").replace("ttl: 10m", "ttl: 5m"));
    let diff = async |run: &str, more: &[&str]| {
        let range = ["policy", "diff", "main...change", "--repository", "access", "--config", "daypass.yaml"];
        let output = world.job(run, &[&range[..], more].concat(), &[]).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let (_, plain, _) = diff("pull", &[]).await;
    assert!(plain.contains("NARROWS secret shop/password.age") && !plain.contains("used"), "nobody asked: {plain}");
    for more in [&["--usage"][..], &["--usage", "--data", "data"]] {
        let (status, stdout, stderr) = diff("pull", more).await;
        assert_eq!((status, stderr.as_str()), (0, ""), "{stdout}");
        let (_, below) = stdout.split_once("NARROWS secret shop/password.age").unwrap();
        let line = below.lines().nth(2).unwrap();
        assert!(
            line.starts_with("    used 3 times, last 20")
                && line.ends_with("by acme/shop@456789, run 3 in the last 30d: these uses would be denied"),
            "{stdout}"
        );
        let (_, below) = stdout.split_once("NARROWS id_token https://partner.example").unwrap();
        assert!(below.contains("    no use of the last 30d would be denied\n"), "{stdout}");
        let (_, stdout, _) = diff("pull", &[more, &["--output", "json", "--since", "1d"]].concat()).await;
        let report: Value = serde_json::from_str(&stdout).unwrap();
        let of = |credential: &str| {
            let changes = report["changes"].as_array().unwrap();
            changes.iter().find(|change| change["credentials"] == json!([credential])).unwrap()["usage"].clone()
        };
        let lost = of("secret shop/password.age");
        assert_eq!((&lost["times"], &lost["last_run"]), (&json!(3), &json!("3")), "{report}");
        let nothing = json!({ "times": 0, "last_at": null, "last_repository": null, "last_run": null });
        assert_eq!(of("id_token https://partner.example"), nothing);
        assert_eq!((&report["usage"]["since"], &report["usage"]["elsewhere"]), (&json!("1d"), &json!([])), "{report}");
    }
    let (_, widens, _) = diff("pull", &["--usage", "--output", "json"]).await;
    assert!(!widens.contains("octocat"), "no person is named: {widens}");
    let (status, stdout, stderr) = diff("push", &["--usage"]).await;
    assert!(status == 77 && stdout.is_empty() && stderr.contains("no_matching_policy"), "{stdout}{stderr}");
    let (status, _, stderr) = diff("pull", &["--since", "1d"]).await;
    assert!(status == 64 && stderr.contains("--usage"), "{stderr}");
    let (status, _, stderr) = diff("pull", &["--usage", "--data", "data", "--since", "91d"]).await;
    assert!(status == 64 && stderr.contains("at most 90d"), "{stderr}");
}
