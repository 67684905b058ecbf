use super::*;

fn read(operation: Operation, body: &str) -> Result<Input, String> {
    input(operation, &Secret::from(body.to_owned())).map_err(|denial| denial.detail.unwrap_or_default())
}

#[test]
fn bodies_of_clients_are_read() {
    for body in [r#"{"plaintext":"aHVudGVyMg=="}"#, r#"{"plaintext":"aHVudGVyMg==","key_version":0,"context":"","nonce":null}"#] {
        let Ok(Input::Encrypt(plaintext)) = read(Operation::Encrypt, body) else { panic!("{body}") };
        assert_eq!(plaintext.expose(), b"hunter2");
    }
    let ciphertext = format!("vault:v3:{}", STANDARD.encode([0; 28]));
    let Ok(Input::Decrypt(read, text)) = read(Operation::Decrypt, &json!({ "ciphertext": ciphertext }).to_string()) else {
        panic!()
    };
    assert_eq!((read.version, text), (3, ciphertext));
    assert!(
        matches!(super::tests::read(Operation::Encrypt, r#"{"plaintext":""}"#), Ok(Input::Encrypt(empty)) if empty.expose().is_empty())
    );
}

#[test]
fn unsupported_parameters_are_refused_by_name() {
    for (name, why) in REFUSED {
        let fault = read(Operation::Encrypt, &json!({ "plaintext": "eA==", name: "eA==" }).to_string()).err().unwrap();
        assert!(fault.contains(&format!("`{name}`")) && fault.contains(why), "{fault}");
    }
    let cases = [
        (Operation::Encrypt, r#"{"plaintext":"eA==","key_version":1}"#, "highest version"),
        (Operation::Encrypt, r#"{"batch_input":[{"plaintext":"eA=="}]}"#, "`batch_input`"),
        (Operation::Encrypt, r#"{"plaintext":"eA"}"#, "base64"),
        (Operation::Encrypt, r#"{"plaintext":7}"#, "`plaintext`"),
        (Operation::Encrypt, r#"{"batch_input":null}"#, "`plaintext` is missing"),
        (Operation::Encrypt, r#"{"ciphertext":"x"}"#, "no parameter"),
        (Operation::Encrypt, r#"{"plaintext":"eA==","colour":"red"}"#, "no parameter"),
        (Operation::Encrypt, "", "JSON object"),
        (Operation::Decrypt, r#"{"ciphertext":"x"}"#, "vault:vVERSION"),
        (Operation::Decrypt, r#"{"ciphertext":"vault:v1:eA=="}"#, "too short"),
        (Operation::Decrypt, r#"{"ciphertext":"a","ciphertext":"b"}"#, "JSON object"),
    ];
    for (operation, body, part) in cases {
        let fault = read(operation, body).err().unwrap_or_else(|| panic!("{body}"));
        assert!(fault.contains(part), "{body}: {fault}");
    }
}
