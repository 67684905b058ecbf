//! Answers that GitHub does not give: wider ones, broken ones, and none.

use super::reply::{described, error, json_reply};
use axum::body::{Body, Bytes};
use axum::http::{Response, StatusCode};
use daypass::words::{Clock, SystemClock};
use hyper::body::{Body as HttpBody, Frame};
use serde_json::{Value, json};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lie {
    // of a token
    MorePermissions,
    HigherLevel,
    UnknownLevel,
    NoPermissions,
    OtherRepository,
    MoreRepositories,
    NoRepositories,
    OtherOwner,
    SelectionAll,
    Longer,
    Brief,
    Over,
    NoToken,
    HostileToken,
    LongToken,
    Truncated,
    TwoTokens,
    Huge,
    Stalls,
    Irrevocable,
    ProxyRefuses,
    OtherSuccess,
    // of anything
    Hangs,
    Html,
    Fails,
    Redirects,
    SecondaryLimit,
    // of an installation
    OtherAccount,
    HugeInstallation,
}

/// How much `Lie::Huge` adds: more than any client reads.
const HUGE: usize = 9 * 1024 * 1024;

impl Lie {
    /// The answer that replaces every answer.
    pub fn instead(self, path: &[&str]) -> Option<Response<Body>> {
        let html = |status| {
            let page = "<html><script>ghs_000000000000000000000000000000000000</script>";
            Response::builder().status(status).header("content-type", "text/html").body(Body::from(page)).unwrap()
        };
        Some(match self {
            Self::Hangs => Response::new(Body::new(Stalling(None))),
            Self::Html => html(if path.ends_with(&["access_tokens"]) { 201 } else { 200 }),
            Self::Fails => html(502),
            Self::Redirects => {
                let mut response = error(StatusCode::MOVED_PERMANENTLY, "Moved Permanently");
                response.headers_mut().insert("location", "https://elsewhere.example/".parse().unwrap());
                response
            }
            Self::SecondaryLimit => {
                let mut response = error(StatusCode::FORBIDDEN, "You have exceeded a secondary rate limit.");
                response.headers_mut().insert("retry-after", "120".parse().unwrap());
                response
            }
            _ => return None,
        })
    }

    pub fn of_installation(lie: Option<Self>, mut described: Value) -> Value {
        match lie {
            Some(Self::OtherAccount) => described["account"]["login"] = "evil".into(),
            Some(Self::HugeInstallation) => described["events"] = "x".repeat(HUGE).into(),
            _ => {}
        }
        described
    }

    pub fn of_token(self, mut minted: Value) -> Response<Body> {
        let later = |seconds| SystemClock.now().plus(Duration::from_secs(seconds)).to_string();
        let mut without = |key: &str| _ = minted.as_object_mut().unwrap().remove(key);
        match self {
            Self::NoPermissions => without("permissions"),
            Self::NoRepositories => without("repositories"),
            Self::NoToken => without("token"),
            Self::MorePermissions => minted["permissions"]["organization_administration"] = "read".into(),
            Self::HigherLevel => minted["permissions"]["contents"] = "write".into(),
            Self::UnknownLevel => minted["permissions"]["contents"] = "owner".into(),
            Self::OtherRepository => minted["repositories"] = json!([described("Acme", 3, ".github")]),
            Self::MoreRepositories => minted["repositories"].as_array_mut().unwrap().push(described("Acme", 2, "site")),
            Self::OtherOwner => minted["repositories"] = json!([described("evil", 1, "shop")]),
            Self::SelectionAll => minted["repository_selection"] = "all".into(),
            Self::Longer => minted["expires_at"] = later(7200).into(),
            Self::Brief => minted["expires_at"] = later(20).into(),
            Self::Over => minted["expires_at"] = "2020-01-01T00:00:00Z".into(),
            Self::HostileToken => minted["token"] = "ghs_\"\r\nx: y\u{0}\u{202e}000000000000000000000000000000000000".into(),
            Self::LongToken => minted["token"] = format!("ghs_{}", "a".repeat(10_000)).into(),
            _ => {}
        }
        let text = minted.to_string();
        let body = match self {
            Self::Truncated => Body::from(text[..text.len() / 2 + 300].to_owned()),
            Self::TwoTokens => Body::from(text.replacen('{', "{\"token\":\"ghs_000000000000000000000000000000000000\",", 1)),
            Self::Huge => Body::from(text.replacen('}', &format!(",\"x\":\"{}\"}}", "x".repeat(HUGE)), 1)),
            Self::OtherSuccess => return json_reply(StatusCode::OK, &minted),
            Self::Stalls => Body::new(Stalling(Some(text[..text.len() - 5].to_owned().into()))),
            _ => return json_reply(StatusCode::CREATED, &minted),
        };
        Response::builder().status(StatusCode::CREATED).header("content-type", "application/json").body(body).unwrap()
    }
}

/// A body that gives these bytes and never ends.
struct Stalling(Option<Bytes>);

impl HttpBody for Stalling {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.take().map_or(Poll::Pending, |bytes| Poll::Ready(Some(Ok(Frame::data(bytes)))))
    }
}
