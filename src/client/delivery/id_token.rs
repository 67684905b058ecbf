//! `--azure-token`: a token of the server's issuer in a file that Azure's libraries read anew each time; always renewed.

use super::command::Delivery;
use super::delivered::Delivered;
use super::private_file::PrivateFile;
use super::source::Renewal;
use crate::answers::{Document, IdToken};
use crate::client::renewal::Dated;
use crate::client::{Failure, answer};
use crate::words::names::Audience;
use clap::Args;
use serde_json::{Value, json};

/// Where Azure's libraries look for the file (workload identity).
const FILE_VARIABLE: &str = "AZURE_FEDERATED_TOKEN_FILE";
/// As people call it.
const WHAT: &str = "the Azure token";

#[derive(Args, Debug)]
pub(super) struct IdTokenDelivery {
    /// A token of the server's issuer for this audience, in the file that AZURE_FEDERATED_TOKEN_FILE names; kept fresh.
    #[arg(long, value_name = "AUDIENCE", value_parser = Audience::parse)]
    azure_token: Option<Audience>,
}

impl Delivered for IdTokenDelivery {
    fn requests(&self) -> Vec<Value> {
        self.azure_token.iter().map(|audience| json!({ "id_token": { "audience": audience } })).collect()
    }

    async fn deliver(&self, answer: &mut Document, delivery: &mut Delivery) -> Result<(), Failure> {
        let Some(audience) = self.azure_token.clone() else { return Ok(()) };
        let IdToken { token, expires_at, .. } = answer::id_token(answer, &audience)?;
        let (place, file) = delivery.placed_file("azure-token", WHAT, token)?;
        delivery.variables.set_place(FILE_VARIABLE, place);
        let renewal = Renewal { what: WHAT, requests: self.requests(), ahead: delivery.refresh.ahead };
        delivery.renew(renewal, Dated { value: (), expires_at }, move |answer| replace(&file, &audience, answer));
        Ok(())
    }
}

fn replace(file: &PrivateFile, audience: &Audience, mut answer: Document) -> Result<Dated<()>, Failure> {
    let IdToken { token, expires_at, .. } = answer::id_token(&mut answer, audience)?;
    file.replace(token)?;
    Ok(Dated { value: (), expires_at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::delivery::tests::{delivered, environment, sample};
    use std::path::Path;

    #[tokio::test]
    async fn the_file_is_where_the_variable_says_until_the_end() {
        let delivery = delivered(&["--azure-token", "https://a.example"], false, vec![sample("id_token")]).await;
        let [(name, Some(path))] = &environment(&delivery)[..] else { panic!("one variable") };
        assert_eq!((name.as_str(), std::fs::read_to_string(path).unwrap().as_str()), (FILE_VARIABLE, "hunter2"));
        delivery.end().await;
        assert!(!Path::new(path).parent().unwrap().exists());
    }
}
