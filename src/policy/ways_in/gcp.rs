//! Service accounts of Google Cloud: who gets tokens of them, acts as them, or makes keys for them.
//!
//! IAM, "Service account roles", "Principal identifiers", "Best practices for using Workload Identity Federation".

mod abilities;
mod bindings;
mod jwks;
mod own;
mod pools;
mod projects;
mod provider;

pub(super) use projects::Projects;

use super::granted::GrantedInClouds;
use super::way_in::{WayIn, WayInKind, subjects};
use crate::kind::ServiceAccount;
use crate::policy::Impersonators;
use crate::policy::ways_in::advice::GCP as MEND;
use std::collections::BTreeSet;

const DIRECT: &str = "look at the IAM policies of the resources by hand";
const ABOVE: &str = "add what `gcloud projects get-ancestors-iam-policy PROJECT --format=json` prints, called PROJECT.json";

/// The ways in to daypass's pool, and to each account that is granted.
pub(super) fn ways(projects: &Projects, granted: &GrantedInClouds) -> Vec<WayIn> {
    if granted.gcp.subjects().is_empty() && granted.gcp.accounts.is_empty() {
        return Vec::new();
    }
    let mut ways = pools::ways(projects, granted);
    if !granted.gcp.direct.is_empty() {
        let message = "which resources members of the pool get at directly, and who else does, is not looked at here";
        ways.push(WayIn::new("direct access", WayInKind::NotSeen, message, DIRECT));
    }
    for (account, used) in &granted.gcp.accounts {
        ways.extend(of_account(account, used, projects, granted));
    }
    ways
}

fn of_account(account: &ServiceAccount, used: &Impersonators, projects: &Projects, granted: &GrantedInClouds) -> Vec<WayIn> {
    let of = format!("account {account}");
    let Some(own) = projects.policy_of(account.as_str()) else {
        let advice = "add what `gcloud iam service-accounts get-iam-policy ADDRESS --format=json` prints, called ADDRESS.json; where there is no such account, create it or correct the policy";
        return vec![WayIn::new(of, WayInKind::Missing, "policies grant it, and no export of its policy is here", advice)];
    };
    let mut seen = bindings::FoundBindings::default();
    let mut ways = bindings::ways(&of, own, "its own policy", &mut seen, (used, projects, granted));
    let above = projects.above(account.as_str());
    for (origin, policy) in above.iter().flat_map(|above| &above.policies) {
        ways.extend(bindings::ways(&of, policy, origin, &mut seen, (used, projects, granted)));
    }
    let unseen = match above {
        None => Some("what its project, folders and organization grant is in no export here"),
        Some(above) if !above.is_whole => {
            Some("what the folders and the organization above its project grant, where there are any, is in no export here")
        }
        Some(_) => None,
    };
    ways.extend(unseen.map(|message| WayIn::new(&of, WayInKind::NotSeen, message, ABOVE)));
    let before: BTreeSet<String> = used.accounts.iter().map(ToString::to_string).collect();
    for missing in before.difference(&seen.accounts) {
        ways.push(WayIn::new(
            &of,
            WayInKind::Missing,
            format_args!("it does not let {missing} act as it, which stands before it in a chain"),
            MEND,
        ));
    }
    if !used.subjects.is_empty() || !seen.subjects.is_empty() {
        ways.splice(0..0, subjects(&of, &seen.subjects, &used.subjects, granted, MEND));
    }
    ways.push(projects.keys_way(&of, account.as_str(), granted.now));
    ways
}
