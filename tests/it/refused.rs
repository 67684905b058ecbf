//! Error messages for a refused job: both sides of a mismatch, what to do next, and the same as JSON.

use crate::support::{Setup, World};
use daypass::demo::issuer::github_claims;
use serde_json::{Value, json};

async fn run(world: &World, run: &str, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, Value, String) {
    let output = world.job(run, arguments, environment).await;
    let printed = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap(), printed, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A script can read the code, the hint and the decision from standard output.
#[tokio::test(flavor = "multi_thread")]
async fn a_denial_is_json_on_standard_output_on_request() {
    let world = World::start(Setup::default()).await;
    let commands: [&[&str]; 3] = [
        &["secret", "get", "shop/password.age"],
        &["credential", "kubernetes", "--audience", "https://partner.example"],
        &["exec", "--env", "P=shop/password.age", "--", "false"],
    ];
    for command in commands {
        let (status, report, stderr) = run(&world, "pull", &[&["--output", "json"], command].concat(), &[]).await;
        let error = &report["error"];
        // `exec` ends with its status for a command that could not run.
        let expected = if command[0] == "exec" { 125 } else { 77 };
        assert_eq!((status, &error["code"]), (expected, &json!("no_matching_policy")), "{report}");
        assert_eq!(error["exit_status"], json!(expected), "{report}");
        let (hint, decision) = (error["hint"].as_str().unwrap(), error["decision_id"].as_str().unwrap());
        assert!(hint.contains(&format!("--decision {decision}")), "{report}");
        assert!(stderr.contains(error["detail"].as_str().unwrap()) && stderr.contains(decision), "{stderr}");
        let (status, plain, _) = run(&world, "pull", command, &[]).await;
        assert_eq!((status, plain), (expected, Value::Null), "nothing is printed where nobody asks for it");
    }
    let (status, report, _) =
        run(&world, "push", &["--output", "json", "whoami"], &[("DAYPASS_SERVER", "https://localhost:1")]).await;
    assert!(status == 69 && report["error"]["detail"].as_str().unwrap().contains("is not there"), "{report}");
}

/// A message like "not for this server" would leave a person to guess which side is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn the_issuer_and_the_audiences_of_a_mismatch_are_named_to_the_caller_and_in_the_audit_log() {
    let world = World::start(Setup::default()).await;
    let ours = world.url("");
    let mut claims = github_claims("push", "refs/heads/main");
    claims.insert("aud".to_owned(), "https://else\u{1b}[2J".into());
    let (status, refused) = world.exchange(&world.token_with(claims.clone()), json!([{"secret": "shop/password.age"}])).await;
    let detail = refused["detail"].as_str().unwrap();
    let expected =
        format!("The token is for the audience `https://else\\u{{1b}}[2J`. This server takes tokens for `{ours}` alone.");
    assert_eq!((status, &refused["code"], detail), (401, &json!("audience_mismatch"), expected.as_str()));
    claims.insert("aud".to_owned(), json!([ours, "https://else"]));
    let (_, refused) = world.exchange(&world.token_with(claims.clone()), json!([{"secret": "shop/password.age"}])).await;
    assert!(refused["detail"].as_str().unwrap().starts_with("The token names no audience, or several."), "{refused}");
    claims.insert("iss".to_owned(), format!("https://{}.example", "x".repeat(1000)).into());
    let (status, refused) = world.exchange(&world.token_with(claims), json!([{"secret": "shop/password.age"}])).await;
    let detail = refused["detail"].as_str().unwrap();
    assert_eq!((status, &refused["code"]), (401, &json!("unknown_issuer")));
    assert!(detail.starts_with("The token's issuer is `https://xxx") && detail.contains("x…`") && detail.len() < 300, "{detail}");
    let causes: Vec<String> = world.audit().iter().map(|entry| entry.body["cause"].to_string()).collect();
    for named in ["https://else", "names no audience, or several", "`iss` is `https://xxx"] {
        assert!(causes.iter().any(|cause| cause.contains(named)), "{named}: {causes:?}");
    }
}

