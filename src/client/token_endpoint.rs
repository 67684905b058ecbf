//! Addresses at which CIs give a running job its OIDC token. Two variables name each, and some take our audience.

use super::environment::Environment;
use super::error::TokenRequestError;
use super::{Failure, STATUS_UNAVAILABLE};
use crate::issuers::http::{BodyError, read_body};
use crate::token::TOKEN_BYTES_MAX;
use crate::words::{Secret, root_cause};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request, Url};
use serde_json::Value;

/// The largest answer: a token, and what a CI adds to it.
const ANSWER_BYTES_MAX: usize = 4 * TOKEN_BYTES_MAX;

/// One CI's endpoint, as it documents it.
#[derive(Debug, PartialEq, Eq)]
pub struct TokenEndpoint {
    ci: &'static str,
    url_variable: &'static str,
    token_variable: &'static str,
    /// The text before the token in `Authorization`.
    scheme: &'static str,
    method: Method,
    /// Whether the job may choose the audience.
    takes_audience: bool,
    /// Further parameters of its address.
    query: &'static [(&'static str, &'static str)],
    /// The member of the answer that holds the token.
    member: &'static str,
}

/// Every endpoint. GitHub docs, "OpenID Connect reference", whose variables Forgejo has too (Forgejo docs, "Security OpenID
/// Connect"); Azure DevOps REST docs, "Oidctoken - Create"; Codefresh docs, "OIDC in pipelines", and its
/// `obtain-oidc-id-token` step.
static ENDPOINTS: [TokenEndpoint; 3] = [
    TokenEndpoint {
        ci: "GitHub Actions or Forgejo Actions",
        url_variable: "ACTIONS_ID_TOKEN_REQUEST_URL",
        token_variable: "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        scheme: "Bearer ",
        method: Method::GET,
        takes_audience: true,
        query: &[],
        member: "value",
    },
    TokenEndpoint {
        ci: "Azure DevOps",
        url_variable: "SYSTEM_OIDCREQUESTURI",
        token_variable: "SYSTEM_ACCESSTOKEN",
        scheme: "Bearer ",
        method: Method::POST,
        takes_audience: false,
        query: &[("api-version", "7.1-preview.1")],
        member: "oidcToken",
    },
    TokenEndpoint {
        ci: "Codefresh",
        url_variable: "CF_OIDC_REQUEST_URL",
        token_variable: "CF_OIDC_REQUEST_TOKEN",
        scheme: "",
        method: Method::GET,
        takes_audience: true,
        query: &[],
        member: "id_token",
    },
];

