//! `aws`: a session of a role.

mod answer;

pub use answer::{AwsKeys, AwsSession, ContainerCredentials};

use super::member::there;
use super::{Kind, Maker, closed};
use crate::words::names::{NameError, RoleArn};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;

/// A session of this role, or of the only role that is granted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwsTarget {
    /// The role.
    #[serde(default, deserialize_with = "there")]
    pub role: Option<RoleArn>,
}

impl AwsTarget {
    /// A session of this role.
    pub const fn of(role: RoleArn) -> Self {
        Self { role: Some(role) }
    }
}

impl Kind for AwsTarget {
    const EXAMPLE: Option<&'static str> = Some("ROLE");
    const MADE: Maker = Maker::Outside;

    type Error = NameError;

    fn read(text: Option<&str>) -> Result<Self, NameError> {
        text.map(RoleArn::parse).transpose().map(|role| Self { role })
    }

    fn looks_like(text: &str) -> bool {
        text.starts_with("arn:")
    }

    fn is_open(&self) -> bool {
        self.role.is_none()
    }

    fn described(answer: &Value) -> Option<Self> {
        RoleArn::parse(answer["role"].as_str()?).ok().map(Self::of)
    }

    fn body() -> Option<Value> {
        let role = json!({ "$ref": "#/components/schemas/RoleArn", "description": "Left out: the one that is granted." });
        Some(closed(&[], json!({ "role": role })))
    }
}

impl fmt::Display for AwsTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.role.as_ref().map_or(Ok(()), |role| role.fmt(f))
    }
}
