//! The setup of Google Cloud: a pool and a provider that trust our issuer, and service accounts that let exactly the subjects of the
//! policies in Git act as them.
//!
//! IAM, "Configure Workload Identity Federation with other identity providers".

use super::settings::ProviderName;
use crate::issue::shell::quoted;
use crate::issue::terraform::literal;
use crate::policy::GcpUse;
use crate::words::names::IssuerUrl;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Google Cloud, "Attribute conditions": the longest expression.
const CONDITION_CHARS_MAX: usize = 4096;
const USER: &str = "roles/iam.workloadIdentityUser";
const TOKEN_CREATOR: &str = "roles/iam.serviceAccountTokenCreator";

/// The setup of one project.
pub struct GcpBootstrap<'a> {
    issuer: &'a IssuerUrl,
    provider: &'a ProviderName,
    used: &'a GcpUse,
    jwks: Option<Jwks<'a>>,
}

/// The issuer's keys, for a Google that cannot reach the issuer.
#[derive(Clone, Copy)]
pub struct Jwks<'a> {
    /// The file that `gcloud` reads.
    pub file: &'a str,
    /// The keys themselves, for Terraform.
    pub text: &'a str,
}

/// Who may do what as a service account.
struct Binding<'a> {
    account: &'a str,
    role: &'static str,
    member: String,
}

impl<'a> GcpBootstrap<'a> {
    /// For the active policies.
    pub const fn new(issuer: &'a IssuerUrl, provider: &'a ProviderName, used: &'a GcpUse, jwks: Option<Jwks<'a>>) -> Self {
        Self { issuer, provider, used, jwks }
    }

    /// Commands of `gcloud`, each on a line of its own.
    pub fn gcloud(&self) -> String {
        let (project, pool, provider) = (self.provider.project(), self.provider.pool(), self.provider.provider());
        let of_pool = format!("--project={project} --location=global");
        let condition = self.condition().map(|condition| format!(" --attribute-condition='{condition}'")).unwrap_or_default();
        let keys = self.jwks.map(|jwks| format!(" --jwk-json-path={}", quoted(jwks.file))).unwrap_or_default();
        let mut text = format!(
            "gcloud iam workload-identity-pools create {pool} {of_pool}\n\
             gcloud iam workload-identity-pools providers create-oidc {provider} {of_pool} --workload-identity-pool={pool} \
             --issuer-uri={} --attribute-mapping=google.subject=assertion.sub{condition}{keys}\n",
            quoted(self.issuer.as_str())
        );
        for Binding { account, role, member } in self.bindings() {
            let (member, command) = (quoted(&member), "gcloud iam service-accounts add-iam-policy-binding");
            put(&mut text, format_args!("{command} {account} --role={role} --member={member}\n"));
        }
        for subject in &self.used.direct {
            put(&mut text, format_args!("# direct access: grant roles on resources to {}\n", self.principal(subject)));
        }
        if self.jwks.is_some() {
            put(
                &mut text,
                format_args!(
                    "# before a new key of the issuer signs: gcloud iam workload-identity-pools providers update-oidc {provider} {of_pool} \
                 --workload-identity-pool={pool}{keys}\n"
                ),
            );
        }
        text
    }

    /// Terraform's JSON configuration syntax: a `.tf.json` file.
    pub fn terraform(&self) -> Value {
        let (project, pool, provider) = (self.provider.project(), self.provider.pool(), self.provider.provider());
        let mut oidc = json!({ "issuer_uri": literal(self.issuer.as_str()) });
        if let Some(jwks) = self.jwks {
            oidc["jwks_json"] = literal(jwks.text);
        }
        let mut trusts = json!({
            "project": project, "workload_identity_pool_id": "${google_iam_workload_identity_pool.daypass.workload_identity_pool_id}",
            "workload_identity_pool_provider_id": provider, "attribute_mapping": { "google.subject": "assertion.sub" }, "oidc": oidc,
        });
        if let Some(condition) = self.condition() {
            trusts["attribute_condition"] = literal(condition);
        }
        let members: Map<String, Value> = self
            .bindings()
            .enumerate()
            .map(|(number, Binding { account, role, member })| {
                let of = format!("projects/-/serviceAccounts/{account}");
                let depends = json!(["google_iam_workload_identity_pool.daypass"]);
                let binding = json!({ "service_account_id": of, "role": role, "member": literal(member), "depends_on": depends });
                (format!("daypass_{number}"), binding)
            })
            .collect();
        let mut resources = json!({
            "google_iam_workload_identity_pool": { "daypass": { "project": project, "workload_identity_pool_id": pool } },
            "google_iam_workload_identity_pool_provider": { "daypass": trusts },
        });
        if !members.is_empty() {
            resources["google_service_account_iam_member"] = members.into();
        }
        json!({ "resource": resources })
    }

    /// Whether the provider accepts only the subjects of the policies. If they are too many for an expression, it accepts every subject
    /// of our issuer, and only the bindings restrict access.
    pub fn is_conditioned(&self) -> bool {
        self.condition().is_some()
    }

    /// An expression of CEL. A subject has letters, digits and `-_./:` only, so it needs no escapes.
    fn condition(&self) -> Option<String> {
        let subjects: Vec<String> = self.used.subjects().into_iter().map(|subject| format!("\"{subject}\"")).collect();
        let condition = format!("assertion.sub in [{}]", subjects.join(", "));
        (condition.len() <= CONDITION_CHARS_MAX).then_some(condition)
    }

    fn bindings(&self) -> impl Iterator<Item = Binding<'_>> {
        self.used.accounts.iter().flat_map(move |(account, used)| {
            let of = move |role, member| Binding { account: account.as_str(), role, member };
            let subjects = used.subjects.iter().map(move |subject| of(USER, self.principal(subject)));
            subjects.chain(used.accounts.iter().map(move |before| of(TOKEN_CREATOR, format!("serviceAccount:{before}"))))
        })
    }

    fn principal(&self, subject: &str) -> String {
        let (project, pool) = (self.provider.project(), self.provider.pool());
        format!(
            "principal://iam.googleapis.com/projects/{project}/locations/global/workloadIdentityPools/{pool}/subject/{subject}"
        )
    }
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a `String` does not fail.
    _ = text.write_fmt(line);
}

#[cfg(test)]
mod tests;
