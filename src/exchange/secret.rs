//! Lists which documents an identity may read.

use super::TokenKind;
use super::answer::RecordedRefusal;
use super::context::RequestContext;
use super::list::{Lister, look};
use crate::app::App;
use crate::policy::Grant;
use crate::words::names::{PolicyName, SecretName, SecretPath};
use crate::words::{Denial, Reason};

/// The most documents that one list decides on, which takes microseconds for each.
const LISTED_MAX: usize = 10_000;

/// The documents below a folder that the identity may read whole. Each is decided like a read of it.
/// Nothing is used up.
pub async fn documents(
    app: &App,
    call: RequestContext,
    shown: TokenKind,
    policy: Option<PolicyName>,
    below: &str,
) -> Result<Vec<SecretPath>, RecordedRefusal> {
    look(app, call, shown, policy, |looker| looker.documents(below)).await
}

/// Whether there is a document of exactly this name that the identity may read whole. It is decided like a read of it, and a missing
/// one is refused like one. Nothing is used up.
pub async fn document(
    app: &App,
    call: RequestContext,
    shown: TokenKind,
    policy: Option<PolicyName>,
    path: &SecretPath,
) -> Result<(), RecordedRefusal> {
    look(app, call, shown, policy, |looker| looker.document(path)).await
}

impl Lister<'_> {
    fn documents(&self, below: &str) -> Result<Vec<SecretPath>, Denial> {
        let is_below = |path: &SecretPath| below.is_empty() || path.as_str().starts_with(&format!("{below}/"));
        let named: Vec<SecretPath> = self.live.documents().filter(is_below).take(LISTED_MAX + 1).collect();
        if named.len() > LISTED_MAX {
            return Err(Reason::TooLarge
                .with_cause("too many documents")
                .with_detail(format!("More than {LISTED_MAX} documents: list a deeper folder.")));
        }
        let mut found = Vec::new();
        for path in named {
            match self.may_read(&path) {
                Ok(_) => found.push(path),
                Err(denial) if denial.reason.status() == 403 => {}
                Err(denial) => return Err(denial),
            }
        }
        if found.is_empty() {
            return Err(
                Reason::NoMatchingPolicy.with_cause(format!("no policy grants any document below `{below}` to this identity"))
            );
        }
        Ok(found)
    }

    fn document(&self, path: &SecretPath) -> Result<(), Denial> {
        let _ = self.may_read(path)?;
        if self.live.has_document(path) {
            return Ok(());
        }
        let told = "The secret is granted, but the commit in force has no such file.";
        Err(Reason::SecretMissing.with_cause(format!("{path}: the commit in force has no such file")).with_detail(told))
    }

    /// Whether the whole document would be granted now.
    fn may_read(&self, path: &SecretPath) -> Result<Grant, Denial> {
        self.may(SecretName { path: path.clone(), key: None }.into())
    }
}
