//! `--aws`: a session's keys in variables; with `--refresh`, an address on loopback from which AWS's SDKs get them.

mod endpoint;

pub(in crate::client) use endpoint::{Loopback, PATH};

use super::command::Delivery;
use super::delivered::Delivered;
use super::source::Renewal;
use crate::answers::Document;
use crate::client::renewal::Expiring;
use crate::client::request::Request;
use crate::client::{Failure, STATUS_EXEC};
use crate::kind::AwsKeys;
use crate::words::names::RoleArn;
use clap::Args;
use serde_json::{Value, json};

/// Variables that AWS's SDKs would read before the container credentials, or instead of our token.
const READ_BEFORE: [&str; 9] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// Variables that choose other credentials: AWS's SDK for JavaScript prefers a profile to the keys in variables.
const CHOSEN: [&str; 2] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];
/// The variables that tell the SDKs where to ask, with `--refresh`.
const SERVED: [&str; 2] = ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"];

/// A session of this role, or of the role that the policies name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AwsRequest(pub Option<RoleArn>);

impl Request for AwsRequest {
    type Answer = AwsKeys;

    fn body(&self) -> Value {
        match &self.0 {
            Some(role) => json!({ "aws": { "role": role } }),
            None => json!({ "aws": {} }),
        }
    }
}

#[derive(Args, Debug)]
pub(super) struct AwsDelivery {
    /// AWS credentials in the command's environment. Name a role if the policies leave a choice.
    #[arg(long, num_args = 0..=1, value_name = "ROLE", value_parser = RoleArn::parse)]
    aws: Option<Option<RoleArn>>,
}

impl Delivered for AwsDelivery {
    const REFRESHED: Option<&'static str> = Some("--aws");

    fn requests(&self) -> Vec<Value> {
        self.request().iter().map(Request::body).collect()
    }

    fn variables(&self) -> Vec<String> {
        self.request().map_or_else(Vec::new, |_| READ_BEFORE.into_iter().chain(SERVED).chain(CHOSEN).map(str::to_owned).collect())
    }

    async fn deliver(&self, answer: &mut Document, delivery: &mut Delivery) -> Result<(), Failure> {
        let Some(request) = self.request() else { return Ok(()) };
        let keys = request.take(answer)?;
        delivery.variables.remove(&CHOSEN);
        if delivery.refresh.all {
            return serve(request, keys, delivery).await;
        }
        let variables = [
            ("AWS_ACCESS_KEY_ID", keys.access_key_id.into()),
            ("AWS_SECRET_ACCESS_KEY", keys.secret_access_key),
            ("AWS_SESSION_TOKEN", keys.session_token),
            ("AWS_CREDENTIAL_EXPIRATION", keys.expires_at.to_string().into()),
        ];
        variables.into_iter().for_each(|(name, value)| delivery.variables.set(name, value));
        Ok(())
    }
}

impl AwsDelivery {
    fn request(&self) -> Option<AwsRequest> {
        self.aws.clone().map(AwsRequest)
    }
}

async fn serve(request: AwsRequest, keys: AwsKeys, delivery: &mut Delivery) -> Result<(), Failure> {
    let renewal = Renewal { what: "the AWS session", requests: vec![request.body()], ahead: delivery.refresh.ahead };
    let renewed = delivery.renew(renewal, dated(keys), move |mut answer| request.take(&mut answer).map(dated));
    let failed = |fault| Failure::new(STATUS_EXEC, format!("the address for AWS's SDKs cannot be opened: {fault}"));
    let loopback = Loopback::start(renewed).await.map_err(failed)?;
    delivery.variables.remove(&READ_BEFORE);
    loopback.variables().into_iter().for_each(|(name, place)| delivery.variables.set_place(name, place));
    delivery.hold(loopback);
    Ok(())
}

const fn dated(keys: AwsKeys) -> Expiring<AwsKeys> {
    Expiring { expires_at: keys.expires_at, value: keys }
}

#[cfg(test)]
mod tests {
    use crate::client::delivery::tests::{delivered, environment};

    #[tokio::test]
    async fn no_key_is_in_a_variable_when_the_session_is_served() {
        let set = environment(&delivered(&["--aws"], false, &["aws"]).await);
        let keys = ["AWS_ACCESS_KEY_ID", "AWS_CREDENTIAL_EXPIRATION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
        let (set, removed): (Vec<_>, Vec<_>) = set.into_iter().partition(|(_, value)| value.is_some());
        assert_eq!(set.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), keys);
        assert_eq!(removed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["AWS_DEFAULT_PROFILE", "AWS_PROFILE"]);
        assert_eq!(set[0].1.as_deref(), Some("ASIA1"));
        let served = environment(&delivered(&["--aws"], true, &["aws"]).await);
        let set: Vec<&str> = served.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name.as_str()).collect();
        assert_eq!(set, ["AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_CREDENTIALS_FULL_URI"]);
        assert!(keys.iter().all(|key| served.iter().any(|(name, value)| name == key && value.is_none())), "they are removed");
    }
}
