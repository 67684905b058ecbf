//! How the encrypted files of a source stand: which form is in force, for whom, and who is granted it.

use super::live::Live;
use super::not_in_force::NotInForce;
use crate::answers::{EmptyGrant, FileStatus, SecretStatus};
use crate::policy::{DocumentGrant, grants_of};
use crate::secrets::{Seen, is_rules_file, look};
use crate::words::names::{SecretPath, SourceName};
use crate::words::{Denial, Reason, UnixTime};
use std::collections::BTreeSet;

/// Files of one answer: each is parsed for its recipients, which takes less than a millisecond.
pub const FILES_MAX: usize = 1000;

/// Which files are asked about.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FilesAsked {
    /// Those below this folder of the repository alone, or the one of this name.
    pub below: Option<String>,
    /// Those behind this one, in the order of their names.
    pub after: Option<String>,
}

impl Live {
    /// The encrypted files of a source, those that are not in force among them.
    pub fn secret_status(&self, source: &SourceName, asked: &FilesAsked, now: UnixTime) -> Result<SecretStatus, Denial> {
        let told = format!("No source `{source}` is in force.");
        let in_force = self.source(source).ok_or_else(|| Reason::BadRequest.because(&told).saying(told))?;
        let revision = &in_force.revision;
        let policies = self.policies()?.policies().iter().filter(|policy| policy.source == *source && !policy.audit_only);
        let grants: Vec<DocumentGrant<'_>> = grants_of(policies.map(|policy| &**policy), now).collect();
        let forms = revision.files_in_force().map(|(file, _)| file);
        let lacking = revision.held.iter().map(|waits| waits.file.clone());
        let lacking = lacking.chain(revision.faults().map(|fault| fault.file.to_string())).filter(|file| is_encrypted(file));
        let files: BTreeSet<String> = forms.chain(lacking).filter(|file| asked.takes(file)).collect();
        let status = |file: &String| {
            let bytes = revision.file_in_force(file).ok();
            let document = file.strip_prefix("secrets/").and_then(|path| full(source, path));
            FileStatus {
                commit: bytes.and_then(|_| revision.commit_of(file).cloned()),
                recipients: bytes.and_then(|bytes| recipients(file, bytes)),
                not_in_force: why(revision.lacks(file)),
                granted_by: document
                    .map(|path| grants.iter().filter(|grant| grant.covers(&path)).map(DocumentGrant::at).collect()),
                file: file.clone(),
            }
        };
        let page: Vec<FileStatus> = files.iter().take(FILES_MAX).map(status).collect();
        let next_after = page.last().filter(|_| files.len() > FILES_MAX).map(|last| last.file.clone());
        let there: Vec<SecretPath> = revision.documents().filter_map(|path| full(source, path.as_str())).collect();
        let empty = grants.iter().filter(|grant| !there.iter().any(|path| grant.covers(path)));
        let empty = empty.map(|grant| EmptyGrant { at: grant.at(), documents: grant.documents() }).collect();
        let (source, commit) = (source.clone(), revision.commit.clone());
        Ok(SecretStatus { source, commit, files: page, granted_and_not_there: empty, next_after })
    }
}

impl FilesAsked {
    fn takes(&self, file: &str) -> bool {
        let is_below =
            |folder: &String| file.strip_prefix(folder.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.below.as_ref().is_none_or(is_below) && self.after.as_ref().is_none_or(|after| file > after.as_str())
    }
}

fn is_encrypted(file: &str) -> bool {
    (file.starts_with("secrets/") || file.starts_with("transit/")) && !is_rules_file(file)
}

/// A document's name beside those of other sources.
fn full(source: &SourceName, path: &str) -> Option<SecretPath> {
    let full = if source.is_root() { SecretPath::parse(path) } else { SecretPath::parse(&format!("{source}/{path}")) };
    full.ok()
}

fn recipients(file: &str, bytes: &[u8]) -> Option<Vec<String>> {
    let path = SecretPath::parse(file.strip_prefix("secrets/")?).ok()?;
    match look(&path, bytes) {
        Ok(Seen::Sops(sops)) => Some(sops.recipients().into_iter().map(str::to_owned).collect()),
        _ => None,
    }
}

fn why(lacks: NotInForce) -> Option<String> {
    match lacks {
        NotInForce::Waits(waits) => Some(format!("waits for `daypass confirm`: {}", waits.why)),
        NotInForce::Faulty(fault) => Some(fault.message.to_string()),
        NotInForce::Missing | NotInForce::Gone => None,
    }
}
