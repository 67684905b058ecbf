//! What an operator does through the server's API, which a policy has to grant.

use super::{Server, outcome};
use crate::answers::{Denied, Outcome, SecretStatus};
use crate::client::Failure;
use crate::client::request::missing;
use crate::policy::DenyRequest;

impl Server {
    /// `POST /v1/deny`: an immediate denial.
    pub async fn deny(&self, request: &DenyRequest) -> Result<Denied, Failure> {
        let deny = |token: &str| Ok(self.http.post(self.url("v1/deny")?).bearer_auth(token).json(request));
        let Outcome::Deny(denied) = outcome(self.send(deny).await.map_err(Failure::of_a_command_line)?)? else {
            return Err(missing());
        };
        Ok(denied)
    }

    /// `GET /v1/secret-status`: a page of the encrypted files, by these parameters.
    pub async fn secret_status(&self, query: &[(&str, &str)]) -> Result<SecretStatus, Failure> {
        let mut url = self.url("v1/secret-status")?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let answer = self.send(|token| Ok(self.http.get(url.clone()).bearer_auth(token))).await;
        let answer = answer.map_err(Failure::of_a_command_line)?;
        let Outcome::SecretStatus(status) = outcome(answer)? else { return Err(missing()) };
        Ok(status)
    }
}
