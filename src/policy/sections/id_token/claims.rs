//! Which claims a policy may add to a token: only those without a meaning for programs that read tokens.

use crate::policy::sections::error::ClaimError;

/// IANA, "JSON Web Token Claims" registry, as of 2026-06. A library or a cloud that knows a registered name acts on it: AWS takes
/// `azp` before `aud`.
const REGISTERED: &str = "\
    iss sub aud exp nbf iat jti name given_name family_name middle_name nickname preferred_username profile picture \
    website email email_verified gender birthdate zoneinfo locale phone_number phone_number_verified address updated_at \
    azp nonce auth_time at_hash c_hash acr amr sub_jwk cnf sip_from_tag sip_date sip_callid sip_cseq_num sip_via_branch \
    orig dest mky events toe txn rph sid vot vtm attest origid act scope client_id may_act jcard at_use_nbr div opt vc vp \
    sph ace_profile cnonce exi roles groups entitlements token_introspection eat_nonce ueid sueids oemid hwmodel hwversion \
    oemboot dbgstat location eat_profile submods uptime bootcount bootseed dloas swname swversion manifests measurements \
    measres intuse cdniv cdnicrit cdniip cdniuc cdniets cdnistt cdnistd sig_val_claims authorization_details \
    verified_claims place_of_birth nationalities birth_family_name birth_given_name birth_middle_name salutation title \
    msisdn also_known_as htm htu ath atc sub_id rcd rcdi crn msgi _claim_names _claim_sources rdap_allowed_purposes \
    rdap_dnt_allowed geohash _sd ... _sd_alg sd_hash consumerPlmnId consumerSnpnId producerPlmnId producerSnpnId \
    producerSnssaiList producerNsiList producerNfSetId producerNfServiceSetId sourceNfInstanceId analyticsIdList \
    resOwnerId cmw jwks metadata constraints crit ref delegation logo_uri authority_hints trust_anchor_hints trust_marks \
    trust_mark_issuers trust_mark_owners metadata_policy metadata_policy_crit source_endpoint keys trust_mark_type \
    trust_chain trust_anchor status status_list ttl vct vct#integrity";
/// Claims whose names are URLs below these domains belong to a cloud, such as AWS's `https://aws.amazon.com/tags`.
const CLOUDS: [&str; 11] = [
    "amazon.com",
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "google.com",
    "googleapis.com",
    "azure.com",
    "azure.us",
    "azure.cn",
    "microsoft.com",
    "microsoftonline.com",
];

/// The registered names.
pub(super) fn registered() -> impl Iterator<Item = &'static str> {
    REGISTERED.split(' ')
}

/// Checks that a policy may set the claim.
pub(super) fn check(name: &str) -> Result<(), ClaimError> {
    if registered().any(|registered| registered.eq_ignore_ascii_case(name)) {
        return Err(ClaimError::Registered);
    }
    let lower = name.to_ascii_lowercase();
    let host = lower.split_once("://").map_or(&*lower, |(_, rest)| rest).split(['/', ':', '?', '#']).next().unwrap_or_default();
    let is_below = |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    match CLOUDS.into_iter().find(|domain| is_below(domain)) {
        Some(domain) => Err(ClaimError::Cloud { domain }),
        None => Ok(()),
    }
}
