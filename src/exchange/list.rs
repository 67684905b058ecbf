//! Which documents an identity may read: names alone, each decided over as a read of it would be.

use super::answer::Refused;
use super::session::within_session;
use super::story::{Call, Story};
use super::{Shown, identify};
use crate::app::{App, Live};
use crate::identity::Identity;
use crate::policy::{Request, Wanted};
use crate::words::names::{PolicyName, SecretName, SecretPath};
use crate::words::{Denial, Reason};

/// Documents that one list looks at: below it each is decided over, which takes microseconds.
const LISTED_MAX: usize = 10_000;

/// The documents below a folder, or the one of this name, that the identity may read whole. Each is decided over as a read of it
/// would be; names are told, and nothing is used up.
pub async fn documents(
    app: &App,
    call: Call,
    shown: Shown,
    policy: Option<PolicyName>,
    below: &str,
) -> Result<Vec<SecretPath>, Refused> {
    let mut story = Story::begin(&call);
    match look(app, call, shown, policy, below, &mut story).await {
        Ok(found) => Ok(found),
        Err(denial) => Err(story.refuse(app, denial).await),
    }
}

async fn look(
    app: &App,
    call: Call,
    shown: Shown,
    policy: Option<PolicyName>,
    below: &str,
    story: &mut Story,
) -> Result<Vec<SecretPath>, Denial> {
    let identity = identify(app, call, shown).await?;
    let request = Request::nothing(policy);
    story.identified(&identity, &request);
    let policy = within_session(&identity, request)?.policy;
    let live = app.in_force()?;
    let is_below =
        |path: &SecretPath| below.is_empty() || path.as_str() == below || path.as_str().starts_with(&format!("{below}/"));
    let named: Vec<SecretPath> = live.documents().filter(is_below).take(LISTED_MAX + 1).collect();
    if named.len() > LISTED_MAX {
        return Err(Reason::TooLarge
            .because("too many documents")
            .saying(format!("More than {LISTED_MAX} documents: list a deeper folder.")));
    }
    let mut found = Vec::new();
    for path in named {
        match may_read(app, &live, &identity, &path, policy.as_ref()) {
            Ok(()) => found.push(path),
            Err(denial) if denial.reason.status() == 403 => {}
            Err(denial) => return Err(denial),
        }
    }
    if found.is_empty() {
        return Err(Reason::NoMatchingPolicy.because(format!("no policy grants any document below `{below}` to this identity")));
    }
    Ok(found)
}

fn may_read(app: &App, live: &Live, identity: &Identity, path: &SecretPath, policy: Option<&PolicyName>) -> Result<(), Denial> {
    let wanted = Wanted::Secret(SecretName { path: path.clone(), key: None });
    let grant = live.policies()?.decide(identity, &Request::one(wanted, policy.cloned()), app.now())?;
    app.still_grants(live, identity.facts(), grant).map(drop)
}
