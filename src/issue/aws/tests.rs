//! Against a stand-in for STS that records its requests. No emulator at hand reads the tags and the source identity of a web
//! identity token.

use super::*;
use crate::issue::OwnIssuers;
use crate::policy::Terms;
use crate::secrets::Identities;
use crate::store::{OwnIssuer, Store, licence};
use crate::token::{Algorithm, Expected, KeySet, RawToken, verify};
use crate::words::names::{Audience, IssuerUrl, RoleArn};
use crate::words::{Clock, SystemClock};
use std::collections::BTreeMap;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CANARY: &str = "canary-9f3b";
/// The status line of an answer whose last byte does not come.
const CUT: &str = "200 Cut";
const KEY_ID: &str = "ASIA0123456789ABCDEF";

struct StandIn {
    url: String,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl StandIn {
    /// Answers every request with this status and body, in which `ACTION`, `ACCOUNT`, `ROLE`, `SESSION`, `TOKEN` and `EXPIRES` stand for
    /// what the request says.
    async fn start(status: &'static str, answer: String) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stand_in = Self { url: format!("http://{}", listener.local_addr().unwrap()), bodies: Arc::default() };
        let bodies = stand_in.bodies.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (bodies, answer) = (bodies.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut bytes = Vec::new();
                    while let Ok(1..) = stream.read_buf(&mut bytes).await {
                        let text = String::from_utf8_lossy(&bytes).into_owned();
                        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                        let length = head
                            .to_ascii_lowercase()
                            .lines()
                            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                        if body.len() >= length.unwrap_or(0) {
                            bodies.lock().unwrap().push(body.to_owned());
                            break;
                        }
                    }
                    let answer = filled(&answer, &form_of(bodies.lock().unwrap().last().unwrap()));
                    let head = format!(
                        "HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                        answer.len() + usize::from(status == CUT)
                    );
                    let _ = stream.write_all((head + &answer).as_bytes()).await;
                });
            }
        });
        stand_in
    }

    /// The form fields of the last request.
    fn form(&self) -> BTreeMap<String, String> {
        self.forms().pop().unwrap()
    }

    /// The form fields of all requests.
    fn forms(&self) -> Vec<BTreeMap<String, String>> {
        self.bodies.lock().unwrap().iter().map(|body| form_of(body)).collect()
    }
}

fn form_of(body: &str) -> BTreeMap<String, String> {
    reqwest::Url::parse(&format!("http://x/?{body}")).unwrap().query_pairs().into_owned().collect()
}

fn filled(answer: &str, form: &BTreeMap<String, String>) -> String {
    let Some(role) = form.get("RoleArn") else { return answer.to_owned() };
    let lives = Duration::from_secs(form["DurationSeconds"].parse().unwrap());
    let expires = SystemClock.now().plus(lives).to_string();
    let token = form.get("WebIdentityToken").map_or("", String::as_str);
    [
        ("ACTION", form["Action"].as_str()),
        ("ACCOUNT", role.split(':').nth(4).unwrap()),
        ("ROLE", role.rsplit('/').next().unwrap()),
        ("SESSION", &form["RoleSessionName"]),
        ("TOKEN", token),
        ("EXPIRES", &expires),
    ]
    .into_iter()
    .fold(answer.to_owned(), |answer, (name, value)| answer.replace(name, value))
}

/// An answer as STS gives it, with other keys for another call.
fn credentials() -> String {
    format!(
        "<ACTIONResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><ACTIONResult>\
         <AssumedRoleUser><Arn>arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION</Arn><AssumedRoleId>AROAX:SESSION</AssumedRoleId></AssumedRoleUser>\
         <Credentials><AccessKeyId>{KEY_ID}</AccessKeyId><SecretAccessKey>ACTION-s</SecretAccessKey><SessionToken>ACTION-t</SessionToken>\
         <Expiration>EXPIRES</Expiration></Credentials><PackedPolicySize>7</PackedPolicySize></ACTIONResult></ACTIONResponse>"
    )
}

