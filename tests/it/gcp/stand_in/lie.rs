//! Answers that Google does not give: wider ones, broken ones, and none.

use super::now;
use super::reply::json_reply;
use axum::body::{Body, Bytes};
use axum::http::{Response, StatusCode};
use daypass::words::UnixTime;
use hyper::body::{Body as HttpBody, Frame};
use serde_json::{Value, json};
use std::pin::Pin;
use std::task::{Context, Poll};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lie {
    // of the STS
    FederatedLonger,
    FederatedOver,
    FederatedForever,
    /// Our own token again.
    FederatedSame,
    OtherType,
    OtherIssuedType,
    HostileToken,
    BoundaryLonger,
    BoundaryOtherType,
    /// The token without a boundary again.
    BoundarySame,
    // of a service account
    Longer,
    Over,
    NoEnd,
    NoToken,
    LongToken,
    Truncated,
    OtherAudience,
    OtherAccount,
    NoAccount,
    IdLonger,
    /// A refusal that repeats the token of the request.
    Echo,
    /// A refusal that repeats our own token, which the STS got.
    EchoAssertion,
    // of either, in the place of an answer
    Sts(Instead),
    Iam(Instead),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Instead {
    Hangs,
    Html,
    Huge,
    Fails,
    Redirects,
    Empty,
    TheOtherError,
    Throttles,
    /// The whole answer, with a status that Google does not document.
    OtherSuccess,
}

/// More than any client reads.
const HUGE: usize = 300 * 1024;

impl Lie {
    /// The answer that replaces every answer of an endpoint.
    pub fn instead(self, path: &str) -> Option<Response<Body>> {
        let is_sts = path == "/v1/token";
        let instead = match self {
            Self::Sts(instead) if is_sts => instead,
            Self::Iam(instead) if !is_sts => instead,
            _ => return None,
        };
        let html = |status: u16| {
            let page = "<html><script>ya29.evil</script>";
            Response::builder().status(status).header("content-type", "text/html").body(Body::from(page)).unwrap()
        };
        Some(match instead {
            Instead::Hangs => Response::new(Body::new(Stalling)),
            Instead::Html => html(200),
            Instead::Huge => json_reply(200, &json!({ "access_token": "x".repeat(HUGE), "accessToken": "x".repeat(HUGE) })),
            Instead::Fails => html(502),
            Instead::Redirects => {
                Response::builder().status(307).header("location", "https://evil.example/").body(Body::empty()).unwrap()
            }
            Instead::Empty => json_reply(200, &json!({})),
            Instead::TheOtherError if is_sts => super::status(403, "PERMISSION_DENIED", "ya29.evil", None),
            Instead::TheOtherError => super::reply::oauth("unauthorized_client", "ya29.evil"),
            Instead::Throttles if is_sts => json_reply(429, &json!({ "error": "slow_down", "error_description": "Quota." })),
            Instead::Throttles => super::status(429, "RESOURCE_EXHAUSTED", "Quota exceeded.", None),
            Instead::OtherSuccess => return None,
        })
    }

    pub fn with_status(told: Option<Self>, this: Self, mut answer: Response<Body>) -> Response<Body> {
        if told == Some(this) {
            *answer.status_mut() = StatusCode::ACCEPTED;
        }
        answer
    }

    pub fn of_exchange(self, mut answer: Value) -> Response<Body> {
        match self {
            Self::FederatedLonger => answer["expires_in"] = 7200.into(),
            Self::FederatedOver => answer["expires_in"] = 0.into(),
            Self::FederatedForever => _ = answer.as_object_mut().unwrap().remove("expires_in"),
            Self::OtherType => answer["token_type"] = "N_A".into(),
            Self::OtherIssuedType => answer["issued_token_type"] = "urn:ietf:params:oauth:token-type:refresh_token".into(),
            Self::HostileToken => answer["access_token"] = "ya29.evil\"\r\nx: \u{202e}".into(),
            _ => {}
        }
        json_reply(200, &answer)
    }

    pub fn of_boundary(self, mut answer: Value) -> Response<Body> {
        match self {
            Self::BoundaryLonger => answer["expires_in"] = 7200.into(),
            Self::BoundaryOtherType => answer["issued_token_type"] = "evil".into(),
            _ => {}
        }
        json_reply(200, &answer)
    }

    pub fn of_account(self, mut answer: Value) -> Response<Body> {
        match self {
            Self::Longer => answer["expireTime"] = UnixTime::from_seconds(now() + 13 * 3600).to_string().into(),
            Self::Over => answer["expireTime"] = UnixTime::from_seconds(now() - 1).to_string().into(),
            Self::NoEnd => _ = answer.as_object_mut().unwrap().remove("expireTime"),
            Self::NoToken => _ = answer.as_object_mut().unwrap().remove("accessToken"),
            Self::LongToken => answer["accessToken"] = "x".repeat(20 * 1024).into(),
            Self::Truncated => {
                let whole = answer.to_string();
                let part = Body::from(whole[..whole.len() - 10].to_owned());
                return Response::builder().header("content-type", "application/json").body(part).unwrap();
            }
            _ => {}
        }
        json_reply(200, &answer)
    }

    pub fn of_claims(self, claims: &mut Value) {
        match self {
            Self::OtherAudience => claims["aud"] = "https://evil.example".into(),
            Self::OtherAccount => claims["email"] = "evil@acme.iam.gserviceaccount.com".into(),
            Self::NoAccount => _ = claims.as_object_mut().unwrap().remove("email"),
            Self::IdLonger => claims["exp"] = (now() + 7200).into(),
            _ => {}
        }
    }
}

/// A body that never comes.
struct Stalling;

impl HttpBody for Stalling {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Pending
    }
}
