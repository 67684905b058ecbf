//! Installation tokens of a GitHub App, against a strict stand-in over TLS: what is minted, what is refused, and what is revoked.

mod errors;
mod exchange;
mod lies;
mod revoked;
pub mod stand_in;
mod strict;

use crate::github::stand_in::{Shape, StandInGitHub};
use crate::support::{certificate, certificate_of, write_private};
use daypass::issue::github::{AppSettings, GitHub, GitHubSettings, KeyAt, Minted, TokenRequest};
use daypass::words::github::{Level, Owner, Permission, Permissions, Repositories, Repository};
use daypass::words::{Clock, Denial, SystemClock};
use serde_json::json;
use std::time::Duration;

/// The stand-in as a server's configuration names it: the App `acme`, installed for the account `acme`.
pub struct AtGitHub {
    pub folder: tempfile::TempDir,
    pub stand_in: StandInGitHub,
}

impl AtGitHub {
    /// With repositories of these names, besides those that every test has.
    pub async fn start(repositories: &[&'static str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // GitHub's own name is for programs that know no other address.
        certificate_of(folder.path(), &["localhost", "127.0.0.1", "api.github.com"]);
        let stand_in = StandInGitHub::start(folder.path()).await;
        let named = (10..).zip(repositories.iter().copied());
        stand_in.with(|world| {
            world.installations[0].repositories =
                [(456_789, "shop"), (2, "site"), (3, "other")].into_iter().chain(named).collect();
        });
        Self { folder, stand_in }
    }

    /// The section of the configuration.
    pub fn section(&self) -> String {
        let id = self.stand_in.with(|world| world.app.id);
        format!(
            "providers:\n  github:\n    apps:\n      - name: acme\n        app_id: {id}\n        key: {{ file: app.pem }}\n        max_permissions: {{ contents: write, issues: read }}\n        api: \"{}\"\n        ca: github.crt\n",
            self.stand_in.url
        )
    }

    /// The files that the section names.
    pub fn files(&self) -> Vec<(&'static str, Vec<u8>)> {
        let ca = std::fs::read(self.folder.path().join("tls.crt")).unwrap();
        vec![("app.pem", self.stand_in.with(|world| world.app.pem.clone()).into_bytes()), ("github.crt", ca)]
    }
}

/// The stand-in, and the client that asks it.
struct Scene {
    folder: tempfile::TempDir,
    stand_in: StandInGitHub,
    github: GitHub,
    /// By how much the client's clock is ahead.
    later: Duration,
}

fn permissions(all: &[(&str, &str)]) -> Permissions {
    let extra = ["next_weeks".to_owned()];
    Permissions::new(all.iter().map(|(key, level)| Permission::parse(key, level, &extra).unwrap())).unwrap()
}

fn chosen(all: &[&str]) -> Repositories {
    Repositories::of(&all.iter().map(|one| Repository::parse(one).unwrap()).collect::<Vec<_>>()).unwrap().1
}

impl Scene {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        certificate(folder.path());
        let stand_in = StandInGitHub::start(folder.path()).await;
        write_private(&folder.path().join("app.pem"), stand_in.with(|world| world.app.pem.clone()).as_bytes());
        let github = GitHub::connect(&Self::settings(&folder, &stand_in)).unwrap();
        Self { folder, stand_in, github, later: Duration::ZERO }
    }

    fn settings(folder: &tempfile::TempDir, stand_in: &StandInGitHub) -> GitHubSettings {
        let app = AppSettings {
            name: "acme".to_owned(),
            issuer: stand_in.with(|world| world.app.id).to_string(),
            key: KeyAt::File(folder.path().join("app.pem")),
            max_permissions: permissions(&[
                ("contents", "write"),
                ("issues", "write"),
                ("metadata", "read"),
                ("next_weeks", "read"),
                ("workflows", "write"),
            ]),
            extra_permissions: vec!["next_weeks".to_owned()],
            repositories_of: None,
            api: reqwest::Url::parse(&stand_in.url).unwrap(),
            ca: Some(folder.path().join("tls.crt")),
            proxy: None,
        };
        GitHubSettings { apps: vec![app] }
    }

    /// Moves the clock ahead until the client looks up an account again.
    fn wait(&mut self) {
        self.later += Duration::from_secs(6);
    }

    /// Replaces the client by one with other settings and without a cache.
    fn again(&mut self, change: impl FnOnce(&mut AppSettings)) {
        let mut settings = Self::settings(&self.folder, &self.stand_in);
        change(&mut settings.apps[0]);
        self.github = GitHub::connect(&settings).unwrap();
    }

    async fn mint(&self, owner: &str, repositories: &Repositories, permissions: &Permissions) -> Result<Minted, Denial> {
        let owner = Owner::parse(owner).unwrap();
        let now = SystemClock.now().plus(self.later);
        self.github.mint(&TokenRequest { app: "acme", owner: &owner, repositories, permissions }, now).await
    }

