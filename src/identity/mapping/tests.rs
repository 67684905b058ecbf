use super::*;
use serde_json::json;

fn read(mapping: &str, claims: serde_json::Value) -> Result<BTreeMap<String, String>, Denial> {
    let issuer = IssuerName::parse("issuer").unwrap();
    let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
    let facts = Mapping::built_in(mapping).unwrap().facts(&issuer, claims)?;
    Ok(facts.attributes.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
}

fn github(change: serde_json::Value) -> serde_json::Value {
    let mut claims = json!({"sub": "repo:acme@9001/shop@456789:ref:refs/heads/main", "repository": "acme/shop", "repository_id": "456789",
        "repository_owner": "acme", "repository_owner_id": "9001", "event_name": "push", "ref": "refs/heads/main", "ref_type": "branch",
        "ref_protected": "true", "sha": "ab", "actor": "octocat", "actor_id": "7", "runner_environment": "github-hosted",
        "job_workflow_ref": "acme/shop/.github/workflows/d.yml@refs/heads/main", "environment": ""});
    claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    claims
}

#[test]
fn every_built_in_mapping_loads() {
    for name in Mapping::built_in_names() {
        assert_eq!(Mapping::built_in(name).unwrap().name(), name);
    }
    assert!(Mapping::built_in("githob").is_err());
}

#[test]
fn github_names_have_ids_and_empty_claims_are_absent() {
    let read = read("github-actions", github(json!({}))).unwrap();
    assert_eq!(read["repository"], "acme/shop@456789");
    assert_eq!((read["event"].as_str(), read["ref_protected"].as_str(), read["runner"].as_str()), ("push", "true", "hosted"));
    assert!(!read.contains_key("environment") && !read.contains_key("fork"));
}

#[test]
fn github_events_have_their_classes() {
    let event = |change| read("github-actions", github(change)).unwrap().get("event").cloned();
    assert_eq!(event(json!({"ref_type": "tag", "ref": "refs/tags/v1", "sub": "x"})).as_deref(), Some("tag"));
    for name in ["pull_request_target", "workflow_run", "issue_comment"] {
        assert_eq!(event(json!({"event_name": name})).as_deref(), Some("privileged-pull-request"), "{name}");
    }
    assert_eq!(event(json!({"event_name": "merge_group"})).as_deref(), Some("merge-queue"));
    assert_eq!(event(json!({"event_name": "something_new"})), None);
}

#[test]
fn both_forms_of_githubs_subject_are_read_and_have_to_agree() {
    for good in [
        "repo:acme/shop:ref:refs/heads/main",
        "repo:acme@9001/shop@456789:environment:prod",
        "job_workflow_ref:x",
        "repo:Acme/Shop:pull_request",
    ] {
        assert!(read("github-actions", github(json!({"sub": good}))).is_ok(), "{good}");
    }
    for bad in [
        "repo:evil/shop:ref:refs/heads/main",
        "repo:acme@1/shop@456789:x",
        "repo:acme@9001/shop@1:x",
        "repo:acme",
        "repo:acme-9001/shop-456789:x",
        "repo:acme/shop@456789:x",
    ] {
        assert_eq!(read("github-actions", github(json!({"sub": bad}))).unwrap_err().reason, Reason::ClaimRefused, "{bad}");
    }
}

#[test]
fn gitlab_names_the_project_that_runs_the_job_and_tells_forks() {
    let claims = json!({"project_path": "evil/shop", "project_id": "66", "job_project_path": "acme/shop", "job_project_id": "20",
        "namespace_path": "evil", "pipeline_source": "merge_request_event", "ref_path": "refs/merge-requests/1/head", "ref_protected": "false"});
    let read = read("gitlab", claims).unwrap();
    assert_eq!(
        (read["repository"].as_str(), read["fork"].as_str(), read["event"].as_str()),
        ("acme/shop@20", "true", "pull-request")
    );
}

#[test]
fn kubernetes_reads_nested_claims() {
    let read = read("kubernetes", json!({"kubernetes.io": {"namespace": "shop", "serviceaccount": {"name": "web", "uid": "u1"}, "pod": {"name": "web-1", "uid": "u2"}}})).unwrap();
    assert_eq!(
        (read["namespace"].as_str(), read["service_account"].as_str(), read["pod"].as_str()),
        ("shop", "web@u1", "web-1@u2")
    );
}

#[test]
fn the_refusal_of_a_contradiction_says_so() {
    let denial = read("github-actions", github(json!({"sub": "repo:evil/shop:ref:x"}))).unwrap_err();
    assert_eq!((denial.reason, denial.public_detail()), (Reason::ClaimRefused, "Two claims of the token contradict each other."));
    let missing = read("github-actions", github(json!({"repository": null}))).unwrap_err();
    assert_eq!(missing.public_detail(), "A claim of the token is missing or of the wrong type.");
}

#[test]
fn a_token_with_an_unverified_address_is_refused() {
    let of = |verified: serde_json::Value| {
        read("google", json!({"sub": "108", "email": "alice@acme.example", "email_verified": verified}))
    };
    for unverified in [json!(false), json!("false"), json!("no"), json!(null), json!(1)] {
        assert_eq!(of(unverified.clone()).unwrap_err().reason, Reason::ClaimRefused, "{unverified}");
    }
    for verified in [json!(true), json!("true")] {
        assert_eq!(of(verified).unwrap()["user"], "alice@acme.example");
    }
    let silent = read("google", json!({"sub": "108", "email": "alice@acme.example"})).unwrap();
    assert_eq!(silent.into_iter().collect::<Vec<_>>(), [("owner".to_owned(), "108@108".to_owned())]);
    let without = read("google", json!({"sub": "108", "email_verified": false})).unwrap();
    assert!(!without.contains_key("user"), "there is no address");
}

#[test]
fn numbers_and_lists_are_not_texts() {
    let read = read("github-actions", github(json!({"ref": 7, "ref_protected": 1, "actor": ["a"]}))).unwrap();
    assert!(!read.contains_key("ref") && !read.contains_key("ref_protected") && !read.contains_key("actor"));
}

#[test]
fn a_nested_id_is_put_where_it_is_read() {
    for (name, attribute, id) in [("kubernetes", Attribute::ServiceAccount, "u1"), ("aws", Attribute::Owner, "123456789012")] {
        let mapping = Mapping::built_in(name).unwrap();
        let mut claims = serde_json::Map::new();
        mapping.put_text(attribute, "name", &mut claims);
        mapping.put_id(attribute, id, &mut claims);
        let facts = mapping.facts(&IssuerName::parse("issuer").unwrap(), Claims::from(claims)).unwrap();
        assert!(facts.attribute(attribute).unwrap().to_string().ends_with(&format!("@{id}")), "{name}");
    }
}

#[test]
fn claims_made_from_attributes_give_these_attributes() {
    for name in Mapping::built_in_names() {
        let mapping = Mapping::built_in(name).unwrap();
        for attribute in Attribute::ALL.iter().filter(|attribute| mapping.claims(**attribute)) {
            let text = match attribute {
                Attribute::Event if name == "buildkite" => "webhook",
                Attribute::Event => "push",
                Attribute::ServiceAccount if name == "spiffe" => "spiffe://acme.example/web",
                Attribute::RefProtected | Attribute::Fork | Attribute::SshSession => "true",
                Attribute::Runner => "hosted",
                Attribute::Ref => "refs/heads/main",
                _ => "some-text",
            };
            let mut claims = serde_json::Map::new();
            mapping.put_text(*attribute, text, &mut claims);
            let facts = mapping.facts(&IssuerName::parse("issuer").unwrap(), Claims::from(claims.clone())).unwrap();
            let printed = facts.attribute(*attribute).map(ToString::to_string).unwrap_or_default();
            assert!(printed == text || printed == format!("{text}@{text}"), "{name} {attribute} {claims:?}: {printed}");
        }
    }
}

/// Compares the table in `docs/attributes.md` with the mappings.
#[test]
fn the_table_of_attributes_is_as_the_mappings_are() {
    let names: Vec<&str> = Mapping::built_in_names().collect();
    let mut table = format!("| attribute | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for attribute in Attribute::ALL {
        let cells: Vec<&str> = names
            .iter()
            .map(|name| {
                let mapping = Mapping::built_in(name).unwrap();
                match (mapping.presence(*attribute), mapping.id_presence(*attribute)) {
                    (Presence::Always, Presence::Always) => "always, @id",
                    (Presence::Always, Presence::Optional) => "always, @id optional",
                    (Presence::Always, Presence::Never) => "always",
                    (Presence::Optional, Presence::Always) => "optional, @id",
                    (Presence::Optional, Presence::Optional) => "optional, @id optional",
                    (Presence::Optional, Presence::Never) => "optional",
                    (Presence::Never, _) => "–",
                }
            })
            .collect();
        table.push_str(&format!("| `{attribute}` | {} |\n", cells.join(" | ")));
    }
    assert!(include_str!("../../../docs/attributes.md").contains(&table), "put this into docs/attributes.md:\n{table}");
}

/// A policy with `ssh_session: false` compares flags: a text would equal neither value.
#[test]
fn a_word_for_true_or_false_is_a_flag() {
    let of = |word: &str, attribute| Value::Text(word.to_owned()).of(attribute);
    assert_eq!(of("true", Attribute::SshSession), Some(Value::Flag(true)));
    assert_eq!(of("false", Attribute::Fork), Some(Value::Flag(false)));
    assert_eq!(of("yes", Attribute::Fork), None, "no word of ours");
    assert_eq!(of("true", Attribute::Environment), Some(Value::Text("true".to_owned())));
}

#[test]
fn a_flag_is_read_by_name_and_by_pointer() {
    let read = |claims: serde_json::Value| {
        let text = "{ name: x, replay: per-job, ci: false, attributes: { ref_protected: [{ flag: /a/b }], user: [{ claim: email, verified_by: /a/c }] } }";
        let mapping: Mapping = serde_saphyr::from_str(text).unwrap();
        let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
        let facts = mapping.facts(&IssuerName::parse("issuer").unwrap(), claims)?;
        let text = |attribute| facts.attributes.get(&attribute).map(ToString::to_string);
        Ok::<_, Denial>((text(Attribute::RefProtected), text(Attribute::User), facts.garbled.contains(&Attribute::RefProtected)))
    };
    let some_text = |text: &str| Some(text.to_owned());
    assert_eq!(
        read(json!({ "a": { "b": true, "c": "true" }, "email": "e@x" })).unwrap(),
        (some_text("true"), some_text("e@x"), false)
    );
    assert_eq!(read(json!({ "a": { "b": 1 } })).unwrap(), (None, None, true));
    assert!(read(json!({ "a": { "c": false }, "email": "e@x" })).is_err());
}
