//! One small engine reads every CI's claims by its mapping. An attribute without a claim is absent: the engine never guesses.

use super::{Attribute, Attributes, Facts, Identity, Proof, SharedFacts, Value, subject};
use crate::token::{Claims, Expected, VerifiedToken};
use crate::words::names::IssuerName;
use crate::words::{Denial, Reason};
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const BUILT_IN: [(&str, &str); 15] = [
    ("github-actions", include_str!("mappings/github-actions.yaml")),
    ("forgejo", include_str!("mappings/forgejo.yaml")),
    ("gitlab", include_str!("mappings/gitlab.yaml")),
    ("azure-devops", include_str!("mappings/azure-devops.yaml")),
    ("buildkite", include_str!("mappings/buildkite.yaml")),
    ("circleci", include_str!("mappings/circleci.yaml")),
    ("bitbucket", include_str!("mappings/bitbucket.yaml")),
    ("codefresh", include_str!("mappings/codefresh.yaml")),
    ("hcp-terraform", include_str!("mappings/hcp-terraform.yaml")),
    ("spacelift", include_str!("mappings/spacelift.yaml")),
    ("kubernetes", include_str!("mappings/kubernetes.yaml")),
    ("spiffe", include_str!("mappings/spiffe.yaml")),
    ("google", include_str!("mappings/google.yaml")),
    ("aws", include_str!("mappings/aws.yaml")),
    ("generic", include_str!("mappings/generic.yaml")),
];

/// Why there is no mapping.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// No mapping has this name.
    #[error("no claim mapping of this name; there are {}", Mapping::built_in_names().collect::<Vec<_>>().join(", "))]
    Unknown,
    /// A built-in mapping does not load. daypass's tests would find that.
    #[error("the mapping {name} is broken: {fault}")]
    Broken {
        /// Which one.
        name: String,
        /// Why not.
        #[source]
        fault: Box<serde_saphyr::Error>,
    },
}

/// How often a token may be used for one credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplayRule {
    /// The CI makes a token per request. The same token and credential get the same answer for 60 s, and are refused later.
    PerRequest,
    /// The CI makes a token per job or pod. It may be used again until it expires.
    PerJob,
    /// For a session of a token that only one client may use: that client may use it often. No mapping has this rule.
    #[serde(skip_deserializing)]
    PerClient,
    /// A policy allows one use only.
    Once,
}

/// How one CI's claims become canonical attributes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    name: String,
    replay: ReplayRule,
    /// Whether it is a CI. A CI has events, and its policies have to name them.
    ci: bool,
    /// Issuers that many tenants share: a policy has to pin one tenant by id. Issuers of a single tenant below such an address,
    /// such as an enterprise's at GitHub, are not among them.
    #[serde(default)]
    shared_issuers: Vec<String>,
    /// The well-known addresses of the CI's issuers, as patterns: an issuer there belongs to this CI and to no other.
    #[serde(default)]
    issuers: Vec<String>,
    /// Further hosts of the keys of those `issuers` that are no patterns.
    #[serde(default)]
    jwks_hosts: Vec<String>,
    /// Documented claims that no attribute reads, by JSON pointer. A CI may add claims, so an unknown claim is a typo only if it
    /// is nearly one of these.
    #[serde(default, rename = "claims")]
    further_claims: Vec<String>,
    /// The types of documented claims that are no texts, by JSON pointer.
    #[serde(default)]
    types: BTreeMap<String, ClaimType>,
    /// Attributes whose names the CI compares without regard to case.
    #[serde(default)]
    case_insensitive: Vec<Attribute>,
    /// The character between a name and its id in a `sub` that begins with `repo:` and has to agree with the other claims.
    subject_id_after: Option<char>,
    /// Whether a workflow ends with `@` and its ref.
    #[serde(default)]
    workflow_has_ref: bool,
    /// Attributes that every token of the issuer has. Only some jobs have the others.
    #[serde(default)]
    always: Vec<Attribute>,
    /// Attributes that some tokens have without their id.
    #[serde(default)]
    ids_optional: Vec<Attribute>,
    /// The form of an attribute's values, if it is known.
    #[serde(default)]
    values: BTreeMap<Attribute, ValueFormat>,
    /// The form of an attribute's ids.
    #[serde(default)]
    ids: BTreeMap<Attribute, ValueFormat>,
    /// A token is refused if the value of one of these does not have its form.
    #[serde(default)]
    enforced: Vec<Attribute>,
    attributes: BTreeMap<Attribute, Vec<Source>>,
}

