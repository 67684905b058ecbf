//! How a command gets its credentials. Each kind has a module of its name here and one line in the list below: its flags of
//! `daypass exec`, their requests, and how the answer reaches the command. What all kinds share is written once.

pub(super) mod aws;
mod azure;
mod cleanup;
mod command;
mod delivered;
mod gcp;
mod github;
mod id_token;
mod names;
mod private_file;
mod secret;
mod source;
mod token_exchange;
mod variables;

pub use aws::AwsRequest;
pub use command::{Delivery, Refresh};
pub use id_token::IdTokenRequest;
pub use secret::{SecretRequest, only_secret};

use crate::answers::Document;
use crate::client::Failure;
use delivered::Delivered;
use serde_json::Value;

macro_rules! deliveries {
    ($($field:ident: $delivery:ty;)*) => {
        /// The flags of one command that ask for credentials.
        #[derive(clap::Args, Debug)]
        pub struct Deliveries {$(
            #[command(flatten)]
            $field: $delivery,
        )*}

        impl Deliveries {
            /// What `--refresh` renews.
            const REFRESHED: &[Option<&'static str>] = &[$(<$delivery>::REFRESHED),*];

            /// Whether there is something that `--refresh` renews.
            pub fn is_refreshed(&self) -> bool {
                [$(self.$field.is_refreshed()),*].contains(&true)
            }

            /// The requests to the server: each credential once, even if several flags want it.
            pub fn requests(&self) -> Vec<Value> {
                let mut requests = Vec::new();
                for request in [$(self.$field.requests()),*].into_iter().flatten() {
                    if !requests.contains(&request) {
                        requests.push(request);
                    }
                }
                requests
            }

            /// Checks that no variable or file is set twice, before anything is released.
            pub fn check(&self) -> Result<(), Failure> {
                names::check_each_once([$(self.$field.variables()),*].concat())
            }

            /// Hands everything to the command. After a failure the others are still delivered, so that everything that must be
            /// revoked at the end is known. Returns the first failure.
            pub async fn deliver(&self, mut answer: Document, delivery: &mut Delivery) -> Result<(), Failure> {
                let mut outcome = Ok(());
                $(if !self.$field.requests().is_empty() {
                    outcome = outcome.and(self.$field.deliver(&mut answer, delivery).await);
                })*
                outcome
            }
        }
    };
}

deliveries! {
    aws: aws::AwsDelivery;
    secret: secret::SecretDelivery;
    id_token: id_token::IdTokenDelivery;
    github: github::GitHubDelivery;
    azure: azure::AzureDelivery;
    token_exchange: token_exchange::TokenExchangeDelivery;
    gcp: gcp::GcpDelivery;
}

impl Deliveries {
    /// The flags whose credentials `--refresh` renews, as text for a sentence.
    pub fn refreshed_flags() -> String {
        let flags: Vec<&str> = Self::REFRESHED.iter().copied().flatten().collect();
        match flags.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => String::new(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
