//! Finds the configured issuer that an original means. If there is none, a name and a mapping are proposed.

use super::error::IssuerError;
use super::settings::ImportSettings;
use crate::identity::Mapping;
use crate::words::Digest;
use crate::words::names::{IssuerName, IssuerUrl};
use std::sync::Arc;

/// Names are this long at most (`words::names`).
const NAME_CHARACTERS_MAX: usize = 63;
/// How many hexadecimal digits of a URL's digest stand behind a name that is cut: so many that nobody finds a URL with the same ones.
const DIGITS: usize = 24;

/// The issuer of github.com.
const GITHUB: &str = "https://token.actions.githubusercontent.com";
/// Issuers of other GitHubs: that of an enterprise on ghe.com begins like this, and that of a server of one's own ends like that.
const GITHUB_HOST: &str = "https://token.actions.";
const GITHUB_SERVER: &str = "/_services/token";

/// Well-known issuers: the URL, the name that is proposed, and the mapping.
const KNOWN: [(&str, &str, &str); 6] = [
    (GITHUB, "github", "github-actions"),
    ("https://gitlab.com", "gitlab", "gitlab"),
    ("https://accounts.google.com", "google", "google"),
    ("https://agent.buildkite.com", "buildkite", "buildkite"),
    ("https://app.terraform.io", "hcp-terraform", "hcp-terraform"),
    ("https://oidc.circleci.com", "circleci", "circleci"),
];

/// Issuers that are recognized by the beginning of their URL, because each enterprise, organization or cluster has its own.
const KNOWN_BEGINNINGS: [(&str, &str); 4] = [
    (GITHUB_HOST, "github-actions"),
    ("https://oidc.circleci.com/org/", "circleci"),
    ("https://oidc.eks.", "kubernetes"),
    ("https://container.googleapis.com/", "kubernetes"),
];

/// Issuers of self-hosted installations, which are recognized by the beginning of their subjects.
const KNOWN_SUBJECTS: [(&str, &str); 2] = [("project_path:", "gitlab"), ("system:serviceaccount:", "kubernetes")];

/// An issuer as the policy names it.
pub(super) struct Issuer {
    pub(super) name: IssuerName,
    pub(super) url: IssuerUrl,
    pub(super) mapping: Arc<Mapping>,
    pub(super) note: Option<String>,
}

impl Issuer {
    /// The host of the GitHub whose repositories and accounts its tokens name. What other CIs call so has no ids of GitHub.
    pub(super) fn github_host(&self) -> Option<&str> {
        let url = self.url.as_str();
        let of_github = url.strip_prefix(GITHUB).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let elsewhere = url.strip_prefix(GITHUB_HOST).or_else(|| url.strip_prefix("https://")?.strip_suffix(GITHUB_SERVER));
        let host = if of_github { Some("github.com") } else { elsewhere };
        host.filter(|_| self.mapping.name() == "github-actions")
    }
}

/// Finds the issuer with this URL. The subjects tell a self-hosted installation's mapping.
pub(super) fn find(url: &str, subjects: &[String], settings: &ImportSettings<'_>) -> Result<Issuer, IssuerError> {
    let url = IssuerUrl::parse(url).map_err(|fault| IssuerError::Url { url: url.to_owned(), fault })?;
    let Some(catalogue) = settings.catalogue else { return proposed(url, subjects, settings) };
    let all = catalogue.names().filter_map(|name| Some((name, catalogue.issuer(name)?)));
    let same = all.filter(|(_, entry)| entry.url == url);
    let found: Vec<_> = same.filter(|(name, _)| settings.issuer.as_ref().is_none_or(|chosen| chosen == *name)).collect();
    match (&found[..], &settings.issuer) {
        ([(name, entry)], _) => Ok(Issuer { name: (*name).clone(), url, mapping: entry.mapping.clone(), note: None }),
        ([], Some(name)) => Err(IssuerError::Another { url, name: name.clone() }),
        ([], None) => proposed(url, subjects, settings),
        _ => Err(IssuerError::Several { url }),
    }
}

