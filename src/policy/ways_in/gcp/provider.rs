//! A provider of a workload identity pool: whose tokens it takes, and on which condition.
//!
//! IAM API, `projects.locations.workloadIdentityPools.providers`; IAM docs, "Attribute mappings", "Attribute conditions".

use crate::policy::import::cel::{self, Path, Test};
use crate::policy::ways_in::bound::{Bound, Text, identifies};
use crate::policy::ways_in::error::ExportFault;
use serde_json::Value;
use std::collections::BTreeMap;

/// A provider that is not disabled.
#[derive(PartialEq)]
pub(super) struct Provider {
    pub(super) name: String,
    pub(super) issuer: String,
    /// Whether it trusts an OIDC issuer; otherwise it trusts an account of AWS, SAML assertions or certificates.
    pub(super) is_oidc: bool,
    /// How it makes attributes, `google.subject` among them, from claims.
    mapping: BTreeMap<String, String>,
    pub(super) condition: Option<String>,
    /// `allowedAudiences` as they stand.
    pub(super) audiences: Option<Value>,
    /// `jwksJson`: the keys that count instead of the issuer's own.
    pub(super) uploaded: Option<Value>,
}

impl Provider {
    /// Reads a provider; `None` if it lets nobody in.
    pub(super) fn read(provider: &Value) -> Result<Option<Self>, ExportFault> {
        let missing = |member| ExportFault::Member { member, expected: "text" };
        let name = provider["name"].as_str().ok_or(missing("name"))?.to_owned();
        if provider["disabled"] == Value::Bool(true) || provider["state"] == "DELETED" {
            return Ok(None);
        }
        let oidc = &provider["oidc"];
        let other = ["aws", "saml", "x509"].into_iter().find(|kind| provider.get(*kind).is_some());
        let issuer = match (oidc["issuerUri"].as_str(), other) {
            (Some(issuer), _) => issuer.to_owned(),
            (None, Some("aws")) => format!("AWS, account {}", provider["aws"]["accountId"].as_str().unwrap_or("unknown")),
            (None, Some(kind)) => kind.to_owned(),
            (None, None) => return Err(missing("oidc.issuerUri")),
        };
        let mapping = provider["attributeMapping"].as_object().into_iter().flatten();
        let mapping = mapping.map(|(to, from)| (to.clone(), from.as_str().unwrap_or("nothing").to_owned())).collect();
        let condition = provider["attributeCondition"].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let stated = |member: &str| oidc.get(member).filter(|value| !value.is_null()).cloned();
        let is_oidc = oidc["issuerUri"].is_string();
        Ok(Some(Self {
            name,
            issuer,
            is_oidc,
            mapping,
            condition,
            audiences: stated("allowedAudiences"),
            uploaded: stated("jwksJson"),
        }))
    }

    /// What it makes subjects from.
    pub(super) fn subject(&self) -> &str {
        self.mapping.get("google.subject").map_or("nothing", String::as_str)
    }

    /// What the condition and a member ask of the token's claims, as far as it is understood.
    pub(super) fn bounds(&self, kind: &str, who: &str) -> Vec<Bound> {
        let terms = self.condition.as_ref().and_then(|text| cel::read(text).ok()).unwrap_or_default();
        let of_condition = terms.into_iter().filter_map(|term| {
            let texts = match term.test {
                Test::Among(texts) => texts.iter().map(|text| Text::exact(text)).collect(),
                Test::Starts(text) => vec![Text::start(&text)],
                Test::Is(_) => return None,
            };
            Some(Bound { claim: self.claim(&term.path)?, texts })
        });
        of_condition.chain(self.of_member(kind, who)).collect()
    }

    /// Whether the condition asks, in a form that is not understood, whose token it is.
    pub(super) fn has_unread_condition(&self) -> bool {
        self.condition.as_ref().is_some_and(|text| cel::read(text).is_err() && has_claim(text))
    }

    /// What a member asks. An attribute that is computed from a claim pins no name, but still asks something.
    fn of_member(&self, kind: &str, who: &str) -> Option<Bound> {
        let (attribute, value) = who.split_once('/')?;
        let attribute = match (kind, attribute) {
            ("principal", "subject") => "google.subject",
            ("principalSet", "group") => "google.groups",
            ("principalSet", attribute) if attribute.starts_with("attribute.") => attribute,
            _ => return None,
        };
        let fallback = || self.mapping.get(attribute).filter(|expression| has_claim(expression)).cloned();
        Some(Bound { claim: self.mapped(attribute).or_else(fallback)?, texts: vec![Text::exact(value)] })
    }

    fn claim(&self, path: &Path) -> Option<String> {
        match &path.0[..] {
            [first, claim] if first == "assertion" => Some(claim.clone()),
            [first, ..] if first == "assertion" => None,
            steps => self.mapped(&steps.join(".")),
        }
    }

    /// The claim that an attribute equals; `None` if it is computed.
    fn mapped(&self, attribute: &str) -> Option<String> {
        match &cel::read_path(self.mapping.get(attribute)?).ok()?.0[..] {
            [first, claim] if first == "assertion" => Some(claim.clone()),
            _ => None,
        }
    }
}

/// Whether an expression uses a claim that can tell whose token it is: `assertion.sub`, `assertion['sub']`.
fn has_claim(expression: &str) -> bool {
    expression.split("assertion").skip(1).any(|behind| {
        let behind = behind.trim_start_matches(|c: char| !c.is_alphanumeric());
        let claim = behind.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
        !claim.is_empty() && identifies(claim)
    })
}

pub(super) fn pool_of(provider: &str) -> &str {
    provider.split_once("/providers/").map_or(provider, |(pool, _)| pool)
}

pub(super) fn id_of(provider: &str) -> &str {
    provider.rsplit('/').next().unwrap_or_default()
}