    /// `contents: read` in `acme/shop`.
    async fn usual(&self) -> Result<Minted, Denial> {
        self.mint("acme", &chosen(&["acme/shop@1"]), &permissions(&[("contents", "read")])).await
    }

    /// Whether each token that was ever minted is revoked.
    fn nothing_is_left(&self) -> bool {
        self.stand_in.with(|world| world.tokens.values().all(|revoked| *revoked))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_as_wide_as_the_request() {
    let scene = Scene::start().await;
    let minted = scene.usual().await.unwrap();
    let requests = scene.stand_in.with(|world| world.asked.clone());
    assert_eq!(scene.stand_in.paths("GET"), ["/users/acme/installation"]);
    assert_eq!(scene.stand_in.paths("POST"), ["/app/installations/9001/access_tokens"]);
    assert_eq!(requests[1].body, json!({ "repository_ids": [1], "permissions": { "contents": "read" } }));
    assert!(requests.iter().all(|request| request.version.as_deref() == Some("2022-11-28")), "{requests:?}");
    let of: Vec<(&str, Level)> = minted.permissions.iter().collect();
    assert_eq!(of, [("contents", Level::Read), ("metadata", Level::Read)]);
    assert_eq!(minted.repositories.unwrap(), [Repository::parse("Acme/shop@1").unwrap()]);
    assert!(minted.expires_at > SystemClock.now() && minted.installation == 9001);

    let read = permissions(&[("contents", "read"), ("next_weeks", "read")]);
    let names = scene.mint("ACME", &chosen(&["acme/SHOP", "acme/.github"]), &read).await.unwrap();
    assert_eq!(scene.stand_in.with(|world| world.asked.last().unwrap().body["repositories"].clone()), json!([".github", "SHOP"]));
    let ids: Vec<_> = names.repositories.unwrap().iter().map(|one| one.id.unwrap().number()).collect();
    assert_eq!(ids, [3, 1], "the answer resolves the names");
    let all = scene.mint("acme", &Repositories::All, &read).await.unwrap();
    assert!(all.repositories.is_none());
    assert_eq!(scene.stand_in.with(|world| world.asked.last().unwrap().body.as_object().unwrap().len()), 1);
    assert_eq!(scene.stand_in.paths("GET").len(), 1, "an installation is looked up once");
    assert_eq!(
        scene.github.left(SystemClock.now()).map(|(name, left)| (name, left.limit, left.remaining)).collect::<Vec<_>>(),
        [("acme", 5000, 4996)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn both_formats_of_tokens_are_accepted_and_revoked() {
    let scene = Scene::start().await;
    for (shape, length) in [(Shape::Old, 40), (Shape::Stateless, 520)] {
        scene.stand_in.with(|world| world.shape = shape);
        let token = scene.usual().await.unwrap().token;
        assert_eq!(token.expose().len(), length);
        assert!(!scene.nothing_is_left());
        scene.github.revoke("acme", &token).await.unwrap();
        assert!(scene.nothing_is_left());
        scene.github.revoke("acme", &token).await.unwrap();
    }
    assert!(scene.github.revoke("other", &"ghs_".to_owned().into()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_identified_by_its_client_id_and_its_key_alone() {
    let mut scene = Scene::start().await;
    scene.again(|app| app.issuer = "Iv23liStandIn".to_owned());
    scene.usual().await.unwrap();
    scene.again(|app| app.issuer = "Iv23liOther".to_owned());
    assert_eq!(scene.usual().await.unwrap_err().reason.code(), "provider_denied");
    scene.again(|_| ());
    scene.stand_in.with(|world| world.app.forget());
    let denial = scene.usual().await.unwrap_err();
    assert!(denial.cause.contains("the installation (401): A JSON web token could not be decoded"), "{denial}");
    assert!(denial.public_detail().contains("signature") && denial.hint().contains("clock") && denial.provider == Some("github"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_configuration_or_the_types_refuse_is_not_sent() {
    let scene = Scene::start().await;
    let read = permissions(&[("contents", "read")]);
    let wide = permissions(&[("contents", "write"), ("members", "read")]);
    let denial = scene.mint("acme", &chosen(&["acme/shop@1"]), &wide).await.unwrap_err();
    assert!(denial.cause.contains("`members: read` is more than `max_permissions`"), "{denial}");
    let denial = scene.mint("acme", &chosen(&["other/shop"]), &read).await.unwrap_err();
    assert!(denial.cause.contains("another account"), "{denial}");
    let owner = Owner::parse("acme").unwrap();
    let request = TokenRequest { app: "other", owner: &owner, repositories: &Repositories::All, permissions: &read };
    assert!(scene.github.mint(&request, SystemClock.now()).await.unwrap_err().cause.contains("no App `other`"));
    // What the types refuse cannot be sent: the tests of `words::github` cover names, IDs and counts.
    let hostile = ["a\"b", "a\nb", "a\0b", "a\u{202e}b", "..", "a/b", &"a".repeat(10_000)];
    assert!(hostile.iter().all(|name| Owner::parse(name).is_err()));
    assert!(scene.stand_in.with(|world| world.asked.is_empty()));
}
