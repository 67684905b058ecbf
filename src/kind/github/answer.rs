//! The answer: the token, and what it may do according to GitHub.

use crate::kind::{Answered, Hidden, nullable, object, reference};
use crate::words::exposed;
use crate::words::github::{AppName, Level, Owner, Permissions, Repository};
use crate::words::{Secret, UnixTime};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An installation token.
#[derive(Serialize, Deserialize, Debug)]
pub struct GitHubToken {
    /// The App, as the server calls it.
    pub app: AppName,
    /// The account for which the App is installed.
    pub owner: Owner,
    /// The repositories, with their ids; `null`: all of the installation. The member must be present.
    #[serde(deserialize_with = "Option::deserialize")]
    pub repositories: Option<Vec<Repository>>,
    /// What it may do in them.
    pub permissions: Permissions,
    /// The token.
    #[serde(with = "exposed::text")]
    pub token: Secret,
    /// When it ends, unless it is revoked before.
    pub expires_at: UnixTime,
    /// GitHub's REST API, where `DELETE /installation/token` revokes it.
    pub api: String,
}

impl Answered for GitHubToken {
    const LIVES_ON: &str = "The token of a GitHub App lives for an hour at most. Who has it can end it before (`DELETE /installation/token`), and so can `daypass revoke` where the policy says `revocable: server`.";

    fn expires_at(&self) -> Option<UnixTime> {
        Some(self.expires_at)
    }

    fn describe(&self) -> Value {
        json!({
            "app": self.app, "owner": self.owner, "repositories": self.repositories, "permissions": self.permissions,
            "expires_at": self.expires_at,
        })
    }

    fn hidden(&self) -> Vec<Hidden<'_>> {
        vec![(&self.token).into()]
    }

    fn schema() -> Option<Value> {
        let text = json!({ "type": "string" });
        let repositories = json!({ "type": "array", "items": { "type": "string", "description": "OWNER/REPOSITORY@ID" } });
        Some(object(
            &["app", "owner", "repositories", "permissions", "token", "expires_at", "api"],
            json!({
                "app": text, "owner": text, "repositories": nullable(&repositories), "permissions": reference("GitHubPermissions"),
                "token": text, "expires_at": reference("Moment"), "api": text,
            }),
        ))
    }

    fn component() -> Option<(&'static str, Value)> {
        let levels = [Level::Read, Level::Write, Level::Admin].map(Level::as_str);
        Some((
            "GitHubPermissions",
            json!({ "type": "object", "minProperties": 1, "propertyNames": { "pattern": "^[a-z_]{1,64}$" }, "additionalProperties": { "type": "string", "enum": levels } }),
        ))
    }

    #[cfg(test)]
    fn sample() -> Value {
        json!({
            "app": "acme", "owner": "acme", "repositories": ["acme/shop@7"], "permissions": { "contents": "read" },
            "token": "hunter2", "expires_at": "2027-01-15T08:00:00Z", "api": "https://api.github.com/",
        })
    }
}
