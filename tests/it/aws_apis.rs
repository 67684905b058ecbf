//! The AWS APIs as AWS documents them: what is answered, what narrows a session, and malformed requests.

use crate::sts::{StandInSts, element, encode};
use crate::support::{Setup, World};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/team/deploy";
const FIXED: &str = "arn:aws:iam::123456789012:role/fixed";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

fn policy() -> String {
    format!(
        "issuer: github
match: {{ repository: acme/shop@456789, ref: refs/heads/main, event: push }}
grant:
  aws:
    - {{ role: \"{ROLE}\", ttl: 30m }}
    - {{ role: \"{FIXED}\", ttl: 30m, session_policy: {{ Version: \"2012-10-17\", Statement: [] }} }}
"
    )
}

async fn start() -> (StandInSts, World) {
    let sts = StandInSts::start().await;
    let setup = Setup { policies: vec![("shop/deploy", policy())], aws: sts.section(), ..Setup::default() };
    (sts, World::start(setup).await)
}

async fn post(world: &World, body: String, session_token: Option<&str>) -> (u16, String) {
    let mut request = world.http.post(world.url("/aws/sts/")).header("content-type", FORM).body(body);
    if let Some(token) = session_token {
        request = request.header("x-amz-security-token", token).header("authorization", "AWS4-HMAC-SHA256 Credential=x");
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/xml");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let id = response.headers()["x-amzn-requestid"].to_str().unwrap().to_owned();
    let (status, document) = (response.status().as_u16(), response.text().await.unwrap());
    assert_eq!(element(&document, "RequestId"), id);
    (status, document)
}

/// AssumeRoleWithWebIdentity with these parameters beside the required ones.
async fn assume(world: &World, token: &str, role: &str, more: &[(&str, &str)]) -> (u16, String) {
    let action = [("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15")];
    let required = [("RoleArn", role), ("RoleSessionName", "GitHubActions"), ("WebIdentityToken", token)];
    post(world, encode(&[&action[..], &required, more].concat()), None).await
}

async fn whoami(world: &World, session_token: Option<&str>) -> (u16, String) {
    post(world, encode(&[("Action", "GetCallerIdentity"), ("Version", "2011-06-15")]), session_token).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_answered_in_awss_form_repeated_for_retries_and_identified() {
    let (sts, mut world) = start().await;
    let token = world.token();
    let (status, document) = assume(&world, &token, ROLE, &[("DurationSeconds", "3600")]).await;
    assert_eq!(status, 200, "{document}");
    assert!(document.starts_with("<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"));
    let decision = element(&document, "SourceIdentity");
    let arn = format!("arn:aws:sts::123456789012:assumed-role/deploy/{decision}");
    for (name, value) in [
        ("Arn", arn.as_str()),
        ("AssumedRoleId", &format!("AROASTANDIN:{decision}")),
        ("Provider", world.issuer.url()),
        ("Audience", &world.url("")),
        ("SubjectFromWebIdentityToken", "repo:acme@9001/shop@456789:ref:refs/heads/main"),
        ("AccessKeyId", "ASIASTANDIN000000000"),
        ("SecretAccessKey", "secret/+0"),
        ("SessionToken", "session</+0"),
        ("PackedPolicySize", "7"),
        ("RequestId", &decision),
    ] {
        assert_eq!(element(&document, name), value, "{document}");
    }
    assert_eq!(
        assume(&world, &token, ROLE, &[("DurationSeconds", "3600")]).await,
        (200, document),
        "a retry gets the same answer"
    );
    assert_eq!(sts.asked().len(), 1);
    assert_eq!(sts.asked()[0]["RoleSessionName"], decision, "the session is named after the decision");
    let released = world.audit().into_iter().find(|entry| entry.kind == "released").unwrap().body;
    assert_eq!((&released["api"], &released["session_name"]), (&json!("aws-sts"), &json!("GitHubActions")));
    assert_eq!(released["narrowed"], json!({"duration_seconds": 3600}));
    world.kill_and_restart().await;
    let (status, known) = whoami(&world, Some("session</+0")).await;
    assert_eq!((status, element(&known, "Arn")), (200, arn), "{known}");
    assert_eq!((element(&known, "Account"), element(&known, "RequestId")), ("123456789012".to_owned(), decision.clone()));
    assert_eq!(element(&known, "UserId"), format!("AROASTANDIN:{decision}"));
    let form = [("Action", "GetCallerIdentity"), ("Version", "2011-06-15"), ("X-Amz-Security-Token", "session</+0")];
    assert_eq!(post(&world, encode(&form), None).await, (200, known), "the token may also be a parameter");
    for unknown in [Some("session</+1"), Some(""), None] {
        let (status, refused) = whoami(&world, unknown).await;
        assert_eq!((status, element(&refused, "Code").as_str()), (403, "InvalidClientTokenId"));
        assert!(element(&refused, "Message").contains("credential_unknown"), "{refused}");
    }
    let store = std::fs::read(world.path("data/daypass.sqlite")).unwrap();
    let log = std::fs::read(world.path("data/daypass.sqlite-wal")).unwrap_or_default();
    for secret in [&b"session</+0"[..], b"secret/+0"] {
        assert!(![&store, &log].iter().any(|bytes| bytes.windows(secret.len()).any(|window| window == secret)), "in the store");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_can_only_narrow_the_session() {
    let (sts, world) = start().await;
    let inline = "{\"Version\":\"2012-10-17\",\"Statement\":[]}";
    let managed = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    for (requested, lives) in [(None, "1800"), (Some("900"), "900"), (Some("43200"), "1800")] {
        let more: Vec<(&str, &str)> = requested.iter().map(|seconds| ("DurationSeconds", *seconds)).collect();
        assert_eq!(assume(&world, &world.token(), ROLE, &more).await.0, 200);
        assert_eq!(sts.asked().last().unwrap()["DurationSeconds"], lives, "{requested:?}");
    }
    let token = world.token();
    let (status, _) = assume(&world, &token, ROLE, &[("Policy", inline), ("PolicyArns.member.1.arn", managed)]).await;
    let forms = sts.asked();
    let form = forms.last().unwrap();
    assert_eq!((status, form["Policy"].as_str(), form["PolicyArns.member.1.arn"].as_str()), (200, inline, managed));
    let released = world.audit().into_iter().rfind(|entry| entry.kind == "released").unwrap().body;
    assert_eq!(released["narrowed"], json!({"policy": inline, "policy_arns": [managed]}));
    for other in [&[][..], &[("Policy", inline)], &[("Policy", "{}"), ("PolicyArns.member.1.arn", managed)]] {
        let (status, refused) = assume(&world, &token, ROLE, other).await;
        assert_eq!((status, element(&refused, "Code").as_str()), (403, "IDPRejectedClaim"), "{other:?}: {refused}");
        assert!(
            element(&refused, "Message").contains("replayed"),
            "only the same request gets a narrowed answer again: {refused}"
        );
    }
    let count = sts.asked().len();
    for own in [("Policy", inline), ("PolicyArns.member.1.arn", managed)] {
        let (status, refused) = assume(&world, &world.token(), FIXED, &[own]).await;
        assert_eq!((status, element(&refused, "Code").as_str()), (403, "AccessDenied"));
        assert!(element(&refused, "Message").contains("session_policy_denied"), "{refused}");
    }
    assert_eq!(sts.asked().len(), count, "AWS is not asked");
    assert_eq!(assume(&world, &world.token(), FIXED, &[]).await.0, 200);
    assert!(sts.asked().last().unwrap()["Policy"].contains("Statement"), "the trust policy's own");
    let (status, refused) = assume(&world, &world.token(), ROLE, &[("Policy", "{\"malformed\":1}")]).await;
    assert_eq!((status, element(&refused, "Code").as_str()), (400, "MalformedPolicyDocument"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_request_is_refused_in_awss_form_and_recorded() {
    let (sts, world) = start().await;
    let good = |token: &str| {
        encode(&[
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", ROLE),
            ("RoleSessionName", "x1"),
            ("WebIdentityToken", token),
        ])
    };
    let form = good(&world.token());
    let with = |more: &str| format!("{form}&{more}");
    let cases: [(&str, &str, &str, String, u16, &str); 18] = [
        ("GET", "/aws/sts/?FORM", "", String::new(), 400, "MalformedHttpRequestException"),
        ("PUT", "/aws/sts/", FORM, form.clone(), 400, "MalformedHttpRequestException"),
        ("POST", "/aws/sts/?FORM", FORM, String::new(), 400, "MalformedHttpRequestException"),
        (
            "POST",
            "/aws/sts",
            "application/json",
            json!({"Action": "GetCallerIdentity"}).to_string(),
            400,
            "MalformedHttpRequestException",
        ),
        ("POST", "/aws/sts", "text/xml", "<Action>&x;</Action".to_owned(), 400, "MalformedHttpRequestException"),
        ("POST", "/aws/sts/", FORM, String::new(), 400, "MissingAction"),
        ("POST", "/aws/sts/", FORM, form.replace("2011-06-15", "2010-05-08"), 400, "InvalidAction"),
        ("POST", "/aws/sts/", FORM, form.replace("AssumeRoleWithWebIdentity", "GetSessionToken"), 400, "InvalidAction"),
        ("POST", "/aws/sts/", FORM, form.replace("AssumeRoleWithWebIdentity", "%3C%2FCode%3E%00"), 400, "InvalidAction"),
        ("POST", "/aws/sts/", FORM, with("Action=GetCallerIdentity"), 400, "InvalidQueryParameter"),
        ("POST", "/aws/sts/", FORM, with("RoleArn=x"), 400, "InvalidQueryParameter"),
        ("POST", "/aws/sts/", FORM, with("rolearn=x"), 400, "InvalidQueryParameter"),
        ("POST", "/aws/sts/", FORM, with("TokenCode=%ff"), 400, "InvalidQueryParameter"),
        ("POST", "/aws/sts/", FORM, with("Policy=%7b%22a%22%3a%00%7d"), 400, "MalformedPolicyDocument"),
        ("POST", "/aws/sts/", FORM, form.replace("deploy", "..%2Fdeploy%20"), 400, "ValidationError"),
        ("POST", "/aws/sts/", FORM, with(&format!("Policy={}", "x".repeat(70_000))), 413, "RequestEntityTooLargeException"),
        ("POST", "/aws/sts/", FORM, good("not-a-token"), 400, "InvalidIdentityToken"),
        ("POST", "/aws/sts/", FORM, good(&format!("{}x", world.token())), 400, "InvalidIdentityToken"),
    ];
    for (number, (method, path, kind, body, status, code)) in cases.iter().enumerate() {
        let address = world.url(&path.replace("FORM", &form));
        let request = world.http.request(method.parse().unwrap(), address).header("content-type", *kind);
        let response = request.body(body.clone()).send().await.unwrap();
        let (got, document) = (response.status().as_u16(), response.text().await.unwrap());
        assert_eq!((got, element(&document, "Code").as_str()), (*status, *code), "{number}: {document}");
        assert_eq!(element(&document, "Type"), "Sender");
        let decision = element(&document, "RequestId");
        let records: Vec<_> =
            world.audit().into_iter().filter(|entry| entry.decision.as_deref() == Some(decision.as_str())).collect();
        assert_eq!((records.len(), records[0].kind.as_str()), (1, "refused"), "{number}: {document}");
        assert!(element(&document, "Message").contains(&decision), "{document}");
        assert!(!document.contains(&world.token()[..60]) && document.len() < 2000, "{number}: no token comes back");
    }
    assert!(sts.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn container_credentials_are_read_with_the_token_as_it_stands_in_its_file() {
    let (sts, world) = start().await;
    let get = async |query: &str, authorization: Vec<String>, method: &str| {
        let mut request = world.http.request(method.parse().unwrap(), world.url(&format!("/aws/container{query}")));
        for value in authorization {
            request = request.header("authorization", value);
        }
        let response = request.send().await.unwrap();
        assert_eq!(
            (&response.headers()["content-type"], &response.headers()["cache-control"]),
            (&"application/json".parse().unwrap(), &"no-store".parse().unwrap())
        );
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let query = format!("?{}", encode(&[("role", ROLE)]));
    for authorization in [world.token(), format!("Bearer {}", world.token())] {
        let (status, answer) = get(&query, vec![authorization], "GET").await;
        assert_eq!(status, 200, "{answer}");
        for name in ["AccessKeyId", "SecretAccessKey", "Token", "Expiration"] {
            assert!(answer[name].as_str().is_some_and(|value| !value.is_empty()), "{name}: {answer}");
        }
        assert_eq!((&answer["AccountId"], &answer["RoleArn"]), (&json!("123456789012"), &json!(ROLE)));
    }
    assert_eq!(sts.asked().len(), 2);
    let again = format!("{query}&role=x");
    let unknown = format!("{query}&Role=x");
    let token = || vec![world.token()];
    for (query, authorization, method, status, code) in [
        (query.as_str(), vec![], "GET", 400, "InvalidIdentityToken"),
        (&query, vec![world.token(), world.token()], "GET", 400, "InvalidIdentityToken"),
        (&query, vec!["Basic eDp5".to_owned()], "GET", 400, "InvalidIdentityToken"),
        (&query, token(), "POST", 400, "ValidationError"),
        (&again, token(), "GET", 400, "ValidationError"),
        (&unknown, token(), "GET", 400, "ValidationError"),
        ("?role=deploy", token(), "GET", 400, "ValidationError"),
        ("?role=arn:aws:iam::123456789012:role/..%2F..%00", token(), "GET", 400, "ValidationError"),
        ("", token(), "GET", 403, "AccessDenied"),
    ] {
        let (got, answer) = get(query, authorization, method).await;
        assert_eq!((got, answer["code"].as_str()), (status, Some(code)), "{query} {answer}");
        assert!(answer["message"].as_str().unwrap().contains("decision "), "{answer}");
    }
    assert_eq!(sts.asked().len(), 2);
}
