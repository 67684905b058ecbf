//! GitHub's refusals: each has its own text, and some end after a second lookup.

use super::{Scene, chosen, permissions};
use crate::github::stand_in::{Installation, Lie, acme};
use daypass::words::github::Repositories;
use daypass::words::{Clock, SystemClock};
use serde_json::json;

fn read() -> daypass::words::github::Permissions {
    permissions(&[("contents", "read")])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_and_a_suspended_installation_are_told_apart() {
    let mut scene = Scene::start().await;
    let denial = scene.mint("nobody", &Repositories::All, &read()).await.unwrap_err();
    assert_eq!(
        (denial.reason.code(), denial.public_detail()),
        ("provider_denied", "The GitHub App is not installed for this account.")
    );
    assert_eq!(denial.reason.status(), 502);
    scene.usual().await.unwrap();
    scene.stand_in.with(|world| world.installations[0].suspended = true);
    let denial = scene.usual().await.unwrap_err();
    assert!(denial.cause.contains("the token (403): This installation has been suspended"), "{denial}");
    scene.wait();
    let denial = scene.usual().await.unwrap_err();
    assert_eq!(denial.public_detail(), "The GitHub App's installation is suspended.");
    let posts = scene.stand_in.paths("POST").len();
    assert!(scene.usual().await.is_err());
    assert_eq!(scene.stand_in.paths("POST").len(), posts, "a suspended installation is asked for no token");
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_that_the_installation_lacks_are_not_requested() {
    let mut scene = Scene::start().await;
    let write = permissions(&[("issues", "write")]);
    let denial = scene.mint("acme", &Repositories::All, &write).await.unwrap_err();
    assert_eq!(denial.public_detail(), "The installation of the GitHub App was not given `issues: write`.");
    assert!(scene.mint("acme", &Repositories::All, &permissions(&[("workflows", "write")])).await.is_err());
    assert!(scene.stand_in.paths("POST").is_empty(), "GitHub was asked for no token");
    assert_eq!(scene.stand_in.paths("GET").len(), 1, "those who are refused in a row do not use up the rate limit");
    scene.stand_in.with(|world| world.installations[0].permissions["issues"] = "write".into());
    scene.wait();
    scene.mint("acme", &Repositories::All, &write).await.unwrap();
    scene.stand_in.with(|world| world.installations[0].permissions = json!({ "metadata": "read" }));
    scene.wait();
    let denial = scene.mint("acme", &Repositories::All, &write).await.unwrap_err();
    assert!(
        denial.public_detail().contains("was not given `issues: write`"),
        "a permission that was taken back is reported: {denial}"
    );
    assert!(denial.provider == Some("github"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_installation_is_found() {
    let mut scene = Scene::start().await;
    scene.usual().await.unwrap();
    scene.stand_in.with(|world| world.installations[0].id = 9002);
    assert!(scene.usual().await.unwrap_err().cause.contains("the token (404): Not Found"));
    scene.wait();
    assert_eq!(scene.usual().await.unwrap().installation, 9002);
    scene.stand_in.with(|world| world.installations.clear());
    scene.wait();
    let denial = scene.usual().await.unwrap_err();
    assert_eq!(denial.public_detail(), "The GitHub App is not installed for this account.");
    assert!(scene.usual().await.is_err());
    let looks = scene.stand_in.paths("GET").len();
    assert_eq!(looks, 3, "an account without the App is not looked at with each request");
    scene.stand_in.with(|world| world.installations.push(Installation { id: 9003, ..acme() }));
    scene.wait();
    assert_eq!(scene.usual().await.unwrap().installation, 9003);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_repository_is_reported_with_githubs_text_to_operators_alone() {
    let scene = Scene::start().await;
    for repositories in [chosen(&["acme/shop@1", "acme/gone@99"]), chosen(&["acme/gone"])] {
        let denial = scene.mint("acme", &repositories, &read()).await.unwrap_err();
        assert_eq!(denial.reason.code(), "provider_denied");
        assert!(denial.cause.contains("the token (422): There is at least one repository that does not exist"), "{denial}");
        assert!(
            !denial.public_detail().contains("exist") && denial.public_detail().contains("one of the repositories"),
            "{denial}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_limit_is_reported_with_its_end_and_no_request_follows() {
    let scene = Scene::start().await;
    scene.stand_in.with(|world| world.remaining = 2);
    scene.usual().await.unwrap();
    assert_eq!(scene.github.left(SystemClock.now()).map(|(_, left)| left.remaining).collect::<Vec<_>>(), [0]);
    let requests = scene.stand_in.with(|world| world.asked.len());
    let denial = scene.usual().await.unwrap_err();
    assert_eq!((denial.reason.code(), denial.reason.status()), ("provider_unavailable", 503));
    assert!(denial.public_detail().starts_with("GitHub takes no more requests of this App until 20"), "{denial}");
    assert_eq!(scene.stand_in.with(|world| world.asked.len()), requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_in_an_answer_is_no_denial() {
    let mut scene = Scene::start().await;
    scene.stand_in.with(|world| world.remaining = 0);
    let denial = scene.usual().await.unwrap_err();
    assert!(denial.cause.contains("the rate limit is spent until"), "{denial}");
    scene.stand_in.with(|world| (world.remaining, world.lie) = (5000, Some(Lie::SecondaryLimit)));
    scene.again(|_| ());
    let denial = scene.usual().await.unwrap_err();
    assert!(denial.reason.code() == "provider_unavailable" && denial.cause.contains("spent until"), "{denial}");
    scene.stand_in.with(|world| world.lie = None);
    assert!(scene.usual().await.is_err(), "it waits as long as GitHub said");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_and_an_untrusted_certificate_are_reported() {
    let mut scene = Scene::start().await;
    for (lie, cause) in [
        (Lie::Hangs, "the installation: no answer in time"),
        (Lie::Fails, "the installation (502)"),
        (Lie::Redirects, "the installation (301): Moved Permanently"),
    ] {
        scene.stand_in.with(|world| world.lie = Some(lie));
        let denial = scene.usual().await.unwrap_err();
        assert_eq!(denial.reason.code(), "provider_unavailable", "{denial}");
        assert!(denial.cause.ends_with(cause), "{denial}");
    }
    scene.again(|app| app.ca = None);
    let denial = scene.usual().await.unwrap_err();
    assert!(denial.cause.contains("certificate is not trusted") && denial.cause.contains("`ca`"), "{denial}");
    scene.again(|app| app.api.set_port(Some(crate::support::free_port())).unwrap());
    let denial = scene.usual().await.unwrap_err();
    assert!(denial.reason.code() == "provider_unavailable" && denial.cause.contains("refused"), "{denial}");
}
