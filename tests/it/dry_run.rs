//! Dry runs, which try a pipeline before it is switched: the decision is reported and recorded, nothing is issued, and the command runs.

use crate::operate::daypass;
use crate::support::{DEPLOY, Setup, World};
use serde_json::{Value, json};

fn body(credentials: Value) -> Value {
    json!({ "credentials": credentials, "dry_run": true })
}

async fn try_out(world: &World, token: &str, body: &Value) -> (u16, Value) {
    let response = world.http.post(world.url("/v1/exchange")).bearer_auth(token).json(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_is_decided_and_recorded_and_uses_nothing_up() {
    let world = World::start(Setup::default()).await;
    let token = world.token();
    let requested = json!([{ "secret": "shop/password.age" }, { "id_token": { "audience": "https://partner.example" } }]);
    for _ in 0..3 {
        let (status, answer) = try_out(&world, &token, &body(requested.clone())).await;
        assert_eq!((status, &answer["policy"]), (200, &json!("shop/deploy")), "{answer}");
        assert_eq!(answer["dry_run"]["credentials"], json!(["secret shop/password.age", "id_token https://partner.example"]));
        assert!(answer.get("credentials").is_none() && !answer.to_string().contains("hunter2"), "{answer}");
    }
    assert_eq!(world.exchange(&token, requested.clone()).await.0, 200, "nothing was used up");
    let records = world.audit();
    let dry: Vec<_> = records.iter().filter(|record| record.kind == "dry_run").collect();
    assert_eq!(dry.len(), 3);
    assert!(dry.iter().all(|record| record.body["issued"].is_null() && record.body["policies"][0] == "shop/deploy"), "{dry:?}");
    assert_eq!(records.iter().filter(|record| record.kind == "released").count(), 1);
    assert!(world.metrics().await.contains("daypass_dry_runs_total 3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_dry_run_answers_the_denial_and_is_recorded_as_a_dry_run() {
    let world = World::start(Setup::default()).await;
    let (status, answer) = try_out(&world, &world.token(), &body(json!([{ "secret": "other/db.yaml" }]))).await;
    assert_eq!((status, &answer["code"]), (403, &json!("no_matching_policy")), "{answer}");
    let (status, answer) = try_out(&world, &world.token(), &body(json!([{ "secret": "shop/nothing.yaml" }]))).await;
    assert_eq!((status, &answer["code"]), (404, &json!("secret_missing")), "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains("secrets/shop/nothing.yaml"), "{answer}");
    let (status, answer) = try_out(&world, "none", &body(json!([{ "secret": "shop/password.age" }]))).await;
    assert_eq!((status, &answer["code"]), (401, &json!("token_malformed")), "{answer}");
    let kinds: Vec<String> = world.audit().into_iter().map(|entry| entry.kind).collect();
    assert!(!kinds.iter().any(|kind| kind == "refused"), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "dry_run").count(), 3, "{kinds:?}");
    let refused = world.metrics().await;
    let refused: Vec<&str> = refused.lines().filter(|line| line.starts_with("daypass_requests_refused_total{")).collect();
    assert!(!refused.is_empty() && refused.iter().all(|line| line.ends_with(" 0")), "{refused:?}");
    for odd in [json!("yes"), json!(1), json!(null)] {
        let odd = json!({ "credentials": [{ "secret": "shop/password.age" }], "dry_run": odd });
        assert_eq!(try_out(&world, &world.token(), &odd).await.0, 400, "{odd}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_reports_the_decision_and_runs_the_command_unchanged() {
    let release = DEPLOY.replace("refs/heads/main", "refs/heads/release").replace("shop/**", "release/**");
    let policies = vec![("shop/deploy", DEPLOY.to_owned()), ("shop/release", release)];
    let world = World::start(Setup { policies, ..Setup::default() }).await;
    let script = "echo \"DB=$DB\"; test -n \"$ACTIONS_ID_TOKEN_REQUEST_TOKEN\" || exit 9; exit 7";
    let run = async |secret: &str, more: &[(&str, &str)]| {
        let variable = format!("DB={secret}");
        let output = world.job("push", &["exec", "--dry-run", "--env", &variable, "--", "sh", "-c", script], more).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let (status, out, stderr) = run("shop/password.age", &[]).await;
    assert_eq!((status, out.as_str()), (7, "DB=\n"), "{stderr}");
    assert!(stderr.contains("dry run: WOULD BE GRANTED by shop/deploy: secret shop/password.age"), "{stderr}");
    let (status, out, stderr) = run("release/db.age", &[("DB", "old")]).await;
    assert_eq!((status, out.as_str()), (7, "DB=old\n"), "{stderr}");
    assert!(stderr.contains("dry run: WOULD FAIL with status 77: No trust policy grants this."), "{stderr}");
    assert!(stderr.contains("daypass: hint: ") && stderr.contains("policy explain --decision"), "{stderr}");
    let (status, _, stderr) = run("shop/password.age", &[("DAYPASS_SERVER", "https://127.0.0.1:1")]).await;
    assert!(status == 7 && stderr.contains("WOULD FAIL with status 69"), "{stderr}");
    let (status, _, stderr) = run("shop/password.age", &[("DAYPASS_CA", "no-such-file")]).await;
    assert!(status == 7 && stderr.contains("WOULD FAIL with status 78"), "{stderr}");

    let (status, counts) = daypass(&world, &["audit", "query", "--dry"]).await;
    assert_eq!((status, counts.trim()), (0, "1  acme/shop@456789"), "would-be denials by repository: {counts}");
    let (_, counts) = daypass(&world, &["audit", "query", "--dry", "--count-by", "code", "--output", "json"]).await;
    assert_eq!(
        serde_json::from_str::<Value>(&counts).unwrap(),
        json!([{ "name": "-", "count": 1 }, { "name": "no_matching_policy", "count": 1 }])
    );
}

/// If the server ignored a misplaced `dry_run`, it would issue the credential.
#[tokio::test(flavor = "multi_thread")]
async fn dry_run_as_a_query_parameter_is_refused() {
    let world = World::start(Setup::default()).await;
    let requested = json!({ "credentials": [{ "secret": "shop/password.age" }] });
    for address in
        ["/v1/exchange?dry_run=true", "/v1/exchange?x=1", "/v1/policy/replay?x", "/v1/rewrite?dry_run", "/v1/age/unwrap?a=b"]
    {
        let response = world.http.post(world.url(address)).bearer_auth(world.token()).json(&requested).send().await.unwrap();
        let (status, answer) = (response.status(), response.json::<Value>().await.unwrap());
        assert!(status == 400 && answer["detail"].as_str().unwrap().contains("is no parameter here"), "{address}: {answer}");
    }
    let response = world.http.get(world.url("/v1/whoami?x=1")).bearer_auth(world.token()).send().await.unwrap();
    assert_eq!(response.status(), 400);
    let response = world.http.post(world.url("/v1/exchange?")).bearer_auth(world.token()).json(&requested).send().await.unwrap();
    assert_eq!(response.status(), 200, "an empty query says nothing");
}

/// If policies grant a credential that the server cannot issue, a dry run is refused as the request itself is, and so explained.
#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_and_explain_deny_what_the_server_cannot_issue() {
    let all = DEPLOY.replace(
        "grant:\n",
        "grant:\n  aws: [{ role: \"arn:aws:iam::123456789012:role/deploy\" }]\n  github: [{ app: acme, repositories: [\"acme/shop@456789\"], permissions: { contents: read } }]\n  token_exchange: [{ service: nobody }]\n",
    );
    let world = World::start(Setup { policies: vec![("shop/deploy", all)], ..Setup::default() }).await;
    for requested in [json!({ "aws": {} }), json!({ "github": {} }), json!({ "token_exchange": {} })] {
        let (status, real) = world.exchange(&world.token(), json!([requested])).await;
        assert!(status >= 500, "{requested}: {real}");
        let (dry_status, dry) = try_out(&world, &world.token(), &body(json!([requested]))).await;
        assert_eq!(
            (dry_status, &dry["code"], &dry["provider"]),
            (status, &real["code"], &real["provider"]),
            "{requested}: {dry}"
        );
        let (_, output) = daypass(&world, &["policy", "explain", "--decision", real["decision_id"].as_str().unwrap()]).await;
        assert!(output.contains("DENIED ") && output.contains("the configuration has no"), "{output}");
    }
}
