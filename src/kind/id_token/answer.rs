//! The answer: a token of the server's own issuer.

use crate::kind::{Answered, Hidden, object, reference};
use crate::words::exposed;
use crate::words::names::Audience;
use crate::words::{Secret, UnixTime};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The token.
#[derive(Serialize, Deserialize, Debug)]
pub struct IdToken {
    /// The audience of the token.
    pub audience: Audience,
    /// The JWT.
    #[serde(with = "exposed::text")]
    pub token: Secret,
    /// When it ends.
    pub expires_at: UnixTime,
}

impl Answered for IdToken {
    const LIVES_ON: &str = "The ID token is valid until its `exp` wherever its audience accepts it: end there what it opened.";

    fn expires_at(&self) -> Option<UnixTime> {
        Some(self.expires_at)
    }

    fn describe(&self) -> Value {
        json!({ "audience": self.audience, "expires_at": self.expires_at })
    }

    fn hidden(&self) -> Vec<Hidden<'_>> {
        vec![(&self.token).into()]
    }

    fn schema() -> Option<Value> {
        let members =
            json!({ "audience": reference("Audience"), "token": { "type": "string" }, "expires_at": reference("Moment") });
        Some(object(&["audience", "token", "expires_at"], members))
    }

    #[cfg(test)]
    fn sample() -> Value {
        json!({ "audience": "https://a.example", "expires_at": "2027-01-15T08:00:00Z", "token": "hunter2" })
    }
}
