//! Transit in the Vault API: who may encrypt and decrypt, isolation of keys, and versions.

use crate::sources::TEAM;
use crate::support::{Setup, World, commit, git, put};
use crate::vault::{call, elsewhere, error, login};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use daypass::demo::issuer::github_claims;
use daypass::secrets::{Identities, create_transit_key, encrypt};
use serde_json::{Value, json};
use std::path::Path;

pub const READER: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant: { transit: [ { key: flux, allow: [decrypt] }, \"shop/*\" ] }
";
pub const AUTHOR: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: manual }
grant: { transit: { key: flux, allow: encrypt } }
";

/// A world with a key for which one job may encrypt and another decrypt, and with two keys of the same bytes.
pub async fn world() -> World {
    let policies = vec![("reader", READER.to_owned()), ("author", AUTHOR.to_owned())];
    let world = World::start(Setup { policies, ..Setup::default() }).await;
    let same = encrypt(&[7; 32], std::slice::from_ref(&world.recipient), true).unwrap();
    let files: [(&str, &[u8]); 4] = [
        ("transit/flux/1.age", &new_key(&world)),
        ("transit/shop/a/1.age", &same),
        ("transit/shop/b/1.age", &same),
        ("transit/hidden/1.age", &same),
    ];
    world.commit_and_wait(&files).await;
    world
}

fn new_key(world: &World) -> Vec<u8> {
    create_transit_key(std::slice::from_ref(&world.recipient), None).unwrap()
}

pub async fn session(world: &World, event: &str) -> String {
    let (status, answer) = login(world, &world.token_with(github_claims(event, "refs/heads/main")), "").await;
    assert_eq!(status, 200, "{answer}");
    answer["auth"]["client_token"].as_str().unwrap().to_owned()
}

async fn seal(world: &World, key: &str, session: &str, plaintext: &str) -> (u16, Value) {
    let body = json!({ "plaintext": STANDARD.encode(plaintext) });
    call(world, "PUT", &format!("transit/encrypt/{key}"), session, Some(body)).await
}

async fn open(world: &World, key: &str, session: &str, ciphertext: &str) -> (u16, Value) {
    call(world, "POST", &format!("transit/decrypt/{key}"), session, Some(json!({ "ciphertext": ciphertext }))).await
}

fn ciphertext(sealed: &(u16, Value)) -> String {
    sealed.1["data"]["ciphertext"].as_str().unwrap_or_else(|| panic!("{sealed:?}")).to_owned()
}

fn plaintext(opened: &(u16, Value)) -> Vec<u8> {
    STANDARD.decode(opened.1["data"]["plaintext"].as_str().unwrap_or_else(|| panic!("{opened:?}"))).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_encrypts_another_decrypts_and_each_answer_has_its_record() {
    let world = world().await;
    let (author, reader) = (session(&world, "workflow_dispatch").await, session(&world, "push").await);
    let sealed = seal(&world, "flux", &author, "hunter2-in-the-clear").await;
    let wrapped = ciphertext(&sealed);
    assert!(wrapped.starts_with("vault:v1:") && sealed.1["data"]["key_version"] == 1, "{sealed:?}");
    for _ in 0..3 {
        assert_eq!(plaintext(&open(&world, "flux", &reader, &wrapped).await), b"hunter2-in-the-clear");
    }
    for (path, token, input) in [("encrypt/flux", &reader, "plaintext"), ("decrypt/flux", &author, "ciphertext")] {
        let body = if input == "plaintext" { json!({ input: "eA==" }) } else { json!({ input: wrapped }) };
        let (status, refused) = call(&world, "PUT", &format!("transit/{path}"), token, Some(body)).await;
        let record = world.audit().into_iter().rfind(|entry| entry.kind == "refused").unwrap();
        assert_eq!((status, &record.body["reason"]), (403, &json!("no_matching_policy")), "{refused}");
        for part in ["no_matching_policy: ", "Show the decision id to the operator", record.decision.as_ref().unwrap()] {
            assert!(error(&refused).contains(part), "{part}: {refused}");
        }
    }
    let digest = daypass::words::Digest::plain(wrapped.as_bytes()).to_string();
    let released: Vec<_> =
        world.audit().into_iter().filter(|entry| entry.kind == "released" && !entry.body["transit"].is_null()).collect();
    let records: Vec<_> = released.iter().map(|entry| entry.body["transit"].clone()).collect();
    let record = |operation: &str| json!({ "operation": operation, "key": "flux", "version": 1, "ciphertext_sha256": digest });
    assert_eq!(records, [record("encrypt"), record("decrypt"), record("decrypt"), record("decrypt")]);
    assert_eq!(sealed.1["request_id"], json!(released[0].decision), "the answer names its record");
    assert_eq!(released[1].body["credentials"], json!([format!("transit decrypt flux {digest}")]));
    let all: String = world.audit().iter().map(|entry| entry.body.to_string()).collect();
    for hidden in
        ["hunter2-in-the-clear".to_owned(), STANDARD.encode("hunter2-in-the-clear"), plain_digest("hunter2-in-the-clear")]
    {
        assert!(!all.contains(&hidden) && !world.log().contains(&hidden), "{hidden}");
    }
}

fn plain_digest(text: &str) -> String {
    daypass::words::Digest::plain(text.as_bytes()).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_added_deleted_and_reverted_by_commits() {
    let mut world = world().await;
    let (author, reader) = (session(&world, "workflow_dispatch").await, session(&world, "push").await);
    let first = ciphertext(&seal(&world, "flux", &author, "one").await);
    let made = world.job("push", &["transit", "create", "flux", "--recipient", &world.recipient, "--to", "access"], &[]).await;
    assert_eq!(String::from_utf8_lossy(&made.stdout), "access/transit/flux/2.age\n", "{made:?}");
    world.commit_and_wait(&[]).await;
    let second = ciphertext(&seal(&world, "flux", &author, "two").await);
    assert!(second.starts_with("vault:v2:"), "{second}");
    assert_eq!(plaintext(&open(&world, "flux", &reader, &first).await), b"one");
    assert_eq!(plaintext(&open(&world, "flux", &reader, &second).await), b"two");
    let renamed = second.replace("vault:v2:", "vault:v1:");
    assert_eq!(open(&world, "flux", &reader, &renamed).await.0, 400, "a ciphertext belongs to its version");
    git(&world.path("access"), &["rm", "--quiet", "transit/flux/1.age"]);
    world.commit_and_wait(&[]).await;
    let (status, gone) = open(&world, "flux", &reader, &first).await;
    assert!(status == 404 && error(&gone).contains("version 1 of this key is not in force"), "{status} {gone}");
    assert_eq!(plaintext(&open(&world, "flux", &reader, &second).await), b"two");
    git(&world.path("access"), &["-c", "user.name=t", "-c", "user.email=t@t.example", "revert", "--no-edit", "HEAD"]);
    world.commit_and_wait(&[("tests/x.json", b"{}")]).await;
    world.kill_and_restart().await;
    assert_eq!(plaintext(&open(&world, "flux", &reader, &first).await), b"one", "the server keeps no state about versions");
    world.commit_and_wait(&[("transit/flux/2.age", b"broken"), ("transit/flux/two.age", b"x")]).await;
    assert_eq!(plaintext(&open(&world, "flux", &reader, &second).await), b"two", "a faulty file keeps its last good form");
    let faults = world.ready().await["faults"].to_string();
    assert!(faults.contains("transit/flux/2.age") && faults.contains("transit/flux/two.age"), "{faults}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ciphertext_opens_only_complete_and_with_its_own_key() {
    let world = world().await;
    let reader = session(&world, "push").await;
    let sealed = ciphertext(&seal(&world, "shop/a", &reader, "x").await);
    assert_eq!(plaintext(&open(&world, "shop/a", &reader, &sealed).await), b"x");
    let short = format!("{}==", &sealed[..sealed.len() - 4 - sealed.len() % 4]);
    let cases = [
        ("shop/b", sealed.clone(), 400, "bad_request"),
        ("flux", sealed.clone(), 400, "bad_request"),
        ("shop/a", short, 400, "bad_request"),
        ("shop/a", sealed.replace("vault:v1:", "vault:v2:"), 404, "secret_missing"),
        ("shop/absent", sealed.clone(), 404, "secret_missing"),
        ("hidden", sealed.clone(), 403, "no_matching_policy"),
        ("absent", sealed.clone(), 403, "no_matching_policy"),
        ("shop/a/b", sealed.clone(), 403, "no_matching_policy"),
    ];
    for (key, text, status, code) in cases {
        let (got, answer) = open(&world, key, &reader, &text).await;
        assert!(
            got == status && error(&answer).starts_with(code) && error(&answer).contains("(decision "),
            "{key} {text}: {got} {answer}"
        );
    }
    let large = json!({ "plaintext": "A".repeat(100_000) });
    assert_eq!(call(&world, "PUT", "transit/encrypt/shop/a", &reader, Some(large)).await.0, 413);
    assert_eq!(open(&world, "shop/a", "", &sealed).await.0, 403);
    let failed = world.audit().into_iter().filter(|entry| entry.kind == "failed").count();
    assert_eq!(failed, 4, "a granted request that fails is recorded");
    world.commit_and_wait(&[("guardrails.yaml", b"denials: [ { description: No., deny: { transit: [\"shop/**\"] } } ]\n")]).await;
    assert!(error(&open(&world, "shop/a", &reader, &sealed).await.1).starts_with("denied: "));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_token_for_one_use_each_ciphertext_is_a_credential_of_its_own() {
    let world = world().await;
    let reader = session(&world, "push").await;
    let [one, two] =
        [ciphertext(&seal(&world, "shop/a", &reader, "1").await), ciphertext(&seal(&world, "shop/a", &reader, "2").await)];
    let token = world.token();
    let parameter = |key: &str, value: &str| URL_SAFE_NO_PAD.encode(json!({ "key": key, "value": value }).to_string());
    let inline = async |path: &str, body: Value| -> (u16, Value) {
        let request =
            world.http.put(world.url(&format!("/vault/v1/transit/{path}"))).header("X-Vault-Inline-Auth-Path", "auth/jwt/login");
        let response =
            request.header("X-Vault-Inline-Auth-Parameter-jwt", parameter("jwt", &token)).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    };
    for (sealed, expected) in [(&one, b"1"), (&two, b"2"), (&one, b"1")] {
        assert_eq!(plaintext(&inline("decrypt/shop/a", json!({ "ciphertext": sealed })).await), expected);
    }
    let first = inline("encrypt/shop/a", json!({ "plaintext": "MQ==" })).await;
    let again = inline("encrypt/shop/a", json!({ "plaintext": "MQ==" })).await;
    let other = inline("encrypt/shop/a", json!({ "plaintext": "Mg==" })).await;
    assert_eq!(ciphertext(&first), ciphertext(&again), "a retry gets the same answer");
    assert_eq!(
        plaintext(&open(&world, "shop/a", &reader, &ciphertext(&other)).await),
        b"2",
        "another plaintext is another request"
    );
    let header = format!("X-Vault-Inline-Auth-Parameter-jwt: {}", parameter("jwt", &token));
    let body = json!({ "ciphertext": one }).to_string();
    let more = ["--header", "X-Vault-Inline-Auth-Path: auth/jwt/login", "--header", &header, "--data", &body];
    let stolen = elsewhere(&world, "transit/decrypt/shop/a", &more);
    assert!(error(&stolen).starts_with("replayed: "), "{stolen}");
    let uses: Vec<String> = world
        .audit()
        .iter()
        .filter(|entry| entry.kind == "released")
        .map(|entry| entry.body["credentials"].to_string())
        .collect();
    assert_eq!(
        uses.iter().filter(|uses| uses.contains("transit ")).count(),
        2 + 2 + 2 + 1,
        "a retry is no second release: {uses:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_paths_of_sops_and_flux_work_at_the_root() {
    let world = world().await;
    let ask = async |method: &str, path: &str, token: &str, body: Value| -> (u16, Value) {
        let request = world.http.request(method.parse().unwrap(), world.url(path)).header("X-Vault-Token", token).json(&body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    };
    let (_, begun) = ask("PUT", "/v1/auth/jwt/login", "", json!({ "jwt": world.token(), "role": "reader" })).await;
    let session = begun["auth"]["client_token"].as_str().unwrap();
    let sealed = ask("PUT", "/v1/transit/shop/encrypt/a", session, json!({ "plaintext": "eA==" })).await;
    let opened = ask("PUT", "/v1/any/decrypt/shop/a", session, json!({ "ciphertext": ciphertext(&sealed) })).await;
    assert_eq!(plaintext(&opened), b"x", "the segments between the mount and the operation are the start of the key's name");
    for (method, path) in [("GET", "/v1/transit/decrypt/shop/a"), ("PUT", "/v1/nothing"), ("GET", "/v1/secret/data/a")] {
        let (status, answer) = ask(method, path, session, json!({})).await;
        assert!(status == 400 && error(&answer).contains("stands below"), "{method} {path}: {status} {answer}");
    }
    let native = ask("PUT", "/v1/secrets/encrypt/a", session, json!({})).await;
    assert_eq!((native.0, &native.1["code"]), (405, &json!("method_not_allowed")), "the native API's own answer");
    assert_eq!(world.exchange(&world.token(), json!([{ "transit": "decrypt flux" }])).await.1["code"], "bad_request");
}

const FLUX: &str = "issuer: pods
match: { namespace: flux-system, service_account: kustomize-controller@u-1 }
grant: { transit: [ { key: flux, allow: [decrypt] } ] }
";

/// Flux documents this sequence for a `hc_vault` key: it logs in with a token of the service account and the role
/// `{namespace}_{service account}`, and unwraps the data key. It repeats that with each reconciliation.
#[tokio::test(flavor = "multi_thread")]
async fn the_sequence_that_flux_documents() {
    let issuers = "  - { name: pods, mapping: kubernetes, issuer: \"{issuer}\", audiences: [\"https://pods.example\"], addresses: [127.0.0.0/8] }\n";
    let mut world = None;
    for name in ["flux-system_kustomize-controller", "flux-system/kustomize-controller"] {
        let policies = vec![(name, FLUX.to_owned()), ("author", AUTHOR.to_owned())];
        let started = World::start(Setup { policies, issuers: issuers.to_owned(), ..Setup::default() }).await;
        started.commit_and_wait(&[("transit/flux/1.age", &new_key(&started))]).await;
        let author = session(&started, "workflow_dispatch").await;
        let wrapped = ciphertext(&seal(&started, "flux", &author, "data key").await);
        for _ in 0..2 {
            let (status, begun) = flux_login(&started, "flux-system_kustomize-controller", "kustomize-controller").await;
            assert_eq!((status, &begun["auth"]["policies"]), (200, &json!([name])), "{begun}");
            let token = begun["auth"]["client_token"].as_str().unwrap();
            for _ in 0..2 {
                let request = started.http.put(started.url("/v1/transit/decrypt/flux")).header("X-Vault-Token", token);
                let opened = request.json(&json!({ "ciphertext": wrapped })).send().await.unwrap().json().await.unwrap();
                assert_eq!(plaintext(&(200, opened)), b"data key");
            }
        }
        world = Some(started);
    }
    let world = world.unwrap();
    let refused = [
        ("flux-system_other", "kustomize-controller"),
        ("_x", "kustomize-controller"),
        ("flux-system_kustomize-controller", "other"),
        ("", "other"),
    ];
    for (role, account) in refused {
        assert_eq!(flux_login(&world, role, account).await.0, 403, "a role only narrows: {role} {account}");
    }
}

async fn flux_login(world: &World, role: &str, account: &str) -> (u16, Value) {
    let uid = if account == "kustomize-controller" { "u-1" } else { "u-2" };
    let claims = json!({ "sub": format!("system:serviceaccount:flux-system:{account}"), "jti": "one",
        "kubernetes.io": { "namespace": "flux-system", "serviceaccount": { "name": account, "uid": uid } } });
    let jwt = world.issuer.mint(claims.as_object().unwrap(), "https://pods.example").unwrap();
    let request = world.http.put(world.url("/v1/auth/kubernetes/login")).json(&json!({ "role": role, "jwt": jwt }));
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// The repository of a further source: a key `data`, and a policy that grants every key within the source's bounds.
fn team(folder: &Path, recipient: &str) {
    git(folder, &["init", "--quiet", "--initial-branch=main", "."]);
    let policy = READER.replace("{ key: flux, allow: [decrypt] }, \"shop/*\"", "\"**\"");
    put(&folder.join("policies/deploy.yaml"), policy.as_bytes());
    put(&folder.join("transit/data/1.age"), &encrypt(&[7; 32], &[recipient.to_owned()], true).unwrap());
    commit(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_source_opens_what_another_sources_key_made() {
    let [a, b] = [Identities::generate(), Identities::generate()];
    let files = vec![("keys/team-a.key", a.0.expose().to_vec()), ("keys/team-b.key", b.0.expose().to_vec())];
    let more = "age_identity_dir: keys\n".to_owned();
    let world = World::start(Setup { more, files, policies: vec![("reader", READER.to_owned())], ..Setup::default() }).await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    team(folders[0].path(), &a.1);
    team(folders[1].path(), &b.1);
    let of = |name: &str, folder: &Path| TEAM.replace("{repository}", &folder.display().to_string()).replace("team-a", name);
    let [define_a, define_b] = [of("team-a", folders[0].path()), of("team-b", folders[1].path())];
    world.commit_and_wait(&[("sources/team-a.yaml", define_a.as_bytes()), ("sources/team-b.yaml", define_b.as_bytes())]).await;
    world
        .until("both", |ready| {
            ready["sources"]["team-a"]["revision"].is_string() && ready["sources"]["team-b"]["revision"].is_string()
        })
        .await;
    let bound =
        async |role: &str| login(&world, &world.token(), role).await.1["auth"]["client_token"].as_str().unwrap().to_owned();
    let (in_a, in_b, in_root) = (bound("team-a_deploy").await, bound("team-b/deploy").await, bound("reader").await);
    let sealed = ciphertext(&seal(&world, "team-a/data", &in_a, "x").await);
    assert_eq!(plaintext(&open(&world, "team-a/data", &in_a, &sealed).await), b"x");
    for (session, key, status) in
        [(&in_b, "team-a/data", 403), (&in_root, "team-a/data", 403), (&in_b, "data", 403), (&in_b, "team-b/data", 400)]
    {
        let (got, answer) = open(&world, key, session, &sealed).await;
        assert_eq!(got, status, "{key}: {answer}; the bytes of both keys are the same");
    }
    // The other source cannot open a copy of the file, because its identities are others.
    put(&folders[1].path().join("transit/stolen/1.age"), &std::fs::read(folders[0].path().join("transit/data/1.age")).unwrap());
    commit(folders[1].path());
    world.until("the fault", |ready| ready["faults"].to_string().contains("team-b:transit/stolen/1.age")).await;
    let (status, answer) = open(&world, "team-b/stolen", &in_b, &sealed).await;
    assert!(status == 404 && error(&answer).starts_with("secret_missing: "), "{answer}");
}
