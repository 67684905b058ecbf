//! Checks a token's audience before the token is sent. Anybody who holds a token of fixed audience (GitLab, pods, Bitbucket, HCP
//! Terraform) can use it until it expires, so it goes only to the server that it names.

use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::token::RawToken;
use crate::words::Secret;
use reqwest::Url;

/// The audience that tokens for this server have to name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ServerAudience {
    /// The audience to ask a CI for.
    name: String,
    server: Url,
}

impl ServerAudience {
    /// `named` comes from a flag or a variable. `DAYPASS_AUDIENCE` belongs to the server of `DAYPASS_SERVER`: it is never used
    /// for another server, which an age identity may name.
    pub(super) fn new(server: &Url, address: &str, named: Option<&str>, environment: &Environment) -> Self {
        let usual = environment.value("DAYPASS_SERVER").and_then(|usual| Url::parse(usual).ok());
        let is_usual = usual.is_some_and(|usual| usual.origin() == server.origin());
        let named = named.filter(|named| is_usual || environment.value("DAYPASS_AUDIENCE") != Some(*named));
        let name = named.unwrap_or(address).trim_end_matches('/').to_owned();
        Self { name, server: server.clone() }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.name
    }

    /// Refuses to send a token for another audience. An audience at the server's own address is the server's, with or without a path.
    pub(super) fn check(&self, token: &Secret) -> Result<(), Failure> {
        let refused =
            |what: String| Failure::new(STATUS_CONFIGURATION, format!("the job's token was not sent to {}: {what}", self.server));
        let unread = |_| {
            let hint =
                "DAYPASS_TOKEN, or the file that DAYPASS_TOKEN_FILE names, holds the OIDC token that the CI signed for this job.";
            refused("it is no JWT of one audience".to_owned()).with_hint(hint)
        };
        let token = RawToken::parse(token.expose_text().unwrap_or_default().to_owned().into()).map_err(unread)?;
        let Some(audience) = token.unverified_audience() else {
            return Err(refused("it names no audience, or several; this server's has to be its only one".to_owned()));
        };
        let is_at_server = Url::parse(audience).is_ok_and(|url| url.scheme() == "https" && url.origin() == self.server.origin());
        if is_at_server || audience.trim_end_matches('/') == self.name {
            return Ok(());
        }
        Err(refused(format!("it is for the audience `{audience}`, and this server's is `{}`", self.name)).with_hint(format!(
            "give the job a token for this server. If the server's configuration names `{audience}` as its audience, set \
             DAYPASS_AUDIENCE to it, and DAYPASS_SERVER to this server."
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    use serde_json::{Value, json};

    const REAL: &str = "https://daypass.example";
    const EVIL: &str = "https://evil.example";

    fn token(audience: Value) -> Secret {
        let parts = [json!({ "alg": "RS256", "typ": "JWT" }), json!({ "iss": "https://ci.example", "aud": audience })];
        format!("{}.{}.c2ln", BASE64.encode(parts[0].to_string()), BASE64.encode(parts[1].to_string())).into()
    }

    fn sent(server: &str, named: Option<&str>, environment: Environment, audience: Value) -> Result<(), String> {
        let audience_of_server = ServerAudience::new(&Url::parse(server).unwrap(), server, named, &environment);
        audience_of_server.check(&token(audience)).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_token_for_one_server_is_not_sent_to_another_that_an_identity_names() {
        let environment = || [("DAYPASS_SERVER", REAL), ("DAYPASS_AUDIENCE", "daypass-prod")].into();
        let named = Some("daypass-prod");
        assert_eq!(sent(REAL, named, environment(), json!("daypass-prod")), Ok(()));
        let message = sent(EVIL, named, environment(), json!("daypass-prod")).unwrap_err();
        assert!(
            message.contains("`daypass-prod`") && message.contains(EVIL) && message.contains("DAYPASS_AUDIENCE"),
            "{message}"
        );
        assert!(sent(EVIL, None, Environment::default(), json!(REAL)).is_err());
        assert!(sent(EVIL, named, [("DAYPASS_AUDIENCE", "daypass-prod")].into(), json!("daypass-prod")).is_err());
    }

    #[test]
    fn an_audience_at_the_servers_address_or_named_for_it_is_accepted() {
        for audience in
            ["https://daypass.example", "https://daypass.example/", "https://daypass.example/eu", "https://DAYPASS.example?cnf=x"]
        {
            assert_eq!(sent(REAL, None, Environment::default(), json!(audience)), Ok(()), "{audience}");
        }
        assert_eq!(sent(REAL, Some("daypass-prod"), Environment::default(), json!(["daypass-prod"])), Ok(()), "by a flag");
        for audience in [
            json!("https://daypass.example.evil.example"),
            json!("http://daypass.example"),
            json!("https://daypass.example:8443"),
            json!(["https://daypass.example", "other"]),
            json!(null),
            json!("vault"),
        ] {
            assert!(sent(REAL, None, Environment::default(), audience.clone()).is_err(), "{audience}");
        }
    }
}
