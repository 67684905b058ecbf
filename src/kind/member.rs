//! Members of a body that may be left out.

use serde::Deserializer;
use serde::de::DeserializeOwned;

/// What may be left out is no `null`: there is one way to leave it out.
pub(super) fn there<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
