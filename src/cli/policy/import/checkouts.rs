//! Trust policies of octo-sts in a folder of checkouts, in one checkout, or alone. octo-sts reads a file at one place of a repository
//! alone. Whoever writes to a repository may put a copy anywhere else in it, so that one is refused.

use super::found::{Found, not_imported, one};
use super::trusted::{Accounts, Trusted};
use crate::policy::{ImportSettings, Imported, NotImported, NotOfAccount, OF_ACCOUNT, TrustedIssuers, is_octo_sts_file};
use crate::words::PlainPath;
use std::path::{Path, PathBuf};

/// Where octo-sts's files stand below a folder of checkouts. Words in capitals stand for names.
const PLACE: [&str; 5] = ["OWNER", "REPOSITORY", ".github", "chainguard", "NAME.sts.yaml"];

/// Why a file is none that octo-sts reads.
#[derive(Debug, thiserror::Error)]
enum PlaceError {
    /// It stands elsewhere in a repository.
    #[error("octo-sts does not read it there, but {expected} in {}", .folder.plain())]
    Elsewhere { expected: String, folder: PathBuf },
    /// Its repository is a folder of another one.
    #[error(
        "octo-sts does not read it there: {} is a clone of its own, and the file stands in a folder of it; name the folder that holds \
         OWNER/REPOSITORY", .0.plain()
    )]
    InClone(PathBuf),
    /// It would permit issuers, in a repository that is not the account's.
    #[error(transparent)]
    NotOfAccount(NotOfAccount),
}

/// Imports a file that is named by itself.
pub(super) fn alone(file: &Path, settings: &ImportSettings<'_>) -> Vec<Result<Imported, NotImported>> {
    policy(file, None, settings, &mut Accounts::default())
}

/// Imports what octo-sts reads below a folder.
pub(super) fn read(folder: &Path, found: &Found, settings: &ImportSettings<'_>) -> Vec<Result<Imported, NotImported>> {
    let place = place_below(folder);
    let mut accounts = Accounts::default();
    let is_named = |file: &&PathBuf| is_policy(file) && (place.len() == 1 || is_in_folder(file));
    let below = |path: &Path| -> Vec<String> {
        path.strip_prefix(folder).unwrap_or(path).iter().map(|part| part.to_string_lossy().into_owned()).collect()
    };
    let is_at_place = |parts: &[String]| parts.len() == place.len() && begins(parts, place);
    let read = |file: &PathBuf| {
        let parts = below(file);
        if is_at_place(&parts) {
            return policy(file, (place.len() == PLACE.len()).then_some(folder), settings, &mut accounts);
        }
        let reason = PlaceError::Elsewhere { expected: place.join("/"), folder: folder.to_owned() };
        vec![Err(not_imported(file, &reason))]
    };
    // A link or an unread folder may hide a policy.
    let hides = |path: &Path| {
        let parts = below(path);
        begins(&parts, place) && if parts.len() == place.len() { is_policy(path) } else { path.is_dir() }
    };
    let of_no_account = |file: &&PathBuf| {
        let parts = below(file);
        is_at_place(&parts)
            && parts.ends_with(&[TrustedIssuers::NAME.to_owned()])
            && place.len() == PLACE.len()
            && !parts[1].eq_ignore_ascii_case(OF_ACCOUNT)
    };
    let lists =
        found.files.iter().filter(of_no_account).map(|file| Err(not_imported(file, &PlaceError::NotOfAccount(NotOfAccount))));
    let unread = found.unread.iter().filter(|unread| hides(&unread.path)).map(|unread| Err(unread.not_imported()));
    found.files.iter().filter(is_named).flat_map(read).chain(lists).chain(unread).collect()
}

/// Imports a policy, unless its repository is a folder of another clone. `top` holds OWNER, if it is known which folder does. Without ids
/// the place does not count.
fn policy(
    file: &Path,
    top: Option<&Path>,
    settings: &ImportSettings<'_>,
    accounts: &mut Accounts,
) -> Vec<Result<Imported, NotImported>> {
    let counts = is_policy(file) && is_in_folder(file) && (top.is_some() || settings.listing.is_some());
    // The path may be written from within the clone.
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (whole_file, top) = (whole(file), top.map(whole));
    let owner_and_above = whole_file.ancestors().skip(PLACE.len() - 1);
    let mut folders = owner_and_above.take_while(|above| Some(*above) != top.as_deref());
    match folders.find(|above| counts && above.join(".git").exists()) {
        Some(clone) => vec![Err(not_imported(file, &PlaceError::InClone(clone.to_owned())))],
        None => {
            let Trusted { lists, lacks_own_repository } = accounts.of(file);
            one(file, &ImportSettings { trusted: &lists, lacks_own_repository, ..settings.clone() })
        }
    }
}

/// Where the files stand below this folder: it may be a part of one repository itself.
fn place_below(folder: &Path) -> &'static [&'static str] {
    let whole = folder.canonicalize();
    let whole = whole.as_deref().unwrap_or(folder);
    let has = |name: &str| folder.join(name).exists();
    match () {
        () if whole.ends_with(".github/chainguard") => &PLACE[4..],
        // An account's own repository is called `.github` too.
        () if whole.ends_with(".github") && !has(".git") && !has(".github") => &PLACE[3..],
        () if has(".git") || has(".github") => &PLACE[2..],
        () => &PLACE,
    }
}

/// Whether the parts are the beginning of this place.
fn begins(parts: &[String], place: &[&str]) -> bool {
    let is_name = |wanted: &str| wanted.starts_with(|first: char| first.is_ascii_uppercase());
    parts.len() <= place.len() && parts.iter().zip(place).all(|(part, wanted)| part == wanted || is_name(wanted))
}

fn is_policy(file: &Path) -> bool {
    is_octo_sts_file(&file.to_string_lossy())
}

fn is_in_folder(file: &Path) -> bool {
    let whole = file.canonicalize();
    whole.as_deref().unwrap_or(file).ancestors().any(|above| above.ends_with(".github/chainguard"))
}
