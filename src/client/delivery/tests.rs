use super::*;
use crate::answers::tests::{document, samples};
use crate::client::server::{Address, Server};
use clap::Parser;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    deliveries: Deliveries,
}

pub(crate) fn flags(arguments: &[&str]) -> Deliveries {
    Flags::parse_from([&["exec"], arguments].concat()).deliveries
}

/// An answer that has a credential of each of these kinds.
pub(crate) fn answer(kinds: &[&str]) -> Document {
    let one = |kind: &&str| samples().into_iter().find(|sample| sample.get(kind).is_some()).unwrap();
    serde_json::from_value(document(&kinds.iter().map(one).collect::<Vec<_>>())).unwrap()
}

/// A delivery whose server does not answer.
pub(crate) fn nothing(refresh: bool) -> Delivery {
    let address = Address { server: "https://127.0.0.1:1", audience: None, ca: None, token_file: None, wait: Duration::ZERO };
    let server = Server::new(&address, [("DAYPASS_TOKEN", "t")].into()).unwrap();
    Delivery::new(Arc::new(server), None, Refresh { all: refresh, ahead: None })
}

/// Delivers an answer with these credentials.
pub(crate) async fn delivered(arguments: &[&str], refresh: bool, kinds: &[&str]) -> Delivery {
    let mut delivery = nothing(refresh);
    flags(arguments).deliver(answer(kinds), &mut delivery).await.unwrap();
    delivery
}

/// How the environment changes; what is removed has no value.
pub(crate) fn environment(delivery: &Delivery) -> Vec<(String, Option<String>)> {
    let mut command = tokio::process::Command::new("true");
    delivery.apply(&mut command);
    let text = |text: &std::ffi::OsStr| text.to_str().unwrap().to_owned();
    command.as_std().get_envs().map(|(name, value)| (text(name), value.map(text))).collect()
}

#[test]
fn one_request_asks_for_everything_in_order_and_for_each_credential_once() {
    let secrets = ["--env", "DB=shop/db.yaml#/b", "--file", "db=shop/db.yaml#/b", "--file", "a=shop/db.yaml#/a"];
    let all = flags(&[&secrets[..], &["--azure-token", "https://a", "--aws"]].concat());
    let secret = |name: &str| json!({ "secret": name });
    let token = json!({"id_token": {"audience": "https://a"}});
    assert_eq!(all.requests(), [json!({"aws": {}}), secret("shop/db.yaml#/a"), secret("shop/db.yaml#/b"), token]);
    let role = "arn:aws:iam::123456789012:role/shop-deploy";
    assert_eq!(flags(&["--aws", role]).requests(), [json!({"aws": {"role": role}})]);
    assert!(flags(&[]).requests().is_empty());
}

#[test]
fn some_deliveries_are_renewed_only_with_refresh() {
    assert_eq!(Deliveries::refreshed_flags(), "--aws and --file");
    for (arguments, refreshed) in [
        (&[][..], false),
        (&["--env", "A=a.age"], false),
        (&["--azure-token", "https://a"], false),
        (&["--file", "a=a.age"], true),
        (&["--aws"], true),
    ] {
        assert_eq!(flags(arguments).is_refreshed(), refreshed, "{arguments:?}");
    }
}

#[tokio::test]
async fn an_answer_that_lacks_something_is_refused_and_the_others_are_still_delivered() {
    let mut delivery = nothing(false);
    let outcome = flags(&["--aws", "--env", "DB=shop/db.yaml#/a"]).deliver(answer(&["secret"]), &mut delivery).await;
    assert!(outcome.unwrap_err().message.contains("does not hold what was asked for"));
    assert_eq!(environment(&delivery).len(), 1);
}
