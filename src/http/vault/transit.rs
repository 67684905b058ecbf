//! `<mount>/encrypt/<key>` and `<mount>/decrypt/<key>`: operations by a transit key, each an exchange of its own.

use super::VaultRequest;
use super::address::Transit;
use super::answer;
use super::not_here::not_here;
use crate::answers::Outcome;
use crate::exchange::{self, ExchangeRequest, Input, RecordedRefusal, Released};
use crate::http::{form, reply};
use crate::kind::Operation;
use crate::secrets::Ciphertext;
use crate::token::parse_json;
use crate::words::names::TransitKey;
use crate::words::{Denial, Secret};
use axum::body::Body;
use axum::http::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// Parameters of Vault's transit that are refused here, each with the reason.
const REFUSED: [(&str, &str); 8] = [
    ("context", "keys are not derived here"),
    ("convergent_encryption", "keys are not derived here"),
    ("nonce", "each encryption draws its own"),
    ("associated_data", "the key's name and version are what a ciphertext is bound to"),
    ("batch_input", "each operation is a decision of its own"),
    ("reference", "each operation is a decision of its own"),
    ("partial_failure_response_code", "each operation is a decision of its own"),
    ("type", "a key is made by a commit to the repository, and is AES-256-GCM"),
];

pub(super) async fn run(inbound: VaultRequest, address: &Transit) -> Response<Body> {
    let VaultRequest { app, call, headers, body } = inbound;
    let bytes = reply::body(body, reply::BODY_BYTES_MAX).await.map(Secret::new);
    let inbound = VaultRequest { app, call, headers, body: Body::empty() };
    let request = bytes.and_then(|bytes| input(address.operation, &bytes)).and_then(|input| {
        let key = TransitKey::parse(&address.key).map_err(|fault| not_here(&format!("The name of a key: {fault}.")))?;
        let proof = inbound.proof()?;
        Ok((ExchangeRequest::transit(key, input, proof.token(), proof.policy.clone()), proof))
    });
    let (request, proof) = match request {
        Ok(request) => request,
        Err(denial) => return inbound.refuse(denial).await,
    };
    let (app, (call, token_kind)) = (inbound.app, proof.into_call(inbound.call));
    let inner = app.clone();
    match VaultRequest::tracked(&app, async move { exchange::exchange_with(&inner, call, token_kind, request).await }).await {
        Ok(released) => done(&released),
        Err(refused) => Err(refused),
    }
    .unwrap_or_else(|refused| answer::refused(&refused))
}

fn done(released: &Released) -> Result<Response<Body>, RecordedRefusal> {
    let Outcome::Transit(result) = released.outcome()? else { return Err(RecordedRefusal::of_another_kind()) };
    Ok(answer::data(released.decision().to_string(), result))
}

/// `<mount>/keys/<key>`: the versions of a key, for identities that may use it.
pub(super) async fn look_up(inbound: VaultRequest, text: &str) -> Response<Body> {
    let key = TransitKey::parse(text).map_err(|fault| not_here(&format!("The name of a key: {fault}.")));
    let (key, proof) = match key.and_then(|key| Ok((key, inbound.proof()?))) {
        Ok(found) => found,
        Err(denial) => return inbound.refuse(denial).await,
    };
    let policy = proof.policy.clone();
    let (app, (call, token_kind)) = (inbound.app, proof.into_call(inbound.call));
    let (inner, named) = (app.clone(), key.clone());
    let looked = async move { exchange::transit_versions(&inner, call, token_kind, policy, &named).await };
    match VaultRequest::tracked(&app, looked).await {
        Ok((source, versions)) => {
            let mut created = Map::new();
            for version in versions {
                let at = app.transit_key_changed_at(&source, &key, version).await;
                created.insert(version.to_string(), at.seconds().into());
            }
            answer::data("", described(&key, &created))
        }
        Err(refused) => answer::refused(&refused),
    }
}

/// Vault's description of a key. The keys are sorted by their version numbers.
fn described(key: &TransitKey, created: &Map<String, Value>) -> Value {
    let versions = || created.keys().filter_map(|version| version.parse::<u32>().ok());
    json!({
        "name": key, "type": "aes256-gcm96", "keys": created, "latest_version": versions().max(), "min_decryption_version": versions().min(),
        "min_encryption_version": 0, "min_available_version": 0, "supports_encryption": true, "supports_decryption": true,
        "supports_derivation": false, "supports_signing": false, "derived": false, "exportable": false, "deletion_allowed": false,
        "allow_plaintext_backup": false, "imported_key": false, "auto_rotate_period": 0,
    })
}

fn input(operation: Operation, body: &Secret) -> Result<Input, Denial> {
    let Ok(Value::Object(mut members)) = parse_json(body.expose()) else {
        return Err(not_here("The body is a JSON object: {\"plaintext\": …} or {\"ciphertext\": …}."));
    };
    let own = match operation {
        Operation::Encrypt => "plaintext",
        Operation::Decrypt => "ciphertext",
    };
    let value = members.remove(own);
    check_rest(members)?;
    let Some(Value::String(text)) = value else { return Err(not_here(&format!("`{own}` is missing, or is no text."))) };
    match operation {
        Operation::Encrypt => {
            let text = Secret::from(text);
            let plaintext = STANDARD.decode(text.expose());
            let plaintext = plaintext.map_err(|_| not_here("`plaintext` is base64 of what is to be encrypted."))?;
            Ok(Input::Encrypt(Secret::new(plaintext)))
        }
        Operation::Decrypt => {
            let ciphertext = Ciphertext::parse(&text).map_err(|fault| not_here(&format!("`ciphertext`: {fault}.")))?;
            Ok(Input::Decrypt(ciphertext, text))
        }
    }
}

/// Refuses the remaining members, unless they are empty or ask for the highest version.
fn check_rest(members: Map<String, Value>) -> Result<(), Denial> {
    for (name, value) in members {
        let is_default = matches!(&value, Value::Null | Value::Bool(false)) || value == json!("");
        let highest = name == "key_version" && (value == json!(0) || value == json!("0"));
        if is_default || highest {
            continue;
        }
        let why = REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, why)| *why);
        let why = why.or_else(|| (name == "key_version").then_some("an encryption is by the highest version"));
        return Err(not_here(&match why {
            Some(why) => format!("`{name}` is not taken: {why}."),
            None => format!("{} is no parameter here.", form::opening(&name)),
        }));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
