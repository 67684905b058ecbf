//! What would give an operator a false sense of safety: guardrails under other file names, denials that an explanation leaves out,
//! expired certificates, missing keys.

use crate::operate::ask;
use crate::support::{DEPLOY, Setup, World, commit, git, put, write_private};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

const RAILS: &str = "denials: [ { description: Never the shop., deny: { secrets: [shop/*] } } ]\n";

fn daypass(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_daypass")).current_dir(folder).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn renamed_guardrails_keep_denying_and_permission_increases_are_held() {
    let world = World::start(Setup::default()).await;
    assert_eq!(ask(&world).await.0, 200);
    world.commit_and_wait(&[("guardrails.yaml", RAILS.as_bytes())]).await;
    assert_eq!(ask(&world).await, (403, json!("denied")));
    let access = world.path("access");
    git(&access, &["mv", "guardrails.yaml", "guardrails.yml"]);
    let other = DEPLOY.replace("refs/heads/main", "refs/heads/release");
    let ready = world.commit_and_wait(&[("policies/shop/release.yaml", other.as_bytes())]).await;
    assert_eq!(ask(&world).await, (403, json!("denied")), "what was denied stays denied");
    assert!(
        ready["faults"].to_string().contains("stray_file") && ready["faults"].to_string().contains("guardrails.yml"),
        "{ready}"
    );
    assert_eq!(ready["held"], json!(["policies/shop/release.yaml"]), "{ready}");
    let config = world.path("daypass.yaml").display().to_string();
    let check = daypass(&access, &["policy", "check", "--config", &config, "--repository", "."]);
    assert!(check.status.code() == Some(78) && said(&check).contains("error[stray_file]"), "{}", said(&check));
    // A symbolic link is not followed, so the guardrails cannot be read. That is not a set without guardrails.
    git(&access, &["rm", "--quiet", "guardrails.yml"]);
    std::os::unix::fs::symlink("rails/guardrails.yaml", access.join("guardrails.yaml")).unwrap();
    let ready = world.commit_and_wait(&[("rails/guardrails.yaml", RAILS.as_bytes())]).await;
    assert!(ready["faults"].to_string().contains("a symbolic link is never followed"), "{ready}");
    assert_eq!(ask(&world).await, (403, json!("denied")));
    git(&access, &["rm", "--quiet", "guardrails.yaml"]);
    let ready = world.commit_and_wait(&[]).await;
    assert_eq!((&ready["faults"], &ready["held"]), (&json!([]), &json!([])), "a deletion on its own is deliberate");
    assert_eq!(ask(&world).await.0, 200);
}

