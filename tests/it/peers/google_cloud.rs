//! Google's own libraries, unmodified: the stand-in that daypass is tested with understands them, and they find the credentials that
//! `daypass exec --gcp` gives its command.

use crate::gcp::stand_in::{Issued, PROVIDER, StandInGoogle};
use crate::gcp::{DEPLOY, Scene, strict};
use crate::support::peer;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Output;

/// For each language a program that prints its token.
fn clients() -> Vec<(&'static str, PathBuf, Vec<PathBuf>)> {
    let script = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name);
    let python = peer("python-clients").map(|python| ("google-auth", python, vec![script("google_cloud.py")]));
    let node = peer("node").zip(peer("google-auth-js"));
    let node = node.map(|(node, manifest)| ("google-auth-library", node, vec![script("google_cloud.mjs"), manifest]));
    python.into_iter().chain(node).collect()
}

fn read(library: &str, done: &Output) -> Value {
    let (stdout, fault) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{library}: {stdout}{fault}"))
}

fn issued(google: &StandInGoogle, report: &Value) -> Issued {
    google.with(|google| google.tokens[report["token"].as_str().unwrap()].clone())
}

/// With the token of an issuer that the provider trusts, in a file.
#[tokio::test(flavor = "multi_thread")]
async fn googles_libraries_impersonate_at_the_stand_in() {
    for (library, program, arguments) in clients() {
        let raw = strict::Raw::start().await;
        let folder = tempfile::tempdir().unwrap();
        let url = &raw.google.url;
        std::fs::write(folder.path().join("token"), raw.jwt(&json!({}))).unwrap();
        let account = json!({
            "type": "external_account", "audience": format!("//iam.googleapis.com/{PROVIDER}"), "token_url": format!("{url}/v1/token"),
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "credential_source": { "file": folder.path().join("token") },
            "service_account_impersonation_url": format!("{url}/v1/projects/-/serviceAccounts/{DEPLOY}:generateAccessToken"),
        });
        std::fs::write(folder.path().join("account.json"), account.to_string()).unwrap();
        let run = async |more: &[(&str, &str)]| {
            let mut command = tokio::process::Command::new(&program);
            command.args(&arguments).current_dir(folder.path()).env("GOOGLE_CLOUD_PROJECT", "acme");
            command.env("GOOGLE_APPLICATION_CREDENTIALS", folder.path().join("account.json"));
            command.env("REQUESTS_CA_BUNDLE", raw.ca()).env("NODE_EXTRA_CA_CERTS", raw.ca());
            command.envs(more.iter().copied()).output().await.unwrap()
        };
        let report = read(library, &run(&[]).await);
        assert_eq!((issued(&raw.google, &report).principal.as_str(), &report["expires"]), (DEPLOY, &json!(true)), "{library}");
        println!("{library}: impersonated {DEPLOY} with {}", raw.google.asked("/v1/token")[0]["scope"]);
        if library == "google-auth" {
            let report = read(library, &run(&[("BUCKET", "acme-artifacts"), ("STS", url)]).await);
            let condition = "resource.name.startsWith('projects/_/buckets/acme-artifacts/objects/shop/')";
            let rule = json!({ "availablePermissions": ["inRole:roles/storage.objectViewer"],
                "availableResource": "//storage.googleapis.com/projects/_/buckets/acme-artifacts",
                "availabilityCondition": { "expression": condition } });
            assert_eq!(
                issued(&raw.google, &report).boundary,
                Some(json!([rule])),
                "the same as ours in tests/it/gcp/exchange.rs"
            );
        }
        raw.google.with(|google| google.accounts.clear());
        let refused = run(&[]).await;
        let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && stderr.contains("iam.serviceAccounts.getAccessToken"), "{library}: {stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn googles_libraries_find_what_exec_leaves_for_its_command() {
    let clients = clients();
    if clients.is_empty() {
        return;
    }
    let scene = Scene::start(crate::gcp::GRANTS, "").await;
    for (library, program, arguments) in clients {
        let arguments: Vec<String> = arguments.iter().map(|argument| argument.display().to_string()).collect();
        let program = program.display().to_string();
        let words = ["exec", "--gcp", DEPLOY, "--", program.as_str()];
        let words: Vec<&str> = words.into_iter().chain(arguments.iter().map(String::as_str)).collect();
        let report = read(library, &scene.world.job("push", &words, &[("GOOGLE_CLOUD_PROJECT", "acme")]).await);
        assert_eq!((issued(&scene.google, &report).principal.as_str(), &report["expires"]), (DEPLOY, &json!(true)), "{library}");
        println!("{library}: found the token of {DEPLOY}");
    }
}

/// Only `token_url` and the audience name daypass, which exchanges the job's own token from a file.
#[tokio::test(flavor = "multi_thread")]
async fn googles_libraries_exchange_a_jobs_own_token_here() {
    let clients = clients();
    if clients.is_empty() {
        return;
    }
    let scene = Scene::start(crate::gcp::GRANTS, "").await;
    for (library, program, arguments) in clients {
        let ask = async |run: &str, account: &str| {
            let token = match run {
                "push" => scene.world.token(),
                _ => scene.world.token_with(daypass::demo::issuer::github_claims("pull_request", "refs/pull/7/merge")),
            };
            std::fs::write(scene.world.path("job-token"), token).unwrap();
            let account = json!({
                "type": "external_account", "token_url": scene.world.url("/oauth2/token"),
                "audience": format!("//iamcredentials.googleapis.com/projects/-/serviceAccounts/{account}"),
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "credential_source": { "file": scene.world.path("job-token") },
            });
            std::fs::write(scene.world.path("account.json"), account.to_string()).unwrap();
            let mut command = tokio::process::Command::new(&program);
            command.args(&arguments).current_dir(scene.world.folder.path()).env("GOOGLE_CLOUD_PROJECT", "acme");
            command.env("GOOGLE_APPLICATION_CREDENTIALS", scene.world.path("account.json"));
            command.env("REQUESTS_CA_BUNDLE", scene.world.path("tls.crt"));
            command.env("NODE_EXTRA_CA_CERTS", scene.world.path("tls.crt")).output().await.unwrap()
        };
        let report = read(library, &ask("push", DEPLOY).await);
        assert_eq!(issued(&scene.google, &report).principal, DEPLOY, "{library}");
        let refused = ask("pull", DEPLOY).await;
        let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
        for part in ["no_matching_policy", "Show the decision id to the operator"] {
            assert!(!refused.status.success() && stderr.contains(part), "{library}: {stderr}");
        }
        println!("{library}: {stderr}");
    }
}
