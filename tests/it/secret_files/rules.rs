//! The recipients that the real sops and we read from a `.sops.yaml`.

use super::Checkout;
use crate::support::peer;
use daypass::secrets::{Creations, Identities, SopsFile, reader_changes};
use daypass::words::names::SecretPath;
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;

/// Each form of age recipients that sops reads.
const FORMS: [&str; 10] = [
    "{ age: 'R,E' }",
    "{ age: [R, E] }",
    "{ key_groups: [{ age: [R, E] }] }",
    "{ key_groups: [{ age: ['R,E'] }] }",
    "{ key_groups: [{ age: [R], merge: [{ age: [E] }] }] }",
    "{ key_groups: [{ merge: [{ age: [R] }, { merge: [{ age: [E] }] }] }] }",
    "{ key_groups: [], age: 'R,E' }",
    "{ key_groups: [{ age: [R, E] }], age: other }",
    "{ age: R, <<: { key_groups: [{ age: [R, E] }] } }",
    "{ <<: [{ age: 'R,E' }, { age: R }] }",
];

#[test]
fn every_form_of_recipients_is_read_as_sops_reads_it() {
    let checkout = Checkout::new();
    let (ours, (_, theirs)) = (&checkout.recipient, Identities::generate());
    checkout.put("secrets/a.yaml", "password: x\n");
    let rules = |rule: &str| format!("creation_rules: [{}]\n", rule.replace('R', ours).replace('E', &theirs));
    let narrow = rules("{ age: R }");
    let files = |rules: &str| BTreeMap::from([(".sops.yaml".to_owned(), Arc::<[u8]>::from(rules.as_bytes()))]);
    for form in FORMS {
        let rules = rules(form);
        let changes = reader_changes(&files(&narrow), &files(&rules));
        assert!(changes.iter().any(|change| change.gains && change.recipient == theirs), "{form}: {changes:?}");
        checkout.put(".sops.yaml", &rules);
        let Some(sops) = peer("sops") else { continue };
        let mut encrypt = Command::new(sops);
        encrypt.args(["encrypt", "secrets/a.yaml"]).current_dir(checkout.path()).env("SOPS_DISABLE_VERSION_CHECK", "1");
        let output = encrypt.output().unwrap();
        let file = SopsFile::parse(&SecretPath::parse("a.yaml").unwrap(), &output.stdout);
        let file = file.unwrap_or_else(|_| panic!("{form}: {}", String::from_utf8_lossy(&output.stderr)));
        assert!(
            file.is_for(Creations::parse(rules.as_bytes()).unwrap().for_path("secrets/a.yaml").unwrap().recipients()),
            "{form}"
        );
    }
}
