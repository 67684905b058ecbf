//! The recipients of a file: those that are named, the rule of the nearest `.sops.yaml`, or the source's own recipients.

use super::keyring::KeyArgs;
use super::place::settled;
use crate::client::checkout::{Checkout, read_if_there, read_unlinked};
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::secrets::{Creation, Creations, RULES_FILE, RepositoryPath};
use crate::words::PlainPath;
use std::path::Path;

/// How a file at this path is encrypted. It is bound to its path if that is one of a source.
pub(super) async fn of_path(path: &Path, named: &[String], keys: &KeyArgs) -> Result<Creation, Failure> {
    recipients(path, named, keys).await.map(|creation| creation.at(repository_path(path)))
}

/// The path of this file in its source: in a checkout, below the folders of encrypted files.
pub(super) fn repository_path(file: &Path) -> Option<RepositoryPath> {
    let file = settled(file).ok()?;
    RepositoryPath::parse(&Checkout::around(&file).ok()?.name(&file).ok()?).ok()
}

async fn recipients(path: &Path, named: &[String], keys: &KeyArgs) -> Result<Creation, Failure> {
    if !named.is_empty() {
        return Ok(Creation::to(named));
    }
    if let Some(creation) = by_rules(path)? {
        return Ok(creation);
    }
    let own = keys.source_recipients().await?;
    own.map(|recipients| Creation::to(&recipients)).ok_or_else(|| {
        let ways =
            "name a recipient (-r age1…), write a .sops.yaml with creation_rules above the file, or give the server's --config";
        Failure::new(STATUS_USAGE, format!("{}: its recipients are not known; {ways}", path.plain()))
    })
}

/// The rule of the nearest `.sops.yaml` above the file, if there is one.
pub(super) fn by_rules(path: &Path) -> Result<Option<Creation>, Failure> {
    let failure = |fault: String| Failure::new(STATUS_CONFIGURATION, fault);
    let absolute = settled(path)?;
    let checkout = Checkout::around(&absolute).ok();
    for folder in absolute.ancestors().skip(1) {
        let rules = folder.join(RULES_FILE);
        let is_ours = checkout.as_ref().is_some_and(|checkout| folder.starts_with(checkout.root()));
        if let Some(bytes) = if is_ours { read_unlinked(&rules)? } else { read_if_there(&rules)? } {
            let within = absolute.strip_prefix(folder).unwrap_or(&absolute).to_string_lossy().into_owned();
            let named = |fault: String| failure(format!("{}: {fault}", rules.plain()));
            return Creations::parse(&bytes)
                .and_then(|rules| rules.for_path(&within).cloned())
                .map(Some)
                .map_err(|fault| named(fault.to_string()));
        }
    }
    Ok(None)
}