/// An operator looks for the CI whose jobs are refused. An unverified claim is recorded under a name of its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_issuer_and_whether_its_signature_was_verified() {
    let world = World::start(Setup::default()).await;
    let now = daypass::words::Clock::now(&daypass::words::SystemClock).seconds();
    let token = |change: Value| {
        let mut claims = github_claims("push", "refs/heads/main");
        claims.extend(change.as_object().unwrap().clone());
        world.token_with(claims)
    };
    let good = world.token();
    let forged = format!("{}.{}", good.rsplit_once('.').unwrap().0, "A".repeat(342));
    let (verified, claimed) = ((json!("github"), Value::Null), (Value::Null, json!("github")));
    let cases = [
        (token(json!({ "iat": now - 900, "exp": now - 600 })), "token_expired", &verified),
        (token(json!({ "iat": now - 20_000, "exp": now + 300 })), "token_too_old", &verified),
        (token(json!({ "nbf": now + 600 })), "token_not_yet_valid", &verified),
        (token(json!({ "nonce": "n" })), "token_type_refused", &verified),
        (token(json!({ "sub": "repo:evil/shop:ref:refs/heads/main" })), "claim_refused", &verified),
        (token(json!({ "aud": "https://other.example" })), "audience_mismatch", &claimed),
        (forged, "signature_invalid", &claimed),
        (token(json!({ "iss": "https://other.example" })), "unknown_issuer", &(Value::Null, Value::Null)),
    ];
    for (token, code, unverified) in cases {
        let (_, refused) = world.exchange(&token, json!([{"secret": "shop/password.age"}])).await;
        assert_eq!(refused["code"], code, "{refused}");
        let body = world.audit().pop().unwrap().body;
        assert_eq!(
            (&body["reason"], &body["issuer"], &body["unverified_issuer"]),
            (&json!(code), &unverified.0, &unverified.1),
            "{body}"
        );
        assert!(body["subject"].is_null(), "a refused token identifies nobody: {body}");
    }
}

/// The command refuses a role that no server could grant, without a request.
#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_role_is_a_usage_error() {
    let world = World::start(Setup::default()).await;
    let before = world.audit().len();
    for command in [&["credential", "aws", "--role", "deploy"][..], &["exec", "--aws", "deploy", "--", "true"]] {
        let (status, _, stderr) = run(&world, "push", command, &[]).await;
        assert!(status == 64 && stderr.contains("expected arn:aws:iam::ACCOUNT:role/NAME"), "{stderr}");
    }
    assert_eq!(world.audit().len(), before);
}

/// A person who has a key needs no server, and the error names the flag.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_edit_names_the_flag_identity() {
    let world = World::start(Setup::default()).await;
    let file = world.path("access/secrets/shop/password.age").display().to_string();
    let edit = ["secret", "edit", &file, "--recipient", &world.recipient];
    let (status, _, stderr) = run(&world, "pull", &edit, &[("EDITOR", "true")]).await;
    assert!(status == 77 && stderr.contains("--identity FILE"), "{stderr}");
}

/// A reader of the audit log could use the token.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_the_place_of_a_name_is_in_no_record_and_no_log() {
    let world = World::start(Setup::default()).await;
    let token = world.token_with(github_claims("push", "refs/heads/main"));
    let signature = token.rsplit('.').next().unwrap();
    for wanted in [
        json!({ "id_token": { "audience": token } }),
        json!({ "secret": format!("shop/{token}") }),
        json!({ "secret": format!("shop/db.yaml#/{token}") }),
        json!({ "token_exchange": { "service": "npm", "fields": { "scope": token } } }),
    ] {
        let (status, refused) = world.exchange(&token, json!([wanted])).await;
        assert_eq!((status, &refused["code"]), (400, &json!("bad_request")), "{refused}");
        assert!(!refused.to_string().contains(signature), "{refused}");
    }
    let (status, _) = world.exchange(&token, json!([{ "id_token": { "audience": "https://u:HUNTER2@a.example" } }])).await;
    assert_eq!(status, 400);
    let records: Vec<String> = world.audit().iter().map(|entry| entry.body.to_string()).collect();
    assert!(records.iter().all(|record| !record.contains(signature) && !record.contains("HUNTER2")), "{records:?}");
    assert!(!world.log().contains(signature));
}
