//! A role of a JWT auth mount: whom it lets in, and by which policies.
//!
//! Sources: Vault docs, "JWT/OIDC auth method (API)"; OpenBao, `builtin/credential/jwt/claims.go` and `path_login.go`. Types
//! count: the text `"7"` is not the number 7. Of a claim that is a list, Vault compares each member. A policy does not, which is
//! narrower.

use super::answer;
use super::claims::{self, Bound};
use super::error::VaultError;
use crate::policy::import::members::Members;

/// Members that do not change whom the role lets in.
const OF_THE_SESSION: [&str; 17] = [
    "token_ttl",
    "token_max_ttl",
    "token_explicit_max_ttl",
    "token_period",
    "token_type",
    "token_num_uses",
    "token_strictly_bind_ip",
    "ttl",
    "max_ttl",
    "period",
    "num_uses",
    "expiration_leeway",
    "not_before_leeway",
    "clock_skew_leeway",
    "callback_mode",
    "poll_interval",
    "verbose_oidc_logging",
];
/// Members for the login in a browser.
const OF_BROWSERS: [&str; 4] = ["oauth2_metadata", "oidc_scopes", "allowed_redirect_uris", "oidc_disable_confirmation"];
const READ: [&str; 16] = [
    "role_type",
    "bound_audiences",
    "bound_subject",
    "bound_claims",
    "bound_claims_type",
    "user_claim",
    "user_claim_json_pointer",
    "claim_mappings",
    "groups_claim",
    "max_age",
    "token_bound_cidrs",
    "bound_cidrs",
    "token_policies",
    "policies",
    "token_no_default_policy",
    "token_policies_template_claims",
];

/// A role that was read.
pub(super) struct Role {
    pub(super) bound: Bound,
    /// The names of its policies.
    pub(super) policies: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// Reads a file.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Role, VaultError> {
    let data = answer::read(file, bytes, &[&OF_THE_SESSION, &OF_BROWSERS, &READ])?;
    check(&data)?;
    let mut policies = data.texts("token_policies")?;
    let old = data.texts("policies")?;
    if !old.is_empty() && old != policies {
        return Err(refused("policies", "it differs from `token_policies`: set one of them"));
    }
    if policies.iter().any(|policy| policy.eq_ignore_ascii_case("root")) {
        return Err(refused("token_policies", "`root` grants everything: name the policies that are meant"));
    }
    if !data.flag("token_no_default_policy")? && !policies.contains(&"default") {
        policies.push("default");
    }
    let mut notes =
        vec!["what identity entities and groups of Vault's add or take away is in no role, and is not imported".to_owned()];
    for lasting in ["token_ttl", "token_max_ttl", "token_explicit_max_ttl", "token_period", "token_num_uses"] {
        if data.number(lasting)? != 0 {
            notes.push(format!(
                "`{lasting}` is left out: a session here ends with the job's token, or by `session: {{ ttl: … }}`"
            ));
        }
    }
    if data.flag("token_strictly_bind_ip")? {
        notes.push("`token_strictly_bind_ip` is left out: a session here serves one client anyway".to_owned());
    }
    for leeway in ["expiration_leeway", "not_before_leeway", "clock_skew_leeway"] {
        if data.number(leeway)? < 0 {
            notes.push(format!("`{leeway}` is left out: daypass checks times in the same way for every issuer"));
        }
    }
    Ok(Role { bound: claims::read(&data)?, policies: policies.into_iter().map(str::to_lowercase).collect(), notes })
}

fn check(data: &Members) -> Result<(), VaultError> {
    if data.text("role_type")? != Some("jwt") {
        return Err(refused("role_type", "a login in a browser is for people, and a policy here is for jobs and pods"));
    }
    if data.texts("bound_audiences")?.is_empty() {
        let why = "it is empty, so Vault takes only tokens without an audience, which daypass refuses: set it to the audience of the \
                   jobs' tokens, and read the role again";
        return Err(refused("bound_audiences", why));
    }
    for networks in ["token_bound_cidrs", "bound_cidrs"] {
        if !data.texts(networks)?.is_empty() {
            return Err(refused(
                networks,
                "no policy says from where a job asks: bind the runners by a claim, or leave it out of the role",
            ));
        }
    }
    if data.text("groups_claim")?.is_some() {
        return Err(refused(
            "groups_claim",
            "what groups add or take away is not in the export: leave it out of the role, and name the policies there",
        ));
    }
    if data.flag("token_policies_template_claims")? {
        return Err(refused(
            "token_policies_template_claims",
            "the names of its policies are filled in from each token: write a policy for each",
        ));
    }
    if data.number("max_age")? != 0 {
        return Err(refused("max_age", "no policy expresses how long ago a person logged in"));
    }
    Ok(())
}

const fn refused(member: &'static str, why: &'static str) -> VaultError {
    VaultError::Field { member, why }
}
