//! `secret`: a document that is committed encrypted, or one value of it.

use super::{Kind, Target, named};
use crate::words::names::SecretName;
use serde::{Deserialize, Deserializer};

impl Kind for SecretName {
    const EXAMPLE: Option<&'static str> = Some("NAME");

    fn read(text: Option<&str>) -> Result<Self, String> {
        named(text, Self::parse)
    }
}

impl<'de> Deserialize<'de> for SecretName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Target {
    /// The secret that is read by it, whichever way: a file key is as good as the whole document.
    pub fn secret(&self) -> Option<SecretName> {
        match self {
            Self::Secret(name) => Some(name.clone()),
            Self::SecretAt(past) => Some(past.name.clone()),
            Self::FileKey(target) => Some(target.secret()),
            Self::Aws(_) | Self::IdToken(_) | Self::Transit(_) | Self::Daypass(_) => None,
        }
    }
}
