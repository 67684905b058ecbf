//! Reads attributes from a `sub`. The policy has them in addition to the subject and never in its place: two different jobs (one
//! with an environment and one without) may agree in all these attributes.

use super::error::SubjectError;
use crate::identity::{Attribute, Mapping};
use std::collections::BTreeMap;

/// What one subject names, or what several alternatives name together.
#[derive(Debug, Default)]
pub(super) struct SubjectClaims {
    /// The attributes that each of them names.
    pub(super) attributes: BTreeMap<Attribute, Vec<String>>,
    /// The events that the subjects stand for.
    pub(super) events: Vec<&'static str>,
    /// Whether some of the events are an assumption.
    pub(super) events_supposed: bool,
}

/// The events that are assumed where a subject names none: those that people with write access start.
const OF_BRANCHES: [&str; 2] = ["push", "manual"];
const OF_TAGS: [&str; 2] = ["tag", "manual"];

/// Reads the alternatives of a `sub`, which are patterns of a policy.
pub(super) fn read(mapping: &Mapping, subjects: &[String]) -> SubjectClaims {
    let mut parsed = SubjectClaims::default();
    let read: Vec<ParsedSubject> = subjects.iter().map(|subject| one(mapping.name(), subject)).collect();
    for subject in &read {
        let events = subject.events.unwrap_or(&OF_BRANCHES);
        parsed.events.extend(events.iter().filter(|event| !parsed.events.contains(event)).copied().collect::<Vec<_>>());
        parsed.events_supposed |= events != [PULL_REQUEST];
    }
    for attribute in Attribute::ALL.iter().filter(|attribute| mapping.claims(**attribute)) {
        let values: Option<Vec<&String>> = read.iter().map(|one| one.value(*attribute)).collect();
        for value in values.into_iter().flatten() {
            let known = parsed.attributes.entry(*attribute).or_default();
            if !known.contains(value) {
                known.push(value.clone());
            }
        }
    }
    parsed
}

/// Refuses a subject of GitHub that ends with a wildcard within a repository's name. In the original the wildcard also matches what
/// follows the name. Here it stays within the name, where no subject ends, so the policy would let nobody in.
pub(super) fn check_ends(mapping: &Mapping, subject: &str) -> Result<(), SubjectError> {
    let rest = subject.strip_prefix("repo:").filter(|_| mapping.name() == "github-actions").unwrap_or_default();
    if rest.contains(':') || !rest.ends_with('*') || rest.ends_with("**") {
        return Ok(());
    }
    Err(SubjectError { subject: subject.to_owned() })
}

const PULL_REQUEST: &str = "pull-request";

#[derive(Default)]
struct ParsedSubject {
    attributes: Vec<(Attribute, String)>,
    events: Option<&'static [&'static str]>,
}

impl ParsedSubject {
    fn value(&self, attribute: Attribute) -> Option<&String> {
        self.attributes.iter().find(|(named, _)| *named == attribute).map(|(_, value)| value)
    }

    fn name(&mut self, attribute: Attribute, value: &str) {
        if !value.is_empty() {
            self.attributes.push((attribute, value.to_owned()));
        }
    }
}

fn one(mapping: &str, subject: &str) -> ParsedSubject {
    match mapping {
        "github-actions" => subject.strip_prefix("repo:").map(github),
        "gitlab" => subject.strip_prefix("project_path:").map(gitlab),
        "kubernetes" => subject.strip_prefix("system:serviceaccount:").and_then(kubernetes),
        "buildkite" | "hcp-terraform" => subject.strip_prefix("organization:").map(organization),
        "circleci" => subject.strip_prefix("org/").map(circleci),
        _ => None,
    }
    .unwrap_or_default()
}

fn is_wild(text: &str) -> bool {
    text.contains('*')
}

/// `OWNER/NAME:CONTEXT`, or with an id behind each name and `@` (GitHub docs, "OpenID Connect reference").
fn github(rest: &str) -> ParsedSubject {
    let mut read = ParsedSubject::default();
    let (repository, context) = rest.split_once(':').unwrap_or((rest, ""));
    let (owner, name) = repository.split_once('/').unwrap_or((repository, "*"));
    if is_wild(name_of(owner)) || name.contains('/') {
        return read;
    }
    read.name(Attribute::Owner, &named(name_of(owner), id_of(owner)));
    if !is_wild(name_of(name)) {
        read.name(Attribute::Repository, &named(&format!("{}/{}", name_of(owner), name_of(name)), id_of(name)));
    }
    if let Some(reference) = context.strip_prefix("ref:") {
        read.name(Attribute::Ref, reference);
        read.events = Some(if reference.starts_with("refs/tags/") { &OF_TAGS } else { &OF_BRANCHES });
    } else if let Some(environment) = context.strip_prefix("environment:").filter(|name| !name.contains('%')) {
        read.name(Attribute::Environment, environment);
    } else if context == "pull_request" {
        read.events = Some(&[PULL_REQUEST]);
    }
    read
}

fn name_of(text: &str) -> &str {
    text.split('@').next().unwrap_or_default()
}

