//! Where the files are that sources name: beside the configuration, or by plain names in the server's folders.

use super::error::{PublicFileError, ValueError};
use super::trusted::{check_private, check_trusted};
use crate::issue::Places;
use crate::policy::Tree;
use crate::words::yaml::{Fields, Node};
use crate::words::{NAMED_FILE_MAX, read_named};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The server's folders for the files that further sources name.
#[derive(Clone, Debug, Default)]
pub struct SourceFiles {
    /// For their age identities.
    pub age_identities: Option<PathBuf>,
    /// For their tokens, keys and certificates.
    pub credentials: Option<PathBuf>,
}

/// Where the files are that a source names.
pub(super) enum Files<'p> {
    /// The root source: paths that start at the configuration's folder.
    Beside(&'p ConfigFolders<'p>),
    /// A further source: plain names in the server's folders, if this machine has them, and signers in the root repository.
    Named(Option<&'p SourceFiles>, &'p Tree),
}

/// The folders of the configuration and of systemd's credentials.
pub(super) struct ConfigFolders<'p> {
    pub(super) folder: &'p Path,
    /// systemd's folder for this service's credentials.
    pub(super) credentials: Option<&'p Path>,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    AgeIdentity,
    Credential,
}

impl Places for ConfigFolders<'_> {
    fn private<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<PathBuf> {
        Files::Beside(self).private(fields, node, Kind::Credential)
    }

    fn trusted<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<PathBuf> {
        Files::Beside(self).path(fields, node, Kind::Credential)
    }

    fn credential<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<(String, Option<PathBuf>)> {
        credential(fields, node, self)
    }
}

/// A credential by its name, as systemd.exec(5) defines it. Nothing checks here that it exists: operators' commands run without
/// it.
pub(super) fn credential<'a>(
    fields: &mut Fields<'a, '_>,
    node: &'a Node,
    base: &ConfigFolders<'_>,
) -> Option<(String, Option<PathBuf>)> {
    let name = fields.parsed(node, |text| {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        match !text.is_empty() && !text.starts_with('.') && text.bytes().all(good) {
            true => Ok(text.to_owned()),
            false => Err(ValueError::Credential),
        }
    })?;
    Some((name, base.credentials.map(ToOwned::to_owned)))
}

impl Files<'_> {
    /// A public file: only users and groups that the operator chose may write it.
    pub(super) fn path<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node, kind: Kind) -> Option<PathBuf> {
        let path = self.place(fields, node, kind)?;
        check_trusted(fields, node, &path);
        Some(path)
    }

    fn place<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node, kind: Kind) -> Option<PathBuf> {
        let text = fields.text(node)?;
        let (folder, key) = match (self, kind) {
            (Self::Beside(base), _) => return Some(base.folder.join(text)),
            (Self::Named(files, _), Kind::AgeIdentity) => (files.map(|files| files.age_identities.as_ref()), "age_identity_dir"),
            (Self::Named(files, _), Kind::Credential) => (files.map(|files| files.credentials.as_ref()), "credentials_dir"),
        };
        if text.contains('/') || text.starts_with('.') {
            fields.fault(node.place, format!("`{text}`: expected the name of a file in the server's `{key}`"));
            return None;
        }
        if folder == Some(None) {
            fields.fault(node.place, format!("the server's configuration names no `{key}`"));
        }
        folder.flatten().map(|folder| folder.join(text))
    }

    pub(super) fn private<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node, kind: Kind) -> Option<PathBuf> {
        let path = self.place(fields, node, kind)?;
        check_private(fields, node, &path);
        Some(path)
    }

    /// The bytes of a file that holds public keys.
    pub(super) fn public<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<Arc<[u8]>> {
        let text = fields.text(node)?;
        let found = match self {
            Self::Beside(base) => {
                let path = base.folder.join(text);
                check_trusted(fields, node, &path);
                read_named(path, NAMED_FILE_MAX).map(Arc::from).map_err(PublicFileError::Io)
            }
            Self::Named(_, tree) => tree.get(&format!("sources/{text}")).cloned().ok_or(PublicFileError::NotInRepository),
        };
        found.map_err(|fault| fields.fault(node.place, format!("{text}: {fault}"))).ok()
    }
}
