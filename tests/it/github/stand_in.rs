//! A stand-in for GitHub's REST API, as far as an App's own JWT and its installation tokens go. It is strict where GitHub's description
//! of its API is (npm's @octokit/openapi 23.0.2), keeps what it was asked, and tells the lies that a test asks of it.

mod app;
mod lie;
mod reply;

pub use app::AppPair;
pub use lie::Lie;

use crate::relying_party::{acceptor, reached, serve};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use reply::{error, json_reply};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// One installation of the App.
#[derive(Clone)]
pub struct Installation {
    pub id: u64,
    pub login: &'static str,
    pub kind: &'static str,
    pub permissions: Value,
    pub repositories: Vec<(u64, &'static str)>,
    pub selection: &'static str,
    pub suspended: bool,
}

/// The installation that exists from the start.
pub fn acme() -> Installation {
    Installation {
        id: 9001,
        login: "Acme",
        kind: "Organization",
        permissions: json!({ "contents": "write", "issues": "read", "metadata": "read", "next_weeks": "read" }),
        repositories: vec![(1, "shop"), (2, "site"), (3, ".github")],
        selection: "all",
        suspended: false,
    }
}

/// A request that it got.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub body: Value,
    pub version: Option<String>,
}

/// The format of tokens, where the request does not choose one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `ghs_` and 36 characters.
    Old,
    /// `ghs_APPID_JWT`, 520 characters.
    Stateless,
}

pub struct World {
    pub app: AppPair,
    pub installations: Vec<Installation>,
    pub shape: Shape,
    pub lie: Option<Lie>,
    /// How many revocations still come to a server that does not know the token yet.
    pub unknown_for: u32,
    pub limit: u64,
    pub remaining: u64,
    /// In how many seconds the limit is reset.
    pub reset_in: i64,
    pub asked: Vec<Asked>,
    /// The JWTs and tokens that were sent to it.
    pub shown: Vec<String>,
    /// Every token, and whether it was revoked.
    pub tokens: BTreeMap<String, bool>,
}

#[derive(Clone)]
pub struct StandInGitHub {
    pub url: String,
    pub world: Arc<Mutex<World>>,
}

impl StandInGitHub {
    /// Over TLS, with the certificate of this folder.
    pub async fn start(folder: &Path) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let world = World {
            app: AppPair::generate(),
            installations: vec![acme()],
            shape: Shape::Stateless,
            lie: None,
            unknown_for: 0,
            limit: 5000,
            remaining: 5000,
            reset_in: 1800,
            asked: Vec::new(),
            shown: Vec::new(),
            tokens: BTreeMap::new(),
        };
        let stand_in = Self { url, world: Arc::new(Mutex::new(world)) };
        let router = Router::new().route("/", reached(answer)).fallback(answer).with_state(stand_in.clone());
        tokio::spawn(serve(listener, acceptor(folder), router));
        stand_in
    }

    /// Changes something of its world.
    pub fn with<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.world.lock().unwrap())
    }

    /// The requests of this method, by their paths.
    pub fn paths(&self, method: &str) -> Vec<String> {
        let requests = self.with(|world| world.asked.clone());
        requests.into_iter().filter(|request| request.method == method).map(|request| request.path).collect()
    }
}