/// A source of an attribute's value. The first source that yields a value wins.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    /// A claim as text.
    claim: Option<String>,
    /// A prefix of our value: where a CI names a branch, ours is refs/heads/….
    #[serde(default)]
    prefix: String,
    /// A claim that is the name of something…
    name: Option<String>,
    /// …and the claim that is its id.
    id: Option<String>,
    /// A claim that is true or false, as a boolean or a text.
    flag: Option<String>,
    /// Two claims. The value is true if they differ.
    differs: Option<[String; 2]>,
    /// The source counts only if these claims have these texts.
    #[serde(default)]
    when: BTreeMap<String, String>,
    /// The CI's words with ours. A word that is not listed yields nothing.
    values: Option<BTreeMap<String, String>>,
    /// Our word if the claim is there, whatever its value: only some jobs have the claim.
    is: Option<String>,
    /// The flag with which the issuer says that it verified the claim. Without the flag the claim yields nothing.
    verified_by: Option<String>,
}

impl Mapping {
    /// A built-in mapping.
    pub fn built_in(name: &str) -> Result<Arc<Self>, MappingError> {
        let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) else {
            return Err(MappingError::Unknown);
        };
        serde_saphyr::from_str(text)
            .map(Arc::new)
            .map_err(|fault| MappingError::Broken { name: name.to_owned(), fault: fault.into() })
    }

    /// The names of the built-in mappings.
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this is a CI, whose policies have to name events.
    pub const fn is_ci(&self) -> bool {
        self.ci
    }

    /// How often a token of this CI may be used.
    pub const fn replay(&self) -> ReplayRule {
        self.replay
    }

    /// Whether tokens of this issuer come from tenants that do not know each other.
    pub fn is_shared(&self, issuer: &str) -> bool {
        self.shared_issuers.iter().any(|shared| issuer == shared)
    }

    /// The issuers that such tenants share.
    pub fn shared_issuers(&self) -> &[String] {
        &self.shared_issuers
    }

    /// Claims that identify the tenant: the ids of the repository and its owner, and the names that have an id. A name that
    /// depends on a `verified_by` flag is not among them.
    pub fn claims_of_tenants(&self) -> impl Iterator<Item = &str> {
        let sources =
            [Attribute::Repository, Attribute::Owner].into_iter().filter_map(|attribute| self.attributes.get(&attribute));
        let claims = sources.flatten().filter_map(|source| {
            let name = source.name.as_deref().filter(|_| source.verified_by.is_none());
            source.id.as_deref().map(|id| [Some(id), name])
        });
        claims.flatten().flatten()
    }

    /// The well-known addresses of its issuers, as patterns of URLs.
    pub fn known_issuers(&self) -> &[String] {
        &self.issuers
    }

    /// Further hosts at which this issuer is known to keep its keys.
    pub fn jwks_hosts(&self, issuer: &str) -> &[String] {
        if self.issuers.iter().any(|known| known == issuer) { &self.jwks_hosts } else { &[] }
    }

    /// The same of all issuers.
    #[cfg(test)]
    pub fn all_jwks_hosts(&self) -> &[String] {
        &self.jwks_hosts
    }

    /// Whether this issuer ever claims the attribute.
    pub fn claims(&self, attribute: Attribute) -> bool {
        self.attributes.contains_key(&attribute)
    }

    /// Whether this issuer gives the attribute an id. A name alone would not pin it.
    pub fn has_id(&self, attribute: Attribute) -> bool {
        self.attributes.get(&attribute).into_iter().flatten().any(|source| source.id.is_some())
    }

    /// Whether a workflow ends with `@` and its ref. In other CIs it is a pipeline's name or id.
    pub const fn workflow_has_ref(&self) -> bool {
        self.workflow_has_ref
    }

    /// Whether the CI compares this attribute without regard to case.
    pub fn ignores_case(&self, attribute: Attribute) -> bool {
        self.case_insensitive.contains(&attribute)
    }

    /// Reads a claim set that nothing verifies: for explanations, and never for grants.
    pub fn facts(&self, issuer: &IssuerName, claims: Claims) -> Result<Facts, Denial> {
        if let Some(mark) = self.subject_id_after {
            subject::check_repository(&claims, mark)?;
        }
        let (mut attributes, mut unreadable, mut garbled) = (Attributes::new(), BTreeSet::new(), BTreeSet::new());
        for (attribute, sources) in &self.attributes {
            sources.iter().try_for_each(|source| source.check_verified(&claims))?;
            let value = sources.iter().find_map(|source| source.read(&claims)).and_then(|value| value.of(*attribute));
            if value.is_none() && sources.iter().any(|source| source.is_garbled(&claims)) {
                garbled.insert(*attribute);
            }
            if self.lacks(*attribute, value.as_ref()) || garbled.contains(attribute) {
                unreadable.insert(*attribute);
            }
            if let Some(value) = value {
                self.check_enforced(*attribute, &value)?;
                attributes.insert(*attribute, value);
            }
        }
        Ok(Facts { issuer: issuer.clone(), attributes, unreadable, garbled, claims })
    }

    /// Reads a verified token. This and [`Mapping::identify_session`] alone make an [`Identity`].
    pub fn identify(&self, issuer: &IssuerName, expected: &Expected, token: VerifiedToken) -> Result<Identity, Denial> {
        let facts = self.facts(issuer, token.claims().clone())?;
        let evidence = Arc::new(SharedFacts::new(facts));
        let one_client = self.serves_one_client(expected);
        let remembered_until = token.expires_at().plus(expected.session_max.unwrap_or_default());
        let (proof, replay) = (Proof::Token(Box::new(token)), self.replay);
        Ok(Identity { evidence, proof, replay, one_client, remembered_until, session_age: None })
    }

    /// Whether a token serves one client alone: one that the CI makes per request does, any other if the configuration says so.
    pub(super) fn serves_one_client(&self, expected: &Expected) -> bool {
        expected.one_client || self.replay != ReplayRule::PerJob
    }
}

