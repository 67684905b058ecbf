use super::*;
use crate::identity::Mapping;
use crate::kind::{GitHubTarget, RepositoryScope, Target};
use crate::policy::decide::Moment;
use crate::policy::import::tests::only;
use crate::policy::import::{ImportSettings, Listing, import};
use crate::policy::{Catalogue, LintContext, Ruleset, Tree, lint};
use crate::token::Claims;
use crate::words::UnixTime;
use crate::words::github::{AppName, RepositoryName};
use crate::words::names::{IssuerName, PolicyName};
use serde_json::{Map, Value, json};

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
/// A policy for jobs of its own repository.
const OWN: &str = "issuer: https://token.actions.githubusercontent.com\nsubject: repo:acme/NAME:ref:refs/heads/main\n\
                   claim_pattern: { event_name: push }\npermissions: { contents: write }\n";
/// A policy for jobs of one repository, wherever it stands.
const BOT: &str = "issuer: https://token.actions.githubusercontent.com\nsubject: repo:acme/bot:ref:refs/heads/main\n\
                   claim_pattern: { event_name: push }\npermissions: { issues: write }\n";

/// Repositories of acme by name, each with its id: `docs`, `shop` and so on, and `old` and `new`, which are one.
const LISTED: [(&str, u64); 8] =
    [("bot", 70), ("docs", 71), ("shop", 72), ("site", 73), ("Shop.js", 74), ("1e3", 75), ("old", 76), ("new", 76)];

fn listing() -> Listing {
    let mut listing = Listing::new(AppName::parse("octo").unwrap());
    let listed: Vec<Value> = LISTED
        .iter()
        .flat_map(|(name, id)| ["acme", "other"].map(|owner| (owner, name, id)))
        .map(|(owner, name, id)| {
            let id = if owner == "acme" { *id } else { id + 100 };
            json!({ "id": id, "full_name": format!("{owner}/{name}"), "owner": { "login": owner, "id": owner.len() } })
        })
        .collect();
    listing.add(json!(listed).to_string().as_bytes()).unwrap();
    listing
}

fn path(repository: &str, identity: &str) -> String {
    format!("clones/acme/{repository}/.github/chainguard/{identity}.sts.yaml")
}

/// Imports originals at these paths, each by itself.
fn single<'a>(originals: impl IntoIterator<Item = (&'a str, String)>) -> Vec<Imported> {
    let listing = listing();
    let settings = ImportSettings { listing: Some(&listing), ..ImportSettings::default() };
    let one = |(path, text): (&str, String)| {
        only(import(path, text.as_bytes(), &settings)).unwrap_or_else(|why| panic!("{path}: {why}"))
    };
    originals.into_iter().map(one).collect()
}

/// Imports the same text for several repositories.
fn each(text: &str, identity: &str, repositories: &[&str]) -> Vec<Imported> {
    let paths: Vec<String> = repositories.iter().map(|name| path(name, identity)).collect();
    single(paths.iter().zip(repositories).map(|(path, name)| (path.as_str(), text.replace("NAME", name))))
}

fn free(imported: Vec<Imported>) -> Vec<Imported> {
    with_rows(imported, |_| false)
}

fn files(imported: &[Imported]) -> Vec<&str> {
    imported.iter().map(|one| one.file.as_str()).collect()
}

fn tree(imported: &[Imported]) -> Tree {
    let rows = imported.iter().filter_map(|one| one.rows.as_ref()).map(|rows| (rows.file.clone(), rows.yaml.clone()));
    let policies = imported.iter().map(|one| (one.file.clone(), format!("owners: [team-shop]\n{}", one.text())));
    rows.chain(policies).map(|(file, text)| (file, text.into_bytes().into())).collect()
}

fn load(imported: &[Imported]) -> Ruleset {
    let (ruleset, faults) = Ruleset::load(&tree(imported), &Catalogue::of_github(), None);
    assert!(faults.is_empty(), "{faults:?}");
    ruleset
}

