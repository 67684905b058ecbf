use super::*;

fn rules_of(text: &str) -> Result<Vec<String>, String> {
    let describe = |rule: &Rule| {
        let words = |words: &BTreeSet<String>| words.iter().cloned().collect::<Vec<_>>().join(",");
        format!("{} {} {}", rule.path, words(&rule.capabilities), words(&rule.other_keys))
    };
    read(text.as_bytes()).map(|rules| rules.iter().map(describe).collect()).map_err(|fault| fault.to_string())
}

#[test]
fn a_policy_is_read_in_both_forms() {
    let hcl = r#"
# what the shop reads
name = "shop"
path "secret/data/shop/*" { capabilities = ["read", "list",] }  // the rest
path "secret/data/x" {
  policy = "write"
  comment = "old \"words\""
  allowed_parameters = { "version" = [] "x" = ["a", 1] }
  min_wrapping_ttl = 1s
  control_group { factor "a" { identity { approvals = 1 } } }
}
/* path "no" {} */
"#;
    let expected = [
        "secret/data/shop/* list,read ",
        "secret/data/x create,delete,list,read,update allowed_parameters,control_group,min_wrapping_ttl",
    ];
    assert_eq!(rules_of(hcl).unwrap(), expected);
    let json = r#"{"path": {"secret/data/shop/*": {"capabilities": ["read", "list"]}}}"#;
    assert_eq!(rules_of(json).unwrap(), expected[..1]);
    let printed = serde_json::json!({ "policy": hcl }).to_string();
    assert_eq!(rules_of(&printed).unwrap(), expected);
    assert!(rules_of("").unwrap().is_empty());
}

#[test]
fn unknown_parts_are_refused_with_their_line() {
    for (text, reason) in [
        ("path \"a\" {\n  capabilities = [\"read\"", "line 2: the policy ends here"),
        ("path \"a\" {\n", "line 2: the policy ends here"),
        ("path \"a", "line 1: the policy ends here"),
        ("/* path", "ends here"),
        ("path \"a\" { capabilities = [\"Read\"] }", "`Read` is no capability"),
        ("path \"a\" { capabilities = \"read\" }", "`capabilities`: expected a list"),
        ("path \"a\" { policy = \"admin\" }", "expected deny, read, write or sudo"),
        ("path \"a\" { capabilities = [\"read\"]\ncapabilities = [\"deny\"] }", "line 2: `capabilities` stands twice"),
        ("path \"a${x}\" {}", "`${`"),
        ("path \"a\\u0041\" {}", "`\\u`"),
        ("path = \"a\"", "expected a text in quotes"),
        ("rule \"a\" {}", "expected a block `path`"),
        ("path \"a\" { x = <<E }", "`<` begins nothing"),
        ("path \"a\" { x [1] }", "expected `=`"),
        ("{\"path\": {\"a\": {\"capabilities\": [\"read\"]}, \"a\": {}}}", "twice"),
        ("{\"path\": {\"a\"", "EOF"),
        ("{\"path\": []}", "expected `{\"path\""),
        ("{\"path\": {}, \"rules\": 1}", "expected `{\"path\""),
    ] {
        let refused = rules_of(text).expect_err(text);
        assert!(refused.contains(reason), "{text}: {refused}");
    }
    assert!(read(b"\xff").is_err());
    let deep = format!("path \"a\" {{ x = {} }}", "[".repeat(1000));
    assert!(rules_of(&deep).unwrap_err().contains("too deeply"));
}
