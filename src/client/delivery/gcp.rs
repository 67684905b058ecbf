//! `--gcp`: a Google access token where `gcloud`, Terraform and Google's libraries look for one; always renewed.
//!
//! Google's libraries read no access token from a variable. They read the file of an external account, which names the token to
//! exchange (ours, in a file beside it) and the address (on loopback, served by this command).

mod endpoint;

use super::command::Delivery;
use super::delivered::Delivered;
use super::source::Renewal;
use crate::answers::Document;
use crate::client::renewal::Expiring;
use crate::client::request::Request;
use crate::client::{Failure, STATUS_EXEC};
use crate::kind::{GcpTarget, GcpToken, Kind};
use crate::words::Secret;
use clap::Args;
use endpoint::{Endpoint, JWT};
use serde_json::{Value, json};

/// Its name in messages.
const WHAT: &str = "the Google access token";
/// The variable that `gcloud` reads with each of its commands (`auth/access_token_file`).
const GCLOUD: &str = "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE";
/// The variable that Terraform's provider reads once.
const TERRAFORM: &str = "GOOGLE_OAUTH_ACCESS_TOKEN";
/// The variable by which Google's libraries find the file (Application Default Credentials).
const LIBRARIES: &str = "GOOGLE_APPLICATION_CREDENTIALS";
/// The variable of an ID token. No Google program reads one from a variable, so the name is ours.
const ID_TOKEN: &str = "DAYPASS_GCP_ID_TOKEN";
/// Variables that these programs would read instead.
const READ_BEFORE: [&str; 6] = [
    "CLOUDSDK_AUTH_ACCESS_TOKEN",
    "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",
    "GOOGLE_CREDENTIALS",
    "GOOGLE_BACKEND_CREDENTIALS",
    "GOOGLE_CLOUD_KEYFILE_JSON",
    "GCLOUD_KEYFILE_JSON",
];

#[derive(Args, Debug)]
pub(super) struct GcpDelivery {
    /// A Google access token for gcloud, Terraform and Google's libraries, kept fresh. Name a service account if the policies
    /// leave a choice; "ACCOUNT audience=URL" gives an ID token in DAYPASS_GCP_ID_TOKEN.
    #[arg(long, num_args = 0..=1, value_name = "WHAT", value_parser = GcpTarget::question)]
    gcp: Option<Option<GcpTarget>>,
}

struct GcpRequest(GcpTarget);

impl Request for GcpRequest {
    type Answer = GcpToken;

    fn body(&self) -> Value {
        json!({ "gcp": self.0 })
    }
}

impl GcpDelivery {
    fn request(&self) -> Option<GcpRequest> {
        self.gcp.clone().map(|target| GcpRequest(target.unwrap_or_default()))
    }
}

impl Delivered for GcpDelivery {
    fn requests(&self) -> Vec<Value> {
        self.request().iter().map(Request::body).collect()
    }

    fn variables(&self) -> Vec<String> {
        self.request().map_or_else(Vec::new, |_| {
            READ_BEFORE.into_iter().chain([GCLOUD, TERRAFORM, LIBRARIES, ID_TOKEN]).map(str::to_owned).collect()
        })
    }

    async fn deliver(&self, answer: &mut Document, delivery: &mut Delivery) -> Result<(), Failure> {
        let Some(request) = self.request() else { return Ok(()) };
        let GcpToken { token, expires_at, audience, .. } = request.take(answer)?;
        if audience.is_some() {
            delivery.variables.set(ID_TOKEN, token);
            return Ok(());
        }
        delivery.variables.remove(&READ_BEFORE);
        delivery.variables.set(TERRAFORM, token.duplicate());
        let (place, file) = delivery.placed_file("gcp-access-token", WHAT, token.duplicate())?;
        delivery.variables.set_place(GCLOUD, place);
        let renewal = Renewal { what: WHAT, requests: vec![request.body()], ahead: delivery.refresh.ahead };
        let renewed = delivery.renew(renewal, Expiring { value: token, expires_at }, move |mut answer| {
            let GcpToken { token, expires_at, .. } = request.take(&mut answer)?;
            file.replace(token.duplicate())?;
            Ok(Expiring { value: token, expires_at })
        });
        let failed = |fault| Failure::new(STATUS_EXEC, format!("the address for Google's libraries cannot be opened: {fault}"));
        let endpoint = Endpoint::start(renewed).await.map_err(failed)?;
        let (subject, _) = delivery.placed_file("gcp-subject-token", WHAT, endpoint.subject())?;
        let account = external_account(&endpoint, &subject);
        let (place, _) = delivery.placed_file("gcp-credentials.json", WHAT, account.to_string().into())?;
        delivery.variables.set_place(LIBRARIES, place);
        delivery.hold(endpoint);
        Ok(())
    }
}

/// AIP-4117, "Determining the subject token in file-sourced credentials".
fn external_account(endpoint: &Endpoint, subject: &Secret) -> Value {
    json!({
        "type": "external_account", "audience": "daypass", "subject_token_type": JWT, "token_url": endpoint.url(),
        "credential_source": { "file": subject.expose_text() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::delivery::tests::{delivered, environment, flags};
    use std::path::Path;

    #[test]
    fn the_request_is_as_narrow_as_the_flag() {
        assert_eq!(flags(&["--gcp"]).requests(), [json!({ "gcp": {} })]);
        let account = "deploy@acme.iam.gserviceaccount.com";
        let expected = json!({ "gcp": { "service_account": account, "audience": "https://a" } });
        assert_eq!(flags(&["--gcp", &format!("{account} audience=https://a")]).requests(), [expected]);
        assert_eq!(flags(&["--gcp", "direct"]).requests(), [json!({ "gcp": { "access": "direct" } })]);
    }

    #[tokio::test]
    async fn the_token_is_where_each_client_looks_until_the_end() {
        let delivery = delivered(&["--gcp"], false, &["gcp"]).await;
        let set = environment(&delivery);
        let value = |name: &str| set.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.clone());
        assert_eq!(value(TERRAFORM).as_deref(), Some("hunter2"));
        assert_eq!(std::fs::read_to_string(value(GCLOUD).unwrap()).unwrap(), "hunter2");
        assert!(READ_BEFORE.iter().all(|name| set.contains(&((*name).to_owned(), None))), "{set:?}");
        let place = value(LIBRARIES).unwrap();
        let account: Value = serde_json::from_str(&std::fs::read_to_string(&place).unwrap()).unwrap();
        let subject = std::fs::read_to_string(account["credential_source"]["file"].as_str().unwrap()).unwrap();
        assert_eq!((account["type"].as_str(), subject.len()), (Some("external_account"), 43));
        delivery.end().await;
        assert!(!Path::new(&place).parent().unwrap().exists());
    }
}
