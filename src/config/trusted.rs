//! Checks that only users and groups that the operator chose may read or write files.

use super::error::WritableByAll;
use crate::words::PlainPath;
use crate::words::yaml::{Fields, Node};
use rustix::fs::StatVfsMountFlags;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub(super) fn check_trusted<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, path: &Path) {
    if let Err(fault) = unwritable(path) {
        fields.report(fields.draft(node.place, fault).help("chmod o-w it"));
    }
    // Something that is no regular file, such as a device, may have no end.
    if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        fields.fault(node.place, format!("{} is no file", path.plain()));
    }
}

/// Refuses a file that everybody may write or replace. A group may: the operator chose it, and Kubernetes gives its volumes to
/// one (`fsGroup`). Links are followed: Kubernetes mounts ConfigMaps and Secrets as links and folders that everybody may write,
/// and as files that nobody else may write.
pub(super) fn unwritable(path: &Path) -> Result<(), WritableByAll> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() && metadata.permissions().mode() & 0o002 != 0 => {
            Err(WritableByAll { path: path.to_owned() })
        }
        Ok(_) | Err(_) if is_replaceable(path) => Err(WritableByAll { path: folder_of(path).to_owned() }),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The folder of a file. That of a mere name is the working folder: `Path::parent` gives it no name.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether everybody may rename another file over it: everybody may write its folder, which is neither sticky (like /tmp) nor
/// mounted read-only (like Kubernetes' ConfigMaps and Secrets).
fn is_replaceable(path: &Path) -> bool {
    let folder = folder_of(path);
    let is_open = std::fs::metadata(folder).is_ok_and(|metadata| metadata.permissions().mode() & 0o1002 == 0o002);
    let is_read_only = || rustix::fs::statvfs(folder).is_ok_and(|mount| mount.f_flag.contains(StatVfsMountFlags::RDONLY));
    is_open && !is_read_only()
}

pub(super) fn check_private<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, path: &Path) {
    match std::fs::metadata(path) {
        Err(fault) => fields.fault(node.place, format!("{}: {fault}", path.plain())),
        Ok(metadata) if metadata.permissions().mode() & 0o007 != 0 => {
            let fault = fields.draft(node.place, format!("everybody on this machine can reach the private key {}", path.plain()));
            fields.report(fault.help("chmod 0600 it"));
        }
        Ok(_) if is_replaceable(path) => {
            let fault =
                fields.draft(node.place, format!("everybody on this machine can replace the private key {}", path.plain()));
            fields.report(fault.help("chmod o-w its folder"));
        }
        Ok(metadata) if !metadata.is_file() => fields.fault(node.place, format!("{} is no file", path.plain())),
        Ok(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_mere_name_is_the_working_folder() {
        for (file, folder) in [("daypass.yaml", "."), ("./daypass.yaml", "."), ("a/daypass.yaml", "a"), ("/daypass.yaml", "/")] {
            assert_eq!(folder_of(Path::new(file)), Path::new(folder), "{file}");
        }
    }
}
