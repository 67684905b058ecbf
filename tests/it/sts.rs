//! A stand-in for AWS STS that gives every caller a session, keeps the requests, and fails for roles with certain names.

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use daypass::words::{Clock, SystemClock};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub type Form = BTreeMap<String, String>;

pub struct StandInSts {
    pub url: String,
    asked: Arc<Mutex<Vec<Form>>>,
}

impl StandInSts {
    pub async fn start() -> Self {
        Self::answering(answer).await
    }

    /// Gives these answers, by the form and the number of the request.
    pub async fn answering(answer: fn(&Form, usize) -> Response) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sts = Self { url: format!("http://{}", listener.local_addr().unwrap()), asked: Arc::default() };
        let forms = sts.asked.clone();
        let answer = move |headers: HeaderMap, body: String| async move {
            // Our trace context is not sent outside.
            assert!(!headers.contains_key("traceparent") && !headers.contains_key("tracestate"), "{headers:?}");
            let form = form(&body);
            let number = forms.lock().unwrap().len();
            forms.lock().unwrap().push(form.clone());
            // For tests that send another request meanwhile.
            if form["RoleArn"].ends_with("role/slow") {
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
            answer(&form, number)
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(answer))).await });
        sts
    }

    /// The `aws` section that names it.
    pub fn section(&self) -> String {
        format!("aws: {{ mode: web-identity, regions: [us-east-1], endpoint: \"{}\" }}\n", self.url)
    }

    /// Every form that it got.
    pub fn asked(&self) -> Vec<Form> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(form: &Form, number: usize) -> Response {
    let role = &form["RoleArn"];
    let error = |status: StatusCode, code: &str| refusal(status, code, "no");
    if role.ends_with("role/untrusting") {
        return error(StatusCode::FORBIDDEN, "AccessDenied");
    }
    if role.ends_with("role/silent") {
        return error(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable");
    }
    if form.get("Policy").is_some_and(|policy| policy.contains("malformed")) {
        return error(StatusCode::BAD_REQUEST, "MalformedPolicyDocument");
    }
    // For tests that need the end of a session. No real STS gives so little.
    let seconds = match role.rsplit('/').next() {
        Some("brief") => 9,
        Some("short") => 20,
        _ => form["DurationSeconds"].parse().unwrap(),
    };
    let expiration = SystemClock.now().plus(Duration::from_secs(seconds));
    // For tests that search for it.
    let mark = if role.ends_with("role/canary") { crate::canaries::memory::random() } else { String::new() };
    let secrets = (format!("{mark}secret/+{number}"), format!("session&lt;/+{mark}{number}"));
    xml(session(form, number, &secrets, &expiration.to_string()))
}

/// A session as AWS STS gives it, with this secret key and this session token.
pub fn session(form: &Form, number: usize, (secret_key, token): &(String, String), expiration: &str) -> String {
    let (role, session) = (&form["RoleArn"], &form["RoleSessionName"]);
    let (account, name) = (role.split(':').nth(4).unwrap(), role.rsplit('/').next().unwrap());
    format!(
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult>\
         <AssumedRoleUser><Arn>arn:aws:sts::{account}:assumed-role/{name}/{session}</Arn><AssumedRoleId>AROASTANDIN:{session}</AssumedRoleId></AssumedRoleUser>\
         <Credentials><AccessKeyId>ASIASTANDIN{number:09}</AccessKeyId><SecretAccessKey>{secret_key}</SecretAccessKey>\
         <SessionToken>{token}</SessionToken><Expiration>{expiration}</Expiration></Credentials><PackedPolicySize>7</PackedPolicySize>\
         </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    )
}

/// An answer with this document.
pub fn xml(document: String) -> Response {
    ([("content-type", "text/xml")], document).into_response()
}

/// A refusal in AWS's form.
pub fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    );
    (status, [("content-type", "text/xml")], body).into_response()
}

/// The parameters of a form.
pub fn form(body: &str) -> Form {
    reqwest::Url::parse(&format!("http://x/?{body}")).unwrap().query_pairs().into_owned().collect()
}

/// These parameters as a form.
pub fn encode(parameters: &[(&str, &str)]) -> String {
    let mut url = reqwest::Url::parse("http://x/").unwrap();
    url.query_pairs_mut().extend_pairs(parameters);
    url.query().unwrap().to_owned()
}

/// The text of the first element of this name.
pub fn element(document: &str, name: &str) -> String {
    let inside = document.split(&format!("<{name}>")).nth(1).and_then(|rest| rest.split(&format!("</{name}>")).next());
    let text = inside.unwrap_or_else(|| panic!("no {name} in {document}"));
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}
