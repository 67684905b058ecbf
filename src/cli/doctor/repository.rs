//! The root repository as the server would read it: its ref, its policies, and whether its secrets open.

use super::finding::Finding;
use crate::app::{ReadContext, Revision};
use crate::config::{Config, FurtherSource};
use crate::custody::{Custody, CustodyError, Purpose};
use crate::git::Source;
use crate::policy::named_grants;
use crate::secrets::Identities;
use crate::words::{PlainPath, counted, plain};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many faults are listed: more than these mostly have one cause.
const TOLD_MAX: usize = 20;

pub(super) async fn check(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (identities, opens) = identities(config, &mut findings).await;
    let source = config.root_repository();
    let place = format!("{} {}", source.path.plain(), source.reference);
    let snapshot = match source.read() {
        Ok(snapshot) => snapshot,
        Err(fault) => {
            findings.push(Finding::error("repository", fault, &advice(&source)));
            return findings;
        }
    };
    let commit = snapshot.revision.as_ref().map(ToString::to_string).unwrap_or_default();
    findings.push(Finding::ok("repository", format!("{place} is {commit}")));
    let catalogue = config.catalogue();
    let reading = ReadContext {
        catalogue: &catalogue,
        identities: &identities,
        rekeyed: true,
        widening: config.widening,
        widened: &[],
        bounds: None,
        files: &config.source_files,
    };
    let further = FurtherSource::definitions(&snapshot.files).count();
    let revision = Revision::default().next(snapshot, &reading);
    findings.extend(files(&revision, further, opens));
    findings.extend(without_provider(&revision, config));
    findings
}

/// The identities that open the root source's secrets.
async fn identities(config: &Config, findings: &mut Vec<Finding>) -> (Arc<Identities>, bool) {
    let custody = Custody::new(config.root.age_identities.clone(), Purpose::SourceSecrets);
    let fault = custody.read().await.fault;
    let opens = !matches!(fault, Some(CustodyError::NoCredentials { .. }));
    match fault {
        Some(fault @ CustodyError::NoCredentials { .. }) => {
            findings.push(Finding::of_the_service("age_identities", &fault));
        }
        Some(fault) => {
            let advice = "without it, secrets that are encrypted to it alone do not open: restore it, or encrypt them again";
            findings.push(Finding::error("age_identities", fault, advice));
        }
        None if config.root.age_identities.is_empty() => {
            findings.push(Finding::skipped("age_identities", "`root` names none, so it can hold no secrets"));
        }
        None => findings.push(Finding::ok("age_identities", format!("{} open", config.root.age_identities.len()))),
    }
    (custody.identities(), opens)
}

/// `opens` is whether the identities could be read: without them no secret opens, whatever its state.
fn files(revision: &Revision, further: usize, opens: bool) -> Vec<Finding> {
    let is_secret = |file: &str| file.starts_with("secrets/") || file.starts_with("transit/");
    let faults: Vec<_> = revision.faults().filter(|fault| opens || !is_secret(fault.file.exact())).collect();
    let told = faults.iter().take(TOLD_MAX).map(|fault| {
        let (check, advice) = if is_secret(fault.file.exact()) {
            ("secrets", "encrypt it to the recipients of `age_identities` (`daypass secret updatekeys`), or restore the identity")
        } else {
            ("policies", "correct it: a faulty file keeps its last good form; `daypass policy check` shows the line")
        };
        Finding::error(check, fault.brief(), advice)
    });
    let mut findings: Vec<Finding> = told.collect();
    if faults.len() > TOLD_MAX {
        let more = counted(faults.len() - TOLD_MAX, "more fault");
        findings.push(Finding::error("policies", more, "`daypass policy check` shows them all"));
    }
    if faults.is_empty() {
        let (policies, documents) = (revision.ruleset.policies().count(), revision.documents().count());
        findings.push(Finding::ok("policies", format!("{policies} load")));
        findings.push(match opens {
            true => Finding::ok("secrets", format!("{} open", counted(documents, "document"))),
            false => Finding::skipped("secrets", "only the service can read the identities that open them"),
        });
    }
    if revision.ruleset.policies().count() == 0 {
        let (told, advice) = match faults.is_empty() {
            true => ("there is none, so nothing is granted", "commit one below policies/"),
            false => ("none of this commit loads; a running server keeps their older forms", "correct the faults above"),
        };
        findings.push(Finding::warning("policies", told, advice));
    }
    if further > 0 {
        let told = format!("{further} further sources: only the server has their clones; how it follows each stands below");
        findings.push(Finding::skipped("sources", told));
    }
    findings
}

/// What policies grant and no provider of this server makes: jobs that ask for it are refused each time.
fn without_provider(revision: &Revision, config: &Config) -> Vec<Finding> {
    let mut told = BTreeSet::new();
    for (file, place, target) in named_grants(&revision.ruleset) {
        let misfits = config.providers.misfits_on_server(&target);
        told.extend(misfits.into_iter().map(|misfit| format!("{}:{}: {misfit}", plain(file), place.line)));
    }
    let advice = "configure the provider, or take the grant out: jobs that ask for it are refused each time";
    let more = told.len().saturating_sub(TOLD_MAX);
    let mut findings: Vec<Finding> =
        told.into_iter().take(TOLD_MAX).map(|told| Finding::error("policies", told, advice)).collect();
    if more > 0 {
        findings.push(Finding::error("policies", format!("{more} more such grants"), "`daypass policy check` shows them"));
    }
    findings
}

/// Names the branches that exist: Git's default is `master`, and most configurations say `main`.
fn advice(source: &Source) -> String {
    match source.branches() {
        Ok(branches) if branches.is_empty() => {
            "the repository has no commit yet: commit the policies, and push them to it".to_owned()
        }
        Ok(branches) => format!("push that branch, or correct `ref`; there are {}", branches.join(", ")),
        Err(_) => "correct `git` under `root`; a remote one is cloned by the server's first start".to_owned(),
    }
}