fn proposed(url: IssuerUrl, subjects: &[String], settings: &ImportSettings<'_>) -> Result<Issuer, IssuerError> {
    let known = KNOWN.iter().find(|(known, ..)| *known == url.as_str());
    let mapping = Mapping::built_in(known.map_or_else(|| mapping_of(url.as_str(), subjects), |(.., mapping)| mapping))?;
    let name = match &settings.issuer {
        Some(name) => name.clone(),
        None => free_name(&url, known.map(|(_, name, _)| *name), settings)?,
    };
    let kind = mapping.name().to_owned();
    let note = format!("the policy expects `issuers: [{{ name: {name}, mapping: {kind}, issuer: {url} }}]` in daypass.yaml");
    Ok(Issuer { name, url, mapping, note: Some(note) })
}

/// A name that belongs to no other issuer, neither of the configuration nor of the well-known ones.
fn free_name(url: &IssuerUrl, known: Option<&str>, settings: &ImportSettings<'_>) -> Result<IssuerName, IssuerError> {
    let is_known = |name: &str| KNOWN.iter().any(|(known, theirs, _)| *theirs == name && *known != url.as_str());
    let is_configured = |name: &IssuerName| settings.catalogue.is_some_and(|catalogue| catalogue.issuer(name).is_some());
    let label = label_of(url.as_str());
    let whole = Some(label.as_str()).filter(|label| label.len() <= NAME_CHARACTERS_MAX);
    let cut = with_digest(&label, url);
    for name in [known, whole, Some(&cut)].into_iter().flatten() {
        let name = IssuerName::parse(name)?;
        if !is_known(name.as_str()) && !is_configured(&name) {
            return Ok(name);
        }
    }
    Err(IssuerError::Taken { url: url.clone() })
}

fn mapping_of(url: &str, subjects: &[String]) -> &'static str {
    let by_url = KNOWN_BEGINNINGS.iter().find(|(beginning, _)| url.starts_with(beginning));
    let begin = |beginning: &str| !subjects.is_empty() && subjects.iter().all(|subject| subject.starts_with(beginning));
    let by_subject = || KNOWN_SUBJECTS.iter().find(|(beginning, _)| begin(beginning));
    by_url.or_else(by_subject).map_or("generic", |(_, mapping)| mapping)
}

fn label_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest).to_ascii_lowercase();
    let label: String = rest.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    label.trim_matches('-').to_owned()
}

