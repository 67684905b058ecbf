//! Answers that GitHub does not give. The client refuses each, names the provider and the field, revokes the answer's token, and repeats
//! no byte of the answer.

use super::{Scene, chosen, permissions};
use crate::github::stand_in::{Lie, Shape};
use daypass::words::Denial;
use std::sync::{Arc, Mutex};

/// Asserts that the denial holds no token, and nothing that only an answer has.
fn check_quiet(scene: &Scene, denial: &Denial) {
    let text = format!("{denial:?} {denial} {} {}", denial.public_detail(), denial.hint());
    scene.stand_in.with(|world| {
        for token in world.tokens.keys() {
            assert!(!text.contains(&token[..20]), "{text}");
        }
    });
    for mark in ["ghs_", "<html>", "evil", "organization_administration", "owner\"", "\u{202e}", "xxxx"] {
        assert!(!text.contains(mark), "{mark}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wider_answer_is_revoked_at_once_and_refused() {
    let scene = Scene::start().await;
    scene.usual().await.unwrap();
    scene.stand_in.with(|world| world.tokens.clear());
    for (lie, field) in [
        (Lie::MorePermissions, "`permissions` are wider"),
        (Lie::HigherLevel, "`permissions` are wider"),
        (Lie::OtherRepository, "`repositories` are others"),
        (Lie::MoreRepositories, "`repositories` are others"),
        (Lie::NoRepositories, "`repositories` are others"),
        (Lie::OtherOwner, "`repositories` are of another owner"),
        (Lie::SelectionAll, "`repository_selection` is wider"),
        (Lie::Longer, "`expires_at` is more than an hour ahead"),
    ] {
        for shape in [Shape::Old, Shape::Stateless] {
            scene.stand_in.with(|world| (world.lie, world.shape) = (Some(lie), shape));
            let denial = scene.usual().await.unwrap_err();
            assert_eq!((denial.reason.code(), denial.provider), ("provider_denied", Some("github")), "{denial}");
            assert!(denial.cause.contains(field) && denial.cause.contains("github"), "{lie:?}: {denial}");
            assert!(denial.cause.ends_with("its token was revoked"), "{lie:?}: {denial}");
            assert!(scene.nothing_is_left(), "{lie:?}");
            check_quiet(&scene, &denial);
        }
    }
    assert_eq!(scene.stand_in.with(|world| world.tokens.len()), 16, "no lie is asked for twice");
    scene.stand_in.with(|world| world.lie = Some(Lie::OtherRepository));
    let (names, read) = (chosen(&["acme/shop"]), permissions(&[("contents", "read")]));
    let denial = scene.mint("acme", &names, &read).await.unwrap_err();
    assert!(denial.cause.contains("`repositories` are others"), "{denial}");
    assert!(scene.nothing_is_left());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_broken_answer_is_revoked_if_it_can_be_read() {
    let scene = Scene::start().await;
    for (lie, cause, is_revoked) in [
        (Lie::NoPermissions, "the answer is not one of GitHub's", true),
        (Lie::UnknownLevel, "the answer is not one of GitHub's", true),
        (Lie::Over, "`expires_at` is over already", true),
        (Lie::Truncated, "the answer is not one of GitHub's", true),
        (Lie::TwoTokens, "the answer is not one of GitHub's", true),
        (Lie::Huge, "more than 8388608 bytes", true),
        (Lie::Stalls, "no answer in time", true),
        (Lie::OtherSuccess, "the token (200)", true),
        (Lie::NoToken, "the answer is not one of GitHub's", false),
        // No answer with a NUL is read.
        (Lie::HostileToken, "the answer is not one of GitHub's", false),
        (Lie::LongToken, "`token` is none of GitHub's", false),
    ] {
        scene.stand_in.with(|world| (world.lie, world.shape) = (Some(lie), Shape::Stateless));
        scene.stand_in.with(|world| world.tokens.clear());
        let denial = scene.usual().await.unwrap_err();
        assert_eq!((denial.reason.code(), denial.provider), ("provider_unavailable", Some("github")), "{lie:?}: {denial}");
        assert!(denial.cause.contains(cause) && denial.cause.contains("github: the token"), "{lie:?}: {denial}");
        assert_eq!(scene.nothing_is_left(), is_revoked, "{lie:?}: {denial}");
        assert_eq!(denial.cause.contains("was revoked"), is_revoked, "{lie:?}: {denial}");
        check_quiet(&scene, &denial);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_revocation_is_reported() {
    let scene = Scene::start().await;
    scene.stand_in.with(|world| world.lie = Some(Lie::Irrevocable));
    let minted = scene.usual().await.unwrap();
    let denial = scene.github.revoke("acme", &minted.token).await.unwrap_err();
    assert_eq!(denial.reason.code(), "provider_unavailable");
    assert!(denial.cause.contains("the token's revocation (500): Server Error"), "{denial}");
    check_quiet(&scene, &denial);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_of_another_account_is_refused() {
    let mut scene = Scene::start().await;
    for (lie, cause) in [
        (Lie::OtherAccount, "the answer's `account` is another one"),
        (Lie::HugeInstallation, "more than 262144 bytes"),
        (Lie::Html, "the answer is not one of GitHub's"),
    ] {
        scene.stand_in.with(|world| world.lie = Some(lie));
        scene.again(|_| ());
        let denial = scene.usual().await.unwrap_err();
        assert!(denial.reason.code() == "provider_unavailable" && denial.cause.contains(cause), "{lie:?}: {denial}");
        assert!(scene.stand_in.paths("POST").is_empty());
        check_quiet(&scene, &denial);
    }
}

/// In a process of its own, whose only log it is. Beside other tests a callsite that another thread meets first stays silent.
#[test]
fn no_token_and_no_signature_is_in_a_log_at_trace() {
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let output = child.args(["--exact", "github::lies::a_log_at_trace_alone", "--ignored", "--nocapture"]).output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run in a process of its own by the test above"]
async fn a_log_at_trace_alone() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let writer = Arc::clone(&log);
    let all =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || Log(Arc::clone(&writer))).finish();
    tracing::subscriber::set_global_default(all).unwrap();
    let scene = Scene::start().await;
    let minted = scene.usual().await.unwrap();
    scene.github.revoke("acme", &minted.token).await.unwrap();
    for lie in [Lie::Truncated, Lie::OtherRepository, Lie::HostileToken] {
        scene.stand_in.with(|world| world.lie = Some(lie));
        assert!(scene.usual().await.is_err());
    }
    let log = String::from_utf8_lossy(&log.lock().unwrap()).into_owned();
    assert!(log.contains("hyper") && log.len() > 1000, "the libraries say what they do: {} bytes", log.len());
    for token in scene.stand_in.with(|world| world.shown.clone()) {
        let end = token.len() - 20;
        assert!(!log.contains(&token[end..]), "the end of {} characters that were shown is in the log", token.len());
    }
}

struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
