use super::*;

fn faults(test: &str) -> Vec<String> {
    let text = format!("[{test}]");
    let (node, mut faults) = (Node::parse("a.yaml", b"{}").unwrap(), Vec::new());
    let list = Node::parse("a.yaml", text.as_bytes()).unwrap();
    let mut fields = Fields::new("a.yaml", &text, &node, &mut faults);
    Expectation::read_list(&mut fields, &list);
    faults.into_iter().map(|fault| fault.message.to_string()).collect()
}

#[test]
fn a_test_asks_for_one_credential() {
    let asks = |credential: &str| faults(&format!("{{ deny: {{ claims: a.json, credential: {credential} }} }}"));
    for good in ["aws", "{ secret: shop/db.yaml }", "{ aws: \"arn:aws:iam::123456789012:role/a\" }"] {
        assert_eq!(asks(good), Vec::<String>::new(), "{good}");
    }
    let two = asks("{ secret: shop/db.yaml, transit: decrypt flux }");
    assert!(two.len() == 1 && two[0].starts_with("expected `aws`"), "{two:?}");
    for of_the_audit_log in ["secret shop/db.yaml", "\"aws arn:aws:iam::123456789012:role/a\""] {
        assert!(!asks(of_the_audit_log).is_empty(), "{of_the_audit_log}");
    }
    assert_eq!(faults("{ deny: { claims: '', credential: aws } }"), ["expected the name of a file below tests/"]);
}
