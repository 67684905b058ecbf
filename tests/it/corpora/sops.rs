//! SOPS files of other implementations with their plaintexts, value for value.

use super::{files, unpack};
use daypass::secrets::{Identities, SopsFile, Unauthenticated, open};
use daypass::words::names::SecretPath;
use daypass::words::yaml::Node;
use serde_json::Value;
use std::path::Path;

fn identities(folder: &Path) -> Identities {
    let key = files(folder, ".key").into_iter().chain(files(folder, "key.txt")).next().unwrap();
    Identities::parse(&daypass::words::Secret::new(std::fs::read(key).unwrap())).unwrap()
}

fn document(name: &str, bytes: &[u8]) -> Value {
    if name.ends_with("json") {
        return serde_json::from_slice(bytes).unwrap();
    }
    if name.ends_with("env") {
        let lines = std::str::from_utf8(bytes).unwrap().lines().filter_map(|line| line.split_once('='));
        return lines.map(|(name, value)| (name.to_owned(), Value::from(value))).collect::<serde_json::Map<_, _>>().into();
    }
    Node::parse(name, bytes).unwrap().to_json()
}

fn decrypted(path: &Path, identities: &Identities) -> Result<Value, Box<dyn std::error::Error>> {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let path_in_source = SecretPath::parse(&name)?;
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(SopsFile::parse(&path_in_source, &bytes)?.unsealed(), [""; 0], "{name}");
    let opened = SopsFile::parse(&path_in_source, &bytes)?.open(identities)?;
    // Values that no MAC covers are given only on request.
    assert_eq!(open(&path_in_source, &bytes, None, identities).is_err(), name.contains("mac_only_encrypted"), "{name}");
    Ok(document(&name, opened.render(Unauthenticated::Give)?.expose()))
}

#[test]
fn the_pairs_of_rops_open_value_for_value() {
    let Some((_guard, folder)) = unpack("sops-rops") else { return };
    let identities = identities(&folder);
    let mut opened = 0;
    for plain in files(&folder, "_plaintext.yaml") {
        let sealed = plain.to_string_lossy().replace("_plaintext", "");
        let result = decrypted(Path::new(&sealed), &identities);
        if sealed.contains("aws_kms") {
            assert!(result.unwrap_err().to_string().contains("never contacted"));
            continue;
        }
        assert_eq!(result.unwrap(), document(&sealed, &std::fs::read(&plain).unwrap()), "{sealed}");
        opened += 1;
    }
    println!("{opened} SOPS files of rops open value for value; the KMS one is refused in words");
    assert_eq!(opened, 7);
}

#[test]
fn the_files_of_sops_age_open_value_for_value() {
    let Some((_guard, folder)) = unpack("sops-age-js") else { return };
    let identities = identities(&folder);
    let data = folder.join("sops-age-js/tests/data");
    let mut plain = document("secret.json", &std::fs::read(data.join("secret.json")).unwrap());
    assert_eq!(decrypted(&data.join("secret.enc.json"), &identities).unwrap(), plain);
    // The YAML file of that project holds the same values without this one.
    plain.as_object_mut().unwrap().shift_remove("0word");
    assert_eq!(decrypted(&data.join("secret.enc.yaml"), &identities).unwrap(), plain);
    let env = decrypted(&data.join("secret.enc.env"), &identities).unwrap();
    assert!(!env.as_object().unwrap().is_empty());
}