/// Two URLs may begin alike for longer than a name is.
fn with_digest(label: &str, url: &IssuerUrl) -> String {
    let (begin, digest) = (label.len().min(NAME_CHARACTERS_MAX - DIGITS - 1), Digest::plain(url.as_str().as_bytes()).to_string());
    format!("{}-{}", label[..begin].trim_end_matches('-'), &digest[..DIGITS])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Catalogue, IssuerEntry};

    fn entry(name: &str, url: &str, mapping: &str) -> (IssuerName, IssuerEntry) {
        let entry =
            IssuerEntry { url: IssuerUrl::parse(url).unwrap(), mapping: Mapping::built_in(mapping).unwrap(), session_max: None };
        (IssuerName::parse(name).unwrap(), entry)
    }

    fn describe(url: &str, subject: &str, settings: &ImportSettings<'_>) -> Result<String, String> {
        let found = find(url, &[subject.to_owned()], settings).map_err(|fault| fault.to_string());
        found.map(|issuer| format!("{} {}", issuer.name, issuer.mapping.name()))
    }

    #[test]
    fn an_issuer_is_proposed_where_none_is_configured() {
        let settings = ImportSettings::default();
        let cases = [
            ("https://token.actions.githubusercontent.com", "x", "github github-actions"),
            ("https://token.actions.acme.ghe.com", "x", "token-actions-acme-ghe-com github-actions"),
            ("https://gitlab.acme.example", "project_path:g/p:**", "gitlab-acme-example gitlab"),
            ("https://id.acme.example/x", "y", "id-acme-example-x generic"),
        ];
        for (url, subject, expected) in cases {
            assert_eq!(describe(url, subject, &settings).as_deref(), Ok(expected));
        }
        assert!(describe("http://acme.example", "x", &settings).is_err());
        let long = format!("https://{}.{}.example", "a".repeat(62), "b".repeat(20));
        let digest = Digest::plain(long.as_bytes()).to_string();
        assert_eq!(describe(&long, "y", &settings), Ok(format!("{}-{} generic", "a".repeat(38), &digest[..24])));
    }

    #[test]
    fn two_issuers_get_two_names() {
        let cluster = |name: &str| {
            let url = format!("https://container.googleapis.com/v1/projects/acme-prod/locations/europe-west1/clusters/{name}");
            describe(&url, "x", &ImportSettings::default()).unwrap()
        };
        assert_ne!(cluster("prod"), cluster("dev"));
        let named = |name: &str, url: &str| Catalogue::from_iter([entry(name, url, "gitlab")]);
        let ours = [named("gitlab", "https://gitlab.acme.example"), named("ci-example", "https://other.example")];
        let [gitlab, ci] = [0, 1].map(|at| ImportSettings { catalogue: Some(&ours[at]), ..ImportSettings::default() });
        assert_eq!(describe("https://gitlab.com", "x", &gitlab).as_deref(), Ok("gitlab-com gitlab"));
        let digest = Digest::plain(b"https://ci.example").to_string();
        assert_eq!(describe("https://ci.example", "x", &ci), Ok(format!("ci-example-{} generic", &digest[..24])));
        let github = describe("https://github", "x", &ImportSettings::default()).unwrap();
        assert!(github.starts_with("github-"), "{github}");
    }

    #[test]
    fn ids_of_a_github_are_for_its_own_issuer() {
        for (url, host) in [
            ("https://token.actions.githubusercontent.com", Some("github.com")),
            ("https://token.actions.githubusercontent.com/acme", Some("github.com")),
            ("https://token.actions.acme.ghe.com", Some("acme.ghe.com")),
            ("https://github.acme.example/_services/token", Some("github.acme.example")),
            ("https://token.actions.githubusercontent.com.evil.example", Some("githubusercontent.com.evil.example")),
            ("https://gitlab.com", None),
        ] {
            let mapping = if url.contains("gitlab") { "gitlab" } else { "github-actions" };
            let ours = Catalogue::from_iter([entry("ours", url, mapping)]);
            let settings = ImportSettings { catalogue: Some(&ours), ..ImportSettings::default() };
            assert_eq!(find(url, &[], &settings).unwrap().github_host(), host, "{url}");
        }
    }

    #[test]
    fn an_issuer_of_another_url_is_never_taken() {
        let eu = || entry("eu", "https://kubernetes.default.svc", "kubernetes");
        let us = || entry("us", "https://kubernetes.default.svc", "kubernetes");
        let ours = Catalogue::from_iter([entry("ours", "https://gitlab.acme.example", "gitlab"), eu(), us()]);
        let settings = |name: Option<&str>| ImportSettings {
            issuer: name.map(|name| IssuerName::parse(name).unwrap()),
            catalogue: Some(&ours),
            ..ImportSettings::default()
        };
        assert_eq!(describe("https://gitlab.acme.example", "x", &settings(None)).as_deref(), Ok("ours gitlab"));
        assert!(describe("https://gitlab.com", "x", &settings(Some("ours"))).is_err());
        assert_eq!(describe("https://gitlab.com", "x", &settings(None)).as_deref(), Ok("gitlab gitlab"));
        assert!(describe("https://kubernetes.default.svc", "x", &settings(None)).unwrap_err().contains("--issuer"));
        assert_eq!(describe("https://kubernetes.default.svc", "x", &settings(Some("eu"))).as_deref(), Ok("eu kubernetes"));
    }
}
