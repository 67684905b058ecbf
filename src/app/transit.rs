//! Opens a granted transit key.

use super::error::NoTransitKey;
use super::live::{ActiveSource, Live};
use crate::kind::TransitUse;
use crate::secrets::OpenedTransitKey;
use crate::store::Licence;
use crate::words::names::{SourceName, TransitKey};
use crate::words::{Denial, Reason, TransitFile};

impl Live {
    /// Opens a granted transit key in this version, or in its highest one, and returns the version. As for secrets, a source's
    /// policies reach only its own keys, and only its own identities open them. The caller learns only of a missing key or
    /// version; other causes stay in the log.
    pub fn open_transit_key(
        &self,
        licence: &Licence<'_, TransitUse>,
        version: Option<u32>,
    ) -> Result<(u32, OpenedTransitKey), Denial> {
        let key = &licence.terms().key;
        let (in_force, within) = self.transit_key(&licence.granted().source, key)?;
        let found = in_force.revision.transit().version(&within, version);
        let (version, bytes) = found.map_err(|cause| no_transit_key(key, cause))?;
        let file = TransitFile { key: within, version };
        let opened = OpenedTransitKey::open(key, &file, bytes, &in_force.followed.identities());
        Ok((version, opened.map_err(|cause| unreadable_transit_key(key, cause))?))
    }

    /// The versions of a granted transit key, the lowest first.
    pub fn transit_versions(&self, source: &SourceName, key: &TransitKey) -> Result<Vec<u32>, Denial> {
        let (in_force, within) = self.transit_key(source, key)?;
        in_force.revision.transit().versions(&within).map_err(|cause| no_transit_key(key, cause))
    }

    /// The source that grants a transit key, and the key's name within it.
    pub(super) fn transit_key(&self, source: &SourceName, key: &TransitKey) -> Result<(&ActiveSource, TransitKey), Denial> {
        let in_force = self.source(source).ok_or_else(|| unreadable_transit_key(key, "its source is not in force"))?;
        let within = if source.is_root() { Some(key.clone()) } else { key.below(source) };
        let foreign = || unreadable_transit_key(key, format!("it does not belong to the source {source}"));
        Ok((in_force, within.ok_or_else(foreign)?))
    }
}

fn unreadable_transit_key(key: &TransitKey, cause: impl std::fmt::Display) -> Denial {
    Reason::SecretUnreadable.with_cause(format!("transit key {key}: {cause}"))
}

fn no_transit_key(key: &TransitKey, cause: NoTransitKey) -> Denial {
    let message = format!("The key {key} is granted, but {cause}.");
    Reason::SecretMissing.with_cause(format!("transit key {key}: {cause}")).with_detail(message)
}
