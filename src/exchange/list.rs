//! Lists which documents an identity may read, and which versions a transit key has. Only names: each is decided like a use.

use super::answer::Refused;
use super::session::within_session;
use super::story::{Call, Story};
use super::{Shown, identify};
use crate::app::{App, Live};
use crate::identity::Identity;
use crate::kind::{Operation, Target, TransitUse};
use crate::policy::{Grant, Request};
use crate::words::names::{PolicyName, SecretName, SecretPath, SourceName, TransitKey};
use crate::words::{Denial, Reason};

/// The most documents that one list decides on, which takes microseconds for each.
const LISTED_MAX: usize = 10_000;

/// The documents below a folder that the identity may read whole. Each is decided like a read of it.
/// Nothing is used up.
pub async fn documents(
    app: &App,
    call: Call,
    shown: Shown,
    policy: Option<PolicyName>,
    below: &str,
) -> Result<Vec<SecretPath>, Refused> {
    look(app, call, shown, policy, |looker| looker.documents(below)).await
}

/// Whether there is a document of exactly this name that the identity may read whole. It is decided like a read of it, and a missing
/// one is refused like one. Nothing is used up.
pub async fn document(app: &App, call: Call, shown: Shown, policy: Option<PolicyName>, path: &SecretPath) -> Result<(), Refused> {
    look(app, call, shown, policy, |looker| looker.document(path)).await
}

/// The versions of a transit key, and its source, for an identity that may use the key. Nothing is used up.
pub async fn transit_versions(
    app: &App,
    call: Call,
    shown: Shown,
    policy: Option<PolicyName>,
    key: &TransitKey,
) -> Result<(SourceName, Vec<u32>), Refused> {
    look(app, call, shown, policy, |looker| looker.transit_versions(key)).await
}

/// Who lists, and under which revision.
struct Looker<'a> {
    app: &'a App,
    live: &'a Live,
    identity: &'a Identity,
    policy: Option<PolicyName>,
}

async fn look<T>(
    app: &App,
    call: Call,
    shown: Shown,
    policy: Option<PolicyName>,
    see: impl FnOnce(&Looker<'_>) -> Result<T, Denial>,
) -> Result<T, Refused> {
    let mut story = Story::begin(&call);
    let seen = async {
        let identity = identify(app, call, shown, &mut story).await?;
        let request = Request::nothing(policy);
        story.identified(&identity, &request);
        let policy = within_session(&identity, request)?.policy;
        let live = app.in_force()?;
        // An identity that no policy is for costs no decisions: anybody can get a token of a shared issuer.
        live.policies()?.admit(&identity, policy.as_ref(), app.now()).map(drop)?;
        see(&Looker { app, live: &live, identity: &identity, policy })
    };
    match seen.await {
        Ok(seen) => Ok(seen),
        Err(denial) => Err(story.refuse(app, denial).await),
    }
}

impl Looker<'_> {
    fn documents(&self, below: &str) -> Result<Vec<SecretPath>, Denial> {
        let is_below = |path: &SecretPath| below.is_empty() || path.as_str().starts_with(&format!("{below}/"));
        let named: Vec<SecretPath> = self.live.documents().filter(is_below).take(LISTED_MAX + 1).collect();
        if named.len() > LISTED_MAX {
            return Err(Reason::TooLarge
                .because("too many documents")
                .saying(format!("More than {LISTED_MAX} documents: list a deeper folder.")));
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
                Reason::NoMatchingPolicy.because(format!("no policy grants any document below `{below}` to this identity"))
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
        Err(Reason::SecretMissing.because(format!("{path}: the commit in force has no such file")).saying(told))
    }

    fn transit_versions(&self, key: &TransitKey) -> Result<(SourceName, Vec<u32>), Denial> {
        let of = |operation| Target::Transit(TransitUse { operation, key: key.clone(), input: None });
        let grant = self.may(of(Operation::Encrypt)).or_else(|_| self.may(of(Operation::Decrypt)))?;
        let granted = grant.granted().first().ok_or_else(|| Reason::Internal.because("a grant of no transit key"))?;
        Ok((granted.source.clone(), self.live.transit_versions(&granted.source, key)?))
    }

    /// Whether the whole document would be granted now.
    fn may_read(&self, path: &SecretPath) -> Result<Grant, Denial> {
        self.may(Target::Secret(SecretName { path: path.clone(), key: None }))
    }

    /// Whether this would be granted now.
    fn may(&self, wanted: Target) -> Result<Grant, Denial> {
        let request = Request::one(wanted, self.policy.clone());
        self.app.decide(self.live, self.identity, &request)
    }
}
