//! Requests that no well-behaved client sends, at every API: each is refused in that API's own form, with one of our codes, and the
//! server goes on.
//!
//! Requests are sent as bytes, because a client library would repair most of them.

mod bodies;
mod names;
mod output;
pub mod wire;

use crate::sts::{StandInSts, element};
use crate::support::{DEPLOY, Setup, World};
use serde_json::{Value, json};
use wire::{Answer, Sent};

/// A word in the place of a token or a value. No answer may repeat it.
const CANARY: &str = "canary-value";
const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";
const READER: &str = "issuer: github
match: { repository: acme/shop@456789, ref: refs/heads/main, event: push }
grant: { daypass: [policy.replay], aws: [ { role: \"arn:aws:iam::123456789012:role/deploy\" } ] }
";

/// An API, with its good request and the form of its refusals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Api {
    Exchange,
    Replay,
    Secret,
    Hook,
    Sts,
    Container,
    OauthForm,
    OauthJson,
    VaultLogin,
    VaultRead,
}

/// One hostile request, and the codes of which the answer has one.
struct Case {
    what: String,
    api: Api,
    sent: Sent,
    codes: &'static [&'static str],
}

impl Api {
    const ALL: [Self; 10] = [
        Self::Exchange,
        Self::Replay,
        Self::Secret,
        Self::Hook,
        Self::Sts,
        Self::Container,
        Self::OauthForm,
        Self::OauthJson,
        Self::VaultLogin,
        Self::VaultRead,
    ];

    /// A request that succeeds.
    fn good(self, token: &str, session: &str) -> Sent {
        let bearer = ("Authorization", format!("Bearer {token}"));
        let json = ("Content-Type", "application/json".to_owned());
        let form = ("Content-Type", "application/x-www-form-urlencoded".to_owned());
        let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
        let jwt = "urn:ietf:params:oauth:token-type:jwt";
        match self {
            Self::Exchange => Sent::post(
                "/v1/exchange",
                [bearer, json],
                r#"{"credentials":[{"secret":"shop/password.age"}],"policy":"shop/deploy"}"#,
            ),
            Self::Replay => Sent::post("/v1/policy/replay", [bearer, json], r#"{"files":{"policies/a.yaml":"issuer: github"}}"#),
            Self::Secret => Sent::get("/v1/secrets/shop/password.age", [bearer]),
            Self::Hook => Sent::post("/hooks/git/root", [("X-Gitlab-Token", "hooked".to_owned())], "{}"),
            Self::Sts => {
                let body = format!(
                    "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=job&RoleArn={ROLE}&WebIdentityToken={token}"
                );
                Sent::post("/aws/sts/", [form], &body)
            }
            Self::Container => Sent::get(&format!("/aws/container?role={ROLE}"), [("Authorization", token.to_owned())]),
            Self::OauthForm => {
                let body = format!(
                    "grant_type={exchange}&subject_token={token}&subject_token_type={jwt}&audience=https://partner.example"
                );
                Sent::post("/oauth2/token", [form], &body)
            }
            Self::OauthJson => {
                let body = json!({ "grantType": exchange, "subjectToken": token, "subjectTokenType": jwt, "audience": "https://partner.example" });
                Sent::post("/oauth2/token", [json], &body.to_string())
            }
            Self::VaultLogin => {
                Sent::post("/vault/v1/auth/jwt/login", [json], &json!({ "role": "shop/deploy", "jwt": token }).to_string())
            }
            Self::VaultRead => Sent::get("/vault/v1/secret/data/shop/password", [("X-Vault-Token", session.to_owned())]),
        }
    }

    /// The message of a refusal. Panics if the answer is not in the API's own form.
    fn message_of(self, answer: &Answer) -> String {
        let has = |name: &str, value: &str| assert_eq!(answer.header(name), Some(value), "{self:?}: {answer:?}");
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{self:?}: {answer:?}")).to_owned();
        has("cache-control", "no-store");
        match self {
            Self::Exchange | Self::Replay | Self::Secret | Self::Hook => {
                has("content-type", "application/problem+json");
                let problem = answer.json();
                assert_eq!(problem["status"], answer.status, "{answer:?}");
                for member in ["type", "title", "detail", "hint", "decision_id"] {
                    text(&problem[member]);
                }
                text(&problem["code"])
            }
            Self::Sts => {
                has("content-type", "text/xml");
                assert!(answer.body.starts_with("<ErrorResponse xmlns="), "{answer:?}");
                for name in ["Type", "Code", "RequestId"] {
                    assert!(!element(&answer.body, name).is_empty(), "{answer:?}");
                }
                element(&answer.body, "Message")
            }
            Self::Container => {
                has("content-type", "application/json");
                assert!(answer.json()["code"].is_string(), "{answer:?}");
                text(&answer.json()["message"])
            }
            Self::OauthForm | Self::OauthJson => {
                has("content-type", "application/json");
                assert!(answer.json()["error"].is_string(), "{answer:?}");
                text(&answer.json()["error_description"])
            }
            Self::VaultLogin | Self::VaultRead => {
                has("content-type", "application/json");
                text(&answer.json()["errors"][0])
            }
        }
    }
}

async fn world(sts: &StandInSts) -> World {
    World::start(Setup {
        policies: vec![("shop/deploy", DEPLOY.to_owned()), ("access/all", READER.to_owned())],
        aws: sts.section(),
        root: ", hook: { secret_file: hook }".to_owned(),
        files: vec![("hook", b"hooked".to_vec())],
        ..Setup::default()
    })
    .await
}

async fn session(world: &World) -> String {
    let login = Api::VaultLogin.good(&world.token(), "").send(world).await.unwrap();
    login.json()["auth"]["client_token"].as_str().unwrap_or_else(|| panic!("{login:?}")).to_owned()
}

/// Asserts that every API answers a good request.
async fn all_live(world: &World, session: &str) {
    for api in Api::ALL {
        let answer = api.good(&world.token(), session).send(world).await.unwrap();
        assert!((200..300).contains(&answer.status), "{api:?}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_hostile_request_is_refused_in_its_apis_own_form() {
    let sts = StandInSts::start().await;
    let world = world(&sts).await;
    let session = session(&world).await;
    all_live(&world, &session).await;
    let good = |api: Api| api.good(&world.token(), &session);
    let cases: Vec<Case> = bodies::cases(&good).into_iter().chain(names::cases(&good)).collect();
    let (before, mut wrong) = (sts.asked().len(), Vec::new());
    for Case { what, api, sent, codes } in &cases {
        let answer = sent.send(&world).await.unwrap_or_else(|| panic!("{api:?}: {what}: no answer"));
        let message = api.message_of(&answer);
        let refused = (400..500).contains(&answer.status) && codes.iter().any(|code| message.contains(code));
        if !refused || answer.body.contains(CANARY) || answer.body.len() > 4096 {
            wrong.push(format!("{api:?}: {what}: not one of {codes:?}: {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert_eq!(sts.asked().len(), before, "none of them reached a cloud");
    all_live(&world, &session).await;
    let log = world.log();
    assert!(!log.contains("a panic;") && !log.contains(CANARY), "{log}");
    assert!(cases.len() > 250, "only {} cases", cases.len());
    println!("{} hostile requests at {} APIs: each refused in its form", cases.len(), Api::ALL.len());
}

/// Bytes that are not HTTP end the connection, or get a 4xx without a body of ours.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_not_http_end_their_own_connection_alone() {
    let sts = StandInSts::start().await;
    let world = world(&sts).await;
    let target = |target: &[u8]| [b"GET ", target, b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"].concat();
    let raw: [Vec<u8>; 8] = [
        b"\0\0\0\0\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        target(b"/v1/secrets/a\0b"),
        target(b"/v1/secrets/a\\b"),
        target(b"/v1/secrets/\xff\xfe"),
        target(&[b"/".as_slice(), &b"a".repeat(40_000)].concat()),
        b"POST /v1/exchange HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}".to_vec(),
        b"POST /v1/exchange HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec(),
    ];
    for bytes in raw {
        let answer = wire::exchange(&world, &bytes).await;
        let status = answer.as_ref().map_or(400, |answer| answer.status);
        assert!((400..500).contains(&status), "{:?}: {answer:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(80)]));
    }
    all_live(&world, &session(&world).await).await;
    assert!(!world.log().contains("a panic;"), "{}", world.log());
}
