//! What Google's own clients ask a token endpoint for. Their `audience` is a provider of a workload identity pool, as at Google's
//! STS, which means the only access token that is granted. Or it is a service account.

use super::issued::{Issued, TokenType};
use crate::app::App;
use crate::exchange::{RecordedRefusal, Released};
use crate::issue::Connected;
use crate::issue::gcp::{Gcp, ProviderName};
use crate::kind::{GcpScope, GcpTarget, GcpToken, Principal, ServiceAccount};
use crate::words::UnixTime;

/// The prefix of a provider's name.
const PROVIDERS: &str = "//iam.googleapis.com/";
/// The prefix of a service account's; AIP-122, "Full resource names".
const ACCOUNTS: &str = "//iamcredentials.googleapis.com/projects/-/serviceAccounts/";

/// The target that an audience of Google's means; `None` for any other.
pub(super) fn target(audience: &str) -> Option<GcpTarget> {
    if let Some(account) = audience.strip_prefix(ACCOUNTS) {
        let of = ServiceAccount::parse(account).map(Principal::ServiceAccount).ok()?;
        return Some(GcpTarget { of: Some(of), ..GcpTarget::default() });
    }
    provider(audience).map(|_| GcpTarget::default())
}

/// Whether the audience is a provider of a workload identity pool, but not the one that this server asks.
pub(super) fn is_of_another_pool(audience: &str, app: &App) -> bool {
    let own = GcpTarget::of(&app.providers).map(Gcp::provider);
    provider(audience).zip(own).is_some_and(|(named, own)| named != *own)
}

/// The provider of a workload identity pool that the audience names, if it names one.
fn provider(audience: &str) -> Option<ProviderName> {
    ProviderName::parse(audience.strip_prefix(PROVIDERS)?).ok()
}

/// Whether these are scopes of Google's, and not a policy's name. They are ignored: the policy decides the token's scopes, and
/// the answer names them.
pub(super) fn are_scopes(text: &str) -> bool {
    text.split(' ').all(|scope| scope.contains("://") && GcpScope::parse(scope).is_ok())
}

/// The answer names the `scope` (RFC 6749, section 5.1). It is an access token, whatever is requested.
pub(super) fn issued(released: &Released, _requested: TokenType, now: UnixTime) -> Result<Issued<'_>, RecordedRefusal> {
    let token: &GcpToken = released.only()?;
    let scopes: Vec<&str> = token.scopes.iter().map(GcpScope::as_str).collect();
    let mut issued = Issued::of(TokenType::Access, &token.token, token.expires_at, now);
    issued.scope = Some(scopes.join(" "));
    Ok(issued)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    #[test]
    fn only_an_audience_of_googles_means_an_access_token() {
        let provider = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/daypass";
        assert!(target(provider).unwrap().is_open());
        let account = format!("{ACCOUNTS}deploy@acme.iam.gserviceaccount.com");
        assert_eq!(target(&account).unwrap().to_string(), "deploy@acme.iam.gserviceaccount.com");
        for other in
            ["//iam.googleapis.com/projects/1/x", "https://iam.googleapis.com/", &format!("{ACCOUNTS}x"), "https://a", ""]
        {
            assert_eq!(target(other), None, "{other}");
        }
        assert!(are_scopes("https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/iam"));
        assert!(!are_scopes("shop/deploy") && !are_scopes("openid") && !are_scopes("https://a b\"") && !are_scopes(""));
    }
}
