//! C2SP's CCTV vectors of the age format: the verdict stands in each file's header.

use super::{compare, files, unpack};
use aws_lc_rs::digest::{SHA256, digest};
use daypass::secrets::{Identities, open};
use daypass::words::names::SecretPath;
use std::collections::BTreeMap;
use std::io::Read;

struct Vector {
    fields: BTreeMap<String, String>,
    body: Vec<u8>,
}

fn read(bytes: &[u8]) -> Vector {
    let mut fields = BTreeMap::new();
    let mut rest = bytes;
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap();
        let line = std::str::from_utf8(&rest[..end]).unwrap();
        rest = &rest[end + 1..];
        let Some((name, value)) = line.split_once(": ") else { break };
        fields.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    let mut body = rest.to_vec();
    if fields.get("compressed").is_some_and(|kind| kind == "zlib") {
        body.clear();
        flate2::read::ZlibDecoder::new(rest).read_to_end(&mut body).unwrap();
    }
    Vector { fields, body }
}

#[test]
fn every_deviation_from_the_vectors_is_listed() {
    let Some((_guard, folder)) = unpack("cctv-age") else { return };
    let (mut counted, mut deviations) = (0, Vec::new());
    let (own, _) = Identities::generate();
    for path in files(&folder.join("cctv-age/age/testdata"), "") {
        counted += 1;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let vector = read(&std::fs::read(&path).unwrap());
        let identity = vector.fields.get("identity").map_or_else(|| own.duplicate(), |identity| identity.clone().into());
        let opened = Identities::parse(&identity).map_err(|fault| fault.to_string()).and_then(|identities| {
            open(&SecretPath::parse("x.age").unwrap(), &vector.body, None, &identities).map_err(|fault| fault.to_string())
        });
        let expected = vector.fields["expect"].as_str();
        match (opened, expected) {
            (Ok(plaintext), "success") => {
                let hash: String =
                    digest(&SHA256, plaintext.expose()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(hash, vector.fields["payload"], "{name}");
            }
            (Ok(_), expected) => deviations.push(format!("{name} | opens, expected {expected}")),
            (Err(fault), "success") => deviations.push(format!("{name} | {}", fault.lines().next().unwrap_or_default())),
            // A file that fails releases nothing, so the rule about partial plaintext always holds.
            (Err(_), _) => {}
        }
    }
    println!("{counted} age vectors: {} as expected, {} deviations, each listed", counted - deviations.len(), deviations.len());
    assert_eq!(counted, 143);
    compare("age-deviations.txt", &deviations);
}