#[test]
fn stray_files_and_empty_sets_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| put(&folder.path().join(name), text.as_bytes());
    write(
        "daypass.yaml",
        "issuers: [ { name: github, mapping: github-actions, issuer: \"https://token.actions.githubusercontent.com\", audiences: [\"https://daypass.example\"] } ]\n",
    );
    write("access/policies/shop/deploy.yaml", DEPLOY);
    let policy =
        |command: &str, at: &str| daypass(folder.path(), &["policy", command, "--config", "daypass.yaml", "--folder", at]);
    assert_eq!(policy("check", "access").status.code(), Some(0), "{}", said(&policy("check", "access")));
    for command in ["check", "test"] {
        for (at, hint) in [("access/policies", "name the folder that holds these two"), ("access/policies/shop", "has no policy")]
        {
            let output = policy(command, at);
            assert!(output.status.code() == Some(78) && said(&output).contains(hint), "{command} {at}: {}", said(&output));
        }
    }
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    std::fs::create_dir(folder.path().join("empty/policies")).unwrap();
    assert_eq!(policy("check", "empty").status.code(), Some(78));
    for stray in ["policies/other.yml", "sources/team.yml", "tests/shop.yml", "guardrails.yml", ".sops.yml", "Policies/x.yaml"] {
        write(&format!("access/{stray}"), "x: 1\n");
        let output = policy("check", "access");
        assert!(
            output.status.code() == Some(78) && said(&output).contains(&format!("--> {stray}")),
            "{stray}: {}",
            said(&output)
        );
        std::fs::remove_file(folder.path().join("access").join(stray)).unwrap();
        let _ = std::fs::remove_dir(folder.path().join("access/Policies"));
    }
    std::os::unix::fs::symlink("deploy.yaml", folder.path().join("access/policies/shop/link.yaml")).unwrap();
    let output = policy("check", "access");
    assert!(output.status.code() == Some(78) && said(&output).contains("never followed"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_lists_every_denial() {
    let world = World::start(Setup::default()).await;
    let config = world.path("daypass.yaml").display().to_string();
    let claims = ["--claim", "repository=acme/shop", "--claim", "repository_id=456789", "--claim", "ref=refs/heads/main"];
    let explain = |more: &[&str]| {
        let question = ["policy", "explain", "--config", &config, "--issuer", "github", "--secret", "shop/password.age"];
        daypass(world.folder.path(), &[&question[..], &claims, &["--claim", "event_name=push"], more].concat())
    };
    let allowed = explain(&[]);
    assert!(allowed.status.success() && said(&allowed).starts_with("ALLOWED  secret shop/password.age by shop/deploy\n"));
    let head = git(&world.path("access"), &["rev-parse", "HEAD"]);
    assert!(said(&allowed).contains(&format!("refs/heads/main ({head})")), "{}", said(&allowed));
    for denied in [["--repository", "acme/shop"], ["--policy", "shop/deploy"]] {
        let output = daypass(world.folder.path(), &["deny", denied[0], denied[1], "--reason", "INC-42", "--config", &config]);
        assert!(output.status.success(), "{}", said(&output));
    }
    let denied = explain(&[]);
    let text = said(&denied);
    assert_eq!(denied.status.code(), Some(77), "{text}");
    assert!(text.starts_with("DENIED   secret shop/password.age: an operator denies it: INC-42\n"), "{text}");
    for line in [
        "repository acme/shop: INC-42",
        "policy shop/deploy: INC-42",
        "It is granted by shop/deploy, if nothing stood against it.",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    let rails = format!("{RAILS}  # and\n").replace(" } } ]", " } }, { description: Not by push., match: { event: push } } ]");
    put(&world.path("access/guardrails.yaml"), rails.as_bytes());
    commit(&world.path("access"));
    let text = said(&explain(&[]));
    assert!(text.starts_with("DENIED   secret shop/password.age: guardrail: Never the shop.\n"), "{text}");
    for line in
        ["Never the shop.", "Not by push.", "repository acme/shop: INC-42", "policy shop/deploy: INC-42", "guardrails.yaml:1"]
    {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(!text.contains("No policy of this issuer"), "{text}");
    let json: Value = serde_json::from_slice(&explain(&["--output", "json"]).stdout).unwrap();
    assert_eq!(
        (json["guardrails"].as_array().map(Vec::len), json["operators_denials"].as_array().map(Vec::len)),
        (Some(2), Some(2))
    );
    assert_eq!((&json["allowed_by"], &json["granted_by"]), (&Value::Null, &json!(["shop/deploy"])), "{json}");
    // Without the store the explanation says that it did not read operators' denials.
    std::fs::write(
        world.path("issuers.yaml"),
        std::fs::read_to_string(world.path("daypass.yaml")).unwrap().replace("data: data", ""),
    )
    .unwrap();
    git(&world.path("access"), &["rm", "--quiet", "guardrails.yaml"]);
    commit(&world.path("access"));
    let arguments = ["policy", "explain", "--config", "issuers.yaml", "--repository", "access", "--issuer", "github"];
    let blind = daypass(
        world.folder.path(),
        &[&arguments[..], &["--secret", "shop/password.age", "--claim", "event_name=push"], &claims].concat(),
    );
    assert!(said(&blind).contains("Operators' denials are not looked at"), "{}", said(&blind));
}

/// An explanation does not read everything that could change the decision. Where there is such a thing, it says so.
#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_says_what_it_leaves_out() {
    let proof = format!("{DEPLOY}dpop: required\n");
    let policies = vec![("shop/deploy", DEPLOY.to_owned()), ("shop/proof", proof.replace("shop/**", "proof/**"))];
    let world = World::start(Setup { policies, ..Setup::default() }).await;
    let config = world.path("daypass.yaml").display().to_string();
    let claims = ["repository=acme/shop", "repository_id=456789", "ref=refs/heads/main", "event_name=push"];
    let claims: Vec<&str> = claims.into_iter().flat_map(|claim| ["--claim", claim]).collect();
    let explain = |secret: &str, more: &[&str]| {
        let question = ["policy", "explain", "--config", &config, "--issuer", "github", "--secret", secret];
        daypass(world.folder.path(), &[&question[..], &claims, more].concat())
    };
    let stale = "The server grants it only if its last read of the repository is within `max_stale`, which is not looked at here";
    let text = said(&explain("shop/password.age", &[]));
    assert!(text.contains(stale), "{text}");
    for absent in ["dpop", "further source"] {
        assert!(!text.contains(absent), "{absent} in\n{text}");
    }
    let output = explain("proof/x.age", &[]);
    let text = said(&output);
    assert!(output.status.success() && text.starts_with("ALLOWED  secret proof/x.age by shop/proof\n"), "{text}");
    assert!(text.contains("Only with a proof of possession: the policy says `dpop: required`"), "{text}");
    put(&world.path("access/sources/team-a.yaml"), b"git: ../team-a\n");
    put(&world.path("access/sources/team-b.yaml"), b"git: ../team-b\n");
    commit(&world.path("access"));
    for (secret, allowed) in [("shop/password.age", true), ("other/x.age", false)] {
        let output = explain(secret, &[]);
        let text = said(&output);
        assert_eq!(output.status.success(), allowed, "{text}");
        assert!(text.contains("The policies of the further sources team-a, team-b are not looked at"), "{text}");
        assert_eq!(text.contains(stale), allowed, "{text}");
    }
    let json = |secret: &str| serde_json::from_slice::<Value>(&explain(secret, &["--output", "json"]).stdout).unwrap();
    let (plain, proof) = (json("shop/password.age"), json("proof/x.age"));
    assert_eq!((&plain["dpop"], &proof["dpop"]), (&Value::Null, &json!("required")));
    assert_eq!(plain["further_sources_not_looked_at"], json!(["team-a", "team-b"]));
    assert_eq!(plain["max_stale_looked_at"], false);
}

pub fn certificate_until(world: &World, year: i32) {
    certificate_for(world, "localhost", year);
}

fn certificate_for(world: &World, host: &str, year: i32) {
    certificate_with(world, host, |parameters| {
        (parameters.not_before, parameters.not_after) = (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(year, 1, 1));
    });
}

/// Gives the server a certificate that these parameters change.
pub fn certificate_with(world: &World, host: &str, change: impl FnOnce(&mut rcgen::CertificateParams)) {
    let mut parameters = rcgen::CertificateParams::new([host.to_owned()]).unwrap();
    change(&mut parameters);
    let key = rcgen::KeyPair::generate().unwrap();
    write_private(&world.path("tls.key"), key.serialize_pem().as_bytes());
    std::fs::write(world.path("tls.crt"), parameters.self_signed(&key).unwrap().pem()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_reported_and_makes_the_server_unready() {
    let mut world = World::start(Setup::default()).await;
    certificate_until(&world, 2021);
    world.kill_and_restart().await;
    let ready = world.ready().await;
    assert_eq!(ready["ready"], false, "{ready}");
    assert_eq!(ready["checks"]["certificate"], "ended at 2021-01-01T00:00:00Z: every client refuses it");
    assert!(ready["alarms"][0].as_str().unwrap().contains("tls.crt"), "{ready}");
    assert!(world.metrics().await.contains("daypass_certificate_expiration_timestamp_seconds{listener=\"public\"} 1609459200\n"));
    world.until_logged("ended at 2021-01-01T00:00:00Z").await;
    let config = world.path("daypass.yaml").display().to_string();
    let status = daypass(world.folder.path(), &["status", "--config", &config]);
    assert!(said(&status).contains("ALARM       the certificate "), "{}", said(&status));
    certificate_until(&world, 2090);
    let ready = world.until("the certificate is renewed", |ready| ready["ready"] == true).await;
    assert_eq!(ready["alarms"], json!([]), "{ready}");
}

/// Every client refuses it because of its name. But a proxy before the server may present another one, so the server stays ready.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_host_is_reported_and_the_server_stays_ready() {
    let mut world = World::start(Setup::default()).await;
    assert_eq!(world.ready().await["alarms"], json!([]));
    certificate_for(&world, "daypass.example", 2090);
    world.kill_and_restart().await;
    let ready = world.ready().await;
    let alarm = ready["alarms"][0].as_str().unwrap_or_default();
    let why = "is not for `localhost`, the host of `public_url`: every client that reaches the server by it refuses it";
    assert!(alarm.contains("tls.crt (listener `public`)") && alarm.contains(why), "{ready}");
    assert_eq!((&ready["ready"], ready["alarms"].as_array().unwrap().len()), (&json!(true), 1), "{ready}");
    world.until_logged(why).await;
    let config = world.path("daypass.yaml").display().to_string();
    let status = daypass(world.folder.path(), &["status", "--config", &config]);
    assert!(said(&status).contains("ALARM       the certificate ") && said(&status).contains(why), "{}", said(&status));
    let refused = world.http.get(world.url("/v1/whoami")).send().await;
    assert!(refused.is_err(), "the alarm is true: {refused:?}");
    certificate_for(&world, "daypass.example", 2021);
    let ready = world.until("both are told", |ready| ready["alarms"].as_array().is_some_and(|all| all.len() == 2)).await;
    assert!(ready["alarms"].to_string().contains("ended at 2021") && ready["alarms"].to_string().contains(why), "{ready}");
    certificate_until(&world, 2090);
    world.until("the right one is there", |ready| ready["ready"] == true && ready["alarms"] == json!([])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_jwks_file_is_reported_and_makes_a_server_without_other_keys_unready() {
    let issuers = "  - { name: gitlab, mapping: gitlab, issuer: \"https://gitlab.acme.example\", audiences: [\"https://localhost:{port}\"], jwks: { file: gitlab.json } }\n";
    let mut world = World::start(Setup { issuers: issuers.to_owned(), ..Setup::default() }).await;
    let ready = world.ready().await;
    assert_eq!(ready["ready"], true, "the other issuer's jobs are served");
    let alarm = ready["alarms"][0].as_str().unwrap();
    assert!(
        alarm.contains("`gitlab`") && alarm.contains("gitlab.json: No such file") && alarm.contains("are refused"),
        "{alarm}"
    );
    assert!(world.metrics().await.contains("daypass_issuer_keys_unreadable{issuer=\"gitlab\"} 1\n"), "{}", world.metrics().await);
    let config = std::fs::read_to_string(world.path("daypass.yaml")).unwrap();
    std::fs::write(world.path("daypass.yaml"), config.replace("addresses: [127.0.0.0/8]", "jwks: { file: github.json }"))
        .unwrap();
    world.kill_and_restart().await;
    let ready = world.ready().await;
    assert_eq!(
        (&ready["ready"], &ready["checks"]["issuers"]),
        (&json!(false), &json!("no issuer's keys can be read")),
        "{ready}"
    );
    world.until_logged("github.json: No such file").await;
    std::fs::write(world.path("github.json"), world.issuer.jwks().to_string()).unwrap();
    world.until("the file is there", |ready| ready["ready"] == true).await;
    assert_eq!(ask(&world).await.0, 200);
}
