//! `daypass keys`: the keys of the server's own issuers, which another host may publish; and identity files under AWS KMS.

mod hosting;
mod wrap;

use super::operate::Server;
use super::print;
use crate::answers::{IssuerKey, IssuerKeys, OfIssuers, PublishedKeys, RotatedKeys};
use crate::cli::examples::examples;
use crate::client::Failure;
use crate::store::OwnIssuer;
use clap::Subcommand;
use serde_json::json;

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
            let keys: OfIssuers<IssuerKeys> = server.get("keys").await?;
            let keys = keys.map(|issuer| issuer.published);
            if json {
                print::json(&json!(keys));
            } else {
                list(&keys);
            }
            Ok(0)
        }
        KeysCommand::Rotate(server) => {
            let rotated: RotatedKeys = server.post("keys/rotate", &json!({})).await?;
            let rotated = RotatedKeys { made: rotated.made, issuers: rotated.issuers.map(|issuer| issuer.published) };
            if json {
                print::json(&json!(rotated));
            } else {
                anstream::println!("{} keys made; a next key that is already waiting goes first", rotated.made);
                list(&rotated.issuers);
            }
            Ok(0)
        }
        KeysCommand::Publish(arguments) => hosting::publish(arguments, json).await,
        KeysCommand::Check(arguments) => hosting::check(arguments, json).await,
        KeysCommand::Wrap(arguments) => wrap::wrap(arguments).await,
    }
}

fn list(keys: &OfIssuers<PublishedKeys>) {
    for (own, issuer) in [(OwnIssuer::Clouds, &keys.clouds), (OwnIssuer::IdTokens, &keys.id_tokens)] {
        anstream::println!("{}: {}", own.as_str(), issuer.issuer);
        issuer.keys.iter().for_each(|key| list_key(own, key));
        anstream::println!("  the next key is made at {}", issuer.next_key_at);
    }
}

fn list_key(own: OwnIssuer, key: &IssuerKey) {
    let next = match key.signs_from {
        Some(at) => format!(", signs from {at}"),
        None if key.waits_to_be_hosted => format!(", waits to be hosted: `daypass keys publish --issuer {}`", own.as_str()),
        None => String::new(),
    };
    anstream::println!("  {:<43}  {}  {:<9}  since {}{next}", key.kid, key.algorithm, key.state.as_str(), key.since);
}
