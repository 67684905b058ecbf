//! A ciphertext that is copied to another path.

use super::{OWN, PROD, confirm, daypass, diff, held_world, own_password, put_back, read, remove, sealed};
use crate::support::{World, commit, git, put};
use daypass::secrets::{Identities, SopsFile, encrypt};
use daypass::words::Secret;
use daypass::words::names::SecretPath;
use serde_json::json;

/// Asserts that the diff lists the last commit's change and that the server holds it.
async fn waits(world: &World, what: &str, expected: &str) {
    let ready = world.ready().await;
    let (status, output) = diff(world).await;
    assert!(ready["held"] == json!([OWN]) && own_password(world).await != "production", "{what} is in force: {ready}");
    assert!(status == 2 && output.contains(OWN) && output.contains(expected), "{what} is told as nothing: {output}");
    let (_, output) = daypass(world, &["status"]).await;
    assert!(output.contains(OWN) && output.contains(expected), "{what}: {output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ciphertext_copied_over_a_granted_file_is_held() {
    let mut world = held_world().await;
    world.commit_and_wait(&[(OWN, &read(&world, PROD))]).await;
    waits(&world, "a copy", PROD).await;
    world.kill_and_restart().await;
    waits(&world, "a copy, after a restart", PROD).await;
    let copied = git(&world.path("access"), &["rev-parse", "HEAD"]);
    // After the revert the copy is part of the history, and is not released as a historical version either.
    put_back(&world, OWN, &format!("HEAD~1:{OWN}"));
    let ready = world.commit_and_wait(&[]).await;
    assert_eq!((&ready["held"], own_password(&world).await), (&json!([]), json!("own")), "{ready}");
    let past = json!([{ "secret_at": { "commit": copied, "secret": "team-a/own.yaml#/password" } }]);
    let (status, answer) = world.exchange(&world.token(), past).await;
    assert!(status == 502 && answer["detail"].to_string().contains("nobody has confirmed"), "{answer}");
    let before = git(&world.path("access"), &["rev-parse", "HEAD~2"]);
    let past = json!([{ "secret_at": { "commit": before, "secret": "team-a/own.yaml#/password" } }]);
    let (_, answer) = world.exchange(&world.token(), past).await;
    assert_eq!(answer["credentials"][0]["secret_at"]["value"], "own", "what was in force has a past: {answer}");
}

/// Originals that the server does not serve: files for Flux with the same identity, and invalid names below `secrets/`.
#[tokio::test(flavor = "multi_thread")]
async fn a_ciphertext_from_a_path_that_is_not_served_is_held_too() {
    let world = held_world().await;
    for original in ["flux/prod.yaml", "secrets/od d/prod.yaml", "secrets/.hidden/prod.yaml", "prod.yaml.bak/prod.yaml"] {
        let production = sealed("production", &[&world.recipient]);
        let ready = world.commit_and_wait(&[(original, &production)]).await;
        assert_eq!(ready["held"], json!([]), "{original}: {ready}");
        world.commit_and_wait(&[(OWN, &production)]).await;
        waits(&world, original, original).await;
        put_back(&world, OWN, &format!("HEAD~1:{OWN}"));
        world.commit_and_wait(&[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wrapped_key_in_common_is_enough_and_armor_changes_nothing() {
    let world = held_world().await;
    let (other, theirs) = Identities::generate();
    world.commit_and_wait(&[(PROD, &sealed("production", &[&theirs, &world.recipient]))]).await;
    confirm(&world).await;
    let prod = String::from_utf8(read(&world, PROD)).unwrap();
    // SOPS does not authenticate the list of recipients, so one can be dropped.
    let first = prod.find("        - recipient:").or_else(|| prod.find("- recipient:")).unwrap();
    let second = first + 1 + prod[first + 1..].find("- recipient:").unwrap();
    let start = |at: usize| prod[..at].rfind('\n').map_or(0, |end| end + 1);
    let dropped = format!("{}{}", &prod[..start(first)], &prod[start(second)..]);
    world.commit_and_wait(&[(OWN, dropped.as_bytes())]).await;
    waits(&world, "a copy without one recipient", PROD).await;
    put_back(&world, OWN, &format!("HEAD~1:{OWN}"));
    world.commit_and_wait(&[]).await;
    // One recipient is replaced by somebody who has that key, and the YAML of the other one is written differently.
    let path = SecretPath::parse("x.yaml").unwrap();
    let identities = Identities::parse(&Secret::new(other.expose().to_vec())).unwrap();
    let document = SopsFile::parse(&path, prod.as_bytes()).unwrap().open(&identities).unwrap();
    let (_, third) = Identities::generate();
    let anew = document.update_recipients(&[third, world.recipient.clone()], None).unwrap();
    let lines = String::from_utf8(anew).unwrap();
    world.commit_and_wait(&[(OWN, spelled_otherwise(&lines).as_bytes())]).await;
    let ready = world.ready().await;
    assert!(ready["held"] == json!([OWN]) && own_password(&world).await == "own", "{ready}");
    assert!(diff(&world).await.1.contains(PROD));
    put_back(&world, OWN, &format!("HEAD~1:{OWN}"));
    world.commit_and_wait(&[]).await;
    // A wrapped data key, taken out of the document, is an age file that would open to the data key.
    let wrapped = lines.split("-----BEGIN AGE ENCRYPTED FILE-----").nth(2).unwrap();
    let (body, _) = wrapped.split_once("-----END").unwrap();
    let body: Vec<&str> = body.split_whitespace().collect();
    let file = format!("-----BEGIN AGE ENCRYPTED FILE-----\n{}\n-----END AGE ENCRYPTED FILE-----\n", body.join("\n"));
    world.commit_and_wait(&[(OWN, file.as_bytes())]).await;
    waits(&world, "a wrapped data key", PROD).await;
}

/// The document with the armored keys in double quotes and with escapes that YAML resolves.
fn spelled_otherwise(document: &str) -> String {
    let mut lines = Vec::new();
    let mut block: Option<String> = None;
    for line in document.lines() {
        match &mut block {
            Some(text) if line.trim() == "-----END AGE ENCRYPTED FILE-----" => {
                lines.push(format!("{text}{}\\n\"", line.trim()));
                block = None;
            }
            Some(text) => *text = format!("{text}{}\\n", line.trim().replace("BEGIN AGE", "BEGIN\\u0020AGE")),
            None if line.trim_end().ends_with("enc: |") => block = Some(line.trim_end().replace("enc: |", "enc: \"")),
            None => lines.push(line.to_owned()),
        }
    }
    lines.join("\n") + "\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_of_older_versions_and_moved_files_are_held_too() {
    let world = held_world().await;
    // This version came and went between two polls, so it may never have been in force.
    put(&world.path("access").join(PROD), &sealed("production", &[&world.recipient]));
    commit(&world.path("access"));
    world.commit_and_wait(&[(PROD, &sealed("rotated", &[&world.recipient]))]).await;
    put_back(&world, OWN, &format!("HEAD~1:{PROD}"));
    world.commit_and_wait(&[]).await;
    waits(&world, "an older form", PROD).await;
    put_back(&world, OWN, &format!("HEAD~3:{OWN}"));
    world.commit_and_wait(&[]).await;
    // The original is deleted in the same commit.
    let prod = read(&world, PROD);
    remove(&world, PROD);
    world.commit_and_wait(&[(OWN, &prod)]).await;
    waits(&world, "a move", "is gone").await;
    // The same with a transit key.
    put_back(&world, OWN, &format!("HEAD~1:{OWN}"));
    let key = daypass::secrets::create_transit_key(std::slice::from_ref(&world.recipient), None).unwrap();
    world.commit_and_wait(&[("transit/flux/1.age", &key)]).await;
    confirm(&world).await;
    world.commit_and_wait(&[(OWN, &key)]).await;
    waits(&world, "a transit key", "transit/flux/1.age").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_ciphertext_at_two_paths_is_held_and_a_rewritten_file_is_not() {
    let world = held_world().await;
    let sealed = encrypt(b"new", std::slice::from_ref(&world.recipient), true).unwrap();
    let ready = world.commit_and_wait(&[(OWN, &sealed), ("secrets/prod/new.age", &sealed)]).await;
    assert_eq!(ready["held"], json!(["secrets/prod/new.age", OWN]), "{ready}");
    put_back(&world, OWN, &format!("HEAD~1:{OWN}"));
    remove(&world, "secrets/prod/new.age");
    world.commit_and_wait(&[]).await;
    let anew = super::sealed("anew", &[&world.recipient]);
    let ready = world.commit_and_wait(&[(OWN, &anew)]).await;
    assert_eq!((&ready["held"], own_password(&world).await), (&json!([]), json!("anew")), "{ready}");
    assert_eq!(diff(&world).await.0, 0);
}

/// A CI's shallow clone does not have the earlier files.
#[tokio::test(flavor = "multi_thread")]
async fn a_shallow_clone_cannot_tell_a_copy_and_says_so() {
    let world = held_world().await;
    let rotated = sealed("rotated", &[&world.recipient]);
    world.commit_and_wait(&[(PROD, &rotated)]).await;
    put_back(&world, OWN, &format!("HEAD~1:{PROD}"));
    world.commit_and_wait(&[("policies/notes.md", b"one")]).await;
    world.commit_and_wait(&[("policies/notes.md", b"two")]).await;
    let address = format!("file://{}", world.path("access").display());
    let compared = async |depth: &str, range: &str| {
        let clone = tempfile::tempdir().unwrap();
        git(clone.path(), &["clone", "--quiet", "--depth", depth, &address, "."]);
        let folder = clone.path().to_str().unwrap();
        daypass(&world, &["policy", "diff", range, "--fail-on", "widen", "--repository", folder]).await
    };
    let (status, output) = compared("3", "HEAD~2..HEAD~1").await;
    assert!(status == 2 && output.contains(OWN) && output.contains("git fetch --unshallow"), "{status} {output}");
    assert!(!output.contains(PROD), "only the file that changed: {output}");
    let (status, output) = compared("3", "HEAD~1..HEAD").await;
    assert!(status == 0 && !output.contains("unshallow"), "no encrypted file changed: {status} {output}");
    let (status, output) = compared("100", "HEAD~2..HEAD~1").await;
    assert!(status == 2 && output.contains(PROD) && !output.contains("unshallow"), "with all of the history: {status} {output}");
}

/// Also without `hold`, because files of our commands are bound to their path.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_command_encrypts_opens_at_its_own_path_alone() {
    let world = World::start(crate::support::Setup {
        policies: vec![("team-a/read", super::TEAM_A.to_owned())],
        ..crate::support::Setup::default()
    })
    .await;
    std::fs::write(world.path("plain.yaml"), "password: production\n").unwrap();
    let encrypt = async |arguments: &[&str]| {
        let output = world.job("push", &[&["secret", "encrypt", "-r", &world.recipient], arguments].concat(), &[]).await;
        assert!(output.status.success(), "{output:?}");
    };
    encrypt(&["--sops", "plain.yaml", "--to", &format!("access/{PROD}")]).await;
    encrypt(&["plain.yaml", "--to", "access/secrets/prod/whole.age"]).await;
    let made = world.job("push", &["transit", "create", "flux", "-r", &world.recipient, "--to", "access"], &[]).await;
    assert!(made.status.success(), "{made:?}");
    let ready = world.commit_and_wait(&[]).await;
    assert_eq!(ready["faults"], json!([]), "each opens where it lies");
    for file in [PROD, "secrets/prod/whole.age", "transit/flux/1.age"] {
        let ready = world.commit_and_wait(&[(OWN, &read(&world, file))]).await;
        let fault = ready["faults"][0]["message"].as_str().unwrap_or_default();
        assert!(fault.contains(&format!("encrypted for `{file}` and opens at no other path")), "{ready}");
        assert!(fault.contains(&format!("daypass secret rotate {OWN}")), "{ready}");
        assert_eq!(own_password(&world).await, serde_json::Value::Null);
    }
    // Somebody who has the key follows the fault's advice.
    world.commit_and_wait(&[(OWN, &read(&world, PROD))]).await;
    let (own, key) = (format!("access/{OWN}"), "root.key");
    let rotated = ["secret", "rotate", &own, "-r", &world.recipient, "--identity", key];
    let output = world.job("push", &rotated, &[]).await;
    assert!(output.status.success(), "{output:?}");
    let ready = world.commit_and_wait(&[]).await;
    assert_eq!((&ready["faults"], own_password(&world).await), (&json!([]), json!("production")), "{ready}");
}