impl Source {
    fn applies(&self, claims: &Claims) -> bool {
        self.when.iter().all(|(claim, text)| text_of(claims, claim) == Some(text))
    }

    fn read(&self, claims: &Claims) -> Option<Value> {
        let is_verified = self.verified_by.as_deref().is_none_or(|flag| flag_of(claims, flag) == Some(true));
        if !is_verified || !self.applies(claims) {
            return None;
        }
        if let Some(claim) = &self.flag {
            return flag_of(claims, claim).map(Value::Flag);
        }
        if let Some([left, right]) = &self.differs {
            return Some(Value::Flag(text_of(claims, left)? != text_of(claims, right)?));
        }
        if let Some(name) = &self.name {
            let id = self.id.as_deref().and_then(|id| text_of(claims, id)).map(str::to_owned);
            return Some(Value::Named { name: format!("{}{}", self.prefix, text_of(claims, name)?), id });
        }
        let text = text_of(claims, self.claim.as_deref()?)?;
        match (&self.values, &self.is) {
            (Some(values), _) => values.get(text).cloned().map(Value::Text),
            (None, Some(word)) => Some(Value::Text(word.clone())),
            (None, None) => Some(Value::Text(format!("{}{text}", self.prefix))),
        }
    }
}

/// A claim's text by its name, or by JSON pointer if it starts with `/`. An empty text counts as no claim.
fn text_of<'a>(claims: &'a Claims, claim: &str) -> Option<&'a str> {
    claimed(claims, claim)?.as_str().filter(|text| !text.is_empty())
}

fn claimed<'a>(claims: &'a Claims, claim: &str) -> Option<&'a Json> {
    if claim.starts_with('/') { claims.pointer(claim) } else { claims.claim(claim) }
}

fn flag_of(claims: &Claims, claim: &str) -> Option<bool> {
    match claimed(claims, claim)? {
        Json::Bool(flag) => Some(*flag),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

mod backwards;
mod claim_form;
mod pointers;
mod presence;
mod recorded;
mod shape;
mod unread;

pub use backwards::put;
pub use claim_form::ClaimForm;
pub use pointers::ClaimType;
pub use presence::Presence;
pub use shape::{ValueFormat, is_cloned_as};
pub use unread::Unread;

#[cfg(test)]
pub use fixtures::documented;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
