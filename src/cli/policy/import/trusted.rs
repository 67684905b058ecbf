//! The files that say which issuers an account permits, for each policy of octo-sts.

use crate::policy::{OF_ACCOUNT, TrustedIssuers};
use crate::words::read_named;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The largest file that is read. octo-sts takes 80 entries at most.
const FILE_BYTES_MAX: usize = 64 * 1024;

/// The files that were read, by the folder of checkouts of an account, or by the folder of policies.
#[derive(Default)]
pub(super) struct Accounts(BTreeMap<PathBuf, Trusted>);

/// What counts for a policy.
#[derive(Clone, Default)]
pub(super) struct Trusted {
    pub(super) lists: Vec<TrustedIssuers>,
    /// Whether there is no checkout of the account's own repository.
    pub(super) lacks_own_repository: bool,
}

impl Accounts {
    /// The files that count for a policy: that of its account, and one beside it, since a checkout's name may not be the repository's.
    pub(super) fn of(&mut self, policy: &Path) -> Trusted {
        let folder = policy.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let Ok(folder) = folder.canonicalize() else { return Trusted::default() };
        let Some(account) = folder.ancestors().nth(3).filter(|_| folder.ends_with(".github/chainguard")) else {
            return Trusted::default();
        };
        let mut trusted = self.known(account, || own_repositories(account)).clone();
        trusted.lists.extend_from_slice(&self.known(&folder, || vec![folder.clone()]).lists);
        trusted
    }

    fn known(&mut self, key: &Path, folders: impl Fn() -> Vec<PathBuf>) -> &Trusted {
        let read = || {
            let folders = folders();
            let lists = folders.iter().filter_map(|folder| read(&folder.join(TrustedIssuers::NAME))).collect();
            Trusted { lists, lacks_own_repository: folders.is_empty() }
        };
        self.0.entry(key.to_owned()).or_insert_with(read)
    }
}

/// Where the policies of an account's own repository stand, if there is a checkout of it. GitHub ignores case in names.
fn own_repositories(account: &Path) -> Vec<PathBuf> {
    let same = |folder: &Path, name: &str| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let same = entries.filter(|entry| entry.file_name().to_str().is_some_and(|other| other.eq_ignore_ascii_case(name)));
        same.map(|entry| entry.path()).collect()
    };
    let name = account.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let accounts = account.parent().map_or_else(|| vec![account.to_owned()], |above| same(above, name));
    let own = accounts.iter().flat_map(|account| same(account, OF_ACCOUNT));
    // An empty folder is a checkout that failed.
    let is_empty = |folder: &Path| std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    own.filter(|folder| !is_empty(folder)).map(|folder| folder.join(".github/chainguard")).collect()
}

/// Reads a file, if it is there.
fn read(path: &Path) -> Option<TrustedIssuers> {
    let found = match std::fs::symlink_metadata(path) {
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return None,
        found => found,
    };
    let shown: Vec<_> = path.iter().rev().take(5).collect();
    let shown = shown.into_iter().rev().collect::<PathBuf>().to_string_lossy().into_owned();
    match found {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Some(TrustedIssuers::unread(&shown, "it is no file")),
        Err(fault) => return Some(TrustedIssuers::unread(&shown, &fault.to_string())),
    }
    Some(match read_named(path, FILE_BYTES_MAX) {
        Ok(bytes) => TrustedIssuers::read(&shown, &bytes),
        Err(fault) => TrustedIssuers::unread(&shown, &fault.to_string()),
    })
}
