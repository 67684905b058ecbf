//! What a job gets of a GitHub App: over the server's APIs, by a policy, recorded and revoked.

use super::AtGitHub;
use super::stand_in::Lie;
use crate::support::{Setup, World, until};
use daypass::words::{Clock, SystemClock};
use serde_json::{Value, json};

const POLICY: &str = "owners: [team-shop]
issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant:
  github:
    - { app: acme, repositories: [\"{repository}\", \"acme/site@2\"], permissions: { contents: write, issues: read } }
";

/// The server, and the stand-in that it asks.
struct Scene {
    github: AtGitHub,
    world: World,
}

impl Scene {
    async fn start(more: &str) -> Self {
        let github = AtGitHub::start(&[]).await;
        let setup = Setup {
            policies: vec![("acme/shop/bot", POLICY.to_owned())],
            more: github.section() + more,
            files: github.files(),
            ..Setup::default()
        };
        Self { world: World::start(setup).await, github }
    }

    async fn with_forge() -> Self {
        Self::start("        repositories_of: github\n").await
    }

    /// How many tokens are not revoked.
    fn left(&self) -> usize {
        self.github.stand_in.with(|world| world.tokens.values().filter(|revoked| !**revoked).count())
    }

    fn ca(&self) -> String {
        self.github.folder.path().join("tls.crt").display().to_string()
    }

    async fn ask(&self, github: Value) -> (u16, Value) {
        self.world.exchange(&self.world.token(), json!([{ "github": github }])).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_gets_a_token_as_wide_as_it_asks_within_the_policy() {
    let scene = Scene::with_forge().await;
    let (status, answer) = scene.ask(json!({})).await;
    assert_eq!(status, 200, "{answer}");
    let github = &answer["credentials"][0]["github"];
    assert_eq!(github["repositories"], json!(["Acme/site@2", "Acme/shop@456789"]));
    assert_eq!(github["permissions"], json!({ "contents": "write", "issues": "read", "metadata": "read" }));
    assert_eq!(
        scene.github.stand_in.with(|world| world.asked.last().unwrap().body["repository_ids"].clone()),
        json!([2, 456_789])
    );
    let (status, narrow) = scene.ask(json!({ "repositories": ["acme/site"], "permissions": { "contents": "read" } })).await;
    assert_eq!((status, &narrow["credentials"][0]["github"]["repositories"]), (200, &json!(["Acme/site@2"])));
    for more in
        [json!({ "repositories": ["acme/other"] }), json!({ "permissions": { "issues": "write" } }), json!({ "app": "else" })]
    {
        let (status, denial) = scene.ask(more.clone()).await;
        assert_eq!((status, denial["code"].as_str()), (403, Some("no_matching_policy")), "{more}");
    }
    let token = github["token"].as_str().unwrap();
    let records: Vec<String> = scene.world.audit().iter().map(|entry| entry.body.to_string()).collect();
    assert!(records.iter().any(|body| body.contains("\"credentials\":[\"github\"]")), "{records:?}");
    assert!(records.iter().any(|body| body.contains("Acme/site@2") && body.contains("\"contents\":\"write\"")));
    assert!(!records.iter().any(|body| body.contains(token)) && !scene.world.log().contains(&token[token.len() - 20..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_jobs_own_repository_of_another_forge_is_not_the_apps() {
    let scene = Scene::start("").await;
    let (status, denial) = scene.ask(json!({})).await;
    assert_eq!((status, denial["code"].as_str(), denial["provider"].as_str()), (502, Some("provider_denied"), Some("github")));
    assert!(denial["hint"].as_str().unwrap().contains("repositories_of: github"), "{denial}");
    assert_eq!(scene.ask(json!({ "repositories": ["acme/site"] })).await.0, 200, "that one the policy names");
    assert_eq!(scene.left(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_wider_is_refused_and_recorded_as_failed() {
    let scene = Scene::with_forge().await;
    scene.github.stand_in.with(|world| world.lie = Some(Lie::MorePermissions));
    let (status, denial) = scene.ask(json!({})).await;
    assert_eq!((status, denial["code"].as_str(), denial["provider"].as_str()), (502, Some("provider_denied"), Some("github")));
    assert_eq!(scene.left(), 0, "revoked at once");
    assert!(scene.world.audit().iter().any(|entry| entry.body.to_string().contains("wider than")));
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_gives_the_token_to_its_command_and_revokes_it_however_that_ends() {
    let scene = Scene::with_forge().await;
    let ca = scene.ca();
    let environment = [("SSL_CERT_FILE", ca.as_str())];
    let script = "test \"$GH_TOKEN\" = \"$GITHUB_TOKEN\" && printf '%s' \"$GH_TOKEN\" > given";
    let done =
        scene.world.job("push", &["exec", "--github", "acme/site contents=read", "--", "sh", "-c", script], &environment).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let given = std::fs::read_to_string(scene.world.path("given")).unwrap();
    assert_eq!(scene.github.stand_in.with(|world| world.tokens.get(&given).copied()), Some(true), "made, and revoked");

    let killed = scene.world.job("push", &["exec", "--github", "--", "sh", "-c", "kill -KILL $$"], &environment).await;
    assert_eq!((killed.status.code(), scene.left()), (Some(137), 0));
    let absent = scene.world.job("push", &["exec", "--github", "--", "no-such-program"], &environment).await;
    assert_eq!((absent.status.success(), scene.left()), (false, 0));

    // Without GitHub's certificate the token cannot be revoked, and the job's log says so.
    let unrevoked = scene.world.job("push", &["exec", "--github", "--", "true"], &[]).await;
    assert!(unrevoked.status.success() && scene.left() == 1);
    assert!(String::from_utf8_lossy(&unrevoked.stderr).contains("could not be revoked"), "{unrevoked:?}");
}

/// The runner sends TERM, and kills ten seconds later.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_cancelled_leaves_no_token_behind() {
    let scene = Scene::with_forge().await;
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_daypass"));
    command.args(["exec", "--github", "--", "sh", "-c", "touch began; exec sleep 600"]).current_dir(scene.world.folder.path());
    command.env("DAYPASS_SERVER", scene.world.url("")).env("DAYPASS_CA", scene.world.path("tls.crt")).env_remove("DAYPASS_TOKEN");
    command.env("SSL_CERT_FILE", scene.ca()).envs(scene.world.issuer.job_environment("push"));
    let mut job = command.kill_on_drop(true).spawn().unwrap();
    until("its command begins", async || {
        assert!(job.try_wait().unwrap().is_none(), "it ended before its command began");
        scene.world.path("began").exists()
    })
    .await;
    assert_eq!(scene.left(), 1);
    let id = job.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(job.wait().await.unwrap().code(), Some(143));
    assert_eq!(scene.left(), 0);
}

/// As octo-sts/action does (its `index.js`): it asks with a scope, by both names since 1.0.1, an identity and the job's token, and its
/// post step revokes.
#[tokio::test(flavor = "multi_thread")]
async fn octo_sts_action_gets_a_token_and_revokes_it() {
    let scene = Scene::with_forge().await;
    let ask = async |query: &str| {
        let request = scene.world.http.get(scene.world.url(&format!("/sts/exchange?{query}")));
        let response = request.bearer_auth(scene.world.token()).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let ca = std::fs::read(scene.github.folder.path().join("tls.crt")).unwrap();
    let post = crate::support::patient_client(Some(&ca));
    for scope in ["scope=acme/shop", "scope=acme/shop&scopes=acme/shop"] {
        let (status, answer) = ask(&format!("{scope}&identity=bot")).await;
        assert_eq!((status, answer.as_object().unwrap().len()), (200, 1), "{scope}: {answer}");
        let token = answer["token"].as_str().unwrap();
        let asked = scene.github.stand_in.with(|world| world.asked.last().unwrap().body["repository_ids"].clone());
        assert_eq!(asked, json!([456_789]), "{scope}");
        let revocation = format!("{}/installation/token", scene.github.stand_in.url);
        let ended = post.delete(revocation).bearer_auth(token).send().await.unwrap();
        assert_eq!((ended.status().as_u16(), scene.left()), (204, 0), "{scope}");
    }
    for (query, status, code, expected) in [
        ("scope=acme/shop&identity=other", 403, 7, "no_matching_policy"),
        ("scope=acme/other&identity=bot", 403, 7, "no_matching_policy"),
        ("scope=acme/shop", 400, 3, "`identity`: is missing"),
        ("scope=acme/shop&identity=bot&permissions=all", 400, 3, "is no parameter here"),
        ("scope=acme/shop&scopes=acme/shop,acme/site&identity=bot", 400, 3, "`scopes`: is another one than `scope`"),
    ] {
        let (answered, answer) = ask(query).await;
        assert_eq!((answered, answer["code"].as_u64()), (status, Some(code)), "{query}: {answer}");
        assert!(answer["message"].as_str().unwrap().contains(expected), "{query}: {answer}");
    }
}

/// `policy import` makes one policy with rows of octo-sts's equal policies, and workflows still name each repository's own.
#[tokio::test(flavor = "multi_thread")]
async fn a_policy_with_rows_answers_octo_sts_clients_for_each_repository() {
    let scene = Scene::with_forge().await;
    let policy = |events: &str, repositories: &str, more: &str| {
        format!(
            "owners: [team-shop]\nissuer: github\n{more}match: {{ repository: acme/shop@456789, event: {events} }}\ngrant:\n  github: {{ app: acme, repositories: [\"{repositories}\"], permissions: {{ contents: read }} }}\n"
        )
    };
    let with_rows = policy("push", "acme/{each.name}@{each.id}", "for_each: acme.ci.yaml\n");
    let rows = "- { name: shop, id: \"456789\" }\n- { name: site, id: \"2\" }\n- { name: other, id: \"3\" }\n";
    let (of_account, of_other) = (policy("push", "acme/shop@456789", ""), policy("schedule", "acme/other@3", ""));
    let files: [(&str, &[u8]); 4] = [
        ("policies/acme/ci.yaml", with_rows.as_bytes()),
        ("acme.ci.yaml", rows.as_bytes()),
        ("policies/acme/all.yaml", of_account.as_bytes()),
        ("policies/acme/other/ci.yaml", of_other.as_bytes()),
    ];
    scene.world.commit_and_wait(&files).await;
    let ask = async |query: &str| {
        let request = scene.world.http.get(scene.world.url(&format!("/sts/exchange?{query}")));
        request.bearer_auth(scene.world.token()).send().await.unwrap().status().as_u16()
    };
    for (repository, id) in [("shop", 456_789), ("site", 2)] {
        assert_eq!(ask(&format!("scope=acme/{repository}&identity=ci")).await, 200, "{repository}");
        let asked = scene.github.stand_in.with(|world| world.asked.last().unwrap().body["repository_ids"].clone());
        assert_eq!(asked, json!([id]), "{repository}");
    }
    for (query, why) in [
        ("scope=acme/docs&identity=ci", "no row"),
        ("scope=acme/other&identity=ci", "its own policy counts"),
        ("scope=acme/Other&identity=ci", "its own policy counts, however it is spelled"),
        ("scope=acme/shop&identity=all", "a policy of the account is for the account's scope"),
    ] {
        assert_eq!(ask(query).await, 403, "{why}");
    }
    assert_eq!(ask("scope=acme&identity=all").await, 200);
}

/// GitHub names the limit in each of its answers. What it says is over with the window.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_the_rate_limit_is_shown_before_it_is_spent() {
    let scene = Scene::with_forge().await;
    let shown = async || {
        let text = scene.world.metrics().await;
        let samples = text.lines().filter(|line| line.starts_with("daypass_provider_rate_limit"));
        samples.map(str::to_owned).collect::<Vec<_>>()
    };
    let scarce = |ready: &Value| ready["checks"]["providers"].as_str().unwrap().contains("more requests of the App");
    assert_eq!(shown().await, [""; 0], "GitHub has not answered yet");

    let before = SystemClock.now().seconds();
    assert_eq!(scene.ask(json!({})).await.0, 200);
    let samples = shown().await;
    let of = "{provider=\"github\",app=\"acme\"}";
    assert_eq!(
        samples[..2],
        [
            format!("daypass_provider_rate_limit{of} 5000"),
            // The installation was looked up, and a token was made.
            format!("daypass_provider_rate_limit_remaining{of} 4998"),
        ]
    );
    let reset = samples[2].strip_prefix(&format!("daypass_provider_rate_limit_reset_timestamp_seconds{of} "));
    let reset: i64 = reset.unwrap().parse().unwrap();
    assert!(samples.len() == 3 && (before + 1800..before + 3600).contains(&reset), "{before}: {samples:?}");
    assert!(!scarce(&scene.world.ready().await));

    scene.github.stand_in.with(|world| world.remaining = 501);
    assert_eq!(scene.ask(json!({})).await.0, 200);
    assert!(shown().await[1].ends_with(" 500"));
    scene.world.until("a tenth is left", scarce).await;
    assert!(scene.world.log().contains("GitHub's rate limit is nearly spent"));

    scene.github.stand_in.with(|world| world.reset_in = 1);
    assert_eq!(scene.ask(json!({})).await.0, 200);
    until("the window is over", async || shown().await.is_empty()).await;
    assert!(!scarce(&scene.world.ready().await));
}

/// A guardrail denies repositories by name, but GitHub is asked by ID. The author of a policy chooses both.
#[tokio::test(flavor = "multi_thread")]
async fn the_id_of_a_denied_repository_under_another_name_is_refused() {
    let scene = Scene::with_forge().await;
    let sly = POLICY.replace("acme/site@2", "acme/harmless@3");
    let guardrails = "denials: [ { description: No bot there, deny: { github: [acme/other] } } ]\n";
    let files: [(&str, &[u8]); 2] = [("policies/acme/shop/bot.yaml", sly.as_bytes()), ("guardrails.yaml", guardrails.as_bytes())];
    scene.world.commit_and_wait(&files).await;
    let (status, denial) = scene.ask(json!({ "repositories": ["acme/harmless"] })).await;
    assert_eq!((status, denial["code"].as_str(), scene.left()), (502, Some("provider_denied"), 0), "{denial}");
    assert!(scene.world.audit().iter().any(|entry| entry.body.to_string().contains("other names than the policy says")));
}