fn id_of(text: &str) -> Option<&str> {
    text.split_once('@').map(|(_, id)| id).filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}

fn named(name: &str, id: Option<&str>) -> String {
    id.map_or_else(|| name.to_owned(), |id| format!("{name}@{id}"))
}

/// `GROUP/PROJECT:ref_type:branch:ref:NAME` (GitLab docs, "ID token authentication").
fn gitlab(rest: &str) -> ParsedSubject {
    let mut read = ParsedSubject::default();
    let (project, context) = rest.split_once(':').unwrap_or((rest, ""));
    if !is_wild(project) && !project.contains('@') {
        read.name(Attribute::Repository, project);
    }
    if context.starts_with("ref_type:tag:") {
        read.events = Some(&OF_TAGS);
    }
    read
}

/// `NAMESPACE:NAME` (Kubernetes docs, "Managing Service Accounts").
fn kubernetes(rest: &str) -> Option<ParsedSubject> {
    let mut read = ParsedSubject::default();
    let (namespace, account) = rest.split_once(':')?;
    read.name(Attribute::Namespace, namespace);
    if !account.contains(':') {
        read.name(Attribute::ServiceAccount, account);
    }
    Some(read)
}

/// `ORGANIZATION:pipeline:…` or `ORGANIZATION:project:…` (Buildkite docs, HCP Terraform docs).
fn organization(rest: &str) -> ParsedSubject {
    let mut read = ParsedSubject::default();
    let organization = rest.split(':').next().unwrap_or_default();
    if !is_wild(organization) && !organization.contains('@') {
        read.name(Attribute::Owner, organization);
    }
    read
}

/// `ORGANIZATION-ID/project/…` (CircleCI docs): an organization has an id and no name.
fn circleci(rest: &str) -> ParsedSubject {
    let mut read = ParsedSubject::default();
    let id = rest.split('/').next().unwrap_or_default();
    if !is_wild(id) && !id.contains('@') {
        read.name(Attribute::Owner, &format!("{id}@{id}"));
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe(mapping: &str, subjects: &[&str]) -> String {
        let subjects: Vec<String> = subjects.iter().map(|subject| (*subject).to_owned()).collect();
        let parsed = read(&Mapping::built_in(mapping).unwrap(), &subjects);
        let attributes = parsed.attributes.iter().map(|(attribute, values)| format!("{attribute}={}", values.join("|")));
        let events = std::iter::once(format!("event={}", parsed.events.join("|")));
        attributes.chain(events).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn github_names_a_repository_in_two_forms() {
        let cases: [(&[&str], &str); 9] = [
            (&["repo:acme/shop:ref:refs/heads/main"], "repository=acme/shop owner=acme ref=refs/heads/main event=push|manual"),
            (&["repo:acme@1/shop@2:environment:prod"], "repository=acme/shop@2 owner=acme@1 environment=prod event=push|manual"),
            (&["repo:acme@1/shop@*:pull_request"], "repository=acme/shop owner=acme@1 event=pull-request"),
            (&["repo:acme/shop:ref:refs/tags/*"], "repository=acme/shop owner=acme ref=refs/tags/* event=tag|manual"),
            (&["repo:acme/**"], "owner=acme event=push|manual"),
            (&["repo:acme*"], "event=push|manual"),
            (&["repo:*/shop:ref:x"], "event=push|manual"),
            (
                &["repo:acme/shop:pull_request", "repo:acme/shop:ref:refs/heads/main"],
                "repository=acme/shop owner=acme event=pull-request|push|manual",
            ),
            (&["foo"], "event=push|manual"),
        ];
        for (subjects, expected) in cases {
            assert_eq!(describe("github-actions", subjects), expected, "{subjects:?}");
        }
    }

    #[test]
    fn a_subject_that_ends_within_a_name_lets_nobody_in() {
        let github = Mapping::built_in("github-actions").unwrap();
        for bad in ["repo:acme/shop*", "repo:acme*", "repo:acme/shop@*"] {
            assert!(check_ends(&github, bad).is_err(), "{bad}");
        }
        for good in ["repo:acme/**", "repo:acme/shop", "repo:acme/shop:ref:a-*", "repo:acme/shop*:**", "other*"] {
            assert!(check_ends(&github, good).is_ok(), "{good}");
        }
        assert!(check_ends(&Mapping::built_in("generic").unwrap(), "repo:acme*").is_ok());
    }

    #[test]
    fn subjects_of_other_issuers_are_read() {
        let cases = [
            ("gitlab", "project_path:g/p:ref_type:tag:ref:v1", "repository=g/p event=tag|manual"),
            ("gitlab", "project_path:g/**", "event=push|manual"),
            ("kubernetes", "system:serviceaccount:shop:deploy", "namespace=shop service_account=deploy event=push|manual"),
            ("circleci", "org/77/project/88/user/**", "owner=77@77 event=push|manual"),
            ("buildkite", "organization:acme:pipeline:shop:**", "owner=acme event=push|manual"),
            ("google", "1234", "event=push|manual"),
        ];
        for (mapping, subject, expected) in cases {
            assert_eq!(describe(mapping, &[subject]), expected, "{subject}");
        }
    }
}
