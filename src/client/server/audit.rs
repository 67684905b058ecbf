//! Reading the server's audit log, which a policy has to grant.

use super::{Server, outcome};
use crate::answers::{Outcome, Records};
use crate::client::Failure;
use crate::client::request::missing;

impl Server {
    /// `GET /v1/audit`: a page of records, by these parameters.
    pub async fn audit(&self, query: &[(&str, String)]) -> Result<Records, Failure> {
        let mut url = self.url("v1/audit")?;
        url.query_pairs_mut().extend_pairs(query);
        let answer = self.send(|token| Ok(self.http.get(url.clone()).bearer_auth(token))).await;
        let answer = answer.map_err(Failure::of_a_command_line)?;
        let Outcome::Audit(records) = outcome(answer)? else { return Err(missing()) };
        Ok(records)
    }
}
