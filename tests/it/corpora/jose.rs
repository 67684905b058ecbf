//! Wycheproof's JOSE vectors and the cookbook of RFC 7520 (with RFC 8037 and RFC 7797).

use super::{compare, files, unpack};
use daypass::token::{Algorithm, KeySet, RawJws, verify_signature};
use serde_json::{Value, json};

/// Verifies one JWS with these keys. The error is the reason of the refusal.
fn judge(token: &str, keys: &Value) -> Result<(), String> {
    let set = if keys.get("keys").is_some() { keys.clone() } else { json!({ "keys": [keys] }) };
    let set = KeySet::import(set.to_string().as_bytes()).map_err(|fault| fault.to_string())?;
    let jws = RawJws::parse(token.to_owned().into()).map_err(|denial| denial.to_string())?;
    verify_signature(&jws, &set, &Algorithm::ALL).map_err(|denial| denial.to_string())
}

#[test]
fn wycheproof_has_no_false_accept() {
    let Some((_guard, folder)) = unpack("wycheproof-jose") else { return };
    let (mut counted, mut accepted, mut refused) = (0, 0, Vec::new());
    for name in ["json_web_signature", "json_web_encryption", "json_web_key", "json_web_crypto"] {
        let path = folder.join(format!("wycheproof/testvectors_v1/{name}_test.json"));
        let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for group in document["testGroups"].as_array().unwrap() {
            let keys = group.get("public").unwrap_or(&group["private"]);
            for test in group["tests"].as_array().unwrap() {
                counted += 1;
                let token = test
                    .get("jws")
                    .or_else(|| test.get("jwe"))
                    .and_then(Value::as_str)
                    .map_or_else(|| test.to_string(), str::to_owned);
                assert!(
                    test.get("jwe").is_none() || RawJws::parse(token.clone().into()).is_err(),
                    "a JWE is no token, whatever the keys"
                );
                let (verdict, valid) = (judge(&token, keys), test["result"] == "valid");
                let title = format!("{name} {} {}", test["tcId"], test["comment"].as_str().unwrap_or_default());
                match verdict {
                    Ok(()) => assert!(valid, "accepted, and should not be: {title} {}", group["comment"]),
                    Err(fault) if valid => refused.push(format!("{} | {fault}", title.trim())),
                    Err(_) => {}
                }
                accepted += usize::from(valid);
            }
        }
    }
    println!(
        "{counted} Wycheproof vectors: 0 false accepts, {} of {accepted} valid ones verified, {} refused by name",
        accepted - refused.len(),
        refused.len()
    );
    assert_eq!(counted, 649);
    compare("jose-refused.txt", &refused);
}

#[test]
fn the_cookbook_verifies_where_the_algorithm_is_ours_and_is_refused_elsewhere() {
    let Some((_guard, folder)) = unpack("jose-cookbook") else { return };
    let verified = ["4_1.rsa_v15_signature.json", "4_2.rsa-pss_signature.json", "curve25519/jws.json"];
    let mut seen = 0;
    for path in files(&folder, ".json") {
        let document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let Some(token) = document["output"]["compact"].as_str() else { continue };
        let mut key = document["input"]["key"].clone();
        if let Some(members) = key.as_object_mut() {
            members.retain(|name, _| !["d", "p", "q", "dp", "dq", "qi"].contains(&name.as_str()));
        }
        let expected = verified.iter().any(|name| path.ends_with(name));
        assert_eq!(judge(token, &key).is_ok(), expected, "{}: {:?}", path.display(), judge(token, &key));
        seen += 1;
    }
    println!(
        "{seen} compact tokens of the cookbook: {} verify, the others (ES512, HMAC, JWE, b64=false, nested) are refused",
        verified.len()
    );
    assert!(seen >= 15, "{seen}");
}
