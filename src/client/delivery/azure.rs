//! `--azure`: an access token in AZURE_ACCESS_TOKEN; or our own token in a file that Azure's libraries read again each time, with
//! the variables that name the application, the tenant and Entra. A file is always renewed.

use super::command::Delivery;
use super::delivered::Delivered;
use super::private_file::PrivateFile;
use super::source::Renewal;
use crate::answers::Document;
use crate::client::Failure;
use crate::client::renewal::Expiring;
use crate::client::request::Request;
use crate::kind::{AzureTarget, AzureToken, Kind};
use clap::Args;
use serde_json::{Value, json};

/// The variable for `curl`, `az rest` and scripts. Azure's libraries read no access token from the environment.
const ACCESS_TOKEN: &str = "AZURE_ACCESS_TOKEN";
/// The variable by which Azure's libraries find the file ("WorkloadIdentityCredential").
const FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
/// All variables that either form sets.
const SET: [&str; 5] = [ACCESS_TOKEN, FILE, "AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_AUTHORITY_HOST"];
/// Variables that Azure's libraries read before the file (`EnvironmentCredential` is the first of `DefaultAzureCredential`), and
/// the one that chooses among its credentials.
pub(super) const READ_BEFORE: [&str; 7] = [
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN",
    "AZURE_USERNAME",
    "AZURE_PASSWORD",
    "AZURE_TOKEN_CREDENTIALS",
];
/// Its name in messages.
const WHAT: &str = "the Azure token";

#[derive(Args, Debug)]
pub(super) struct AzureDelivery {
    /// An access token in AZURE_ACCESS_TOKEN; or the token that Azure's libraries exchange, in the file of
    /// AZURE_FEDERATED_TOKEN_FILE, kept fresh. If the policies leave a choice: "CLIENT_ID/SCOPE" or "CLIENT_ID/federated-token".
    #[arg(long, num_args = 0..=1, value_name = "WHAT", value_parser = AzureTarget::question)]
    azure: Option<Option<AzureTarget>>,
}

#[derive(Clone)]
struct AzureRequest(AzureTarget);

impl Request for AzureRequest {
    type Answer = AzureToken;

    fn body(&self) -> Value {
        json!({ "azure": self.0 })
    }

    fn is_answered_by(&self, answer: &AzureToken) -> bool {
        self.0.named.as_ref().is_none_or(|named| named.client_id == answer.client_id && named.scope == answer.scope)
    }
}

impl AzureDelivery {
    fn request(&self) -> Option<AzureRequest> {
        self.azure.clone().map(|target| AzureRequest(target.unwrap_or_default()))
    }
}

impl Delivered for AzureDelivery {
    fn requests(&self) -> Vec<Value> {
        self.request().iter().map(Request::body).collect()
    }

    fn variables(&self) -> Vec<String> {
        self.request().map_or_else(Vec::new, |_| READ_BEFORE.into_iter().chain(SET).map(str::to_owned).collect())
    }

    async fn deliver(&self, answer: &mut Document, delivery: &mut Delivery) -> Result<(), Failure> {
        let Some(request) = self.request() else { return Ok(()) };
        let AzureToken { tenant_id, client_id, scope, authority, token, expires_at } = request.take(answer)?;
        if scope.is_some() {
            delivery.variables.set(ACCESS_TOKEN, token);
            return Ok(());
        }
        let (place, file) = delivery.placed_file("azure-token", WHAT, token)?;
        delivery.variables.remove(&READ_BEFORE);
        delivery.variables.set_place(FILE, place);
        let found_by = [
            ("AZURE_CLIENT_ID", client_id.to_string()),
            ("AZURE_TENANT_ID", tenant_id.to_string()),
            ("AZURE_AUTHORITY_HOST", authority),
        ];
        found_by.into_iter().for_each(|(name, value)| delivery.variables.set_place(name, value.into()));
        let renewal = Renewal { what: WHAT, requests: vec![request.body()], ahead: delivery.refresh.ahead };
        delivery.renew(renewal, Expiring { value: (), expires_at }, move |answer| replace(&file, &request, answer));
        Ok(())
    }
}

fn replace(file: &PrivateFile, request: &AzureRequest, mut answer: Document) -> Result<Expiring<()>, Failure> {
    let AzureToken { token, expires_at, .. } = request.take(&mut answer)?;
    file.replace(token)?;
    Ok(Expiring { value: (), expires_at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::tests::{document, samples};
    use crate::client::delivery::tests::{environment, flags, nothing};

    #[tokio::test]
    async fn variables_that_azures_libraries_read_before_the_token_file_are_removed() {
        let mut sample = samples().into_iter().find(|sample| sample.get("azure").is_some()).unwrap();
        let mut delivery = nothing(false);
        let answer = |sample: &Value| serde_json::from_value(document(std::slice::from_ref(sample))).unwrap();
        flags(&["--azure"]).deliver(answer(&sample), &mut delivery).await.unwrap();
        assert_eq!(environment(&delivery), [(ACCESS_TOKEN.to_owned(), Some("hunter2".to_owned()))]);
        sample["azure"]["scope"] = Value::Null;
        let mut delivery = nothing(false);
        flags(&["--azure"]).deliver(answer(&sample), &mut delivery).await.unwrap();
        let set = environment(&delivery);
        for name in ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME", "AZURE_PASSWORD"] {
            assert!(set.contains(&(name.to_owned(), None)), "{name}: {set:?}");
        }
        assert!(set.iter().any(|(name, value)| name == FILE && value.is_some()));
    }
}
