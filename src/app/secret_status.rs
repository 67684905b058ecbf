//! The status of a source's encrypted files: which form is in force, for which recipients, and who is granted it.

use super::live::Live;
use super::not_in_force::NotInForce;
use crate::answers::{EmptyGrant, FileStatus, SecretStatus};
use crate::policy::{DocumentGrant, grants_of};
use crate::secrets::{FileKind, is_rules_file, look, recipient_or_none};
use crate::words::names::{SecretPath, SourceName};
use crate::words::{Denial, Reason, UnixTime};
use std::collections::BTreeSet;

/// The most files of one answer: each is parsed for its recipients, which takes less than a millisecond.
pub const FILES_MAX: usize = 1000;
/// The size after which an answer takes no further file: a file may have many grants and recipients.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How many grants of one file, and grants without a file, are listed.
pub const GRANTS_LISTED_MAX: usize = 20;

/// The requested files.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FilesAsked {
    /// Only the files below this folder of the repository, or the file of this name.
    pub below: Option<String>,
    /// Only the files after this one, in the order of names.
    pub after: Option<String>,
}

impl Live {
    /// The encrypted files of a source, including those that are not in force.
    pub fn secret_status(&self, source: &SourceName, requested: &FilesAsked, now: UnixTime) -> Result<SecretStatus, Denial> {
        let message = format!("No source `{source}` is in force.");
        let in_force = self.source(source).ok_or_else(|| Reason::BadRequest.with_cause(&message).with_detail(message))?;
        let revision = &in_force.revision;
        let policies = self.policies()?.policies().iter().filter(|policy| policy.source == *source && !policy.audit_only);
        let grants: Vec<DocumentGrant<'_>> = grants_of(policies.map(|policy| &**policy), now).collect();
        let forms = revision.files_in_force().map(|(file, _)| file);
        let lacking = revision.pending.iter().map(|waits| waits.file.clone());
        let lacking =
            lacking.chain(revision.faults().map(|fault| fault.file.exact().to_owned())).filter(|file| is_encrypted(file));
        let files: BTreeSet<String> = forms.chain(lacking).filter(|file| requested.takes(file)).collect();
        let status = |file: &String| {
            let bytes = revision.file_in_force(file).ok();
            let document = file.strip_prefix("secrets/").and_then(|path| full(source, path));
            let granting: Option<Vec<&DocumentGrant<'_>>> =
                document.map(|path| grants.iter().filter(|grant| grant.covers(&path)).collect());
            let (recipients, other_keys) = bytes.map(|bytes| keys(file, bytes)).unwrap_or_default();
            FileStatus {
                commit: bytes.and_then(|_| revision.commit_of(file).cloned()),
                recipients,
                other_keys,
                not_in_force: why(revision.why_not_in_force(file)),
                grants: granting.as_ref().map(Vec::len),
                granted_by: granting.map(|granting| granting.iter().take(GRANTS_LISTED_MAX).map(|grant| grant.at()).collect()),
                file: file.clone(),
            }
        };
        let (mut page, mut bytes) = (Vec::new(), 0);
        for file in files.iter().take(FILES_MAX) {
            let one = status(file);
            bytes += one.size();
            page.push(one);
            if bytes >= ANSWER_BYTES_MAX {
                break;
            }
        }
        let next_after = page.last().filter(|_| files.len() > page.len()).map(|last| last.file.clone());
        let there: Vec<SecretPath> = revision.documents().filter_map(|path| full(source, path.as_str())).collect();
        let empty = grants.iter().filter(|grant| !there.iter().any(|path| grant.covers(path))).take(GRANTS_LISTED_MAX);
        let empty = empty.map(|grant| EmptyGrant { at: grant.at(), documents: grant.documents() }).collect();
        let (source, commit) = (source.clone(), revision.commit.clone());
        Ok(SecretStatus { source, commit, files: page, granted_and_not_there: empty, next_after })
    }
}

impl FilesAsked {
    fn takes(&self, file: &str) -> bool {
        // A shell may complete a folder with a slash, or a user may begin it with `./`.
        let plain = |folder: &str| folder.strip_prefix("./").unwrap_or(folder).trim_end_matches('/').to_owned();
        let is_below = |folder: &String| {
            file.strip_prefix(plain(folder).as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.below.as_ref().is_none_or(is_below) && self.after.as_ref().is_none_or(|after| file > after.as_str())
    }
}

fn is_encrypted(file: &str) -> bool {
    (file.starts_with("secrets/") || file.starts_with("transit/")) && !is_rules_file(file)
}

/// A document's full name among all sources.
fn full(source: &SourceName, path: &str) -> Option<SecretPath> {
    let full = if source.is_root() { SecretPath::parse(path) } else { SecretPath::parse(&format!("{source}/{path}")) };
    full.ok()
}

/// The age recipients of a SOPS file, and the kinds of its other keys. Text that is no recipient is not shown: somebody may have
/// written a secret there.
fn keys(file: &str, bytes: &[u8]) -> (Option<Vec<String>>, Vec<String>) {
    let path = file.strip_prefix("secrets/").and_then(|path| SecretPath::parse(path).ok());
    let Some(Ok(FileKind::Sops(sops))) = path.map(|path| look(&path, bytes)) else { return (None, Vec::new()) };
    let others = sops.foreign_keys().iter().map(|kind| (*kind).to_owned()).collect();
    (Some(sops.recipients().into_iter().map(|one| recipient_or_none(one).into_owned()).collect()), others)
}

/// Why a file is not in force, without the message of a fault, which may quote what somebody committed in clear.
fn why(lacks: NotInForce) -> Option<String> {
    match lacks {
        NotInForce::Waits(waits) => Some(format!("waits for `daypass confirm`: {}", waits.why)),
        NotInForce::Faulty(fault) => {
            Some(format!("is faulty in line {}: `daypass status` on the server's machine says how", fault.place.line))
        }
        NotInForce::Missing | NotInForce::Gone => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_found_however_it_is_written() {
        let takes = |below: &str, file: &str| FilesAsked { below: Some(below.to_owned()), after: None }.takes(file);
        for below in ["secrets/shop", "secrets/shop/", "./secrets/shop//", "secrets/shop/a.yaml"] {
            assert!(takes(below, "secrets/shop/a.yaml"), "{below}");
        }
        for below in ["secrets/sho", "secrets/shop/a", "shop", "secrets/shop/a.yaml/b"] {
            assert!(!takes(below, "secrets/shop/a.yaml"), "{below}");
        }
    }
}
