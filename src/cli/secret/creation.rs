//! To whom a file is encrypted: those that are named, the rule of the nearest `.sops.yaml`, or the source's own recipients.

use super::keyring::KeyArgs;
use crate::client::checkout::read_if_there;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::secrets::{Creation, Creations, RULES_FILE};
use std::path::Path;

/// How a file of this path is encrypted.
pub(super) async fn of_path(path: &Path, named: &[String], keys: &KeyArgs) -> Result<Creation, Failure> {
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
        Failure::new(STATUS_USAGE, format!("{}: nothing says to whom it is encrypted; {ways}", path.display()))
    })
}

/// By the nearest `.sops.yaml` above the file, if there is one.
pub(super) fn by_rules(path: &Path) -> Result<Option<Creation>, Failure> {
    let told = |fault: String| Failure::new(STATUS_CONFIGURATION, fault);
    let absolute = std::path::absolute(path).map_err(|fault| told(format!("{}: {fault}", path.display())))?;
    for folder in absolute.ancestors().skip(1) {
        let rules = folder.join(RULES_FILE);
        if let Some(bytes) = read_if_there(&rules)? {
            let within = absolute.strip_prefix(folder).unwrap_or(&absolute).to_string_lossy().into_owned();
            let named = |fault: String| told(format!("{}: {fault}", rules.display()));
            return Creations::parse(&bytes).and_then(|rules| rules.for_path(&within).cloned()).map(Some).map_err(named);
        }
    }
    Ok(None)
}