async fn answer(
    State(stand_in): State<StandInGitHub>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let request = Asked {
        method: method.to_string(),
        path: uri.path().to_owned(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        version: text("x-github-api-version"),
    };
    let mut world = stand_in.world.lock().unwrap();
    world.asked.push(request.clone());
    if request.version.as_ref().is_some_and(|version| !["2022-11-28", "2026-03-10"].contains(&version.as_str())) {
        return error(StatusCode::BAD_REQUEST, "API version is not supported");
    }
    if text("user-agent").is_none_or(|agent| agent.is_empty()) {
        return error(
            StatusCode::FORBIDDEN,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
        );
    }
    // `Bearer`, and octokit's `bearer` and `token`.
    let authorization = text("authorization").unwrap_or_default();
    let (scheme, bearer) = authorization.split_once(' ').unwrap_or_default();
    world.shown.push(bearer.to_owned());
    let path: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    let mut response = match (&method, &path[..]) {
        (&Method::DELETE, ["installation", "token"]) => world.revoke(bearer),
        (&Method::GET, ["installation", "repositories"]) => world.usable(bearer),
        _ if !scheme.eq_ignore_ascii_case("bearer") => error(StatusCode::UNAUTHORIZED, "A JSON web token could not be decoded"),
        (method, path) => match world.app.verify(bearer) {
            Err(fault) => error(StatusCode::UNAUTHORIZED, &fault),
            Ok(()) => world.by_app(method, path, &body, &text),
        },
    };
    if !response.headers().contains_key("retry-after") {
        let reset = (daypass::words::Clock::now(&daypass::words::SystemClock).seconds() + world.reset_in).to_string();
        for (name, value) in [("limit", world.limit.to_string()), ("remaining", world.remaining.to_string()), ("reset", reset)] {
            let name: axum::http::HeaderName = format!("x-ratelimit-{name}").parse().unwrap();
            response.headers_mut().insert(name, value.parse().unwrap());
        }
    }
    response
}

impl World {
    fn by_app(
        &mut self,
        method: &Method,
        path: &[&str],
        body: &Bytes,
        header: &dyn Fn(&str) -> Option<String>,
    ) -> Response<Body> {
        if self.remaining == 0 {
            return error(StatusCode::FORBIDDEN, "API rate limit exceeded for installation ID 9001.");
        }
        self.remaining -= 1;
        if let Some(response) = self.lie.and_then(|lie| lie.instead(path)) {
            return response;
        }
        let at = |named: &dyn Fn(&Installation) -> bool| self.installations.iter().find(|one| named(one));
        let found = match (method, path) {
            (&Method::GET, ["users", owner, "installation"]) => at(&|one| one.login.eq_ignore_ascii_case(owner)),
            (&Method::GET, ["orgs", owner, "installation"]) => {
                at(&|one| one.kind == "Organization" && one.login.eq_ignore_ascii_case(owner))
            }
            (&Method::GET, ["repos", owner, name, "installation"]) => at(&|one| {
                let has = |(_, own): &(u64, &str)| own.eq_ignore_ascii_case(name);
                one.login.eq_ignore_ascii_case(owner) && one.repositories.iter().any(has)
            }),
            (&Method::POST, ["app", "installations", id, "access_tokens"]) => {
                let Some(found) = at(&|one| one.id.to_string() == *id).cloned() else {
                    return error(StatusCode::NOT_FOUND, "Not Found");
                };
                return self.mint(&found, body, header);
            }
            _ => None,
        };
        match found {
            Some(found) => json_reply(StatusCode::OK, &Lie::of_installation(self.lie, self.app.described(found))),
            None => error(StatusCode::NOT_FOUND, "Not Found"),
        }
    }

    fn mint(&mut self, from: &Installation, body: &Bytes, header: &dyn Fn(&str) -> Option<String>) -> Response<Body> {
        if from.suspended {
            return error(StatusCode::FORBIDDEN, "This installation has been suspended");
        }
        let is_json = header("content-type").is_some_and(|kind| kind.split(';').next().unwrap() == "application/json");
        if !body.is_empty() && !is_json {
            return error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported content type");
        }
        let requested: Map<String, Value> = match serde_json::from_slice(if body.is_empty() { b"{}" } else { body }) {
            Ok(requested) => requested,
            Err(_) => return error(StatusCode::BAD_REQUEST, "Problems parsing JSON"),
        };
        let mut minted = match reply::minted(from, &requested) {
            Ok(minted) => minted,
            Err(fault) => return error(StatusCode::UNPROCESSABLE_ENTITY, &fault),
        };
        let shape = match header("x-github-stateless-s2s-token").as_deref() {
            Some("enabled") => Shape::Stateless,
            Some("disabled") => Shape::Old,
            _ => self.shape,
        };
        let token = self.app.token(shape);
        minted["token"] = token.as_str().into();
        self.tokens.insert(token, false);
        match self.lie {
            Some(lie) => lie.of_token(minted),
            None => json_reply(StatusCode::CREATED, &minted),
        }
    }

    fn revoke(&mut self, bearer: &str) -> Response<Body> {
        if self.lie == Some(Lie::Irrevocable) {
            return error(StatusCode::INTERNAL_SERVER_ERROR, "Server Error");
        }
        if self.lie == Some(Lie::ProxyRefuses) {
            let page = Response::builder().status(StatusCode::UNAUTHORIZED).header("content-type", "text/html");
            return page.body(Body::from("<html>Sign in</html>")).unwrap();
        }
        if let Some(left) = self.unknown_for.checked_sub(1) {
            self.unknown_for = left;
            return error(StatusCode::UNAUTHORIZED, "Bad credentials");
        }
        match self.tokens.get_mut(bearer) {
            Some(revoked) if !*revoked => {
                *revoked = true;
                Response::builder().status(StatusCode::NO_CONTENT).body(Body::empty()).unwrap()
            }
            _ => error(StatusCode::UNAUTHORIZED, "Bad credentials"),
        }
    }

    fn usable(&self, bearer: &str) -> Response<Body> {
        match self.tokens.get(bearer) {
            Some(false) => json_reply(StatusCode::OK, &json!({ "total_count": 0, "repositories": [] })),
            _ => error(StatusCode::UNAUTHORIZED, "Bad credentials"),
        }
    }
}
