//! `--token-exchange`: a token of a service in a variable of the command; revoked at the end if the service supports that.

use super::command::Delivery;
use super::delivered::Delivered;
use super::names::{self, VariableError};
use crate::answers::Document;
use crate::client::request::Request;
use crate::client::{Failure, STATUS_UNAVAILABLE};
use crate::issuers::http::provider_client;
use crate::kind::{ExchangedToken, Kind, TokenExchangeError, TokenExchangeTarget};
use crate::words::Secret;
use clap::Args;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

/// The content type of a form (WHATWG URL).
const FORM: &str = "application/x-www-form-urlencoded";

#[derive(Args, Debug)]
pub(super) struct TokenExchangeDelivery {
    /// VARIABLE=SERVICE: a token of the service in this variable, such as PARTNER_TOKEN=partner. If the policies leave a choice:
    /// "SERVICE?NAME=VALUE".
    #[arg(long, value_name = "VARIABLE=SERVICE", value_parser = read)]
    token_exchange: Vec<(String, TokenExchangeTarget)>,
}

/// Why the flag's value cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
enum AskedError {
    #[error("expected VARIABLE=SERVICE, such as PARTNER_TOKEN=partner")]
    Variable,
    #[error(transparent)]
    Name(#[from] VariableError),
    #[error(transparent)]
    Target(#[from] TokenExchangeError),
}

fn read(text: &str) -> Result<(String, TokenExchangeTarget), AskedError> {
    let (variable, service) = text.split_once('=').ok_or(AskedError::Variable)?;
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if variable.is_empty() || variable.starts_with(|first: char| first.is_ascii_digit()) || !variable.bytes().all(good) {
        return Err(AskedError::Variable);
    }
    names::check(variable)?;
    Ok((variable.to_owned(), TokenExchangeTarget::question(service)?))
}

struct TokenExchangeRequest<'a>(&'a TokenExchangeTarget);

impl Request for TokenExchangeRequest<'_> {
    type Answer = ExchangedToken;

    fn body(&self) -> Value {
        json!({ "token_exchange": self.0 })
    }

    fn is_answered_by(&self, answer: &ExchangedToken) -> bool {
        self.0.service.as_ref().is_none_or(|service| *service == answer.service)
            && self.0.fields.as_ref().is_none_or(|fields| *fields == answer.fields)
    }
}

impl Delivered for TokenExchangeDelivery {
    fn requests(&self) -> Vec<Value> {
        self.token_exchange.iter().map(|(_, target)| TokenExchangeRequest(target).body()).collect()
    }

    fn variables(&self) -> Vec<String> {
        self.token_exchange.iter().map(|(variable, _)| variable.clone()).collect()
    }

    async fn deliver(&self, answer: &mut Document, delivery: &mut Delivery) -> Result<(), Failure> {
        let mut outcome = Ok(());
        for (variable, target) in &self.token_exchange {
            match TokenExchangeRequest(target).take(answer) {
                Ok(ExchangedToken { token, revoke: None, .. }) => delivery.variables.set(variable.clone(), token),
                Ok(ExchangedToken { token, revoke: Some(address), .. }) => {
                    delivery.variables.set(variable.clone(), token.duplicate());
                    delivery.at_end(
                        "the service's token could not be revoked, and is valid until it expires",
                        revoke(address, token),
                    );
                }
                Err(failure) => outcome = outcome.and(Err(failure)),
            }
        }
        outcome
    }
}

/// RFC 7009, section 2.1: the token in a form; section 2.2: 200 also if the token is not valid any more.
async fn revoke(address: String, token: Secret) -> Result<(), Failure> {
    let failed = |cause: String| Failure::new(STATUS_UNAVAILABLE, cause);
    let client = provider_client(None, None).map_err(|fault| failed(fault.to_string()))?;
    let pairs = [("token", token.expose_text().unwrap_or_default()), ("token_type_hint", "access_token")];
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let sent = client.post(address).header(CONTENT_TYPE, FORM).body(body).send().await;
    match sent.map(|answer| answer.status()) {
        Ok(status) if status.is_success() => Ok(()),
        Ok(status) => Err(failed(format!("the service answered {status}"))),
        Err(fault) => Err(failed(fault.without_url().to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::delivery::tests::{delivered, environment, flags};

    #[tokio::test]
    async fn the_token_is_in_the_variable_that_is_named() {
        let delivery = delivered(&["--token-exchange", "PARTNER_TOKEN=partner"], false, &["token_exchange"]).await;
        assert_eq!(environment(&delivery), [("PARTNER_TOKEN".to_owned(), Some("hunter2".to_owned()))]);
    }

    #[test]
    fn the_request_is_as_narrow_as_the_flag() {
        let requests = flags(&["--token-exchange", "A=partner?role=deploy&x=a%3Db"]).requests();
        assert_eq!(requests, [json!({ "token_exchange": { "service": "partner", "fields": { "role": "deploy", "x": "a=b" } } })]);
        for bad in ["partner", "=partner", "1A=partner", "A-B=partner", "A=", "A=Partner", "PATH=partner", "LD_PRELOAD=partner"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_variable_is_set_twice() {
        for twice in [
            &["--token-exchange", "A=partner", "--token-exchange", "A=other"][..],
            &["--token-exchange", "A=partner", "--env", "A=shop/db.yaml#/a"],
            &["--token-exchange", "GH_TOKEN=partner", "--github"],
            &["--token-exchange", "AWS_SESSION_TOKEN=partner", "--aws"],
            &["--azure", "--env", "AZURE_FEDERATED_TOKEN_FILE=shop/db.yaml#/a"],
            &["--azure", "--azure-token", "https://a"],
            &["--file", "a=shop/db.yaml#/a", "--file", "a=shop/db.yaml#/b"],
        ] {
            assert!(flags(twice).check().unwrap_err().message.contains("twice"), "{twice:?}");
        }
        let each =
            ["--token-exchange", "A=partner", "--env", "B=shop/db.yaml#/a", "--file", "A=shop/db.yaml#/a", "--aws", "--gcp"];
        assert!(flags(&each).check().is_ok());
    }
}
