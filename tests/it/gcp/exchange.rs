//! What a job gets of Google Cloud: over the server's APIs, by a policy, recorded.

use super::stand_in::SUBJECTS;
use super::{DEPLOY, Scene, given, policy};
use daypass::words::{Clock, SystemClock, UnixTime};
use serde_json::{Value, json};
use std::time::Duration;

fn lasts(token: &Value) -> Duration {
    UnixTime::from_rfc3339(token["expires_at"].as_str().unwrap()).unwrap().since(SystemClock.now())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_gets_an_access_token_as_wide_and_as_long_as_the_policy_says() {
    let scene = Scene::usual().await;
    let answer = scene.of("deploy").await;
    let token = given(&answer);
    assert_eq!((&token["service_account"], &token["audience"]), (&json!(DEPLOY), &Value::Null));
    assert_eq!(token["scopes"], json!(["https://www.googleapis.com/auth/cloud-platform"]));
    assert!(lasts(token) <= Duration::from_secs(1800));
    let text = token["token"].as_str().unwrap();
    assert_eq!(scene.who(text).await, json!({ "principal": DEPLOY, "scopes": token["scopes"], "boundary": null }));
    assert_eq!(
        scene.google.asked(":generateAccessToken"),
        [json!({ "scope": token["scopes"], "lifetime": "1800s", "delegates": [] })]
    );
    let request = &scene.google.asked("/v1/token")[0];
    assert_eq!((&request["scope"], request.get("options")), (&json!("https://www.googleapis.com/auth/iam"), None));
    let records: Vec<String> = scene.world.audit().iter().map(|entry| entry.body.to_string()).collect();
    assert!(records.iter().any(|body| body.contains(&format!("\"credentials\":[\"gcp {DEPLOY}\"]"))), "{records:?}");
    assert!(records.iter().any(|body| body.contains("\"service_account\":\"deploy@acme")), "{records:?}");
    scene.check_quiet(&Value::Null);
    for more in
        [json!({ "service_account": "other@acme.iam.gserviceaccount.com" }), json!({ "audience": "https://else.example" })]
    {
        let (status, denial) = scene.ask(more.clone()).await;
        assert_eq!((status, denial["code"].as_str()), (403, Some("no_matching_policy")), "{more}");
    }
    let (status, denial) = scene.ask(json!({})).await;
    assert_eq!((status, denial["code"].as_str()), (403, Some("policy_ambiguous")), "{denial}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_token_is_asked_for_in_its_own_way() {
    let scene = Scene::usual().await;
    let id_token = scene.ask(json!({ "audience": "https://run.example" })).await;
    let token = given(&id_token);
    assert_eq!((&token["service_account"], &token["scopes"]), (&json!(DEPLOY), &json!([])));
    assert_eq!(
        scene.google.asked(":generateIdToken"),
        [json!({ "audience": "https://run.example", "includeEmail": true, "delegates": [] })]
    );

    let bounded = scene.of("reader").await;
    let who = scene.who(given(&bounded)["token"].as_str().unwrap()).await;
    let condition = "resource.name.startsWith('projects/_/buckets/acme-artifacts/objects/shop/')";
    let rule = json!({ "availableResource": "//storage.googleapis.com/projects/_/buckets/acme-artifacts",
        "availablePermissions": ["inRole:roles/storage.objectViewer"], "availabilityCondition": { "expression": condition } });
    assert_eq!((&who["principal"], &who["boundary"]), (&json!("reader@acme.iam.gserviceaccount.com"), &json!([rule])));

    let direct = scene.ask(json!({ "access": "direct" })).await;
    let who = scene.who(given(&direct)["token"].as_str().unwrap()).await;
    assert_eq!(
        (&who["principal"], &who["scopes"]),
        (&json!(format!("{SUBJECTS}root/shop/deploy")), &json!(["https://www.googleapis.com/auth/devstorage.read_only"]))
    );
    assert!(given(&direct)["service_account"].is_null());

    let chained = scene.of("far").await;
    assert_eq!(scene.who(given(&chained)["token"].as_str().unwrap()).await["principal"], "far@acme.iam.gserviceaccount.com");
    let delegates = ["hub@acme", "hub@other"].map(|hub| format!("projects/-/serviceAccounts/{hub}.iam.gserviceaccount.com"));
    assert_eq!(scene.google.asked("far@acme.iam.gserviceaccount.com:generateAccessToken")[0]["delegates"], json!(delegates));
    scene.check_quiet(&Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn twelve_hours_are_requested_only_where_the_configuration_allows_them() {
    let scene = Scene::usual().await;
    let (status, denial) = scene.of("nightly").await;
    assert_eq!((status, denial["code"].as_str(), denial["provider"].as_str()), (502, Some("provider_denied"), Some("gcp")));
    assert!(denial["hint"].as_str().unwrap().contains("max_ttl") && scene.google.asked("/v1/token").is_empty(), "{denial}");

    let scene = Scene::start(super::GRANTS, "    max_ttl: 12h\n").await;
    let (status, denial) = scene.of("nightly").await;
    assert_eq!((status, denial["code"].as_str()), (502, Some("provider_denied")));
    assert!(denial["hint"].as_str().unwrap().contains("allowServiceAccountCredentialLifetimeExtension"), "{denial}");
    scene.google.with(|google| google.lasting.insert("nightly@acme.iam.gserviceaccount.com".to_owned()));
    assert!(lasts(given(&scene.of("nightly").await)) > Duration::from_secs(11 * 3600));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_of_google_has_its_own_hint_and_its_text_is_for_operators_alone() {
    let scene = Scene::usual().await;
    let (mut seen, good) = (Vec::new(), scene.google.with(|google| google.jwks.clone()));
    let refused = async |name: &str, cause: &str| {
        let (status, denial) = scene.of(name).await;
        assert_eq!(
            (status, denial["code"].as_str(), denial["provider"].as_str()),
            (502, Some("provider_denied"), Some("gcp")),
            "{denial}"
        );
        let records = scene.world.audit();
        let record = records.iter().rfind(|entry| entry.body.to_string().contains("provider_denied")).unwrap().body.to_string();
        assert!(record.contains(cause), "{cause}: {record}");
        scene.check_quiet(&denial);
        format!("{} {}", denial["detail"].as_str().unwrap_or_default(), denial["hint"].as_str().unwrap())
    };
    seen.push(
        refused("nobody", "the access token (403): PERMISSION_DENIED: Permission 'iam.serviceAccounts.getAccessToken' denied")
            .await,
    );
    assert!(seen[0].contains("roles/iam.workloadIdentityUser") && seen[0].contains("serviceAccountTokenCreator"), "{}", seen[0]);
    scene.google.with(|google| google.condition = "team-b/".to_owned());
    seen.push(refused("deploy", "the federated token (400): unauthorized_client: The given credential is rejected").await);
    assert!(seen[1].contains("attribute condition"), "{}", seen[1]);
    scene.google.with(|google| (google.condition, google.is_there) = (String::new(), false));
    seen.push(refused("deploy", "the federated token (400): invalid_target").await);
    assert!(seen[2].contains("gone, disabled"), "{}", seen[2]);
    scene.google.with(|google| (google.is_there, google.jwks) = (true, json!({ "keys": [] })));
    seen.push(refused("deploy", "the federated token (400): invalid_grant: No key of the JWKS").await);
    assert!(seen[3].contains("--jwk-json-path"), "{}", seen[3]);
    scene.google.with(|google| (google.jwks, google.api_is_enabled) = (good, false));
    seen.push(refused("deploy", "the access token (403): PERMISSION_DENIED: IAM Service Account Credentials API has not").await);
    assert!(seen[4].contains("iamcredentials.googleapis.com"), "{}", seen[4]);
    scene.google.with(|google| google.api_is_enabled = true);
    assert_eq!(scene.of("deploy").await.0, 200);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5, "each is told apart from the others");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_that_google_would_refuse_is_not_sent() {
    let scene = Scene::usual().await;
    let name = format!("policies/{}/{}.yaml", "a".repeat(61), "b".repeat(61));
    let grants = format!("    - {{ service_account: {DEPLOY} }}\n");
    scene
        .world
        .commit_and_wait(&[
            (&name, policy(&grants).as_bytes()),
            ("policies/shop/deploy.yaml", policy(super::GRANTS).replace("push }", "schedule }").as_bytes()),
        ])
        .await;
    let (status, denial) = scene.of("deploy").await;
    assert_eq!((status, denial["code"].as_str()), (502, Some("provider_denied")), "{denial}");
    assert!(denial["detail"].as_str().unwrap().contains("127 bytes") && scene.google.asked("").is_empty(), "{denial}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_is_refused_and_never_reaches_google() {
    let scene = Scene::usual().await;
    let long = "x".repeat(10_000);
    for part in ["\"", "'", "\n", "\0", "\u{202e}", "/../", ":generateIdToken?", " ", "%2f", &long] {
        let bodies = [
            json!({ "service_account": format!("de{part}ploy@acme.iam.gserviceaccount.com") }),
            json!({ "service_account": format!("deploy@ac{part}me.iam.gserviceaccount.com") }),
            json!({ "service_account": DEPLOY, "audience": format!("https://run.example{part}") }),
            json!({ "access": format!("direct{part}") }),
        ];
        for body in bodies {
            let (status, denial) = scene.ask(body.clone()).await;
            assert!([400, 403].contains(&status), "{status} {body} {denial}");
            assert!(!denial.to_string().contains("xxxxxxxx"), "{denial}");
        }
    }
    assert!(scene.google.asked("").is_empty());
}

/// Whether a policy with this grant passes the check.
fn loads(world: &crate::support::World, grant: &str) -> (bool, String) {
    let folder = world.path("hostile");
    crate::support::put(&folder.join("policies/hostile.yaml"), policy(&format!("    - {grant}\n")).as_bytes());
    let mut check = std::process::Command::new(env!("CARGO_BIN_EXE_daypass"));
    check.args(["policy", "check", "--config", "daypass.yaml", "--folder"]).arg(&folder).current_dir(world.folder.path());
    let checked = check.output().unwrap();
    (checked.status.success(), String::from_utf8_lossy(&[checked.stdout, checked.stderr].concat()).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_with_a_hostile_name_does_not_load() {
    let scene = Scene::usual().await;
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let viewer = "inRole:roles/storage.objectViewer";
    let grants = |part: &str| {
        let account = format!("service_account: {DEPLOY}");
        let boundary = |bucket: &str, prefix: &str, role: &str| {
            let (bucket, prefix, role) = (quoted(bucket), quoted(prefix), quoted(role));
            format!("{{ {account}, boundary: {{ bucket: {bucket}, prefix: {prefix}, permissions: {role} }} }}")
        };
        [
            format!("{{ service_account: {} }}", quoted(&format!("de{part}ploy@acme.iam.gserviceaccount.com"))),
            format!("{{ {account}, scopes: [{}] }}", quoted(&format!("https://www.googleapis.com/auth/a{part}b"))),
            format!("{{ {account}, delegates: [{}] }}", quoted(&format!("hub{part}@acme.iam.gserviceaccount.com"))),
            format!("{{ {account}, id_token: {{ audience: {} }} }}", quoted(&format!("https://a{part}"))),
            boundary(&format!("acme{part}a"), "shop/", viewer),
            boundary("acme-a", &format!("shop{part}/"), viewer),
            boundary("acme-a", "shop/", &format!("{viewer}{part}a")),
        ]
    };
    for good in grants("") {
        let (loads, output) = loads(&scene.world, &good);
        assert!(loads, "{good}: {output}");
    }
    let long = "x".repeat(10_000);
    for part in ["\"\n", "'\n", "\n", "\0", "\u{202e}", " ", &long] {
        for grant in grants(part) {
            assert!(!loads(&scene.world, &grant).0, "{grant}");
        }
    }
    // Fields where a quote would end the expression admit no quote.
    let injected = grants("') || true || ('");
    assert!([0, 1, 2, 4, 5, 6].into_iter().all(|at| !loads(&scene.world, &injected[at]).0));
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_gives_its_command_the_token_in_every_place_that_clients_read() {
    let scene = Scene::usual().await;
    let script = "test \"$GOOGLE_OAUTH_ACCESS_TOKEN\" = \"$(cat $CLOUDSDK_AUTH_ACCESS_TOKEN_FILE)\" && printf '%s' \"$GOOGLE_OAUTH_ACCESS_TOKEN\" > given && test -f $GOOGLE_APPLICATION_CREDENTIALS && printf '%s' \"$GOOGLE_APPLICATION_CREDENTIALS\" > place";
    let done = scene.world.job("push", &["exec", "--gcp", DEPLOY, "--", "sh", "-c", script], &[]).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let given = std::fs::read_to_string(scene.world.path("given")).unwrap();
    assert_eq!(scene.who(&given).await["principal"], DEPLOY);
    let place = std::fs::read_to_string(scene.world.path("place")).unwrap();
    assert!(!std::path::Path::new(&place).exists(), "it is gone with the command");
    let id_token = "test -n \"$DAYPASS_GCP_ID_TOKEN\" && test -z \"$GOOGLE_OAUTH_ACCESS_TOKEN\"";
    let done = scene.world.job("push", &["exec", "--gcp", "audience=https://run.example", "--", "sh", "-c", id_token], &[]).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
