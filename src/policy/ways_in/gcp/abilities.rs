//! What a role lets somebody do with a service account.

use super::projects::Projects;

/// Roles whose permissions are known (IAM docs, "Service account roles", "Basic roles", "IAM roles").
const KNOWN: [(&str, &str); 13] = [
    ("roles/iam.workloadIdentityUser", TOKENS),
    ("roles/iam.serviceAccountTokenCreator", TOKENS),
    ("roles/iam.serviceAccountOpenIdTokenCreator", "gets ID tokens of it"),
    ("roles/iam.serviceAccountUser", ACTS),
    ("roles/editor", ACTS),
    ("roles/iam.serviceAccountKeyAdmin", KEYS),
    ("roles/iam.serviceAccountAdmin", GRANTS),
    ("roles/iam.securityAdmin", GRANTS),
    ("roles/resourcemanager.projectIamAdmin", GRANTS),
    ("roles/resourcemanager.folderAdmin", GRANTS),
    ("roles/resourcemanager.folderIamAdmin", GRANTS),
    ("roles/resourcemanager.organizationAdmin", GRANTS),
    ("roles/owner", "acts as it, makes keys of it and grants others access to it"),
];
/// Roles without any permission that counts here.
const HARMLESS: [&str; 6] = [
    "roles/viewer",
    "roles/browser",
    "roles/iam.serviceAccountViewer",
    "roles/iam.securityReviewer",
    "roles/iam.roleViewer",
    "roles/iam.serviceAccountCreator",
];
/// Permissions by which somebody gets at an account, the shortest way first (IAM docs, "Service account permissions", "Service account
/// impersonation", "IAM permissions reference"; Cloud Storage docs, "HMAC keys"; IAM docs, "API keys bound to a service account").
const PERMISSIONS: [(&str, &str); 21] = [
    ("iam.serviceAccounts.getAccessToken", TOKENS),
    ("iam.serviceAccounts.getOpenIdToken", TOKENS),
    ("iam.serviceAccounts.implicitDelegation", TOKENS),
    ("iam.serviceAccounts.signBlob", TOKENS),
    ("iam.serviceAccounts.signJwt", TOKENS),
    // It includes the upload of keys.
    ("iam.serviceAccountKeys.create", KEYS),
    ("iam.serviceAccountKeys.enable", KEYS),
    ("iam.serviceAccountApiKeyBindings.create", KEYS),
    ("iam.serviceAccountApiKeyBindings.undelete", KEYS),
    ("storage.hmacKeys.create", KEYS),
    ("iam.serviceAccounts.actAs", ACTS),
    ("iam.serviceAccounts.setIamPolicy", GRANTS),
    ("resourcemanager.projects.setIamPolicy", GRANTS),
    ("resourcemanager.folders.setIamPolicy", GRANTS),
    ("resourcemanager.organizations.setIamPolicy", GRANTS),
    ("iam.roles.update", "changes what custom roles allow, including its own"),
    ("iam.workloadIdentityPoolProviders.create", POOLS),
    ("iam.workloadIdentityPoolProviders.update", POOLS),
    ("iam.workloadIdentityPoolProviders.undelete", POOLS),
    ("iam.workloadIdentityPools.update", POOLS),
    ("iam.workloadIdentityPools.undelete", POOLS),
];
const TOKENS: &str = "gets tokens of it";
const ACTS: &str = "acts as it by attaching it to a machine or a service";
const KEYS: &str = "makes keys of it";
const GRANTS: &str = "grants others access to it";
const POOLS: &str = "changes whose tokens workload identity pools take, if members of a pool get at it";

/// What a role allows.
pub(super) enum Ability {
    /// It gives no access to an account.
    Nothing,
    May(&'static str),
    /// Its permissions are not known.
    Unknown,
}

pub(super) fn of_role(role: &str, projects: &Projects) -> Ability {
    if let Some(permissions) = projects.permissions(role) {
        let may = PERMISSIONS.iter().find(|(permission, _)| permissions.iter().any(|own| own == permission));
        return may.map_or(Ability::Nothing, |(_, may)| Ability::May(may));
    }
    match KNOWN.iter().find(|(known, _)| *known == role) {
        Some((_, may)) => Ability::May(may),
        None if HARMLESS.contains(&role) => Ability::Nothing,
        None => Ability::Unknown,
    }
}
