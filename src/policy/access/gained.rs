//! Who gains a credential, or loses it.

use super::change::{Change, ChangedPart, Direction, part};
use super::looser::owners_of_both;
use super::permits::{Permit, mapping};
use super::side::Side;
use crate::kind::Target;
use crate::policy::Catalogue;
use crate::policy::file::TrustPolicy;

/// Why a reported gain may be larger than the real one.
pub(super) const TOO_MANY_PARTS: &str =
    "guardrails, or other rows of the policy, deny it in so many parts that nobody can tell which of them are gained";

/// The identities that `after` lets in and `before` did not.
pub(super) fn gained(
    before: &[Permit<'_>],
    after: &[Permit<'_>],
    catalogue: &Catalogue,
    target: &Target,
    direction: Direction,
    without_it: &Side<'_>,
) -> Vec<Change> {
    let mut found = Vec::new();
    for permit in after {
        let Some(mapping) = mapping(catalogue, permit.policy) else { continue };
        let others = before.iter().filter(|other| other.policy.issuer == permit.policy.issuer);
        let is_unknown = others.clone().any(|other| other.is_unknown_to(permit));
        let rest = permit.beyond_all(others, mapping);
        let parts: Vec<ChangedPart> = rest.iter().filter_map(|region| part(region, mapping)).collect();
        if parts.is_empty() {
            continue;
        }
        let because = match direction {
            _ if is_unknown => Some(TOO_MANY_PARTS.to_owned()),
            _ if without_it.lacks_now(target) => {
                Some("for example: older commits may have documents under this grant".to_owned())
            }
            _ if without_it.has(target) => None,
            Direction::Widens => Some("a new file under a grant that names it".to_owned()),
            Direction::Narrows => Some("the file is gone".to_owned()),
        };
        let (issuer, owners) = (permit.policy.issuer.clone(), owners(permit.policy, without_it, direction));
        let (credentials, terms) = (vec![target.to_string()], Vec::new());
        found.push(Change { direction, credentials, at: permit.at(), issuer, parts, because, terms, owners });
    }
    found
}

/// The policy's owners in both revisions: a change may also change the owners.
fn owners(policy: &TrustPolicy, other: &Side<'_>, direction: Direction) -> Vec<String> {
    let there = other.policies().find(|other| other.file == policy.file).map_or(policy, |there| there);
    match direction {
        Direction::Widens => owners_of_both(there, policy),
        Direction::Narrows => owners_of_both(policy, there),
    }
}
