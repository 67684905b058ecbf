//! `daypass keys`: the keys of the server's own issuers, which another host may publish; and identity files under AWS KMS.

mod hosting;
mod wrap;

use super::operate::Server;
use super::print;
use crate::cli::examples::examples;
use crate::client::Failure;
use clap::Subcommand;
use serde_json::{Value, json};

#[derive(Subcommand, Debug)]
pub(super) enum KeysCommand {
    /// List the keys of both issuers: which one signs, which one will, and which ones only verify.
    #[command(after_help = examples(&["daypass keys list --config daypass.yaml"]))]
    List(Server),
    /// Make the next keys of both issuers now. Each signs a day after it is published. If another host publishes the issuer, the
    /// key has to be there too.
    #[command(after_help = examples(&["daypass keys rotate --config daypass.yaml"]))]
    Rotate(Server),
    /// Write an issuer's discovery document and JWKS as files, for a static host.
    Publish(hosting::PublishArgs),
    /// Compare what is hosted at an issuer's address with the server's own keys.
    Check(hosting::CheckArgs),
    /// Wrap an age identity file by a key of AWS KMS.
    Wrap(wrap::WrapArgs),
}

/// Runs one of them.
pub(super) async fn run(command: &KeysCommand, json: bool) -> Result<u8, Failure> {
    match command {
        KeysCommand::List(server) => {
            let told: Value = server.get("keys").await?;
            Ok(shown(json, &without_documents(told), list))
        }
        KeysCommand::Rotate(server) => {
            let mut told: Value = server.post("keys/rotate", &json!({})).await?;
            told["issuers"] = without_documents(told["issuers"].take());
            Ok(shown(json, &told, |told| {
                anstream::println!("{} keys made; a next key that is already waiting goes first", told["made"]);
                list(&told["issuers"]);
            }))
        }
        KeysCommand::Publish(arguments) => hosting::publish(arguments, json).await,
        KeysCommand::Check(arguments) => hosting::check(arguments, json).await,
        KeysCommand::Wrap(arguments) => wrap::wrap(arguments).await,
    }
}

fn without_documents(mut told: Value) -> Value {
    for issuer in told.as_object_mut().into_iter().flat_map(|issuers| issuers.values_mut()).filter_map(Value::as_object_mut) {
        issuer.retain(|key, _| !["discovery", "jwks"].contains(&key.as_str()));
    }
    told
}

fn shown(json: bool, told: &Value, show: impl Fn(&Value)) -> u8 {
    if json {
        print::json(told);
    } else {
        show(told);
    }
    0
}

fn list(told: &Value) {
    for (own, issuer) in told.as_object().into_iter().flatten() {
        anstream::println!("{own}: {}", issuer["issuer"].as_str().unwrap_or_default());
        for key in issuer["keys"].as_array().into_iter().flatten() {
            list_key(own, key);
        }
        anstream::println!("  the next key is made at {}", issuer["next_key_at"].as_str().unwrap_or_default());
    }
}

fn list_key(own: &str, key: &Value) {
    let text = |name: &str| key[name].as_str().unwrap_or_default();
    let next = match key["signs_from"].as_str() {
        Some(at) => format!(", signs from {at}"),
        None if key["waits_to_be_hosted"] == true => format!(", waits to be hosted: `daypass keys publish --issuer {own}`"),
        None => String::new(),
    };
    anstream::println!("  {:<43}  {}  {:<9}  since {}{next}", text("kid"), text("algorithm"), text("state"), text("since"));
}
