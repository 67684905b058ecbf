//! Leak canaries: every secret, token and key has an unmistakable value, and none of them may appear in what the server writes, answers
//! or still holds in memory. Every server of this binary logs at TRACE, and each log is searched when its test ends (`support.rs`).
//! The sidecar's canaries are in `sidecar/canaries.rs`.

pub mod http2;
pub mod memory;

use crate::support::{Setup, World};
use daypass::words::UnixTime;
use daypass::words::names::SecretPath;
use memory::{Canaries, Search, random, time_to_forget};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_logged_stored_or_left_in_memory() {
    let world = World::start(Setup::default()).await;
    let mut canaries = Canaries::default();
    let (whole, value) = (random(), random());
    canaries.add("the secret of an age file", &whole);
    canaries.add("a value of a SOPS file", &value);
    let identity = std::fs::read_to_string(world.path("root.key")).unwrap();
    canaries.add("the age identity", identity.trim());
    let key = std::fs::read_to_string(world.path("tls.key")).unwrap();
    canaries.add("the key of the certificate", key.lines().nth(1).unwrap());
    let recipients = std::slice::from_ref(&world.recipient);
    let path = SecretPath::parse("shop/canary.yaml").unwrap();
    let document = format!("database:\n  password: {value}\n  port: 5432\n");
    let sealed =
        daypass::secrets::encrypt_document(&path, document.as_bytes(), recipients, UnixTime::from_seconds(1_800_000_000));
    let sealed_whole = daypass::secrets::encrypt(whole.as_bytes(), recipients, true).unwrap();
    world.commit_and_wait(&[("secrets/shop/canary.yaml", &sealed.unwrap()), ("secrets/shop/canary.age", &sealed_whole)]).await;

    let issued = use_everything(&world, &mut canaries, &whole, &value).await;
    assert!(issued > 5);

    let search = canaries.search();
    assert_kept_nowhere(&world, &search).await;
    search.assert_none_around(world.server.id());

    println!("{issued} answers");
    search.assert_forgotten(world.server.id(), time_to_forget().await).await;
}

/// Asserts that no canary is in the server's log, metrics, state, records or files.
pub async fn assert_kept_nowhere(world: &World, search: &Search<'_>) {
    search.assert_none("the metrics", world.metrics().await.as_bytes());
    search.assert_none("the state", world.ready().await.to_string().as_bytes());
    search.assert_none("the log", world.log().as_bytes());
    assert!(world.log().contains("TRACE"), "the log is not that of a server at TRACE");
    // In the file a record may be divided among pages.
    for record in world.audit() {
        search.assert_none("the audit log", record.body.to_string().as_bytes());
    }
    let data = std::fs::read_dir(world.path("data")).unwrap().map(|entry| entry.unwrap().path());
    let data: Vec<_> = data.filter(|path| path.is_file()).collect();
    assert!(!data.is_empty(), "the store has no file here");
    for file in data {
        search.assert_none(&file.display().to_string(), &std::fs::read(&file).unwrap());
    }
}

/// Uses every API, with tokens that are good, used, foreign and misplaced. Returns how many answers held a canary.
async fn use_everything(world: &World, canaries: &mut Canaries, whole: &str, value: &str) -> usize {
    let mut issued = 0;
    let mut token = |what: &str| {
        let token = world.token();
        canaries.add_token(what, &token);
        token
    };
    let native = token("a token at the native API");
    let requested = json!([{"secret": "shop/canary.age"}, {"secret": "shop/canary.yaml#/database/password"}]);
    for _ in 0..2 {
        let (status, answer) = world.exchange(&native, requested.clone()).await;
        assert_eq!(status, 200, "{answer}");
        issued += usize::from(answer.to_string().contains(whole) && answer.to_string().contains(value));
    }
    let (_, answer) = world.exchange(&native, json!([{"id_token": {"audience": "https://partner.example"}}])).await;
    let ours = answer["credentials"][0]["id_token"]["token"].as_str().unwrap().to_owned();
    let bare = token("a token for a bare value");
    let address = world.url("/v1/secrets/shop/canary.yaml");
    let answer = world.http.get(&address).bearer_auth(&bare).header("accept", "text/plain").send().await.unwrap();
    issued += usize::from(answer.text().await.unwrap().contains(value));
    world.http.get(world.url("/v1/whoami")).bearer_auth(&bare).send().await.unwrap();

    let login = json!({ "role": "shop/deploy", "jwt": token("a token at a login") });
    let answer: Value =
        world.http.post(world.url("/vault/v1/auth/jwt/login")).json(&login).send().await.unwrap().json().await.unwrap();
    let session = answer["auth"]["client_token"].as_str().unwrap().to_owned();
    for path in ["shop/canary.yaml", "shop/canary.age", "shop/none.yaml"] {
        let address = world.url(&format!("/vault/v1/secret/data/{path}"));
        let answer = world.http.get(address).header("x-vault-token", &session).send().await.unwrap().text().await.unwrap();
        issued += usize::from(answer.contains(whole) || answer.contains(value));
    }
    world.http.get(world.url("/vault/v1/auth/token/lookup-self")).header("x-vault-token", &session).send().await.unwrap();

    let form = |token: &str| {
        format!(
            "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&audience=https://partner.example&subject_token={token}&subject_token_type=urn:ietf:params:oauth:token-type:jwt"
        )
    };
    let (content, encoded) = ("content-type", "application/x-www-form-urlencoded");
    let exchange =
        world.http.post(world.url("/oauth2/token")).header(content, encoded).body(form(&token("a token at the token endpoint")));
    issued += usize::from(exchange.send().await.unwrap().status() == 200);
    let misplaced = token("a token in the wrong place");
    let sts = format!(
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn:aws:iam::123456789012:role/x&RoleSessionName=x&WebIdentityToken={misplaced}"
    );
    world.http.post(world.url("/aws/sts/")).header(content, encoded).body(sts).send().await.unwrap();
    world.http.get(world.url("/aws/container?role=x")).header("authorization", &misplaced).send().await.unwrap();
    world.http.post(world.url("/v1/exchange")).bearer_auth(format!("{misplaced}x")).body(misplaced.clone()).send().await.unwrap();
    world.http.post(world.url("/v1/exchange")).header("authorization", format!("Basic {misplaced}")).send().await.unwrap();
    world.http.get(world.url("/v1/exchange")).bearer_auth(&ours).send().await.unwrap();
    canaries.add_token("a token of our own", &ours);
    for (what, token) in [("the native token", &native), ("the token for a bare value", &bare), ("our own token", &ours)] {
        canaries.add_bytes(&format!("{what} on HTTP/2"), http2::huffman(token).await);
    }
    canaries.add_plain("a session", &session);
    issued
}
