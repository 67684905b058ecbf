//! Whether files are open to nobody but whom the operator chose.

use super::error::WritableByAll;
use crate::words::yaml::{Fields, Node};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub(super) fn check_trusted<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, path: &Path) {
    if let Err(fault) = unwritable(path) {
        fields.report(fields.draft(node.place, fault).help("chmod o-w it"));
    }
}

/// Refuses a file that everybody may write. A group is whom the operator chose, and Kubernetes gives one its volumes (`fsGroup`). Links
/// are followed: as ConfigMaps and Secrets are mounted, links and folders are everybody's to write, and the files behind them are not.
pub(super) fn unwritable(path: &Path) -> Result<(), WritableByAll> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() && metadata.permissions().mode() & 0o002 != 0 => {
            Err(WritableByAll { path: path.to_owned() })
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

pub(super) fn check_private<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, path: &Path) {
    match std::fs::metadata(path) {
        Err(fault) => fields.fault(node.place, format!("{}: {fault}", path.display())),
        Ok(metadata) if metadata.permissions().mode() & 0o007 != 0 => {
            let fault =
                fields.draft(node.place, format!("everybody on this machine can reach the private key {}", path.display()));
            fields.report(fault.help("chmod 0600 it"));
        }
        Ok(_) => {}
    }
}
