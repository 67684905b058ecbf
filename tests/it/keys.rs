//! The keys of our own issuer on another host, and identity files that are replaced while the server runs.

use crate::operate::daypass;
use crate::support::{DEPLOY, Setup, World, free_port, write_private};
use axum::Router;
use axum::extract::{Path as At, State};
use axum::http::StatusCode;
use axum::routing::get;
use daypass::secrets::{Identities, encrypt};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Serves the files of a folder, as a static host does.
async fn host(folder: PathBuf, port: u16) {
    let file = |At(path): At<String>, State(folder): State<PathBuf>| async move {
        std::fs::read(folder.join(path)).map_err(|_| StatusCode::NOT_FOUND)
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let router = Router::new().route("/{*path}", get(file)).with_state(folder);
    tokio::spawn(async move { axum::serve(listener, router).await });
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_published_for_another_host_and_compared_with_what_it_serves() {
    let port = free_port();
    let world = World::start(Setup { more: format!("issuer_url: http://127.0.0.1:{port}\n"), ..Setup::default() }).await;
    let folder = world.path("site");
    host(folder.clone(), port).await;
    let to = folder.display().to_string();
    let (status, output) = daypass(&world, &["keys", "check"]).await;
    assert!(status == 78 && output.contains("nothing is hosted there"), "{output}");
    let (status, output) = daypass(&world, &["keys", "publish", "--to", &to]).await;
    assert!(status == 0 && output.contains("run it again after"), "{output}");
    let (first, discovery) = (folder.join(".well-known/jwks.json"), folder.join(".well-known/openid-configuration"));
    let hosted = std::fs::read(&first).unwrap();
    let served: Value = world.http.get(world.url("/.well-known/jwks.json")).send().await.unwrap().json().await.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&hosted).unwrap(), served);
    let document: Value = serde_json::from_slice(&std::fs::read(&discovery).unwrap()).unwrap();
    assert_eq!(document["jwks_uri"], format!("http://127.0.0.1:{port}/.well-known/jwks.json"));
    assert_eq!(daypass(&world, &["keys", "check"]).await.0, 0);
    daypass(&world, &["keys", "publish", "--to", &to]).await;
    assert_eq!(std::fs::read(&first).unwrap(), hosted, "the same keys are the same bytes");

    let (status, output) = daypass(&world, &["keys", "rotate"]).await;
    assert!(status == 0 && output.contains("3 keys made") && output.contains("waits to be hosted"), "{output}");
    let (status, output) = daypass(&world, &["keys", "check"]).await;
    assert!(status == 78 && output.contains("(published) is not hosted"), "{output}");
    assert!(daypass(&world, &["status"]).await.1.contains("2 do not sign until they are hosted"));
    let metrics = world.metrics().await;
    assert!(metrics.contains("daypass_signing_keys_waiting 2"), "{metrics}");
    daypass(&world, &["keys", "publish", "--to", &to]).await;
    assert_eq!(daypass(&world, &["keys", "check"]).await.0, 0);
    let (_, listed) = daypass(&world, &["--output", "json", "keys", "list"]).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let states: Vec<&Value> = listed["clouds"]["keys"].as_array().unwrap().iter().map(|key| &key["state"]).collect();
    assert_eq!(states, ["signing", "signing", "published", "published"]);
    assert!(listed["clouds"]["keys"][2]["signs_from"].is_string() && listed["clouds"].get("jwks").is_none(), "{listed}");
    assert_eq!(listed["id-tokens"]["keys"].as_array().unwrap().len(), 2, "{listed}");
    let kinds: Vec<Value> =
        world.audit().into_iter().filter(|entry| entry.kind == "key").map(|entry| entry.body["state"].clone()).collect();
    assert_eq!(kinds.iter().filter(|state| **state == "hosted").count(), 2, "a record where something new is hosted: {kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_the_server_hosts_itself_wait_for_no_host() {
    let world = World::start(Setup::default()).await;
    let to = world.path("site").display().to_string();
    let (status, output) = daypass(&world, &["keys", "publish", "--to", &to]).await;
    assert!(status == 0 && output.contains("itself serves"), "{output}");
    let (_, output) = daypass(&world, &["keys", "rotate"]).await;
    assert!(output.contains("signs from") && !output.contains("waits"), "{output}");
    let ca = world.path("tls.crt").display().to_string();
    assert_eq!(daypass(&world, &["keys", "check", "--ca", &ca]).await.0, 0);
    assert_eq!(daypass(&world, &["keys", "check", "--issuer", "id-tokens", "--ca", &ca]).await.0, 0);
}

/// A TLS server with this certificate that answers nothing.
async fn host_with(certificate: &rcgen::Certificate, key: &rcgen::KeyPair) -> u16 {
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config =
        rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_hosts_certificate_is_explained() {
    let world = World::start(Setup::default()).await;
    let ca = world.path("host.crt").display().to_string();
    let other = world.path("tls.crt").display().to_string();
    let check = async |name: &str, change: &dyn Fn(&mut rcgen::CertificateParams), ca: &[&str]| {
        let mut parameters = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut parameters);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        std::fs::write(world.path("host.crt"), certificate.pem()).unwrap();
        let url = format!("https://localhost:{}", host_with(&certificate, &key).await);
        let (status, output) = daypass(&world, &[&["keys", "check", "--url", &url], ca].concat()).await;
        println!("{output}");
        assert_eq!(status, 78, "{output}");
        for word in
            ["peer certificate", "UnknownIssuer", "NotValidForName", "UNIX", "DnsName", "error sending request", "BadEncoding"]
        {
            assert!(!output.contains(word), "{word}: {output}");
        }
        output
    };
    let named = ["--ca", ca.as_str()];
    let old = |parameters: &mut rcgen::CertificateParams| parameters.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let new = |parameters: &mut rcgen::CertificateParams| parameters.not_before = rcgen::date_time_ymd(2090, 1, 1);
    let authority = |parameters: &mut rcgen::CertificateParams| {
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    };
    assert!(check("localhost", &old, &named).await.contains("it has expired at 2020-01-01T00:00:00Z, and it is 20"));
    assert!(check("localhost", &new, &named).await.contains("it is not valid yet before 2090-01-01T00:00:00Z"));
    let output = check("elsewhere.example", &|_| {}, &named).await;
    assert!(output.contains("it is for another name than localhost: elsewhere.example\nhint: "), "{output}");
    assert!(check("localhost", &authority, &named).await.contains("is an authority's own"));
    assert!(check("localhost", &|_| {}, &["--ca", &other]).await.contains("signed by none of the file that --ca names"));
    // An authority of the same name with a key of another algorithm.
    let alike = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    let alike = alike.self_signed(&rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap()).unwrap();
    std::fs::write(world.path("alike.crt"), alike.pem()).unwrap();
    let alike = world.path("alike.crt").display().to_string();
    assert!(check("localhost", &|_| {}, &["--ca", &alike]).await.contains("signed by none of the file that --ca names"));
    assert!(check("localhost", &|_| {}, &[]).await.contains("signed by no authority of this system"));
    let broken = world.path("broken.crt");
    for (text, expected) in [
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "broken.crt: the CA file holds a PEM certificate that is broken",
        ),
        ("nothing", "broken.crt: the CA file holds no PEM certificate"),
    ] {
        std::fs::write(&broken, text).unwrap();
        let output = check("localhost", &|_| {}, &["--ca", &broken.display().to_string()]).await;
        assert!(output.contains(expected), "{output}");
    }
    let output = check("localhost", &|_| {}, &["--ca", "none.crt"]).await;
    assert!(output.contains("none.crt: No such file"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_issuer_of_id_tokens_is_hosted_separately() {
    let port = free_port();
    let more = format!("id_token_issuer_url: http://127.0.0.1:{port}\n");
    let world = World::start(Setup { more, ..Setup::default() }).await;
    let (folder, own) = (world.path("site"), ["--issuer", "id-tokens"]);
    host(folder.clone(), port).await;
    let to = folder.display().to_string();
    let (status, output) = daypass(&world, &[&["keys", "check"], &own[..]].concat()).await;
    assert!(status == 78 && output.contains("nothing is hosted there"), "{output}");
    let (status, output) = daypass(&world, &[&["keys", "publish", "--to", &to], &own[..]].concat()).await;
    assert!(status == 0 && output.contains("1 key of http://127.0.0.1"), "{output}");
    assert_eq!(daypass(&world, &[&["keys", "check"], &own[..]].concat()).await.0, 0);
    daypass(&world, &["keys", "rotate"]).await;
    let (_, output) = daypass(&world, &["keys", "list"]).await;
    assert_eq!(output.matches("waits to be hosted: `daypass keys publish --issuer id-tokens`").count(), 1, "{output}");
    assert_eq!(output.matches("signs from").count(), 2, "the clouds' next keys wait for nobody: {output}");
    let (status, output) = daypass(&world, &[&["keys", "check"], &own[..]].concat()).await;
    assert!(status == 78 && output.contains("--issuer id-tokens` writes it"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_files_are_replaced_while_the_server_runs() {
    let ((old, for_old), (new, for_new)) = (Identities::generate(), Identities::generate());
    let world = World::start(Setup {
        policies: vec![("shop/deploy", DEPLOY.to_owned())],
        identities: "[root.key, team.key]".to_owned(),
        files: vec![("team.key", old.expose().to_vec())],
        ..Setup::default()
    })
    .await;
    let read = async |name: &str| world.exchange(&world.token(), json!([{"secret": format!("shop/{name}.age")}])).await.0;
    let secret = |recipient: &String| encrypt(b"x", std::slice::from_ref(recipient), true).unwrap();
    world.commit_and_wait(&[("secrets/shop/old.age", &secret(&for_old)), ("secrets/shop/early.age", &secret(&for_new))]).await;
    assert_eq!((read("old").await, read("early").await), (200, 502), "a file that does not open is not in force");
    write_private(&world.path("team.key"), new.expose());
    world.commit_and_wait(&[("secrets/shop/new.age", &secret(&for_new))]).await;
    assert_eq!((read("new").await, read("early").await), (200, 200), "opened by the new identity, without a restart");
    assert_eq!(read("old").await, 502, "the old identity is gone");
    assert!(world.ready().await["faults"].to_string().contains("secrets/shop/old.age"));
    std::fs::remove_file(world.path("team.key")).unwrap();
    world
        .until("the alarm", |ready| {
            ready["alarm"].to_string().contains("team.key") || ready["sources"].to_string().contains("team.key")
        })
        .await;
    assert_eq!(
        (read("new").await, read("password").await),
        (502, 200),
        "the removed identity opens nothing; the others still do"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_come_as_credentials_of_the_service() {
    let credentials = tempfile::tempdir().unwrap();
    let (identity, recipient) = Identities::generate();
    write_private(&credentials.path().join("age.key"), identity.expose());
    write_private(&credentials.path().join("root.key"), Identities::generate().0.expose());
    let world = World::start(Setup {
        policies: vec![("shop/deploy", DEPLOY.to_owned())],
        key_encryption: "{ credential: root.key }".to_owned(),
        identities: "[root.key, credential: age.key]".to_owned(),
        environment: vec![("CREDENTIALS_DIRECTORY", credentials.path().display().to_string())],
        ..Setup::default()
    })
    .await;
    let secret = encrypt(b"x", &[recipient], true).unwrap();
    world.commit_and_wait(&[("secrets/shop/own.age", &secret)]).await;
    assert_eq!(world.exchange(&world.token(), json!([{"secret": "shop/own.age"}])).await.0, 200);
    assert_eq!(daypass(&world, &["status"]).await.0, 0, "an operator's command needs no credentials");
}
