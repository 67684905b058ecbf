//! `providers: { azure: … }` of the configuration.

use crate::issue::outward::address;
use crate::issue::provider::Places;
use crate::kind::Guid;
use crate::words::names::{Audience, NameError};
use crate::words::yaml::Fields;
use crate::words::{Cloud, cloud_of};
use reqwest::Url;
use std::path::PathBuf;

/// Entra of Azure's public cloud; others have their own ("National clouds").
const AUTHORITY_DEFAULT: &str = "https://login.microsoftonline.com";
/// The audience that Entra documents for federated credentials; national clouds have their own.
const AUDIENCE_DEFAULT: &str = "api://AzureADTokenExchange";

/// Why an audience is not valid for federated credentials.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
enum AudienceError {
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("another cloud accepts tokens with this audience: a token for Entra would be valid there")]
    Other,
}

/// One tenant.
#[derive(Clone, PartialEq, Debug)]
pub struct AzureSettings {
    /// The directory's id.
    pub tenant: Guid,
    /// Where Entra is: the address before the tenant.
    pub authority: Url,
    /// The audience of the federated credentials.
    pub audience: Audience,
    /// The authorities of its certificate, PEM, instead of the system's.
    pub ca: Option<PathBuf>,
    /// The proxy on the way to it.
    pub proxy: Option<String>,
}

impl AzureSettings {
    /// Reads the section and reports every fault.
    pub fn read(fields: &mut Fields<'_, '_>, places: &dyn Places) -> Option<Self> {
        let tenant = fields.required("tenant").and_then(|node| fields.parsed(node, Guid::parse));
        let authority = match fields.optional("authority") {
            Some(node) => fields.parsed(node, address),
            None => address(AUTHORITY_DEFAULT).ok(),
        };
        let audience = match fields.optional("audience") {
            Some(node) => fields.parsed(node, audience),
            None => Audience::parse(AUDIENCE_DEFAULT).ok(),
        };
        let ca = fields.optional("ca").map(|node| places.trusted(fields, node));
        let proxy = fields.optional("proxy").and_then(|node| fields.text(node)).map(str::to_owned);
        let ca = ca.map_or(Some(None), |ca| ca.map(Some))?;
        Some(Self { tenant: tenant?, authority: authority?, audience: audience?, ca, proxy })
    }
}

fn audience(text: &str) -> Result<Audience, AudienceError> {
    if cloud_of(text).is_some_and(|cloud| cloud != Cloud::Azure) {
        return Err(AudienceError::Other);
    }
    Ok(Audience::parse(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_audience_of_another_cloud_is_one_of_entras() {
        for bad in ["sts.amazonaws.com", "https://STS.amazonaws.com/", "//iam.googleapis.com/projects/1"] {
            assert_eq!(audience(bad), Err(AudienceError::Other), "{bad}");
        }
        for good in [AUDIENCE_DEFAULT, "api://AzureADTokenExchangeUSGov", "https://daypass.acme.com/azure"] {
            assert!(audience(good).is_ok(), "{good}");
        }
    }
}