fn terms() -> AwsTerms {
    AwsTerms {
        role: RoleArn::parse("arn:aws:iam::123456789012:role/deploy").unwrap(),
        ttl: Duration::from_secs(1800),
        tags: BTreeMap::from([("commit".to_owned(), "4f2a9c1".to_owned())]),
        transitive: vec!["commit".to_owned()],
        session_name: None,
        session_policy: Some("{\"Version\":\"2012-10-17\"}".to_owned()),
        session_policy_arns: vec!["arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()],
        via: None,
    }
}

struct Bench {
    aws: Aws,
    own: OwnIssuers,
    store: Store,
    _folder: tempfile::TempDir,
}

async fn bench(url: &str, algorithm: SigningAlgorithm) -> Bench {
    crate::telemetry::install_crypto();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Arc::new(crate::words::SystemClock)).unwrap();
    let identities = Identities::parse(&Identities::generate().0).unwrap();
    let issuer = IssuerUrl::parse("https://oidc.example").unwrap();
    let id_tokens = IssuerUrl::parse("https://oidc.example/id-tokens").unwrap();
    let own = OwnIssuers::open(issuer, id_tokens, &identities, &store).await.unwrap();
    let settings = AwsSettings {
        mode: AwsMode::WebIdentity,
        regions: vec!["eu-west-1".to_owned()],
        endpoint: Some(url.to_owned()),
        algorithm,
    };
    let aws = Aws::new(&settings, own.clouds().clone()).await;
    Bench { aws, own, store, _folder: folder }
}

mod chained;
mod regions;

async fn issue(aws: &Aws, policy: &str, terms: AwsTerms, decision: &DecisionId, now: UnixTime) -> Result<AwsKeys, Denial> {
    let granted = licence::tests::granted(policy, Terms::Aws(terms));
    aws.issue(&licence::tests::aws(&granted, decision), now).await
}

