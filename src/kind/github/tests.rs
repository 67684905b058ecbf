use super::*;

fn target(text: &str) -> GitHubTarget {
    GitHubTarget::question(text).unwrap()
}

#[test]
fn words_are_read_in_any_order_and_written_in_one() {
    for (text, line) in [
        ("contents=read acme/shop acme", "acme acme/shop contents=read"),
        ("issues=write contents=read all:acme", "all:acme contents=read issues=write"),
        ("acme/b acme/a", "acme/a acme/b"),
    ] {
        assert_eq!(target(text).to_string(), line);
        assert_eq!(GitHubTarget::read(Some(line)), Ok(target(text)));
    }
    for line in ["own contents=write", "acme own acme/a acme/b contents=write"] {
        assert_eq!(GitHubTarget::read(Some(line)).map(|target| target.to_string()).as_deref(), Ok(line), "as policies say it");
        assert_eq!(GitHubTarget::question(line), Err(GitHubTargetError::Own));
    }
    assert_eq!(target("ACME/Shop"), target("acme/shop"), "GitHub does not tell them apart");
}

#[test]
fn a_contradictory_text_is_no_target() {
    for text in [
        "",
        "acme  acme/shop",
        "acme other",
        "acme/a other/b",
        "acme/a ACME/A",
        "all:acme acme/a",
        "own acme/a",
        "own all:acme",
        "contents=read contents=write",
        "a/b contents=reed",
        "contnts=read",
        "a/b/c",
        "all:",
        "all:a/b",
    ] {
        assert!(GitHubTarget::question(text).is_err(), "{text}");
    }
    let fault = GitHubTarget::question("acme/shop contnts=read").unwrap_err().to_string();
    assert!(fault.contains("did you mean `contents`?"), "{fault}");
    assert!(
        GitHubTarget::read(Some("acme/shop contents_of_tomorrow=read")).is_ok(),
        "the audit log is read also by older versions"
    );
}

#[test]
fn a_body_leaves_out_what_it_leaves_to_the_policy_and_says_nothing_twice() {
    let read = |body: Value| serde_json::from_value::<GitHubTarget>(body);
    assert!(read(json!({})).unwrap().is_open());
    let some = read(json!({ "app": "acme", "repositories": ["acme/shop"], "permissions": { "contents": "read" } })).unwrap();
    assert_eq!(some, target("acme acme/shop contents=read"));
    assert_eq!(read(json!({ "repositories": { "all": "acme" } })).unwrap(), target("all:acme"));
    for bad in [
        json!({ "app": null }),
        json!({ "repositories": null }),
        json!({ "permissions": null }),
        json!({ "repositories": [] }),
        json!({ "repositories": "own" }),
        json!({ "repositories": { "all": "acme", "but": "x" } }),
        json!({ "permissions": {} }),
        json!({ "permissions": { "contents": "owner" } }),
        json!({ "ttl": "1h" }),
    ] {
        assert!(read(bad.clone()).is_err(), "{bad}");
    }
    let many: Vec<String> = (0..=REQUESTED_MAX).map(|number| format!("acme/r{number}")).collect();
    assert!(read(json!({ "repositories": many })).is_err() && read(json!({ "repositories": many[1..] })).is_ok());
}
