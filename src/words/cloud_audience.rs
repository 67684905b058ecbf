//! The default audiences with which clouds accept tokens of other issuers for their own credentials, as each cloud documents them.
//!
//! The list catches mistakes early. It is not a safeguard, because a tenant of a cloud can configure any audience.

/// AWS IAM user guide, "Create an OpenID Connect (OIDC) identity provider", and the corresponding names of other partitions.
const AWS: [&str; 7] = [
    "sts.amazonaws.com",
    "sts.amazonaws.com.cn",
    "sts.amazonaws.eu",
    "sts.c2s.ic.gov",
    "sts.sc2s.sgov.gov",
    "sts.cloud.adc-e.uk",
    "sts.csp.hci.ic.gov",
];
/// Microsoft Entra docs, "Workload identity federation": the audience of the public cloud. Sovereign clouds add `USGov` or `China`.
const AZURE: &str = "api://azureadtokenexchange";
/// Google Cloud IAM docs, "Configure workload identity federation": the provider's full resource name.
const GOOGLE: &str = "iam.googleapis.com";

/// A cloud that accepts tokens of other issuers for its own credentials.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cloud {
    /// Amazon Web Services.
    Aws,
    /// Microsoft Entra ID.
    Azure,
    /// Google Cloud.
    Google,
}

/// Whether a cloud accepts tokens for this audience.
pub fn is_cloud_audience(audience: &str) -> bool {
    cloud_of(audience).is_some()
}

/// The cloud that accepts tokens for this audience. Capitals, a scheme and a path make no difference.
pub fn cloud_of(audience: &str) -> Option<Cloud> {
    let text = audience.to_ascii_lowercase();
    let rest = text.strip_prefix("https:").unwrap_or(&text);
    let host = rest.trim_start_matches('/').split(['/', ':']).next().unwrap_or_default();
    let is_regional = host.starts_with("sts.") && host.contains(".amazonaws.");
    match host {
        _ if text.starts_with(AZURE) => Some(Cloud::Azure),
        GOOGLE => Some(Cloud::Google),
        _ if is_regional || AWS.contains(&host) => Some(Cloud::Aws),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audiences_of_every_partition_are_known_and_those_of_partners_are_not() {
        for cloud in [
            "sts.amazonaws.com",
            "STS.amazonaws.com",
            "sts.amazonaws.com.cn",
            "https://sts.amazonaws.com/",
            "sts.us-gov-west-1.amazonaws.com",
            "api://AzureADTokenExchange",
            "api://AzureADTokenExchangeUSGov",
            "api://AzureADTokenExchangeChina",
            "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
            "https://iam.googleapis.com/projects/1",
        ] {
            assert!(is_cloud_audience(cloud), "{cloud}");
        }
        for partner in
            ["https://partner.example", "sts.partner.example", "https://partner.example/iam.googleapis.com", "api://partner"]
        {
            assert!(!is_cloud_audience(partner), "{partner}");
        }
        let found = ["sts.amazonaws.com", "api://AzureADTokenExchange", "//iam.googleapis.com/x"].map(cloud_of);
        assert_eq!(found, [Some(Cloud::Aws), Some(Cloud::Azure), Some(Cloud::Google)]);
    }
}
