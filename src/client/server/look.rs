//! What `doctor --client` checks without a token.

use super::Server;
use crate::client::Failure;
use crate::client::job_token::TokenSource;
use crate::words::PlainPath;

impl Server {
    /// The server's address.
    pub const fn address(&self) -> &reqwest::Url {
        &self.base
    }

    /// Where the job's token comes from.
    pub fn token_origin(&self) -> String {
        match &self.source {
            TokenSource::Variable(name) => format!("the variable {name}"),
            TokenSource::File(path) => format!("the file {}", path.plain()),
            TokenSource::Endpoint(endpoint) => format!("the CI's endpoint, which {} names", endpoint.named_by()),
            TokenSource::Program(program) => format!("the program {program}"),
        }
    }

    /// Checks that the server answers with a trusted certificate, and returns the `Date` of the answer.
    pub async fn date(&self) -> Result<Option<String>, Failure> {
        let result = self.http.get(self.url("v1/openapi.json")?).send().await;
        let response = result.map_err(|fault| self.unanswered(&fault))?;
        Ok(response.headers().get(reqwest::header::DATE).and_then(|date| date.to_str().ok()).map(str::to_owned))
    }
}