#[tokio::test]
async fn the_minted_token_bears_the_tags_and_this_decision_as_source_identity() {
    for (algorithm, expected) in [(SigningAlgorithm::Es256, Algorithm::Es256), (SigningAlgorithm::Rs256, Algorithm::Rs256)] {
        let sts = StandIn::start("200 OK", credentials()).await;
        let bench = bench(&sts.url, algorithm).await;
        let (decision, now) = (DecisionId::new(), bench.store.now());
        let issued = issue(&bench.aws, "shop/deploy", terms(), &decision, now).await.unwrap();
        assert_eq!((issued.access_key_id.as_str(), issued.session_token.expose()), (KEY_ID, &b"AssumeRoleWithWebIdentity-t"[..]));
        let form = sts.form();
        for (name, value) in [
            ("RoleArn", "arn:aws:iam::123456789012:role/deploy"),
            ("RoleSessionName", decision.as_str()),
            ("DurationSeconds", "1800"),
            ("Policy", "{\"Version\":\"2012-10-17\"}"),
            ("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
        ] {
            assert_eq!(form[name], value, "{name}");
        }
        let expected = Expected {
            issuer: IssuerUrl::parse("https://oidc.example").unwrap(),
            audiences: vec![Audience::parse("sts.amazonaws.com").unwrap()],
            algorithms: vec![expected],
            token_age_max: TOKEN_LIFETIME,
            one_client: false,
            session_max: None,
        };
        let keys = KeySet::import(bench.own.keys(OwnIssuer::Clouds).jwks().to_string().as_bytes()).unwrap();
        let token = verify(RawToken::parse(form["WebIdentityToken"].clone().into()).unwrap(), &keys, &expected, now).unwrap();
        assert_eq!((token.subject(), token.token_id()), ("root/shop/deploy", Some(decision.as_str())));
        let claim = |name: &str| token.claims().claim(name).unwrap().clone();
        assert_eq!(claim("https://aws.amazon.com/source_identity"), json!(decision.as_str()));
        let tags = json!({"principal_tags": {"commit": ["4f2a9c1"]}, "transitive_tag_keys": ["commit"]});
        assert_eq!(claim("https://aws.amazon.com/tags"), tags);
    }
}

#[tokio::test]
async fn a_refusal_of_sts_is_reported_by_code_and_never_by_bytes() {
    let error = |code: &str| {
        format!("<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>")
    };
    let broken =
        credentials().replace("EXPIRES", "never").replace("<SecretAccessKey>ACTION-s", &format!("<SecretAccessKey>{CANARY}"));
    let cases = [
        ("400 Bad Request", error("PackedPolicyTooLarge"), Reason::SessionPolicyRefused, "PackedPolicyTooLarge (400): no"),
        ("403 Forbidden", error("AccessDenied"), Reason::AwsDenied, "AccessDenied (403): no"),
        ("400 Bad Request", error("Throttling"), Reason::AwsUnavailable, "Throttling (400)"),
        ("503 Slow", error("ServiceUnavailable"), Reason::AwsUnavailable, "ServiceUnavailable (503)"),
        ("200 OK", broken, Reason::AwsUnavailable, "(200) is not one of an STS"),
        ("200 OK", format!("<html>{CANARY}"), Reason::AwsUnavailable, "not one of an STS"),
        ("502 Bad", format!("<html>{CANARY}"), Reason::AwsUnavailable, "(502) is not one of an STS"),
    ];
    for (status, answer, reason, words) in cases {
        let sts = StandIn::start(status, answer.clone()).await;
        let bench = bench(&sts.url, SigningAlgorithm::Es256).await;
        let denial = issue(&bench.aws, "shop/deploy", terms(), &DecisionId::new(), bench.store.now()).await.unwrap_err();
        assert_eq!(denial.reason, reason, "{status} {answer}: {}", denial.cause);
        assert!(denial.cause.contains(words) && !denial.cause.contains(CANARY), "{status} {answer}: {}", denial.cause);
    }
}

#[tokio::test]
async fn the_next_region_is_asked_when_one_does_not_answer() {
    let sts = StandIn::start("200 OK", credentials()).await;
    let (mut good, dead) =
        (bench(&sts.url, SigningAlgorithm::Es256).await, bench("http://127.0.0.1:1", SigningAlgorithm::Es256).await);
    let now = good.store.now();
    let denial = issue(&dead.aws, "shop/deploy", terms(), &DecisionId::new(), now).await.unwrap_err();
    assert_eq!(denial.reason, Reason::AwsUnavailable);
    assert!(denial.cause.contains("refused"), "{}", denial.cause);
    good.aws.clients.insert(0, dead.aws.clients[0].clone());
    assert!(issue(&good.aws, "shop/deploy", terms(), &DecisionId::new(), now).await.is_ok());
}

#[tokio::test]
async fn an_answer_that_does_not_fit_the_request_is_refused_with_its_field() {
    let sts = StandIn::start("200 OK", credentials()).await;
    let own = bench(&sts.url, SigningAlgorithm::Es256).await;
    let (decision, now) = (DecisionId::new(), own.store.now());
    let issued = issue(&own.aws, "shop/deploy", terms(), &decision, now).await.unwrap();
    assert_eq!(issued.session.arn, format!("arn:aws:sts::123456789012:assumed-role/deploy/{decision}"));
    assert_eq!((issued.session.id, issued.session.packed_policy_size), (format!("AROAX:{decision}"), Some(7)));
    let with = |from: &str, to: &str| {
        let good = credentials();
        assert!(good.contains(from), "{from}");
        good.replace(from, to)
    };
    let good = credentials();
    let huge = format!("<SessionToken>{}", CANARY.repeat(ANSWER_BYTES_MAX / CANARY.len() + 1));
    for (answer, words) in [
        (with("sts::ACCOUNT", "sts::999999999999"), "`Arn` of the answer's session is of another account"),
        (with("role/ROLE", "role/other"), "`Arn` of the answer's session is of another role"),
        (with("<Arn>arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION</Arn>", "<Arn></Arn>"), "`Arn` of the answer's session"),
        (with("EXPIRES", "2020-01-01T00:00:00Z"), "`Expiration` is absent, or over already"),
        (with("EXPIRES", "2099-01-01T00:00:00Z"), "`Expiration` is later than what was asked for"),
        (with("<Expiration>EXPIRES</Expiration>", ""), "`Expiration` is absent, or over already"),
        (with("<SessionToken>ACTION-t", "<SessionToken>TOKEN"), "the answer's token is the one that the request presented"),
        (with("<SessionToken>ACTION-t", &huge), "the answer has more than 65536 bytes"),
        (with("</ACTIONResult>", ""), "no document of an STS"),
        (good[..good.find("</SessionToken>").unwrap()].to_owned(), "the answer is cut off"),
        (
            with(
                "<SecretAccessKey>ACTION-s</SecretAccessKey>",
                "<SecretAccessKey>ACTION-s</SecretAccessKey><SecretAccessKey>u</SecretAccessKey>",
            ),
            "twice",
        ),
        (with("<PackedPolicySize>7", "<SourceIdentity>other</SourceIdentity><PackedPolicySize>7"), "`SourceIdentity` is another"),
    ] {
        let sts = StandIn::start("200 OK", answer.clone()).await;
        let bench = bench(&sts.url, SigningAlgorithm::Es256).await;
        let denial = issue(&bench.aws, "shop/deploy", terms(), &decision, now).await.unwrap_err();
        assert_eq!(denial.reason, Reason::AwsUnavailable, "{answer}");
        assert!(denial.cause.contains(words) && !denial.cause.contains(CANARY), "{words}: {}", denial.cause);
    }
}

#[tokio::test]
async fn an_answer_with_fewer_bytes_than_it_says_is_refused() {
    let sts = StandIn::start(CUT, credentials()).await;
    let bench = bench(&sts.url, SigningAlgorithm::Es256).await;
    let denial = issue(&bench.aws, "shop/deploy", terms(), &DecisionId::new(), bench.store.now()).await.unwrap_err();
    assert_eq!(denial.reason, Reason::AwsUnavailable);
    assert!(denial.cause.contains("cut off"), "{}", denial.cause);
}