impl TokenEndpoint {
    /// The variable that holds its address.
    pub const fn named_by(&self) -> &'static str {
        self.url_variable
    }

    /// Whether the job may choose the audience.
    pub const fn takes_audience(&self) -> bool {
        self.takes_audience
    }

    /// The variables of every endpoint. An address without its token is useless; it is listed too, so that no tool is misled by it.
    pub fn variables() -> impl Iterator<Item = &'static str> {
        ENDPOINTS.iter().flat_map(|endpoint| [endpoint.url_variable, endpoint.token_variable])
    }

    /// The endpoint whose variables this job has, both of them.
    pub fn find(environment: &Environment) -> Option<&'static Self> {
        let has = |endpoint: &&Self| {
            [endpoint.url_variable, endpoint.token_variable].iter().all(|name| environment.value(name).is_some())
        };
        ENDPOINTS.iter().find(has)
    }

    /// Asks for a token, for `audience` if the CI lets a job choose it.
    pub async fn ask(&self, environment: &Environment, audience: &str, http: &reqwest::Client) -> Result<Secret, Failure> {
        let failure = |fault: &dyn std::fmt::Display| {
            Failure::new(STATUS_UNAVAILABLE, format!("{} gave the job no OIDC token: {fault}", self.ci))
        };
        let http_failure = |fault: reqwest::Error| failure(&root_cause(&fault.without_url()));
        let request = self.request(environment, audience).map_err(|fault| failure(&fault))?;
        let response = http.execute(request).await.map_err(http_failure)?.error_for_status().map_err(http_failure)?;
        let bytes = read_body(response, ANSWER_BYTES_MAX).await.map_err(|fault| match fault {
            BodyError::Broken(fault) => http_failure(fault),
            BodyError::TooLarge(_) => failure(&fault),
        })?;
        let answer: Value =
            serde_json::from_slice(&bytes).map_err(|fault| failure(&format!("its answer is no JSON: {fault}")))?;
        let token = answer.get(self.member).and_then(Value::as_str);
        token.map(|token| token.to_owned().into()).ok_or_else(|| failure(&format!("its answer has no `{}`", self.member)))
    }

    fn request(&self, environment: &Environment, audience: &str) -> Result<Request, TokenRequestError> {
        let value = |name| environment.value(name).unwrap_or_default();
        let mut url = Url::parse(value(self.url_variable))
            .map_err(|fault| TokenRequestError::Url { variable: self.url_variable, fault })?;
        url.query_pairs_mut().extend_pairs(self.query.iter().copied());
        if self.takes_audience {
            url.query_pairs_mut().append_pair("audience", audience);
        }
        let mut request = Request::new(self.method.clone(), url);
        let mut bearer = HeaderValue::from_str(&format!("{}{}", self.scheme, value(self.token_variable)))
            .map_err(|_| TokenRequestError::NoToken { variable: self.token_variable })?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, bearer);
        if self.method == Method::POST {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some("".into());
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request_parts<const N: usize>(variables: [(&str, &str); N]) -> (String, String, String) {
        let environment = Environment::from(variables);
        let request = TokenEndpoint::find(&environment).unwrap().request(&environment, "https://daypass.example").unwrap();
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
        let bearer = request.headers()[AUTHORIZATION].to_str().unwrap().to_owned();
        (request.method().to_string(), request.url().to_string(), bearer)
    }

    fn expected(method: &str, url: &str, bearer: &str) -> (String, String, String) {
        (method.to_owned(), url.to_owned(), bearer.to_owned())
    }

    #[test]
    fn each_is_asked_as_it_documents() {
        let github = [("ACTIONS_ID_TOKEN_REQUEST_URL", "https://x.example/?a=b"), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t")];
        let audience = "audience=https%3A%2F%2Fdaypass.example";
        assert_eq!(request_parts(github), expected("GET", &format!("https://x.example/?a=b&{audience}"), "Bearer t"));
        let azure = [("SYSTEM_OIDCREQUESTURI", "https://dev.azure.com/acme/oidctoken"), ("SYSTEM_ACCESSTOKEN", "t")];
        let url = "https://dev.azure.com/acme/oidctoken?api-version=7.1-preview.1";
        assert_eq!(request_parts(azure), expected("POST", url, "Bearer t"));
        let codefresh = [("CF_OIDC_REQUEST_URL", "https://g.codefresh.io/api/oidc"), ("CF_OIDC_REQUEST_TOKEN", "t")];
        assert_eq!(request_parts(codefresh), expected("GET", &format!("https://g.codefresh.io/api/oidc?{audience}"), "t"));
    }

    #[test]
    fn half_of_the_variables_is_no_endpoint() {
        assert_eq!(TokenEndpoint::find(&[("SYSTEM_OIDCREQUESTURI", "https://x.example")].into()), None);
        assert_eq!(TokenEndpoint::find(&[("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t")].into()), None);
    }

    #[test]
    fn errors_about_a_malformed_token_or_address_repeat_neither() {
        for (url, token) in [("nonsense", "secret"), ("https://x.example", "sec\nret")] {
            let environment = [("CF_OIDC_REQUEST_URL", url), ("CF_OIDC_REQUEST_TOKEN", token)].into();
            let fault = TokenEndpoint::find(&environment).unwrap().request(&environment, "a").unwrap_err().to_string();
            assert!(fault.contains("CF_OIDC_REQUEST") && !fault.contains(token) && !fault.contains("nonsense"), "{fault}");
        }
    }

    #[tokio::test]
    async fn an_answer_without_an_end_is_refused() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await;
            while stream.write_all(&[b' '; 4096]).await.is_ok() {}
        });
        let environment = [("CF_OIDC_REQUEST_URL", url.as_str()), ("CF_OIDC_REQUEST_TOKEN", "t")].into();
        let http = crate::issuers::http::command_client(None).unwrap();
        let failure = TokenEndpoint::find(&environment).unwrap().ask(&environment, "a", &http).await.unwrap_err();
        assert!(failure.message.ends_with(&format!("the answer has more than {ANSWER_BYTES_MAX} bytes")), "{failure}");
    }
}
