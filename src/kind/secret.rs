//! `secret`: a document that is committed in encrypted form, or one value of it.

mod answer;

pub use crate::words::names::SecretName;
pub use answer::{Encoding, SecretValue, only_issued};

use super::{Committed, Kind, Maker, NamedError, TreeFile, named, reference};
use crate::words::names::NameError;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

impl Kind for SecretName {
    const EXAMPLE: Option<&'static str> = Some("NAME");
    const MADE: Maker = Maker::Here;

    type Error = NamedError<NameError>;

    fn read(text: Option<&str>) -> Result<Self, Self::Error> {
        named(text, Self::parse)
    }

    fn committed(&self) -> Option<Committed<'_>> {
        Some(Committed::Current(TreeFile::Document(&self.path)))
    }

    fn pointer(&self) -> Option<&str> {
        self.key.as_deref()
    }

    fn body() -> Option<Value> {
        Some(reference("SecretName"))
    }
}

impl<'de> Deserialize<'de> for SecretName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
