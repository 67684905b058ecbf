//! An issuer whose discovery document names another host for its keys: what the operator and a job see.

use crate::relying_party::{acceptor, serve};
use crate::support::{Setup, World, certificate};
use axum::routing::get;
use axum::{Json, Router};
use daypass::words::{Clock as _, SystemClock};
use serde_json::{Value, json};

/// A stand-in for an issuer and for the host of its keys, which are those of the world's own issuer.
struct Issuer {
    url: String,
    keys: String,
    folder: tempfile::TempDir,
    listener: tokio::net::TcpListener,
}

impl Issuer {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let keys_listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let keys = format!("localhost:{}", keys_listener.local_addr().unwrap().port());
        let document = json!({ "issuer": url, "jwks_uri": format!("https://{keys}/certs") });
        let router = Router::new().route("/.well-known/openid-configuration", get(move || async move { Json(document) }));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let folder = tempfile::tempdir().unwrap();
        certificate(folder.path());
        Self { url, keys, folder, listener: keys_listener }
    }

    /// Its entry in the configuration.
    fn configured(&self, more: &str) -> String {
        let Self { url, .. } = self;
        format!(
            "  - {{ name: elsewhere, mapping: generic, issuer: \"{url}\", audiences: [\"https://localhost:{{port}}\"], addresses: [127.0.0.0/8]{more} }}\n"
        )
    }

    /// The path of the certificate by which a process trusts the host of the keys.
    fn authority(&self) -> String {
        self.folder.path().join("tls.crt").display().to_string()
    }

    fn serve_keys(self, keys: Value) {
        let router = Router::new().route("/certs", get(move || async move { Json(keys) }));
        tokio::spawn(serve(self.listener, acceptor(self.folder.path()), router));
        std::mem::forget(self.folder);
    }
}

fn setup(issuer: &Issuer, more: &str) -> Setup {
    let environment = vec![("SSL_CERT_FILE", issuer.authority())];
    Setup { issuers: issuer.configured(more), environment, ..Setup::default() }
}

fn token(world: &World, issuer: &str) -> String {
    let now = SystemClock.now().seconds();
    let claims = json!({ "iss": issuer, "aud": world.url(""), "sub": "someone", "iat": now, "nbf": now, "exp": now + 300 });
    world.issuer.sign(&claims).unwrap()
}

async fn whoami(world: &World, token: &str) -> (u16, Value) {
    let answer = world.http.get(world.url("/v1/whoami")).bearer_auth(token).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_at_another_host_are_refused_and_the_setting_to_write_is_named() {
    let issuer = Issuer::start().await;
    let world = World::start(setup(&issuer, ", jwks_hosts: [keys.acme.example]")).await;
    let (url, keys) = (issuer.url.clone(), issuer.keys.clone());
    issuer.serve_keys(world.issuer.jwks().clone());
    let (status, refused) = whoami(&world, &token(&world, &url)).await;
    assert_eq!((status, &refused["code"]), (503, &json!("issuer_unavailable")), "{refused}");
    let expected = format!(
        "{url}/.well-known/openid-configuration says that the keys are at https://{keys}/certs, which is not the issuer's host: if the \
         issuer documents that host, write `jwks_hosts: [{keys}]`"
    );
    let recorded = world.audit().into_iter().rfind(|entry| entry.kind == "refused").unwrap();
    assert_eq!(recorded.body["cause"], expected.as_str());
    let doctor = world.job("push", &["doctor", "--config", "daypass.yaml"], &[]).await;
    let printed = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(printed.contains("issuer elsewhere") && printed.contains(&expected), "{printed}");
    assert_eq!(doctor.status.code(), Some(78), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_at_a_listed_host_are_accepted() {
    let issuer = Issuer::start().await;
    let world = World::start(setup(&issuer, &format!(", jwks_hosts: [\"{}\"]", issuer.keys))).await;
    let url = issuer.url.clone();
    issuer.serve_keys(world.issuer.jwks().clone());
    let (status, identity) = whoami(&world, &token(&world, &url)).await;
    assert_eq!((status, &identity["issuer"]), (200, &json!("elsewhere")), "{identity}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_list_of_key_hosts_does_not_load() {
    let issuer = Issuer::start().await;
    let world = World::start(Setup::default()).await;
    let config = std::fs::read_to_string(world.path("daypass.yaml")).unwrap();
    let many = (0..9).map(|number| format!("k{number}.acme.example")).collect::<Vec<_>>().join(", ");
    for (more, expected) in [
        (", jwks_hosts: [\"https://keys.acme.example/certs\"]".to_owned(), "expected a whole host as in a URL"),
        (", jwks_hosts: [\"*.acme.example\"]".to_owned(), "expected a whole host as in a URL"),
        (format!(", jwks_hosts: [{many}]"), "at most 8 hosts"),
        (", jwks: { file: keys.json }, jwks_hosts: [keys.acme.example]".to_owned(), "leave one of the two out"),
    ] {
        std::fs::write(world.path("other.yaml"), format!("{config}{}", issuer.configured(&more))).unwrap();
        let output = world.job("push", &["serve", "--config", "other.yaml"], &[]).await;
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(78) && printed.contains(expected), "{expected} in {printed}");
    }
}
