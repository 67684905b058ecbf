//! What `doctor --client` looks at, without a token.

use super::Server;
use crate::client::Failure;
use crate::client::job_token::TokenSource;
use crate::words::PlainPath;

impl Server {
    /// Where it is.
    pub const fn address(&self) -> &reqwest::Url {
        &self.base
    }

    /// How the job's token comes.
    pub fn brought_by(&self) -> String {
        match &self.source {
            TokenSource::Variable(name) => format!("the variable {name}"),
            TokenSource::File(path) => format!("the file {}", path.plain()),
            TokenSource::Endpoint(endpoint) => format!("the CI's endpoint, which {} names", endpoint.named_by()),
            TokenSource::Program(program) => format!("the program {program}"),
        }
    }

    /// Whether anybody answers whose certificate is trusted, and the `Date` of the answer.
    pub async fn date(&self) -> Result<Option<String>, Failure> {
        let asked = self.http.get(self.url("v1/openapi.json")?).send().await;
        let response = asked.map_err(|fault| self.unanswered(&fault))?;
        Ok(response.headers().get(reqwest::header::DATE).and_then(|date| date.to_str().ok()).map(str::to_owned))
    }
}
