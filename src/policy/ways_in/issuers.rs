//! Describes issuers in words, and knows which of them sign for strangers too.

use crate::identity::Mapping;
use std::sync::LazyLock;

/// How an issuer's subjects begin.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// What comes before the name of the tenant.
    pub(super) words: &'static [&'static str],
    /// Characters that end a name, and that no name contains.
    pub(super) ends: &'static str,
}

/// How the subjects of shared issuers begin, by the mapping that names these issuers (the vendors' docs on OIDC). A customized subject
/// of GitHub begins with the name of a claim. Only those of an owner, a repository or an enterprise keep strangers out.
const FORMS: [(&str, &str, Form); 8] = [
    (
        "github-actions",
        "GitHub Actions",
        Form {
            words: &["repo:", "repository:", "repository_id:", "repository_owner:", "repository_owner_id:", "enterprise:"],
            ends: "/:@",
        },
    ),
    ("gitlab", "GitLab.com", Form { words: &["project_path:"], ends: "/" }),
    ("forgejo", "Codeberg", Form { words: &["repo:"], ends: "/" }),
    ("buildkite", "Buildkite", Form { words: &["organization:"], ends: ":" }),
    ("circleci", "CircleCI", Form { words: &["org/"], ends: "/" }),
    ("codefresh", "Codefresh", Form { words: &["account:"], ends: ":" }),
    ("hcp-terraform", "HCP Terraform", Form { words: &["organization:"], ends: ":" }),
    ("google", "Google", Form { words: &[], ends: "" }),
];
/// For a mapping that is not listed above: no subject is understood.
const NO_FORM: Form = Form { words: &[], ends: "" };

/// A shared issuer without a mapping.
struct Unmapped {
    host: &'static str,
    name: &'static str,
    form: Form,
    claims: &'static [&'static str],
    together: &'static [&'static str],
}

/// IAM User Guide, "Available keys for AWS OIDC federation"; Vercel docs, "OIDC federation reference".
const UNMAPPED: [Unmapped; 4] = [
    Unmapped {
        host: "oidc.vercel.com",
        name: "Vercel",
        form: Form { words: &["owner:"], ends: ":" },
        claims: &["owner_id", "project_id"],
        together: &[],
    },
    Unmapped {
        host: "cognito-identity.amazonaws.com",
        name: "Amazon Cognito",
        form: NO_FORM,
        claims: &["sub"],
        together: &["aud", "amr"],
    },
    Unmapped { host: "graph.facebook.com", name: "Facebook", form: NO_FORM, claims: &["id"], together: &[] },
    Unmapped { host: "www.amazon.com", name: "Login with Amazon", form: NO_FORM, claims: &["user_id"], together: &[] },
];
/// Where Vault and OpenBao serve the tokens of their identity engine.
const VAULT: &str = "/v1/identity/oidc";

/// An issuer that signs for strangers too: a trust that pins nobody's name lets every one of them in.
pub(super) struct Shared {
    host: String,
    name: &'static str,
    pub(super) form: Form,
    /// Claims of which each alone tells whose token it is.
    pub(super) claims: Vec<String>,
    /// Claims that tell it together.
    pub(super) together: &'static [&'static str],
}

/// The shared issuers of the mappings, and those without a mapping.
static SHARED: LazyLock<Vec<Shared>> = LazyLock::new(|| {
    let mappings = Mapping::built_in_names().filter_map(|name| Some((name, Mapping::built_in(name).ok()?)));
    let mapped = mappings.flat_map(|(name, mapping)| {
        let (label, form) =
            FORMS.iter().find(|(known, ..)| *known == name).map_or((name, NO_FORM), |(_, label, form)| (*label, *form));
        let claims: Vec<String> = mapping.claims_of_tenants().map(str::to_owned).collect();
        let one = |issuer: &String| Shared { host: host_of(issuer), name: label, form, claims: claims.clone(), together: &[] };
        mapping.shared_issuers().iter().map(one).collect::<Vec<_>>()
    });
    let unmapped = UNMAPPED.iter().map(|one| Shared {
        host: one.host.to_owned(),
        name: one.name,
        form: one.form,
        claims: one.claims.iter().map(|claim| (*claim).to_owned()).collect(),
        together: one.together,
    });
    mapped.chain(unmapped).collect()
});

/// The issuer, if strangers have tokens of it. An issuer with a further path may be one tenant's own, and does not count.
pub(super) fn shared(host: &str) -> Option<&'static Shared> {
    let host = host_of(host);
    SHARED.iter().find(|shared| shared.host == host)
}

/// An issuer in words, by its address with or without `https://`.
pub(super) fn describe(host: &str) -> String {
    let (host, plain) = (host.trim_start_matches("https://"), host_of(host));
    let is_below =
        |shared: &&Shared| plain.strip_prefix(&shared.host).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    match SHARED.iter().find(is_below) {
        Some(shared) => format!("{} directly ({host})", shared.name),
        None if plain.contains(VAULT) => format!("Vault or OpenBao ({host})"),
        None if plain.starts_with("token.actions.") => format!("GitHub Actions directly ({host})"),
        None if plain.starts_with("api.bitbucket.org/") => format!("Bitbucket Pipelines directly ({host})"),
        None if plain.contains("gitlab") => format!("GitLab directly ({host})"),
        None if plain.starts_with("oidc.eks.") || plain.contains("container.googleapis.com") => {
            format!("pods of a Kubernetes cluster directly ({host})")
        }
        None => format!("the issuer {host}"),
    }
}

/// The address in lower case: clouds keep the spelling, and people write capitals.
fn host_of(issuer: &str) -> String {
    let issuer = issuer.to_ascii_lowercase();
    issuer.trim_start_matches("https://").trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mapping_with_a_shared_issuer_has_its_form() {
        for name in Mapping::built_in_names() {
            let is_shared = !Mapping::built_in(name).unwrap().shared_issuers().is_empty();
            assert_eq!(FORMS.iter().any(|(known, ..)| *known == name), is_shared, "{name}");
        }
        assert!(shared("https://GitLab.com/").is_some_and(|shared| shared.claims.iter().any(|claim| claim == "namespace_id")));
        assert!(shared("https://gitlab.com/acme").is_none());
    }
}
