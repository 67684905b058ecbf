//! Whose tokens an issuer signs, for people; and whether it signs those of strangers too.

/// Issuers that sign for all their customers (their docs on OIDC): a trust that asks for no subject lets every one of them in.
const SHARED: [(&str, &str); 11] = [
    ("token.actions.githubusercontent.com", "GitHub Actions"),
    ("gitlab.com", "GitLab.com"),
    ("accounts.google.com", "Google"),
    ("agent.buildkite.com", "Buildkite"),
    ("app.terraform.io", "HCP Terraform"),
    ("api.bitbucket.org", "Bitbucket Pipelines"),
    ("oidc.circleci.com", "CircleCI"),
    ("oidc.vercel.com", "Vercel"),
    ("cognito-identity.amazonaws.com", "Amazon Cognito"),
    ("graph.facebook.com", "Facebook"),
    ("www.amazon.com", "Login with Amazon"),
];
/// Where Vault and OpenBao serve the tokens of their identity engine.
const VAULT: &str = "/v1/identity/oidc";

/// An issuer by its address without `https://`.
pub(super) fn told(host: &str) -> String {
    let host = host.trim_start_matches("https://");
    let shared = SHARED.iter().find(|(known, _)| is_at(host, known)).map(|(_, name)| *name);
    match shared {
        Some(name) => format!("{name} directly ({host})"),
        None if host.contains(VAULT) => format!("Vault or OpenBao ({host})"),
        None if host.starts_with("token.actions.") => format!("GitHub Actions directly ({host})"),
        None if host.contains("gitlab") => format!("GitLab directly ({host})"),
        None if host.starts_with("oidc.eks.") || host.contains("container.googleapis.com") => {
            format!("pods of a Kubernetes cluster directly ({host})")
        }
        None => format!("the issuer {host}"),
    }
}

/// Whether strangers have tokens of it.
pub(super) fn is_shared(host: &str) -> bool {
    let host = host.trim_start_matches("https://");
    SHARED.iter().any(|(known, _)| is_at(host, known))
}

/// Words that stand before whoever it is: a wildcard right behind them is everybody.
const BEFORE: [&str; 6] = ["repo:", "project_path:", "organization:", "org/", "owner:", "team:"];

/// Whether a pattern of subjects takes in strangers.
pub(super) fn is_everybody(pattern: &str) -> bool {
    let behind = BEFORE.iter().find_map(|word| pattern.strip_prefix(word)).unwrap_or(pattern);
    behind.starts_with(['*', '?'])
}

fn is_at(host: &str, known: &str) -> bool {
    host.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
