use super::*;
use crate::words::yaml::Node;

fn faults(grant: &str) -> Vec<String> {
    let node = Node::parse("p.yaml", grant.as_bytes()).unwrap();
    let mut faults = Vec::new();
    let mut fields = Fields::new("p.yaml", grant, &node, &mut faults);
    let list = fields.optional("secrets").unwrap();
    assert_eq!(SecretGrant::read(&mut fields, list, None).is_none(), !faults.is_empty());
    faults.iter().map(|fault| fault.message.to_string()).collect()
}

/// Whoever wrote such a grant believes that it grants something.
#[test]
fn a_grant_that_no_document_can_fit_does_not_load() {
    for (pattern, words) in [
        ("/shop/**", "a document's path neither begins nor ends with `/`"),
        ("shop/", "a document's path neither begins nor ends with `/`"),
        ("shop/../db.yaml", "`.` cannot stand behind `shop/`"),
        ("shop//**", "`/` cannot stand behind `shop/`"),
        (".hidden/*", "`.` cannot stand at its beginning"),
        ("shop db/**#/password", "a space cannot stand behind `shop`"),
        ("shop\\\\db.yaml", "`\\` cannot stand behind `shop`"),
    ] {
        for grant in [format!("secrets: \"{pattern}\"\n"), format!("secrets: {{ secret: \"{pattern}\" }}\n")] {
            let faults = faults(&grant);
            assert!(faults.len() == 1 && faults[0].contains(words), "{grant}: {faults:?}");
        }
    }
    for pattern in ["**", "shop/**", "**/db.yaml#/password", "Shop/*_1.json"] {
        assert!(faults(&format!("secrets: \"{pattern}\"\n")).is_empty(), "{pattern}");
    }
}
