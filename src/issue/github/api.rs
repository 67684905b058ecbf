//! One request of GitHub's REST API: bounded in time and in size, followed nowhere, and kept in no connection.

use crate::issuers::http::{Trust, cause};
use crate::words::Secret;
use crate::words::github::Owner;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};

/// GitHub, "API Versions": the one that GitHub.com and every supported GitHub Enterprise Server know. On GitHub.com it is supported
/// for 24 months at least behind its successor of 2026-03-10, which changes nothing of these requests.
const VERSION: &str = "2022-11-28";
/// A repository is described in some 6 KB, and an answer may list 500.
const MINTED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// One installation, or an error.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// Where GitHub is.
pub(super) struct Api {
    client: Client,
    base: Url,
    has_ca: bool,
}

/// What is asked.
pub(super) enum Call<'a> {
    /// The installation of an account. GitHub finds organizations here too, as actions/create-github-app-token relies on.
    Installation(&'a Owner),
    /// A token of an installation.
    Mint(u64, Vec<u8>),
    /// The end of the token that is shown.
    Revoke,
}

/// What was heard.
pub(super) struct Heard {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Secret,
    /// Why the body is not whole.
    pub(super) cut: Option<Cut>,
}

/// Why nothing was heard, or not all. No byte of an answer is in it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cut {
    #[error("{0}")]
    Unanswered(String),
    #[error("no answer in time")]
    Late,
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
}

impl Api {
    pub(super) const fn new(client: Client, base: Url, has_ca: bool) -> Self {
        Self { client, base, has_ca }
    }

    /// Asks as whoever the bearer shows; tried once more where there was no connection, so that nothing was asked yet.
    pub(super) async fn send(&self, call: &Call<'_>, bearer: &Secret) -> Result<Heard, Cut> {
        let limit = if matches!(call, Call::Mint(..)) { MINTED_BYTES_MAX } else { BODY_BYTES_MAX };
        let response = match self.request(call, bearer).send().await {
            Err(fault) if fault.is_connect() && !fault.is_timeout() => self.request(call, bearer).send().await,
            done => done,
        };
        let response = response.map_err(|fault| self.cut(&fault))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let (body, cut) = self.body(response, limit).await;
        Ok(Heard { status, headers, body, cut })
    }

    fn request(&self, call: &Call<'_>, bearer: &Secret) -> RequestBuilder {
        let id;
        let (method, segments) = match call {
            Call::Installation(owner) => (Method::GET, vec!["users", owner.as_str(), "installation"]),
            Call::Mint(installation, _) => {
                id = installation.to_string();
                (Method::POST, vec!["app", "installations", &id, "access_tokens"])
            }
            Call::Revoke => (Method::DELETE, vec!["installation", "token"]),
        };
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        let request = self.client.request(method, url).bearer_auth(bearer.expose_text().unwrap_or_default());
        let request = request.header(ACCEPT, "application/vnd.github+json").header("x-github-api-version", VERSION);
        match call {
            Call::Mint(_, body) => request.header(CONTENT_TYPE, "application/json").body(body.clone()),
            Call::Installation(_) | Call::Revoke => request,
        }
    }

    /// As much of it as came: a token may be in the first bytes of what is cut.
    async fn body(&self, mut response: Response, limit: usize) -> (Secret, Option<Cut>) {
        let mut body = Vec::new();
        let cut = loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > limit => break Some(Cut::TooLarge(limit)),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break None,
                Err(fault) => break Some(self.cut(&fault)),
            }
        };
        (Secret::new(body), cut)
    }

    fn cut(&self, fault: &reqwest::Error) -> Cut {
        if fault.is_timeout() {
            return Cut::Late;
        }
        let trust = Trust { is_named: self.has_ca, named_by: "the App's `ca`", keeper: "whoever runs this GitHub" };
        Cut::Unanswered(cause(fault, trust).replace("\nhint: ", "; "))
    }
}
