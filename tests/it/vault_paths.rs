//! Paths of the Vault API that Vault's clients request: versions, mounts, and unserved ones.

use crate::sts::StandInSts;
use crate::support::{DEPLOY, Setup, World, git};
use crate::vault::{call, error, sealed, session, world};
use daypass::secrets::create_transit_key;
use serde_json::{Value, json};

pub const AWS_AND_TRANSIT: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant:
  aws: [{ role: \"arn:aws:iam::123456789012:role/web\", ttl: 1h }]
  transit: [flux, team-a/flux]
  secrets: [shop/**]
";

/// A world whose job may assume a role at the stand-in and use two transit keys.
pub async fn world_of_aws_and_transit(sts: &StandInSts) -> World {
    let policies = vec![("shop/web", AWS_AND_TRANSIT.to_owned()), ("shop/deploy", DEPLOY.to_owned())];
    let world = World::start(Setup { policies, aws: sts.section(), ..Setup::default() }).await;
    let key = || create_transit_key(std::slice::from_ref(&world.recipient), None).unwrap();
    let files: [(&str, &[u8]); 3] =
        [("transit/flux/1.age", &key()), ("transit/flux/2.age", &key()), ("transit/team-a/flux/1.age", &key())];
    world.commit_and_wait(&files).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn version_1_and_lower_mean_the_version_in_force() {
    let sts = StandInSts::start().await;
    let world = world_of_aws_and_transit(&sts).await;
    let session = session(&world, "").await;
    for version in ["-1", "0", "1", "", "-9223372036854775808"] {
        for path in ["secret/data/shop/password", "secret/subkeys/shop/password", "transit/keys/flux"] {
            let (status, answer) = call(&world, "GET", &format!("{path}?version={version}"), &session, None).await;
            assert_eq!(status, 200, "{path}?version={version}: {answer}");
        }
    }
    let (status, answer) = call(&world, "GET", "aws/creds/shop/web?version=-1", &session, None).await;
    assert_eq!(status, 200, "{answer}");
    for version in ["2", "7", "one", "1.5", "-99999999999999999999"] {
        let (status, answer) = call(&world, "GET", &format!("secret/data/shop/password?version={version}"), &session, None).await;
        assert!(status == 400 && error(&answer).contains("version"), "{version}: {status} {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unserved_path_is_explained_and_never_a_404() {
    let world = world().await;
    let session = session(&world, "shop/deploy").await;
    let cases = [
        ("GET", "secret/shop/db"),
        ("GET", "secret/config"),
        ("GET", "sys/mounts"),
        ("POST", "sys/leases/renew"),
        ("POST", "auth/token/create"),
        ("GET", "auth/jwt/role"),
        ("GET", "pki/cert/ca"),
        ("POST", "transit/rewrap/flux"),
        ("POST", "transit/keys/flux"),
        ("LIST", "transit/keys"),
        ("DELETE", "secret/data/shop/db"),
    ];
    for (method, path) in cases {
        let (status, answer) = call(&world, method, path, &session, None).await;
        assert!(status == 400 && error(&answer).starts_with("bad_request: "), "{method} {path}: {status} {answer}");
        assert!(error(&answer).contains("docs/api/vault.md"), "{method} {path}: {answer}");
    }
    // A client that leaves out `/vault` is told the right address.
    let request = world.http.get(world.url("/v1/secret/data/shop/db")).header("X-Vault-Request", "true").send().await.unwrap();
    let (status, answer) = (request.status().as_u16(), request.json::<Value>().await.unwrap());
    assert!(status == 400 && error(&answer).contains(&world.url("/vault")), "{status} {answer}");
    let native = world.http.get(world.url("/v1/secret/data/shop/db")).send().await.unwrap();
    assert_eq!(native.status().as_u16(), 404, "other clients get the native API's answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn mounts_have_their_true_types() {
    let world = world().await;
    let mount_of =
        async |path: &str| call(&world, "GET", &format!("sys/internal/ui/mounts{path}"), "", None).await.1["data"].take();
    let cases = [
        ("/secret/shop/db", "secret/", "kv"),
        ("/secret/creds/db", "secret/", "kv"),
        ("/kv-v2", "kv-v2/", "kv"),
        ("/team/eu/kv/data/shop/db", "team/eu/kv/", "kv"),
        ("/aws/creds/shop/web", "aws/", "aws"),
        ("/aws-prod/sts/shop/web", "aws-prod/", "aws"),
        ("/transit/encrypt/flux", "transit/", "transit"),
        ("/transit/team-a/encrypt/flux", "transit/", "transit"),
        ("/transit_eu", "transit_eu/", "transit"),
    ];
    for (requested, path, kind) in cases {
        let mount = mount_of(requested).await;
        assert_eq!((&mount["path"], &mount["type"]), (&json!(path), &json!(kind)), "{requested}");
        let options = if kind == "kv" { json!({ "version": "2" }) } else { Value::Null };
        assert_eq!(mount["options"], options, "{requested}");
    }
    let all = mount_of("").await;
    for (path, kind) in [("secret/", "kv"), ("aws/", "aws"), ("transit/", "transit")] {
        assert_eq!(all["secret"][path]["type"], kind, "{all}");
    }
    assert_eq!(all["auth"]["jwt/"]["type"], "jwt", "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mounts_of_several_segments_and_subkeys_are_served() {
    let world = world().await;
    let document = sealed(&world, "shop/deep.yaml", b"a: {}\nb: { c: { d: 1 }, e: [1, { x: 1 }] }\nn: null\n");
    world.commit_and_wait(&[("secrets/shop/deep.yaml", &document)]).await;
    let session = session(&world, "shop/deploy").await;
    let get = async |path: &str| call(&world, "GET", path, &session, None).await;
    let (status, read) = get("team/eu/kv/data/shop/db").await;
    assert_eq!((status, &read["data"]["data"]["password"]), (200, &json!("hunter2")), "{read}");
    assert_eq!(get("team/eu/kv/metadata/shop/db").await.0, 200);
    let (_, listed) = call(&world, "LIST", "team/eu/kv/metadata/shop", &session, None).await;
    assert_eq!(listed["data"]["keys"], json!(["db.yaml", "deep.yaml", "password.age"]), "{listed}");
    let (status, names) = get("team/kv/subkeys/shop/deep").await;
    assert_eq!(status, 200, "{names}");
    assert_eq!(names["data"]["subkeys"], json!({ "a": null, "b": { "c": { "d": null }, "e": null }, "n": null }));
    assert_eq!(names["data"]["metadata"]["version"], 1);
    let (_, flat) = get("secret/subkeys/shop/deep?depth=1").await;
    assert_eq!(flat["data"]["subkeys"], json!({ "a": null, "b": null, "n": null }));
    let (_, whole) = get("secret/subkeys/shop/password").await;
    assert_eq!(whole["data"]["subkeys"], json!({ "value": null }));
    for (path, status) in
        [("subkeys/hidden/db", 403), ("subkeys/shop/none", 404), ("subkeys/shop/db?depth=x", 400), ("subkeys", 400)]
    {
        let (got, answer) = get(&format!("secret/{path}")).await;
        assert_eq!(got, status, "{path}: {answer}");
    }
    let released = world.audit().into_iter().filter(|entry| entry.kind == "released" && !entry.body["in_session"].is_null());
    assert_eq!(released.count(), 4, "the names of values are a read of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_may_use_a_transit_key_may_list_its_versions() {
    let sts = StandInSts::start().await;
    let world = world_of_aws_and_transit(&sts).await;
    let deploys = session(&world, "shop/deploy").await;
    let uses = session(&world, "shop/web").await;
    let (status, answer) = call(&world, "GET", "transit/keys/flux", &uses, None).await;
    let key = &answer["data"];
    assert_eq!(status, 200, "{answer}");
    assert_eq!((&key["latest_version"], &key["min_decryption_version"]), (&json!(2), &json!(1)), "{answer}");
    assert_eq!((&key["type"], &key["name"]), (&json!("aes256-gcm96"), &json!("flux")), "{answer}");
    let committed: i64 = git(&world.path("access"), &["log", "-1", "--format=%ct", "--", "transit/flux/2.age"]).parse().unwrap();
    assert_eq!(key["keys"]["2"], committed, "{answer}");
    for path in ["transit/keys/team-a/flux", "transit/team-a/keys/flux"] {
        let (status, answer) = call(&world, "GET", path, &uses, None).await;
        assert_eq!((status, &answer["data"]["latest_version"]), (200, &json!(1)), "{path}: {answer}");
    }
    for (session, path) in [(&deploys, "flux"), (&uses, "hidden"), (&deploys, "none")] {
        let (status, answer) = call(&world, "GET", &format!("transit/keys/{path}"), session, None).await;
        assert!(status == 403 && error(&answer).starts_with("no_matching_policy: "), "{path}: {status} {answer}");
    }
    std::fs::remove_dir_all(world.path("access/transit/flux")).unwrap();
    world.commit_and_wait(&[]).await;
    assert_eq!(call(&world, "GET", "transit/keys/flux", &uses, None).await.0, 404, "granted, and not there");
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_credentials_have_a_lease_of_their_decision() {
    let sts = StandInSts::start().await;
    let world = world_of_aws_and_transit(&sts).await;
    let session = session(&world, "shop/web").await;
    for (path, method) in [("aws/creds/shop/web", "GET"), ("team/aws/sts/shop/web", "PUT")] {
        let (status, answer) = call(&world, method, path, &session, None).await;
        assert_eq!(status, 200, "{answer}");
        let lease = format!("{path}/{}", answer["request_id"].as_str().unwrap());
        assert_eq!((&answer["lease_id"], &answer["renewable"]), (&json!(lease), &json!(false)), "{answer}");
        assert!(answer["lease_duration"].as_u64().unwrap() > 3000, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unchanged_content_keeps_the_metadata_of_its_commit() {
    let mut world = world().await;
    let session = session(&world, "shop/deploy").await;
    let read = async |world: &World| {
        let (status, answer) = call(world, "GET", "secret/data/shop/db", &session, None).await;
        assert_eq!(status, 200, "{answer}");
        answer["data"].clone()
    };
    let repository = world.path("access");
    let committed = |file: &str| {
        let text = git(&repository, &["log", "-1", "--format=%cI", "--", file]);
        daypass::words::UnixTime::from_rfc3339(&text).unwrap().to_string()
    };
    let first = read(&world).await;
    assert_eq!(first["metadata"]["created_time"], committed("secrets/shop/db.yaml").as_str(), "{first}");
    assert_eq!(first["metadata"]["custom_metadata"], Value::Null, "{first}");
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    world.commit_and_wait(&[("policies/shop/other.yaml", DEPLOY.as_bytes())]).await;
    assert_eq!(read(&world).await, first, "another commit changed nothing of it");
    let (_, described) = call(&world, "GET", "secret/metadata/shop/db", &session, None).await;
    assert_eq!(described["data"]["updated_time"], first["metadata"]["created_time"], "{described}");
    world.kill_and_restart().await;
    assert_eq!(read(&world).await, first, "nor does a restart");
    let document = sealed(&world, "shop/db.yaml", b"password: hunter2\nport: 6543\n");
    world.commit_and_wait(&[("secrets/shop/db.yaml", &document)]).await;
    let second = read(&world).await;
    assert_eq!(second["metadata"]["created_time"], committed("secrets/shop/db.yaml").as_str(), "{second}");
    assert_ne!(second["metadata"], first["metadata"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_line_of_http_1_1_shows_a_refusal() {
    let world = world().await;
    let session = session(&world, "shop/deploy").await;
    let response_of = |version: &str, path: &str| {
        let mut command = std::process::Command::new("curl");
        // Without ALPN, in which curl would offer `http/1.0`, which no server has to support.
        let version = if version == "--http1.0" { vec![version, "--no-alpn"] } else { vec![version] };
        command.args(["--silent", "--show-error", "--include"]).args(version).arg("--cacert").arg(world.path("tls.crt"));
        command.args(["--header", &format!("X-Vault-Token: {session}")]);
        let output = command.arg(world.url(&format!("/vault/v1/{path}"))).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
        (text.lines().next().unwrap().trim_end().to_owned(), text)
    };
    let (line, answer) = response_of("--http1.1", "secret/data/hidden/db");
    let decision = world.audit().into_iter().rfind(|entry| entry.kind == "refused").unwrap().decision.unwrap();
    assert!(line.starts_with("HTTP/1.1 403 no_matching_policy: No trust policy grants this."), "{line}");
    assert!(line.ends_with(&format!("(decision {decision})")), "{line}");
    assert!(answer.contains(&format!("(decision {decision})\"]")), "{answer}");
    let long = format!("secret/data/shop/db?{}=1", "%C3%A9%0D%0ASet-Cookie:%20a=b".repeat(40));
    let (line, answer) = response_of("--http1.1", &long);
    assert!(line.starts_with("HTTP/1.1 400 bad_request: ") && line.contains("(decision "), "{line}");
    assert!(line.len() < 600 && line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line}");
    assert!(!answer.to_lowercase().contains("\nset-cookie"), "{answer}");
    assert_eq!(response_of("--http2", "secret/data/hidden/db").0, "HTTP/2 403");
    assert_eq!(response_of("--http1.1", "secret/data/shop/db").0, "HTTP/1.1 200 OK");
    assert_eq!(response_of("--http1.0", "secret/data/hidden/db").0, "HTTP/1.0 403 Forbidden");
}
