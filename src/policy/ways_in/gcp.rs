//! Service accounts of Google Cloud: who gets tokens of them, acts as them, or makes keys for them.
//!
//! IAM, "Service account roles", "Principal identifiers", "Best practices for using Workload Identity Federation".

mod abilities;
mod bindings;
mod pools;
mod projects;

pub(super) use projects::Projects;

use super::granted::GrantedInClouds;
use super::told::{Way, WayKind, subjects};
use crate::kind::ServiceAccount;
use crate::policy::gcp_use::ActsAs;
use crate::policy::ways_in::advice::GCP as MEND;
use std::collections::BTreeSet;

/// Of our pool, and of each account that is granted.
pub(super) fn ways(projects: &Projects, granted: &GrantedInClouds) -> Vec<Way> {
    if granted.gcp.accounts.is_empty() {
        return Vec::new();
    }
    let mut ways = pools::ways(projects, granted);
    for (account, used) in &granted.gcp.accounts {
        ways.extend(of_account(account, used, projects, granted));
    }
    ways
}

fn of_account(account: &ServiceAccount, used: &ActsAs, projects: &Projects, granted: &GrantedInClouds) -> Vec<Way> {
    let of = format!("account {account}");
    let Some(own) = projects.policy_of(account.as_str()) else {
        let advice = "add what `gcloud iam service-accounts get-iam-policy ADDRESS --format=json` prints, called ADDRESS.json; where there is no such account, create it or correct the policy";
        return vec![Way::new(of, WayKind::Missing, "policies grant it, and no export of its policy is here", advice)];
    };
    let mut seen = bindings::Seen::default();
    let mut ways = bindings::ways(&of, own, "its own policy", &mut seen, (used, projects, granted));
    match projects.above(account.as_str()) {
        [] => {
            let says = "what its project, folders and organization grant is in no export here";
            let advice = "add what `gcloud projects get-ancestors-iam-policy PROJECT --format=json` prints, called PROJECT.json";
            ways.push(Way::new(&of, WayKind::NotSeen, says, advice));
        }
        all => {
            for (origin, policy) in all {
                ways.extend(bindings::ways(&of, policy, origin, &mut seen, (used, projects, granted)));
            }
        }
    }
    let before: BTreeSet<String> = used.accounts.iter().map(ToString::to_string).collect();
    for missing in before.difference(&seen.accounts) {
        ways.push(Way::new(
            &of,
            WayKind::Missing,
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
