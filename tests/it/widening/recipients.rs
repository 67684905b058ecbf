//! New recipients of a file, and new recipients in `.sops.yaml`.

use super::{OWN, PROD, confirm, daypass, diff, held_world, own_password, read, remove, sealed};
use crate::support::{World, git};
use daypass::secrets::Identities;
use serde_json::json;

/// Lets the server encrypt files of the commit in force again. Returns the command's output and the new files.
async fn rotated(world: &World, files: &[&str]) -> (String, Vec<String>) {
    let clone = tempfile::tempdir().unwrap();
    git(clone.path(), &["clone", "--quiet", world.path("access").to_str().unwrap(), "."]);
    let paths: Vec<String> = files.iter().map(|file| clone.path().join(file).display().to_string()).collect();
    let mut words = vec!["secret", "rotate"];
    words.extend(paths.iter().map(String::as_str));
    let output = world.job("push", &words, &[]).await;
    let printed = [&output.stdout[..], &output.stderr].concat();
    let read = |path: &String| std::fs::read_to_string(path).unwrap();
    (String::from_utf8_lossy(&printed).into_owned(), paths.iter().map(read).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_ignores_an_unconfirmed_recipient() {
    let world = held_world().await;
    let (_, stranger) = Identities::generate();
    let rules = format!("creation_rules: [{{ age: \"{},{stranger}\" }}]\n", world.recipient);
    let ready = world.commit_and_wait(&[(".sops.yaml", rules.as_bytes())]).await;
    let (output, files) = rotated(&world, &[PROD]).await;
    assert!(!files[0].contains(&stranger), "production was encrypted to a stranger: {output}");
    assert!(files[0].contains(&world.recipient) && files[0].as_bytes() != read(&world, PROD), "{output}");
    assert_eq!(ready["held"], json!([".sops.yaml"]), "{ready}");
    let (status, output) = diff(&world).await;
    assert!(status == 2 && output.contains("is named by .sops.yaml"), "{output}");
    let (_, output) = daypass(&world, &["status"]).await;
    assert!(output.contains(".sops.yaml names") && output.contains(&stranger[..20]), "{output}");
    confirm(&world).await;
    let (output, files) = rotated(&world, &[PROD]).await;
    assert!(files[0].contains(&stranger), "confirmed: {output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_recipient_is_out_at_once_and_an_added_one_is_held() {
    let world = held_world().await;
    let [(_, leaves), (_, comes)] = [Identities::generate(), Identities::generate()];
    let rules = |of: &str| format!("creation_rules: [{{ age: \"{},{of}\" }}]\n", world.recipient).into_bytes();
    world.commit_and_wait(&[(".sops.yaml", &rules(&leaves))]).await;
    confirm(&world).await;
    world.commit_and_wait(&[(".sops.yaml", &rules(&comes))]).await;
    let (output, files) = rotated(&world, &[PROD]).await;
    assert!(!files[0].contains(&leaves) && !files[0].contains(&comes), "{output}\n{}", files[0]);
    assert!(files[0].contains(&world.recipient), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_one_more_recipient_is_held_and_not_rewritten() {
    let world = held_world().await;
    let (_, stranger) = Identities::generate();
    let ready = world.commit_and_wait(&[(OWN, &sealed("new", &[&world.recipient, &stranger]))]).await;
    assert_eq!((&ready["held"], own_password(&world).await), (&json!([OWN]), json!("own")), "{ready}");
    let (output, files) = rotated(&world, &[OWN, PROD]).await;
    assert!(output.contains(OWN) && output.contains("waits for `daypass confirm`"), "{output}");
    assert!(files[0].as_bytes() == read(&world, OWN) && files[1].as_bytes() != read(&world, PROD), "{output}");
    confirm(&world).await;
    assert_eq!(own_password(&world).await, "new");
    // Fewer recipients, or another value for the same ones, is no permission increase.
    let ready = world.commit_and_wait(&[(OWN, &sealed("newer", &[&world.recipient]))]).await;
    assert_eq!((&ready["held"], own_password(&world).await), (&json!([]), json!("newer")), "{ready}");
}

/// sops follows the link, but its target may be in no commit.
#[tokio::test(flavor = "multi_thread")]
async fn rules_behind_a_symbolic_link_are_reported_and_not_followed() {
    let world = held_world().await;
    let (_, stranger) = Identities::generate();
    let linked = world.path("access").join(".sops.yaml");
    std::fs::remove_file(&linked).unwrap();
    std::os::unix::fs::symlink("policies/rules.txt", &linked).unwrap();
    let rules = format!("creation_rules: [{{ age: \"{},{stranger}\" }}]\n", world.recipient);
    let ready = world.commit_and_wait(&[("policies/rules.txt", rules.as_bytes())]).await;
    assert_eq!(ready["faults"][0]["at"], ".sops.yaml:1", "{ready}");
    let (output, files) = rotated(&world, &[PROD]).await;
    assert!(!files[0].contains(&stranger) && files[0].contains(&world.recipient), "{output}");
    let (status, output) = diff(&world).await;
    assert!(status == 2 && output.contains(".sops.yaml") && output.contains("a symbolic link is never followed"), "{output}");
}

/// Nobody can tell what such rules hold, because the server does not read them.
#[tokio::test(flavor = "multi_thread")]
async fn rules_that_are_too_large_or_a_link_are_reported_in_every_folder() {
    let world = held_world().await;
    let large = format!("# {}\ncreation_rules: [{{ age: {} }}]\n", "x".repeat(1024 * 1024), world.recipient);
    for place in [".sops.yaml", "secrets/prod/.sops.yaml"] {
        for link in [true, false] {
            let file = world.path("access").join(place);
            let _ = std::fs::remove_file(&file);
            if link {
                std::os::unix::fs::symlink("policies/rules.txt", &file).unwrap();
                world.commit_and_wait(&[]).await;
            } else {
                world.commit_and_wait(&[(place, large.as_bytes())]).await;
            }
            let (status, output) = diff(&world).await;
            let why = if link { "a symbolic link is never followed" } else { "larger than 1 MiB" };
            assert!(status == 2 && output.contains("recipient unknown") && output.contains(why), "{place}: {status} {output}");
            remove(&world, place);
            world.commit_and_wait(&[]).await;
        }
    }
}