#[test]
fn equal_policies_become_one_with_a_row_for_each_repository() {
    let joined = free(each(OWN, "release", &["docs", "Shop.js", "1e3"]));
    let [policy] = &joined[..] else { panic!("{:?}", files(&joined)) };
    let expected = r#"description: "Imported from the octo-sts trust policy release, of each repository of acme in acme.release.yaml"
issuer: github
for_each: acme.release.yaml
match:
  repository: "acme/{each.name}@{each.id}"
  ref: refs/heads/main
  event: push
claims:
  /event_name: push
  /sub: "repo:acme/{each.name}:ref:refs/heads/main"
grant:
  github: { app: octo, repositories: ["acme/{each.name}@{each.id}"], permissions: { contents: write } }
"#;
    assert_eq!(
        (policy.file.as_str(), without_event_claim(&policy.yaml)),
        ("policies/acme/release.yaml", without_event_claim(expected))
    );
    let rows = policy.rows.as_ref().unwrap();
    assert_eq!(rows.file, "acme.release.yaml");
    assert_eq!(rows.yaml, "- { name: docs, id: \"71\" }\n- { name: Shop.js, id: \"74\" }\n- { name: \"1e3\", id: \"75\" }\n");
    assert_eq!(policy.originals, ["docs", "Shop.js", "1e3"].map(|name| path(name, "release")));
    assert!(policy.notes.iter().any(|note| note.contains("mapping: github-actions")), "{:?}", policy.notes);
    let report = serde_json::to_value(policy).unwrap();
    assert_eq!((&report["rows"]["file"], report["originals"].as_array().unwrap().len()), (&json!("acme.release.yaml"), 3));
}

/// Whether the event's word needs the claim beside it is tested elsewhere.
fn without_event_claim(yaml: &str) -> String {
    yaml.lines().filter(|line| !line.contains("/event_name")).collect::<Vec<_>>().join("\n")
}

#[test]
fn it_loads_with_no_finding_but_that_nothing_tests_it() {
    for joined in [free(each(OWN, "ci", &["docs", "shop", "1e3"])), free(each(BOT, "ci", &["docs", "shop", "site"]))] {
        assert_eq!(joined.len(), 1);
        let (ruleset, tree, catalogue) = (load(&joined), tree(&joined), Catalogue::of_github());
        let look = LintContext { ruleset: &ruleset, tree: &tree, catalogue: &catalogue, now: NOW, own_repository: None };
        let found: Vec<String> = lint(&look).iter().map(|fault| format!("{} {}", fault.code, fault.message)).collect();
        assert_eq!(found, ["no_tests nothing tests it"]);
        assert_eq!(ruleset.policies().next().unwrap().rules.len(), 3);
    }
}

/// A job's claims, with the name, the id and the subject of perhaps three repositories.
fn claims(name: &str, id: u64, subject: &str) -> Map<String, Value> {
    let claims = json!({
        "sub": subject, "repository": format!("acme/{name}"), "repository_id": id.to_string(), "repository_owner": "acme",
        "repository_owner_id": "4", "ref": "refs/heads/main", "ref_type": "branch", "event_name": "push",
    });
    claims.as_object().unwrap().clone()
}

/// What each job gets: for every repository's name, id and subject in every combination, and for every repository asked for.
fn decisions(ruleset: &Ruleset, named: impl Fn(&str) -> Option<PolicyName>) -> Vec<Option<String>> {
    let (github, mapping) = (IssuerName::parse("github").unwrap(), Mapping::built_in("github-actions").unwrap());
    let mut decided = Vec::new();
    let subjects: Vec<String> = LISTED
        .iter()
        .flat_map(|(name, id)| {
            ["acme/NAME:ref:refs/heads/main", "acme@4/NAME@ID:ref:refs/heads/main", "acme/NAME:pull_request"]
                .map(|form| format!("repo:{}", form.replace("NAME", name).replace("ID", &id.to_string())))
        })
        .collect();
    for (name, id) in LISTED.iter().flat_map(|(name, _)| LISTED.iter().map(move |(_, id)| (name, id))) {
        for subject in &subjects {
            let facts = mapping.facts(&github, Claims::from(claims(name, *id, subject)));
            for (asked, _) in &LISTED {
                let repository = RepositoryName::parse(&format!("acme/{asked}")).unwrap();
                let target =
                    GitHubTarget { repositories: Some(RepositoryScope::Named([repository].into())), ..GitHubTarget::default() };
                let granted = facts.as_ref().ok().and_then(|facts| {
                    ruleset.set().grant_one(facts, &Target::from(target), named(asked).as_ref(), Moment::at(NOW)).ok()
                });
                decided.push(granted.map(|granted| format!("{name}@{id} {subject}: {:?}", granted.terms)));
            }
        }
    }
    decided
}

