//! `--azure-token`: a token of the server's issuer in a file that Azure's libraries read again each time; always renewed.

use super::azure::READ_BEFORE;
use super::command::Delivery;
use super::delivered::Delivered;
use super::private_file::PrivateFile;
use super::source::Renewal;
use crate::answers::Document;
use crate::client::Failure;
use crate::client::renewal::Expiring;
use crate::client::request::Request;
use crate::kind::IdToken;
use crate::words::names::Audience;
use clap::Args;
use serde_json::{Value, json};

/// The variable by which Azure's libraries find the file (workload identity).
const FILE_VARIABLE: &str = "AZURE_FEDERATED_TOKEN_FILE";
/// Its name in messages.
const WHAT: &str = "the Azure token";

/// A token for this audience.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdTokenRequest(pub Audience);

impl Request for IdTokenRequest {
    type Answer = IdToken;

    fn body(&self) -> Value {
        json!({ "id_token": { "audience": self.0 } })
    }

    fn is_answered_by(&self, answer: &IdToken) -> bool {
        answer.audience == self.0
    }
}

#[derive(Args, Debug)]
pub(super) struct IdTokenDelivery {
    /// A token of the server's issuer for this audience, in the file that AZURE_FEDERATED_TOKEN_FILE names; kept fresh.
    #[arg(long, value_name = "AUDIENCE", value_parser = Audience::parse)]
    azure_token: Option<Audience>,
}

impl Delivered for IdTokenDelivery {
    fn requests(&self) -> Vec<Value> {
        self.request().iter().map(Request::body).collect()
    }

    fn variables(&self) -> Vec<String> {
        self.request().map_or_else(Vec::new, |_| READ_BEFORE.into_iter().chain([FILE_VARIABLE]).map(str::to_owned).collect())
    }

    async fn deliver(&self, answer: &mut Document, delivery: &mut Delivery) -> Result<(), Failure> {
        let Some(request) = self.request() else { return Ok(()) };
        let IdToken { token, expires_at, .. } = request.take(answer)?;
        let (place, file) = delivery.placed_file("azure-token", WHAT, token)?;
        delivery.variables.remove(&READ_BEFORE);
        delivery.variables.set_place(FILE_VARIABLE, place);
        let renewal = Renewal { what: WHAT, requests: vec![request.body()], ahead: delivery.refresh.ahead };
        delivery.renew(renewal, Expiring { value: (), expires_at }, move |answer| replace(&file, &request, answer));
        Ok(())
    }
}

impl IdTokenDelivery {
    fn request(&self) -> Option<IdTokenRequest> {
        self.azure_token.clone().map(IdTokenRequest)
    }
}

fn replace(file: &PrivateFile, request: &IdTokenRequest, mut answer: Document) -> Result<Expiring<()>, Failure> {
    let IdToken { token, expires_at, .. } = request.take(&mut answer)?;
    file.replace(token)?;
    Ok(Expiring { value: (), expires_at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::delivery::tests::{answer, delivered, environment};
    use std::path::Path;

    #[test]
    fn a_token_is_found_by_its_audience_once() {
        let (mut document, request) = (answer(&["id_token"]), |text| IdTokenRequest(Audience::parse(text).unwrap()));
        assert!(request("https://b.example").take(&mut document).is_err());
        assert_eq!(request("https://a.example").take(&mut document).unwrap().token.expose(), b"hunter2");
        assert!(request("https://a.example").take(&mut document).is_err(), "it was the only one");
    }

    #[tokio::test]
    async fn the_file_is_where_the_variable_says_until_the_end() {
        let delivery = delivered(&["--azure-token", "https://a.example"], false, &["id_token"]).await;
        let (set, removed): (Vec<_>, Vec<_>) = environment(&delivery).into_iter().partition(|(_, value)| value.is_some());
        assert_eq!(removed.len(), READ_BEFORE.len(), "what Azure's libraries read first: {removed:?}");
        let [(name, Some(path))] = &set[..] else { panic!("one variable") };
        assert_eq!((name.as_str(), std::fs::read_to_string(path).unwrap().as_str()), (FILE_VARIABLE, "hunter2"));
        delivery.end().await;
        assert!(!Path::new(path).parent().unwrap().exists());
    }
}
