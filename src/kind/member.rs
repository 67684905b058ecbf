//! Optional members of a body.
use serde::Deserializer;
use serde::de::DeserializeOwned;

/// Reads an optional member. Refuses `null`, so that there is one way to leave it out.
pub(super) fn there<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