/// Also a job that has the name of one repository, the id of another and the subject of a third.
#[test]
fn it_grants_exactly_what_the_single_policies_granted() {
    let immutable = OWN.replace("repo:acme/NAME:", "repo:acme@4/NAME@ID:");
    let with_id = |names: &[&str]| {
        let one = |name: &&str| {
            let id = LISTED.iter().find(|(known, _)| known == name).unwrap().1;
            each(&immutable.replace("ID", &id.to_string()), "release", &[name])
        };
        names.iter().flat_map(one).collect::<Vec<_>>()
    };
    let names = ["docs", "shop", "site", "Shop.js", "1e3"];
    let loose = OWN
        .replace("subject: repo:acme/NAME:ref:refs/heads/main", "subject_pattern: repo:acme/NAME:.*")
        .replace("push", "push|schedule");
    for single in [each(OWN, "release", &names), each(&loose, "release", &names), each(BOT, "release", &names), with_id(&names)] {
        let joined = free(single.clone());
        assert_eq!(joined.len(), 1, "{:?}", files(&joined));
        let policy = |scope: String| Some(PolicyName::parse(&format!("{scope}/release")).unwrap());
        let (alone, together) = (load(&single), load(&joined));
        for (by_each, by_rows) in [
            (decisions(&alone, |_| None), decisions(&together, |_| None)),
            (decisions(&alone, |name| policy(format!("acme/{name}"))), decisions(&together, |_| policy("acme".to_owned()))),
        ] {
            assert!(by_each == by_rows, "{}", joined[0].yaml);
            let granted = by_each.iter().flatten().count();
            assert!(granted >= names.len() && granted < by_each.len() / 8, "{granted} of {}", by_each.len());
        }
    }
}

#[test]
fn of_several_groups_the_largest_becomes_rows() {
    let more = OWN.replace("contents: write", "contents: read");
    let all =
        [each(&more, "ci", &["docs", "shop"]), each(OWN, "ci", &["site", "bot", "1e3"]), each(BOT, "label", &["shop", "site"])];
    let joined = free(all.concat());
    let expected =
        ["policies/acme/docs/ci.yaml", "policies/acme/shop/ci.yaml", "policies/acme/ci.yaml", "policies/acme/label.yaml"];
    assert_eq!(files(&joined), expected);
    let equal = free([each(&more, "ci", &["docs", "shop"]), each(OWN, "ci", &["site", "bot"])].concat());
    assert_eq!(files(&equal), ["policies/acme/ci.yaml", "policies/acme/site/ci.yaml", "policies/acme/bot/ci.yaml"]);
    let of_bot = free(each(BOT, "ci", &["bot", "docs", "shop"]));
    assert_eq!(files(&of_bot), ["policies/acme/bot/ci.yaml", "policies/acme/ci.yaml"], "its own jobs are its repository's");
}

#[test]
fn what_is_not_equal_or_not_alone_stays_a_file_of_its_own() {
    let files_of = |imported: Vec<Imported>| free(imported).iter().map(|one| one.file.clone()).collect::<Vec<_>>();
    assert_eq!(files_of(each(OWN, "ci", &["docs"])), ["policies/acme/docs/ci.yaml"]);
    let another = each(&OWN.replace("heads/main", "heads/next"), "ci", &["shop"]);
    assert_eq!(files_of([each(OWN, "ci", &["docs"]), another].concat()).len(), 2, "another branch");
    let of_two = [each(OWN, "ci", &["docs"]), each(OWN, "release", &["shop"])].concat();
    assert_eq!(files_of(of_two).len(), 2, "other identities");
    let elsewhere = OWN.replace("NAME", "shop").replace("acme/", "other/");
    let of_other = single([("other/shop/.github/chainguard/ci.sts.yaml", elsewhere)]);
    assert_eq!(files_of([each(OWN, "ci", &["docs"]), of_other].concat()).len(), 2, "another account");
    assert_eq!(files_of(each(OWN, "ci", &["old", "new"])).len(), 2, "one repository by two names");
    let renamed = [each(OWN, "ci", &["old", "new"]), each(OWN, "ci", &["docs", "shop"])].concat();
    let kept = ["policies/acme/old/ci.yaml", "policies/acme/new/ci.yaml", "policies/acme/ci.yaml"];
    assert_eq!(files_of(renamed), kept);
    let twice = [each(OWN, "ci", &["docs", "shop"]), each(OWN, "ci", &["docs"])].concat();
    assert_eq!(files_of(twice).len(), 3, "two checkouts of one repository");
    let spelled = single([(&*path("Docs", "ci"), BOT.to_owned()), (&*path("docs", "ci"), BOT.to_owned())]);
    assert_eq!(files_of(spelled).len(), 2, "one repository in two spellings");
    let of_account = single([(&*path(".github", "ci"), OWN.replace("NAME", "docs"))]);
    assert_eq!(files_of([of_account.clone(), of_account].concat()).len(), 2, "an account's own policies name their repositories");
}

