//! Workload identity pools: whom a member stands for, and whether another provider of daypass's pool can show the same subjects.

use super::own;
use super::projects::Projects;
use super::provider::{Provider, id_of, pool_of};
use crate::policy::ways_in::advice::GCP as MEND;
use crate::policy::ways_in::bound::admits_anybody;
use crate::policy::ways_in::granted::GrantedInClouds;
use crate::policy::ways_in::issuers;
use crate::policy::ways_in::way_in::{WayIn, WayInKind};

/// Whom a member of a pool stands for.
pub(super) enum PoolMember {
    /// A subject of daypass.
    Subject(String),
    Others(Vec<WayIn>),
}

const LIST: &str = "add what `gcloud iam workload-identity-pools providers list --workload-identity-pool=POOL --location=global --format=json` prints";
const SERVICE: &str = "//iam.googleapis.com/";

/// The ways in to daypass's pool itself.
pub(super) fn ways(projects: &Projects, granted: &GrantedInClouds) -> Vec<WayIn> {
    let Some(own) = &granted.gcp_provider else {
        let advice = "name the provider that trusts daypass as `providers: gcp` of the configuration";
        return vec![WayIn::new(
            "pool",
            WayInKind::Missing,
            "the configuration names no provider of Google's, so no member is recognized as daypass's",
            advice,
        )];
    };
    let pool = pool_of(own);
    let of = format!("pool {pool}");
    let providers: Vec<&Provider> = projects.providers.iter().filter(|provider| pool_of(&provider.name) == pool).collect();
    let mut ways = Vec::new();
    if !projects.is_listed(pool) {
        let message = "whether another provider of the pool shows the same subjects is in no export here";
        ways.push(WayIn::new(&of, WayInKind::NotSeen, message, LIST));
        if providers.is_empty() {
            return ways;
        }
    }
    for provider in &providers {
        if provider.name == *own {
            ways.extend(own::ways(&of, provider, projects, granted));
            continue;
        }
        let message =
            format!("its provider {} shows subjects too: {}", id_of(&provider.name), issuers::describe(&provider.issuer));
        let advice = "members name a subject and no provider: give daypass a pool of its own";
        ways.push(WayIn::new(&of, WayInKind::Anybody, message, advice));
    }
    if !providers.iter().any(|provider| provider.name == *own) {
        ways.push(WayIn::new(
            &of,
            WayInKind::Missing,
            "the provider that the configuration names is not in its export, or is disabled",
            MEND,
        ));
    }
    ways
}

/// Whom a member stands for.
pub(super) fn member(of: &str, member: &str, projects: &Projects, granted: &GrantedInClouds) -> PoolMember {
    let unknown = |why: &str| {
        let message = format!("it may let others in: the member {member} {why}");
        PoolMember::Others(vec![WayIn::new(of, WayInKind::NotUnderstood, message, MEND)])
    };
    let Some((kind, rest)) = member.split_once(':').and_then(|(kind, rest)| Some((kind, rest.strip_prefix(SERVICE)?))) else {
        return unknown("is not understood here");
    };
    let Some((pool, who)) = rest.split_once("/workloadIdentityPools/").and_then(|(before, behind)| {
        let (pool, who) = behind.split_once('/')?;
        Some((format!("{before}/workloadIdentityPools/{pool}"), who))
    }) else {
        let message = format!("{member}, which is no member of a workload identity pool");
        return PoolMember::Others(vec![WayIn::new(
            of,
            WayInKind::Others,
            message,
            "people do not need accounts that jobs have: take it out",
        )]);
    };
    if granted.gcp_provider.as_ref().is_some_and(|own| pool_of(own) == pool) {
        return match (kind, who.strip_prefix("subject/")) {
            ("principal", Some(subject)) if !subject.contains('%') => PoolMember::Subject(subject.to_owned()),
            _ => unknown("takes in more of daypass's pool than one subject"),
        };
    }
    let providers: Vec<&Provider> = projects.providers.iter().filter(|provider| pool_of(&provider.name) == pool).collect();
    let mut ways: Vec<WayIn> = providers.iter().map(|provider| by(of, member, (kind, who), provider)).collect();
    let (way_kind, detail) = match (projects.is_listed(&pool), providers.is_empty()) {
        (true, false) => return PoolMember::Others(ways),
        (true, true) => {
            (WayInKind::NotSeen, "of a pool whose providers are all disabled or deleted: it lets in nobody until one is enabled")
        }
        (false, true) => (WayInKind::Others, "of a pool whose providers are in no export here"),
        (false, false) => (WayInKind::NotSeen, "whom other providers of its pool let in is in no export here"),
    };
    ways.push(WayIn::new(of, way_kind, format_args!("{member}, {detail}"), LIST));
    PoolMember::Others(ways)
}

/// The way in that the member gives by one provider of its pool.
fn by(of: &str, member: &str, (kind, who): (&str, &str), provider: &Provider) -> WayIn {
    let condition = provider.condition.as_ref().map(|text| format!(", where {text}")).unwrap_or_default();
    let keys = if provider.uploaded.is_some() { ", by keys that were uploaded (`oidc.jwksJson`)" } else { "" };
    let message = format!("{member}: {}{keys}{condition}", issuers::describe(&provider.issuer));
    let is_shared = issuers::shared(&provider.issuer).is_some();
    if is_shared && provider.uploaded.is_some() {
        let advice =
            "whoever has the private halves of these keys is any of its subjects: let the provider fetch the issuer's own keys";
        return WayIn::new(of, WayInKind::NotUnderstood, message, advice);
    }
    if provider.is_oidc && admits_anybody(&provider.issuer, &provider.bounds(kind, who)) {
        if !is_shared && provider.has_unread_condition() {
            let message = format!("it may let others in, because the condition is not understood here: {message}");
            return WayIn::new(
                of,
                WayInKind::NotUnderstood,
                message,
                "write it with `==`, `in` or `startsWith` on a claim, or take the member out",
            );
        }
        let advice = "nothing that is understood here keeps out strangers who have a token of it: bind a whole owner or repository, or take the member out";
        return WayIn::new(of, WayInKind::Anybody, message, advice);
    }
    let advice =
        "policies and the audit log see nothing of it: turn it into a policy (`daypass policy import`), then take the member out";
    WayIn::new(of, WayInKind::Others, message, advice)
}
