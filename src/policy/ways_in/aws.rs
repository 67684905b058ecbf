//! Roles of IAM: whom their trust policies let in.
//!
//! IAM User Guide, "AWS JSON policy elements: Principal", "How IAM roles differ from resource-based policies".

mod accounts;
mod allowed;
mod keys;
mod statement;

pub(super) use accounts::Accounts;

use super::granted::GrantedInClouds;
use super::way_in::{WayIn, WayInKind, listed, subjects};
use crate::policy::RoleUse;
use crate::policy::ways_in::advice::AWS as MEND;
use crate::words::names::RoleArn;
use statement::{Entry, Statement};
use std::collections::BTreeSet;

/// The ways in to each role that is granted, and to each role in between.
pub(super) fn ways(accounts: &Accounts, granted: &GrantedInClouds) -> Vec<WayIn> {
    granted.roles.iter().flat_map(|(role, used)| of_role(role, used, accounts, granted)).collect()
}

fn of_role(role: &RoleArn, used: &RoleUse, accounts: &Accounts, granted: &GrantedInClouds) -> Vec<WayIn> {
    let of = format!("role {role}");
    let Some(document) = accounts.trust_of(role.as_str()) else {
        let account = role.account();
        return vec![if accounts.has(account) {
            let advice = "create it, or correct the policy: `daypass aws bootstrap` prints it with its trust policy";
            WayIn::new(
                of,
                WayInKind::Missing,
                format_args!("policies grant it, and the export of the account {account} lacks it"),
                advice,
            )
        } else {
            let advice = "add what `aws iam get-account-authorization-details` prints in that account";
            WayIn::new(
                of,
                WayInKind::Missing,
                format_args!("policies grant it, and no export of the account {account} is here"),
                advice,
            )
        }];
    };
    let (mut ways, mut found, mut intermediates) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let statements = statement::all(document);
    let mut is_limited = false;
    for (number, statement) in statements.into_iter().enumerate() {
        let statement = match statement {
            Ok(Statement::Other) => continue,
            Ok(Statement::Denies) => {
                let message = format!("statement {} denies: it may keep out some of those below, and daypass too", number + 1);
                ways.push(WayIn::new(&of, WayInKind::NotSeen, message, "read it by hand"));
                continue;
            }
            Ok(Statement::Lets(lets)) => lets,
            Err(what) => {
                let message = format!("statement {} may let others in: {what} is not understood here", number + 1);
                ways.push(WayIn::new(&of, WayInKind::NotUnderstood, message, MEND));
                continue;
            }
        };
        for entry in statement.entries() {
            match entry {
                Entry::Subjects(subjects, host) if granted.aws_audience.is_some() && is_ours(&host, granted) => {
                    is_limited |= statement.is_limited_further(&host);
                    ways.extend(statement.audience_fault(&of, &host, granted));
                    found.extend(subjects);
                }
                Entry::Unbounded(host) if granted.aws_audience.is_some() && is_ours(&host, granted) => {
                    let message = format!(
                        "statement {} lets in daypass for subjects that it does not list exactly: {}",
                        number + 1,
                        statement.conditions()
                    );
                    ways.push(WayIn::new(&of, WayInKind::NotUnderstood, message, MEND));
                }
                Entry::Subjects(_, host) | Entry::Unbounded(host) => ways.push(statement.issuer(&of, &host)),
                Entry::Principal(principal) if used.intermediates.iter().any(|one| one.role.as_str() == principal) => {
                    let roles = used.intermediates.iter().filter(|one| one.role.as_str() == principal);
                    is_limited |= roles.map(|one| one.external_id.as_deref()).any(|id| statement.is_limited_beyond(id));
                    intermediates.insert(principal);
                }
                Entry::Principal(principal) => ways.extend(accounts.principal(&of, role, &principal, &statement.conditions())),
                Entry::Anybody => {
                    let message = format!("anybody at AWS{}", statement.conditions());
                    ways.push(WayIn::new(
                        &of,
                        WayInKind::Anybody,
                        message,
                        "name who is meant, or take `*` out of the trust policy",
                    ));
                }
                Entry::Service(service) => ways.push(service_way(&of, &service)),
                Entry::Unknown(what) => {
                    let message =
                        format!("statement {} may let others in: the principal {what} is not understood here", number + 1);
                    ways.push(WayIn::new(&of, WayInKind::NotUnderstood, message, MEND));
                }
            }
        }
    }
    let intermediates: Vec<String> = intermediates.into_iter().collect();
    if !intermediates.is_empty() {
        let message = format!("daypass, by the roles in between {}", listed(&intermediates));
        ways.push(WayIn::new(&of, WayInKind::Ours, message, ""));
    }
    for missing in used.intermediates.iter().filter(|one| !intermediates.iter().any(|found| *found == one.role.as_str())) {
        let message = format!("it does not name the role in between, {}", missing.role);
        ways.push(WayIn::new(&of, WayInKind::Missing, message, MEND));
    }
    if granted.aws_audience.is_some() {
        ways.splice(0..0, subjects(&of, &found, &used.subjects, granted, MEND));
    }
    if is_limited {
        let message = "a condition beyond audience, subject and external id may keep daypass out too";
        ways.push(WayIn::new(
            &of,
            WayInKind::NotSeen,
            message,
            "read it by hand, and try `daypass exec --dry-run`, then a real request",
        ));
    }
    ways
}

fn is_ours(host: &str, granted: &GrantedInClouds) -> bool {
    granted.issuer.as_str().strip_prefix("https://").is_some_and(|own| own.trim_end_matches('/') == host.trim_end_matches('/'))
}

fn service_way(of: &str, service: &str) -> WayIn {
    let (message, advice) = if service == "rolesanywhere.amazonaws.com" {
        (
            "whoever holds a certificate that IAM Roles Anywhere trusts".to_owned(),
            "look at its trust anchors and profiles; take it out if jobs use daypass now",
        )
    } else {
        (
            format!("the AWS service {service}, for whoever may hand the role to it (iam:PassRole)"),
            "give the service a role of its own",
        )
    };
    WayIn::new(of, WayInKind::Others, message, advice)
}