#[test]
fn a_path_that_is_in_use_is_left_alone() {
    let of_account = || single([(&*path(".github", "ci"), OWN.replace("NAME", "docs"))]);
    let single_files = ["policies/acme/docs/ci.yaml", "policies/acme/shop/ci.yaml"];
    for (other, why) in
        [(of_account(), "policies/acme/ci.yaml"), (single([(&*path(".github", "CI"), OWN.replace("NAME", "docs"))]), "case")]
    {
        let joined = free([each(OWN, "ci", &["docs", "shop"]), other].concat());
        assert_eq!(&files(&joined)[..2], &single_files, "{why}");
    }
    let all = || each(OWN, "ci", &["docs", "shop", "site"]);
    let joined = with_rows(all(), |file| file == "policies/acme/shop/ci.yaml");
    assert_eq!(files(&joined), ["policies/acme/ci.yaml", "policies/acme/shop/ci.yaml"], "it was imported before");
    let joined = with_rows(all(), |file| matches!(file, "policies/acme/ci.yaml" | "acme.ci.yaml"));
    assert_eq!(files(&joined), ["policies/acme/ci.yaml"], "whoever writes it hears that it is there");
}

/// A file of such a name counts as faulty guardrails, and nothing widens while it is there.
#[test]
fn an_identity_that_is_called_like_guardrails_is_refused() {
    let listing = listing();
    let settings = ImportSettings { listing: Some(&listing), ..ImportSettings::default() };
    let refused = only(import(&path("docs", "guardrails"), OWN.replace("NAME", "docs").as_bytes(), &settings)).unwrap_err();
    assert!(refused.contains("may be meant as guardrails"), "{refused}");
    for name in ["*", "a b", "{each.name}", "x\"y", ".."] {
        let refused = only(import(&path(name, "ci"), BOT.as_bytes(), &settings)).unwrap_err();
        assert!(refused.contains("no listing has the id"), "{name}: {refused}");
    }
}

#[test]
fn a_file_of_rows_has_no_more_than_a_server_reads() {
    let template = each(OWN, "ci", &["docs"]).remove(0);
    let one = |number: usize| {
        let id = RepositoryId::new(1000 + u64::try_from(number).unwrap());
        let form = template.row_form.clone().map(|form| RowForm { name: format!("r{number}"), id: id.unwrap(), ..form });
        Imported { file: format!("policies/acme/r{number}/ci.yaml"), row_form: form, ..template.clone() }
    };
    let joined = free((0..ROWS_MAX + 3).map(one).collect());
    let expected = (0..3).map(|number| format!("policies/acme/r{}/ci.yaml", ROWS_MAX + number));
    assert_eq!(files(&joined)[1..], expected.collect::<Vec<_>>());
    let rows = joined[0].rows.as_ref().unwrap();
    assert_eq!(rows.yaml.lines().count(), ROWS_MAX);
    let long = |number: usize| {
        let mut one = one(number);
        one.row_form.as_mut().unwrap().name = format!("{number:0100}");
        one
    };
    let joined = free((0..ROWS_MAX).map(long).collect());
    let bytes = joined[0].rows.as_ref().unwrap().yaml.len();
    assert!(bytes <= YAML_BYTES_MAX && bytes > YAML_BYTES_MAX - 200 && joined.len() > 1, "{bytes}");
}
