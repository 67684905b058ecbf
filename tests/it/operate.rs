//! What an operator does at once: deny, lift, revoke, accept, status. And sources whose history is rewritten or that cannot be read.

mod through;
mod typed;

use crate::support::{DEPLOY, START_MAX, Setup, World, git};
use daypass::demo::issuer::github_claims;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub async fn daypass(world: &World, arguments: &[&str]) -> (i32, String) {
    let mut all = arguments.to_vec();
    let config = world.path("daypass.yaml").display().to_string();
    all.extend(["--config", &config]);
    let output = world.job("push", &all, &[]).await;
    (
        output.status.code().unwrap(),
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
    )
}

pub async fn ask(world: &World) -> (u16, Value) {
    let (status, answer) = world.exchange(&world.token(), json!([{"secret": "shop/password.age"}])).await;
    (status, answer["code"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_works_without_git_survives_a_restart_and_is_lifted_by_its_id() {
    let mut world = World::start(Setup::default()).await;
    assert_eq!(ask(&world).await.0, 200);
    std::fs::rename(world.path("access"), world.path("gone")).unwrap();
    let (status, output) = daypass(&world, &["deny", "--repository", "acme/renamed@456789", "--reason", "INC-42"]).await;
    assert_eq!(status, 0, "{output}");
    assert_eq!(ask(&world).await, (403, json!("denied")), "the id decides, at once");
    std::fs::rename(world.path("gone"), world.path("access")).unwrap();
    world.kill_and_restart().await;
    assert_eq!(ask(&world).await, (403, json!("denied")), "durable");
    let (_, report) = daypass(&world, &["status"]).await;
    assert!(report.contains("INC-42") && report.contains("until lifted"), "{report}");
    let id = output.split("--lift ").nth(1).unwrap().split('`').next().unwrap();
    for more in [["--policy", "shop/deploy"], ["--reason", "x"], ["--for", "1h"]] {
        let (status, output) = daypass(&world, &[&["deny", "--lift", id][..], &more].concat()).await;
        assert!(status == 64 && output.contains("cannot be used with"), "{more:?}: {output}");
    }
    assert_eq!(daypass(&world, &["deny", "--lift", &id[24..]]).await.0, 0, "the end of an id is enough");
    assert_eq!(ask(&world).await.0, 200);
    assert_eq!(daypass(&world, &["deny", "--lift", id]).await.0, 64, "there is none of this id any more");
    for other in [["--repository", "acme/other"], ["--policy", "shop/other"], ["--issuer", "gitlab"], ["--run", "1"]] {
        daypass(&world, &["deny", other[0], other[1], "--unknown-too", "--reason", "x"]).await;
    }
    assert_eq!(ask(&world).await.0, 200, "others are denied, not this one");
    let (_, output) = daypass(&world, &["deny", "--policy", "shop/deploy", "--for", "1h", "--reason", "x"]).await;
    assert_eq!(ask(&world).await, (403, json!("denied")));
    let id = output.split("--lift ").nth(1).unwrap().split('`').next().unwrap();
    assert_eq!(daypass(&world, &["deny", "--lift", id]).await.0, 0);
    daypass(&world, &["deny", "--policy", "shop/deploy", "--for", "2s", "--reason", "x"]).await;
    let started = Instant::now();
    while ask(&world).await.0 != 200 {
        assert!(started.elapsed() < START_MAX, "its time is over");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let (status, output) = daypass(&world, &["deny", "--reason", "everybody"]).await;
    assert_eq!(status, 64, "{output}");
    let kinds: Vec<String> = world.audit().into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "denied").count(), 7);
    assert_eq!(kinds.iter().filter(|kind| *kind == "lifted").count(), 2);
}

/// An operator who mistypes in an emergency has to learn it, and must not believe that somebody is denied who is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_denial_with_a_typo_is_refused_or_reported_to_match_nobody() {
    let world = World::start(Setup::default()).await;
    let deny = async |arguments: &[&str]| daypass(&world, &[&["deny", "--reason", "INC-42"], arguments].concat()).await;
    let (status, output) = deny(&["--repository", "acme/shop"]).await;
    assert!(status == 0 && output.contains("nothing was granted within the last day"), "{output}");
    let lift = output.split("--lift ").nth(1).unwrap().split('`').next().unwrap();
    assert_eq!(daypass(&world, &["deny", "--lift", lift]).await.0, 0);
    assert_eq!(ask(&world).await.0, 200);
    for (typo, suggestion) in [(["--policy", "shop/deplyo"], "shop/deploy"), (["--issuer", "gihub"], "github")] {
        let (status, output) = deny(&typo).await;
        assert!(status == 64 && output.contains(&format!("did you mean `{suggestion}`?")), "{status} {output}");
    }
    assert_eq!(deny(&["--repository", ""]).await.0, 64);
    assert_eq!(deny(&["--repository", "acme/shop", "--for", "0s"]).await.0, 64);
    let (status, output) = deny(&["--issuer", "GitHub"]).await;
    assert!(status == 64 && output.contains("--issuer") && !output.contains("column"), "{status} {output}");
    assert_eq!(ask(&world).await.0, 200, "nothing was denied");
    let (status, output) = deny(&["--repository", "acme/shp", "--for", "1h"]).await;
    assert!(status == 0 && output.contains("repository acme/shp") && output.contains("NONE of the 2 grants"), "{output}");
    let (_, output) = deny(&["--policy", "shop/next", "--unknown-too"]).await;
    assert!(output.contains("policy shop/next") && output.contains("NONE of the 2 grants"), "{output}");
    assert_eq!(ask(&world).await.0, 200);
    let (status, output) = deny(&["--repository", "acme/shop", "--policy", "shop/deploy", "--output", "json"]).await;
    let report: Value = serde_json::from_str(&output).unwrap();
    assert_eq!((status, &report["covers"]["grants"], &report["covers"]["of"]), (0, &json!(3), &json!(3)), "{report}");
    assert_eq!((&report["denies"], &report["until"]), (&json!("policy shop/deploy, repository acme/shop"), &Value::Null));
    assert_eq!(ask(&world).await, (403, json!("denied")));
}

/// Each of these denials would match nobody, and its author would believe the opposite.
#[tokio::test(flavor = "multi_thread")]
async fn a_denial_that_contradicts_itself_or_only_looks_right_is_refused() {
    let issuers = "  - { name: cluster, mapping: kubernetes, issuer: \"https://cluster.example\", audiences: [\"https://daypass.example\"] }\n";
    let web = "issuer: cluster\nmatch: { namespace: shop }\ngrant: { secrets: [shop/**] }\n";
    let policies = vec![("shop/deploy", DEPLOY.to_owned()), ("web", web.to_owned())];
    let world = World::start(Setup { policies, issuers: issuers.to_owned(), ..Setup::default() }).await;
    let deny = async |arguments: &[&str]| daypass(&world, &[&["deny", "--reason", "INC-44"], arguments].concat()).await;
    let refused: [(&[&str], &str); 14] = [
        (
            &["--policy", "web", "--repository", "acme/shop"],
            "the policy `web` is named too, and no token of these issuers claims",
        ),
        (&["--policy", "web", "--run", "1"], "no token of these issuers claims `pipeline`"),
        (&["--policy", "web", "--issuer", "github"], "is for the issuer `cluster`"),
        (&["--issuer", "cluster", "--repository", "acme/shop"], "no token of these issuers claims `repository`"),
        (&["--policy", "shop/deploy", "--repository", "acme/shop@999"], "grants nothing to the repository `acme/shop@999`"),
        (&["--run", "99999999999999999999999999"], "write the id that the CI gives the run"),
        (&["--run", "9223372036854775808"], "write the id that the CI gives the run"),
        (&["--repository", "acme/sh\u{43e}p"], "write owner/name"),
        (&["--repository", "acme/shop\u{200b}"], "`acme/shop\\u{200b}` has a character that nobody sees"),
        (&["--repository", "acme/\u{202e}shop"], "has a character that nobody sees"),
        (&["--run", "1\u{feff}"], "has a character that nobody sees"),
        (&["--repository", "acme/.."], "write owner/name"),
        (&["--repository", "acme/shop.git"], "write `acme/shop`"),
        (&["--repository", "acme/shop@99999999999999999999999999"], "write owner/name"),
    ];
    for (arguments, expected) in refused {
        let (status, output) = deny(arguments).await;
        assert!(status == 64 && output.contains(expected), "{arguments:?}: {status} {output}");
    }
    assert_eq!(ask(&world).await.0, 200);
    for arguments in [
        &["--policy", "shop/deploy", "--repository", "acme/renamed@456789", "--for", "1s"][..],
        &["--policy", "shop/deploy", "--repository", "acme/shop", "--run", "7", "--for", "1s"],
        &["--policy", "web", "--issuer", "cluster", "--for", "1s"],
        &["--repository", "acme/.github", "--for", "1s"],
    ] {
        let (status, output) = deny(arguments).await;
        assert_eq!(status, 0, "{arguments:?}: {output}");
    }
}

/// A denial of a policy matches nobody once the policy has another name.
#[tokio::test(flavor = "multi_thread")]
async fn a_denial_of_a_renamed_policy_is_reported_to_deny_nobody() {
    let world = World::start(Setup::default()).await;
    assert_eq!(daypass(&world, &["deny", "--reason", "INC-43", "--policy", "shop/deploy"]).await.0, 0);
    let (_, output) = daypass(&world, &["status"]).await;
    assert!(output.contains("denied") && !output.contains("IT DENIES NOBODY"), "{output}");
    git(&world.path("access"), &["mv", "policies/shop/deploy.yaml", "policies/shop/release.yaml"]);
    world.commit_and_wait(&[]).await;
    let (_, output) = daypass(&world, &["status"]).await;
    assert!(output.contains("IT DENIES NOBODY: no policy `shop/deploy` is in force"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_decision_is_never_answered_again() {
    let world = World::start(Setup::default()).await;
    let token = world.token();
    let requested = json!([{"secret": "shop/password.age"}]);
    let (_, answer) = world.exchange(&token, requested.clone()).await;
    assert_eq!(world.exchange(&token, requested.clone()).await.0, 200, "a retry gets the same answer");
    let decision = answer["decision_id"].as_str().unwrap();
    let capitals = decision.to_ascii_uppercase();
    let (status, output) = daypass(&world, &["revoke", &capitals, "--reason", "leaked", "--output", "json"]).await;
    let report: Value = serde_json::from_str(&output).unwrap();
    assert_eq!((status, &report["decision_id"]), (0, &json!(decision)));
    let lives_on = report["lives_on"].to_string();
    assert!(report["lives_on"].as_array().unwrap().len() == 1 && lives_on.contains("change it where it is used"), "{report}");
    let (_, text) = daypass(&world, &["revoke", decision, "--reason", "leaked"]).await;
    assert!(text.contains("still knows it"), "{text}");
    assert!(text.contains("\n  secret  ") && !text.contains('{'), "for people, no JSON: {text}");
    assert_eq!(world.exchange(&token, requested).await.1["code"], "replayed");
    let (status, _) = daypass(&world, &["revoke", "01a207f0-a7c7-7607-8f85-47f46e007f4f", "--reason", "x"]).await;
    assert_eq!(status, 64);
    let (status, output) = daypass(&world, &["revoke", &decision[24..], "--reason", "x", "--output", "json"]).await;
    let report: Value = serde_json::from_str(&output).unwrap();
    assert_eq!((status, &report["decision_id"]), (0, &json!(decision)), "the end of an id is enough");
    let (status, output) = daypass(&world, &["revoke", &decision[30..], "--reason", "x"]).await;
    assert!(status == 64 && output.contains("at least its last 8 digits"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_does_not_follow_a_rewritten_history_until_an_operator_accepts_it() {
    let mut world = World::start(Setup::default()).await;
    let repository = world.path("access");
    world.commit_and_wait(&[("policies/shop/deploy.yaml", DEPLOY.replace("main", "release").as_bytes())]).await;
    let narrowed = git(&repository, &["rev-parse", "HEAD"]);
    git(&repository, &["reset", "--quiet", "--hard", "HEAD~1"]);
    let wide = git(&repository, &["rev-parse", "HEAD"]);
    world.kill_and_restart().await;
    assert_eq!(ask(&world).await, (403, json!("no_matching_policy")), "the newest commit that was in force is in force again");
    let ready = world.ready().await;
    assert_eq!(ready["revision"], narrowed.as_str());
    assert!(ready["alarm"].as_str().unwrap().contains("history was rewritten"), "{ready}");
    let (status, output) = daypass(&world, &["accept", &wide]).await;
    assert_eq!((status, output.trim()), (0, "in force"), "{}", world.log());
    assert_eq!(ask(&world).await.0, 200);
    assert!(world.ready().await["alarm"].is_null());
    let release = world.token_with(github_claims("push", "refs/heads/release"));
    assert_eq!(world.exchange(&release, json!([{"secret": "shop/password.age"}])).await.0, 403);
}

/// The server would wait for a mistyped commit for ever, and the operator would believe that it is followed.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_the_repository_does_not_have_is_not_accepted() {
    let world = World::start(Setup::default()).await;
    let repository = world.path("access");
    let tree = git(&repository, &["rev-parse", "HEAD^{tree}"]);
    for missing in ["1".repeat(40), "1".repeat(64), tree] {
        let (status, output) = daypass(&world, &["accept", &missing]).await;
        assert!(status == 64 && output.contains(&format!("The source `root` has no commit {missing}")), "{status} {output}");
    }
    std::fs::rename(&repository, world.path("gone")).unwrap();
    let (status, output) = daypass(&world, &["accept", &"1".repeat(40)]).await;
    assert!(status == 69 && output.contains("Nobody can tell whether the source `root` has this commit"), "{status} {output}");
    std::fs::rename(world.path("gone"), &repository).unwrap();
    let accepted = |world: &World| world.audit().iter().filter(|entry| entry.kind == "accepted").count();
    assert_eq!(accepted(&world), 0, "nothing of it is recorded");
    let head = git(&repository, &["rev-parse", "HEAD"]);
    assert_eq!(daypass(&world, &["accept", &head]).await, (0, "in force\n".to_owned()));
    assert_eq!(accepted(&world), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_revision_follows_its_anchor() {
    let unknown = format!(", since: \"{}\"", "0".repeat(40));
    let setup = Setup { root: unknown, ..Setup::default() };
    let world = World::start_unready(setup).await;
    let ready = world.ready().await;
    assert_eq!((&ready["ready"], &ready["revision"]), (&json!(false), &Value::Null), "{ready}");
    assert_eq!(ask(&world).await, (503, json!("policy_unavailable")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_cannot_be_read_for_too_long_grants_nothing() {
    let (mut world, mut served) = (None, false);
    // A busy machine may need longer than the first time for two requests.
    for max_stale in [6, 60] {
        let setup = Setup { root: format!(", max_stale: {max_stale}s"), ..Setup::default() };
        let (new, started) = (World::start(setup).await, Instant::now());
        let before = ask(&new).await;
        std::fs::rename(new.path("access"), new.path("gone")).unwrap();
        new.until("it cannot be read", |ready| ready["alarm"].is_string()).await;
        served = (before.0, ask(&new).await.0) == (200, 200);
        world = Some(new);
        // The last reading was some time before the start of this.
        if served || started.elapsed() < Duration::from_secs(max_stale) / 2 {
            break;
        }
    }
    let world = world.unwrap();
    assert!(served, "the last good revision serves on: {}", world.log());
    world.until("for too long", |ready| ready["ready"] == false).await;
    assert_eq!(ask(&world).await, (503, json!("policy_unavailable")));
    std::fs::rename(world.path("gone"), world.path("access")).unwrap();
    world.until("it serves again", |ready| ready["ready"] == true).await;
    assert_eq!(ask(&world).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_increase_waits_for_a_person_and_a_decrease_does_not() {
    let setup = Setup { root: ", rollout: { widening: hold, narrowing: immediate }".to_owned(), ..Setup::default() };
    let mut world = World::start(setup).await;
    let sealed = daypass::secrets::encrypt(b"new", std::slice::from_ref(&world.recipient), false).unwrap();
    let narrower = DEPLOY.replace("  ref:", "  ref_protected: true\n  ref:");
    let other = DEPLOY.replace("refs/heads/main", "refs/heads/**");
    let files: [(&str, &[u8]); 3] = [
        ("policies/shop/deploy.yaml", narrower.as_bytes()),
        ("policies/shop/branches.yaml", other.as_bytes()),
        ("secrets/shop/new.age", &sealed),
    ];
    let ready = world.commit_and_wait(&files).await;
    assert_eq!(ready["held"], json!(["policies/shop/branches.yaml", "secrets/shop/new.age"]), "{ready}");
    let branch = |protected: &str| {
        let mut claims = github_claims("push", "refs/heads/feature");
        claims.insert("ref_protected".to_owned(), protected.into());
        claims
    };
    let requested = json!([{"secret": "shop/password.age"}]);
    assert_eq!(world.exchange(&world.token_with(branch("false")), requested.clone()).await.0, 403, "the widening waits");
    let mut unprotected = github_claims("push", "refs/heads/main");
    unprotected.insert("ref_protected".to_owned(), "false".into());
    assert_eq!(world.exchange(&world.token_with(unprotected), requested.clone()).await.0, 403, "the narrowing does not");
    assert_eq!(
        world.exchange(&world.token(), json!([{"secret": "shop/new.age"}])).await.0,
        502,
        "nor does a new file reach anybody"
    );
    world.kill_and_restart().await;
    assert_eq!(world.ready().await["held"], ready["held"], "a restart lets nothing through");
    assert_eq!(world.exchange(&world.token_with(branch("false")), requested.clone()).await.0, 403);
    let revision = ready["revision"].as_str().unwrap();
    let (status, output) = daypass(&world, &["status"]).await;
    assert!(status == 0 && output.contains("policies/shop/branches.yaml lets somebody in"), "{output}");
    assert_eq!(daypass(&world, &["confirm", &"0".repeat(40)]).await.0, 64);
    std::fs::rename(world.path("access"), world.path("gone")).unwrap();
    let (status, output) = daypass(&world, &["confirm", revision]).await;
    assert!(status == 69 && output.contains("so nothing is confirmed"), "{status} {output}");
    assert_eq!(world.exchange(&world.token_with(branch("false")), requested.clone()).await.0, 403, "it cannot be read now");
    std::fs::rename(world.path("gone"), world.path("access")).unwrap();
    assert!(!world.audit().iter().any(|entry| entry.kind == "confirmed"), "what did not go live is not recorded as confirmed");
    let (status, output) = daypass(&world, &["confirm", revision]).await;
    assert_eq!(status, 0, "{output}");
    assert_eq!(world.exchange(&world.token_with(branch("false")), requested).await.0, 200, "confirmed");
    assert_eq!(world.exchange(&world.token(), json!([{"secret": "shop/new.age"}])).await.0, 200);
    assert_eq!(world.ready().await["held"], json!([]));
}

/// Git's default branch may be `master`. A monitor that runs `status` sees the fault by the exit status too.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_ref_is_reported_with_the_existing_branches_and_status_ends_with_78() {
    let mut world = World::start(Setup::default()).await;
    assert_eq!(daypass(&world, &["status"]).await.0, 0);
    let config = std::fs::read_to_string(world.path("daypass.yaml")).unwrap();
    assert!(config.contains("refs/heads/main"));
    std::fs::write(world.path("daypass.yaml"), config.replace("refs/heads/main", "refs/heads/master")).unwrap();
    world.kill_and_restart().await;
    world.until("it alarms", |ready| !ready["alarm"].is_null()).await;
    let sentence = "there is no `refs/heads/master`; the only branch is refs/heads/main";
    let (status, output) = daypass(&world, &["status"]).await;
    assert!(status == 78 && output.contains(sentence), "{status} {output}");
    let (status, output) = daypass(&world, &["--output", "json", "status"]).await;
    assert!(status == 78 && output.contains(sentence), "{status} {output}");
    let (status, output) = daypass(&world, &["policy", "check"]).await;
    assert!(status == 78 && output.contains(sentence), "{status} {output}");
    // Meanwhile the server polls again and again.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(world.log().matches("is not followed").count(), 1, "it is logged once");
}
