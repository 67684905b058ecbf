//! The ways in to a service account that the bindings of one policy give.

use super::abilities::{Ability, of_role};
use super::pools;
use super::projects::Projects;
use crate::policy::Impersonators;
use crate::policy::ways_in::advice::GCP as MEND;
use crate::policy::ways_in::granted::GrantedInClouds;
use crate::policy::ways_in::way_in::{WayIn, WayInKind, listed};
use serde_json::Value;
use std::collections::BTreeSet;

/// Which of the expected subjects and accounts were found.
#[derive(Default)]
pub(super) struct FoundBindings {
    pub(super) subjects: BTreeSet<String>,
    pub(super) accounts: BTreeSet<String>,
}

const OUT: &str = "take the binding out, or let them ask daypass instead";

pub(super) fn ways(
    of: &str,
    policy: &Value,
    origin: &str,
    seen: &mut FoundBindings,
    (used, projects, granted): (&Impersonators, &Projects, &GrantedInClouds),
) -> Vec<WayIn> {
    let mut ways = Vec::new();
    let mut unknown = BTreeSet::new();
    let is_own = origin == "its own policy";
    for binding in policy.get("bindings").and_then(Value::as_array).into_iter().flatten() {
        let (role, members) = (binding["role"].as_str().unwrap_or("a role without a name"), binding["members"].as_array());
        let condition = binding["condition"]["expression"].as_str().map(|text| format!(", where {text}")).unwrap_or_default();
        let Some(members) = members.and_then(|members| members.iter().map(Value::as_str).collect::<Option<Vec<_>>>()) else {
            let message = format!("{origin} may let others in: the members of {role} are not understood here");
            ways.push(WayIn::new(of, WayInKind::NotUnderstood, message, MEND));
            continue;
        };
        let may = match of_role(role, projects) {
            Ability::Nothing => continue,
            Ability::May(may) => may,
            Ability::Unknown if is_own => "may get at it (what this role allows is not known here)",
            Ability::Unknown => {
                unknown.insert(role);
                continue;
            }
        };
        let mut others = Vec::new();
        for member in members {
            // A condition may keep daypass out.
            let is_plain = condition.is_empty() && is_own && role == "roles/iam.workloadIdentityUser";
            match member.split_once(':') {
                _ if matches!(member, "allUsers" | "allAuthenticatedUsers") => {
                    let message = format!("{member}, which is anybody, {may}: {role} by {origin}{condition}");
                    ways.push(WayIn::new(of, WayInKind::Anybody, message, OUT));
                }
                Some(("principal" | "principalSet", _)) => match pools::member(of, member, projects, granted) {
                    pools::PoolMember::Subject(subject) if is_plain => _ = seen.subjects.insert(subject),
                    pools::PoolMember::Subject(subject) => {
                        let message = format!("daypass for {subject} {may}: {role} by {origin}{condition}");
                        ways.push(WayIn::new(of, WayInKind::Others, message, MEND));
                    }
                    pools::PoolMember::Others(found) => ways.extend(
                        found
                            .into_iter()
                            .map(|way| WayIn { message: format!("{}: {role} by {origin}{condition}", way.message), ..way }),
                    ),
                },
                Some(("serviceAccount", address))
                    if used.accounts.iter().any(|own| own.as_str() == address) && condition.is_empty() =>
                {
                    seen.accounts.insert(address.to_owned());
                }
                Some(("deleted", _)) => {}
                Some((
                    "user" | "group" | "serviceAccount" | "domain" | "projectOwner" | "projectEditor" | "projectViewer",
                    _,
                )) => {
                    others.push(member);
                }
                _ => {
                    let message = format!("{origin} may let others in: the member {member} of {role} is not understood here");
                    ways.push(WayIn::new(of, WayInKind::NotUnderstood, message, MEND));
                }
            }
        }
        if !others.is_empty() {
            let (verb, who) = (may, listed(&others));
            ways.push(WayIn::new(of, WayInKind::Others, format_args!("{who} {verb}: {role} by {origin}{condition}"), OUT));
        }
    }
    if !unknown.is_empty() {
        let roles: Vec<&str> = unknown.into_iter().collect();
        let message = format!("{origin} may let others in by roles whose permissions are not known here: {}", listed(&roles));
        let advice = "add what `gcloud iam roles describe ROLE --format=json` prints for each";
        ways.push(WayIn::new(of, WayInKind::NotUnderstood, message, advice));
    }
    ways
}
