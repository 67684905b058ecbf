//! Has the server encrypt files again.

use super::{Server, outcome};
use crate::answers::{Outcome, Rewritten};
use crate::client::Failure;
use crate::client::request::missing;
use serde_json::Value;

impl Server {
    /// `POST /v1/rewrite`: files with other recipients or new data keys.
    pub async fn rewrite(&self, request: &Value) -> Result<Rewritten, Failure> {
        let answer = self.send(|token| Ok(self.http.post(self.url("v1/rewrite")?).bearer_auth(token).json(request))).await?;
        let Outcome::Rewrite(rewritten) = outcome(answer)? else { return Err(missing()) };
        Ok(rewritten)
    }
}
