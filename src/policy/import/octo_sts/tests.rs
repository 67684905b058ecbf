use super::super::tests::{body, octo};

const GITHUB: &str = "issuer: https://token.actions.githubusercontent.com\npermissions: { contents: read }\n";

fn github(rest: &str) -> Result<Vec<String>, String> {
    octo(&format!("{GITHUB}{rest}")).map(|imported| body(&imported).into_iter().map(str::to_owned).collect())
}

fn lines(rest: &str) -> Vec<String> {
    github(rest).unwrap_or_else(|reason| panic!("{rest}: {reason}"))
}

#[test]
fn a_claim_becomes_an_attribute_where_that_says_the_same() {
    let rest = "subject: repo:acme/shop:environment:release\nclaim_pattern:\n  event_name: schedule|workflow_dispatch\n  \
                job_workflow_ref: acme/shop/\\.github/workflows/release\\.yml@refs/heads/main\n  ref: refs/heads/main\n  \
                ref_protected: \"true\"\n  repository: acme/shop\n  repository_id: \"77\"\n  workflow: Release\n";
    let expected = [
        "match:",
        "repository: acme/shop@77",
        "ref: refs/heads/main",
        "ref_protected: true",
        "event: [schedule, manual]",
        "environment: release",
        "workflow: acme/shop/.github/workflows/release.yml@refs/heads/main",
        "claims:",
        "/repository: acme/shop",
        "/sub: \"repo:acme/shop:environment:release\"",
        "/workflow: Release",
    ];
    assert_eq!(lines(rest), expected);
}

#[test]
fn a_word_of_ours_that_means_more_stands_beside_the_claim() {
    let rest = "subject: repo:acme/shop:pull_request\nclaim_pattern:\n  event_name: pull_request\n";
    let expected = [
        "match:",
        "repository: acme/shop",
        "event: pull-request",
        "claims:",
        "/event_name: pull_request",
        "/sub: \"repo:acme/shop:pull_request\"",
    ];
    assert_eq!(lines(rest), expected);
    let branches = "subject: repo:acme/shop:ref:refs/heads/main\nclaim_pattern: { event_name: push }\n";
    assert!(lines(branches).contains(&"event: push".to_owned()), "no tag is on a branch");
}

/// Without the subject, the policy would also let in a job with an environment, or a repository of the new form with a taken name.
#[test]
fn the_subject_stays_beside_what_it_says() {
    let rest = "subject_pattern: repo:acme/shop:(ref:refs/heads/(main|mq-.*)|pull_request)\n";
    let expected = [
        "match:",
        "repository: acme/shop",
        "event: [push, manual, pull-request]",
        "claims:",
        "/sub: { plain: [\"repo:acme/shop:ref:refs/heads/main\", \"repo:acme/shop:ref:refs/heads/mq-*\", \"repo:acme/shop:pull_request\"] }",
    ];
    assert_eq!(lines(rest), expected);
}

#[test]
fn a_subject_that_pins_nobody_is_refused() {
    for loose in ["subject: foo\n", "subject_pattern: .*\n", "subject_pattern: repo:.*/shop:.*\n"] {
        let refused = github(loose).unwrap_err();
        assert!(refused.contains("shared by tenants"), "{loose}: {refused}");
    }
    assert!(lines("subject_pattern: repo:acme/.*\n").contains(&"owner: acme".to_owned()));
}

#[test]
fn numbers_and_unknown_keys_are_refused_with_their_line() {
    for (rest, reason) in [
        ("subject: 12.5\n", "line 3: expected text, found a number"),
        ("subject: 0x1F\n", "line 3"),
        ("subject: yes\n", "line 3: `yes` is text in one version of YAML"),
        ("subject: 1_000\n", "line 3"),
        ("subject: 'repo:acme/my shop:pull_request'\n", "octo-sts takes no subject with white space"),
        ("subject: a\nsubject_pattern: b\n", "takes one of them"),
        ("subject: a\nsubjct: b\n", "line 4: unknown key `subjct`"),
        ("claim_pattern: { a: b }\n", "`subject` is missing"),
        ("subject: a*\n", "always a wildcard"),
        (
            "subject: repo:acme/shop:pull_request\nclaim_pattern: { event_name: issues }\n",
            "no `event` of a policy corresponds to issues",
        ),
        ("subject: repo:acme/shop:pull_request\nclaim_pattern: { actor_id: '[0-9]+' }\n", "actor_id: `[0-9]+`, character 1"),
        ("subject: a\nclaim_pattern: { sub: .* }\n", "shared by tenants"),
    ] {
        let refused = github(rest).expect_err(rest);
        assert!(refused.contains(reason), "{rest}: {refused}");
    }
    assert!(octo("issuer_pattern: https://.*\nsubject: a\n").unwrap_err().contains("write a policy for each"));
    assert!(octo("{}").unwrap_err().contains("`issuer` is missing"));
}

/// `policy check` would refuse the file, or the import would take minutes.
#[test]
fn a_policy_that_is_too_large_is_refused() {
    let with = |claims: usize, text: &str| {
        let lines: String = (0..claims).map(|number| format!("  c{number}: {text}\n")).collect();
        github(&format!("subject: repo:acme/shop:pull_request\nclaim_pattern:\n{lines}"))
    };
    assert!(with(100, "a").is_ok());
    assert!(with(101, "a").unwrap_err().contains("`claim_pattern` has more than 100 members"));
    let alternatives: Vec<String> = (0..40).map(|number| format!("{}{number}.*", "a".repeat(900))).collect();
    let large = with(1, &alternatives.join("|")).unwrap_err();
    assert!(large.contains("bytes, and a file has at most"), "{large}");
}

#[test]
fn other_issuers_are_pinned_by_what_they_have() {
    let google = octo("issuer: https://accounts.google.com\nsubject_pattern: (12|34)\n").unwrap();
    assert_eq!(body(&google), ["match:", "owner: [\"12@12\", \"34@34\"]", "claims:", "/sub: [\"12\", \"34\"]"]);
    let gitlab = "issuer: https://gitlab.acme.example\nsubject_pattern: project_path:acme/.*\nclaim_pattern:\n  project_id: \"4670\"\n  \
                  ref_path: refs/heads/.+\n  ref: .+\n  ref_protected: \"true\"\n";
    let expected = [
        "match:",
        "repository: \"4670@4670\"",
        "ref_protected: true",
        "event: [push, manual]",
        "claims:",
        "/project_id: \"4670\"",
        "/ref: { like: \"**\", not: \"\" }",
        "/ref_path: { like: refs/heads/**, not: refs/heads/ }",
        "/sub: { plain: \"project_path:acme/**\" }",
    ];
    assert_eq!(body(&octo(gitlab).unwrap()), expected);
    let vault = octo("issuer: https://vault.acme.example/v1/identity/oidc\nsubject: 7-a\naudience: x\n").unwrap();
    assert_eq!(body(&vault), ["claims:", "/sub: \"7-a\""]);
    assert!(vault.notes.iter().any(|note| note.contains("the audience is left out")), "{:?}", vault.notes);
}

#[test]
fn flags_and_numbers_without_quotes_are_their_texts() {
    let rest =
        "subject: repo:acme/shop:pull_request\nclaim_pattern: { repository_id: 77, ref_protected: true, run_attempt: 1 }\n";
    let written = lines(rest);
    for line in ["repository: acme/shop@77", "ref_protected: true", "/run_attempt: \"1\""] {
        assert!(written.contains(&line.to_owned()), "{line}: {written:?}");
    }
    assert_eq!(body(&octo("issuer: https://accounts.google.com\nsubject: 1234\n").unwrap())[1], "owner: \"1234@1234\"");
}

/// octo-sts takes the flag `true` for the text.
#[test]
fn a_claim_that_is_a_flag_matches_as_its_text() {
    let text = "issuer: https://ci.example\nsubject: a\nclaim_pattern: { trusted: 'true', either: (true|false|x), any: .+ }\n";
    let imported = octo(text).unwrap();
    let expected = [
        "claims:",
        "/any: { like: \"**\", not: \"\" }",
        "/either: [\"true\", \"false\", x, true, false]",
        "/sub: a",
        "/trusted: [\"true\", true]",
    ];
    assert_eq!(body(&imported), expected);
    let google = octo("issuer: https://accounts.google.com\nsubject: '12'\nclaim_pattern: { email_verified: 'true' }\n").unwrap();
    assert!(body(&google).contains(&"/email_verified: true"), "{}", google.yaml);
    assert!(imported.notes.iter().any(|note| note.starts_with("any: narrower: a wildcard here matches no flag")));
}

#[test]
fn a_wildcard_that_takes_a_character_leaves_out_what_has_none() {
    let rest = "subject_pattern: repo:acme/shop:ref:refs/heads/.+\nclaim_pattern:\n  workflow: .+\n  \
                job_workflow_ref: acme/ci/\\.github/workflows/a\\.yml@.+\n";
    let written = lines(rest);
    for line in [
        "workflow: acme/ci/.github/workflows/a.yml@**",
        "/job_workflow_ref: { like: acme/ci/.github/workflows/a.yml@**, not: acme/ci/.github/workflows/a.yml@ }",
        "/workflow: { like: \"**\", not: \"\" }",
        "/sub: { plain: \"repo:acme/shop:ref:refs/heads/**\", not: \"repo:acme/shop:ref:refs/heads/\" }",
    ] {
        assert!(written.contains(&line.to_owned()), "{line}: {written:?}");
    }
}

#[test]
fn policies_of_tags_are_for_tags() {
    let gitlab = |rest: &str| {
        let text = format!(
            "issuer: https://gitlab.acme.example\nsubject_pattern: project_path:acme/shop:.*\nclaim_pattern:\n  {rest}\n"
        );
        body(&octo(&text).unwrap()).iter().find(|line| line.starts_with("event:")).map(|line| (*line).to_owned())
    };
    assert_eq!(gitlab("ref_type: tag").as_deref(), Some("event: [tag, manual]"));
    assert_eq!(gitlab("ref_path: refs/tags/v.*").as_deref(), Some("event: [tag, manual]"));
    assert_eq!(gitlab("ref_type: branch").as_deref(), Some("event: [push, manual]"));
    assert_eq!(gitlab("ref_protected: \"true\"").as_deref(), Some("event: [push, manual]"));
}

/// A claim stays a claim if the mapping reads it together with another claim, or puts something before it.
#[test]
fn what_an_attribute_says_only_sometimes_stays_a_claim() {
    let buildkite = "issuer: https://agent.buildkite.com\nsubject_pattern: organization:acme:pipeline:shop:.*\nclaim_pattern:\n  \
                     build_branch: main\n  job_id: \"7\"\n  build_source: webhook\n  organization_id: \"0184990a-4777-4d3a-a0d8-7c6a1e2f3b4c\"\n";
    let expected = [
        "match:",
        "owner: acme@0184990a-4777-4d3a-a0d8-7c6a1e2f3b4c",
        "event: webhook",
        "claims:",
        "/build_branch: main",
        "/job_id: \"7\"",
        "/sub: { plain: \"organization:acme:pipeline:shop:**\" }",
    ];
    assert_eq!(body(&octo(buildkite).unwrap()), expected);
}

/// A CI that compares without case has one environment for both spellings, and the original distinguishes two.
#[test]
fn the_claim_stays_if_the_ci_ignores_case() {
    let rest = "subject: repo:acme/shop:environment:prod\nclaim_pattern: { environment: prod, repository_owner: acme }\n";
    let expected = [
        "match:",
        "repository: acme/shop",
        "owner: acme",
        "event: [push, manual]",
        "environment: prod",
        "claims:",
        "/environment: prod",
        "/repository_owner: acme",
        "/sub: \"repo:acme/shop:environment:prod\"",
    ];
    assert_eq!(lines(rest), expected);
}

mod with_ids {
    use crate::policy::Tree;
    use crate::policy::import::tests::only;
    use crate::policy::import::{ImportSettings, Imported, Listing, import};
    use crate::policy::{Catalogue, IssuerEntry, LintContext, Ruleset, lint};
    use crate::words::UnixTime;
    use crate::words::github::AppName;
    use crate::words::names::{IssuerName, IssuerUrl};

    const LISTED: &str = r#"[{"id": 77, "full_name": "acme/shop", "owner": {"login": "acme", "id": 9, "type": "Organization"}, "private": true}]
[{"id": 78, "full_name": "acme/site", "owner": {"login": "acme", "id": 9}}, {"id": 79, "full_name": "acme/.github", "owner": {"login": "acme", "id": 9}}]"#;
    const ORIGINAL: &str = "issuer: https://token.actions.githubusercontent.com\nsubject: repo:acme/shop:ref:refs/heads/main\nclaim_pattern: { event_name: push }\npermissions:\n  contents: write\n";

    fn imported(path: &str, text: &str) -> Result<Imported, String> {
        let mut listing = Listing::new(AppName::parse("octo").unwrap());
        listing.add(LISTED.as_bytes()).unwrap();
        only(import(path, text.as_bytes(), &ImportSettings { listing: Some(&listing), ..ImportSettings::default() }))
    }

    #[test]
    fn a_repositorys_policy_is_for_it_alone_by_its_id_and_has_no_findings() {
        let read = imported("clones/acme/site/.github/chainguard/release.sts.yaml", ORIGINAL).unwrap();
        assert_eq!(read.file, "policies/acme/site/release.yaml");
        assert!(read.yaml.contains("repository: acme/shop@77\n"), "{}", read.yaml);
        let grant = "grant:\n  github: { app: octo, repositories: [\"acme/site@78\"], permissions: { contents: write } }\n";
        assert!(read.yaml.ends_with(grant), "{}", read.yaml);
        let entry = IssuerEntry {
            url: IssuerUrl::parse("https://token.actions.githubusercontent.com").unwrap(),
            mapping: crate::identity::Mapping::built_in("github-actions").unwrap(),
            session_max: None,
        };
        let catalogue = Catalogue::from_iter([(IssuerName::parse("github").unwrap(), entry)]);
        let text = format!("owners: [team-shop]\n{}", read.yaml);
        let tree: Tree = [(read.file, text.into_bytes().into())].into();
        let (ruleset, faults) = Ruleset::load(&tree, &catalogue, None);
        assert!(faults.is_empty(), "{faults:?}");
        let now = UnixTime::from_seconds(1_800_000_000);
        let look = LintContext { ruleset: &ruleset, tree: &tree, catalogue: &catalogue, now, own_repository: None };
        let found: Vec<&str> = lint(&look).iter().map(|fault| fault.code).collect();
        assert_eq!(found, ["no_tests"], "nobody imports tests");
    }

    #[test]
    fn an_accounts_own_policy_is_for_what_it_names_or_for_all() {
        let path = "acme/.github/.github/chainguard/bot.sts.yaml";
        let some = imported(path, &format!("{ORIGINAL}repositories: [shop, site]\n")).unwrap();
        assert_eq!(some.file, "policies/acme/bot.yaml");
        assert!(some.yaml.contains("repositories: [\"acme/shop@77\", \"acme/site@78\"]"), "{}", some.yaml);
        let all = imported(path, ORIGINAL).unwrap();
        assert!(all.yaml.contains("repositories: { all: acme }"), "{}", all.yaml);
    }

    /// The id decides in `NAME@ID`, and other CIs have ids of their own.
    #[test]
    fn no_id_of_github_stands_behind_a_name_of_another_ci() {
        let path = "acme/site/.github/chainguard/x.sts.yaml";
        for (issuer, subject, line) in [
            ("https://gitlab.com", "project_path:acme/shop:ref_type:branch:ref:main", "repository: acme/shop"),
            ("https://agent.buildkite.com", "organization:acme:pipeline:shop:ref:main", "owner: acme"),
            ("https://token.actions.acme.ghe.com", "repo:acme/shop:ref:refs/heads/main", "repository: acme/shop"),
        ] {
            let text = format!("issuer: {issuer}\nsubject: {subject}\npermissions: {{ contents: read }}\n");
            let read = imported(path, &text).unwrap();
            assert!(read.yaml.contains(&format!("  {line}\n")), "{issuer}: {}", read.yaml);
            assert!(read.notes.iter().any(|note| note.contains("policy lock")), "{issuer}: {:?}", read.notes);
        }
        let pinned = imported(path, ORIGINAL).unwrap();
        assert!(!pinned.notes.iter().any(|note| note.contains("policy lock")), "{:?}", pinned.notes);
        let mut of_another = Listing::new(AppName::parse("octo").unwrap());
        of_another
            .add(LISTED.replace("\"owner\"", "\"html_url\": \"https://acme.ghe.com/acme/x\", \"owner\"").as_bytes())
            .unwrap();
        let settings = ImportSettings { listing: Some(&of_another), ..ImportSettings::default() };
        let read = only(import(path, ORIGINAL.as_bytes(), &settings)).unwrap();
        assert!(read.yaml.contains("  repository: acme/shop\n"), "{}", read.yaml);
    }

    /// octo-sts refuses the file there, and a text where it wants a list.
    #[test]
    fn repositories_are_named_in_the_accounts_own_repository_alone() {
        let names = format!("{ORIGINAL}repositories: [shop]\n");
        for path in ["acme/shop/.github/chainguard/x.sts.yaml", "acme/policies/.github/chainguard/x.sts.yaml"] {
            let refused = imported(path, &names).unwrap_err();
            assert!(refused.contains("`repositories`") && refused.contains("ORG_POLICY_REPO"), "{path}: {refused}");
            let without_ids = only(import(path, names.as_bytes(), &ImportSettings::default())).unwrap_err();
            assert_eq!(without_ids, refused);
        }
        let refused =
            imported("acme/.github/.github/chainguard/x.sts.yaml", &format!("{ORIGINAL}repositories: shop\n")).unwrap_err();
        assert!(refused.contains("expected a list"), "{refused}");
    }

    #[test]
    fn what_no_listing_tells_or_github_does_not_have_is_refused() {
        let gone = imported("acme/gone/.github/chainguard/x.sts.yaml", ORIGINAL).unwrap_err();
        assert!(gone.contains("no listing has the id of `acme/gone`"), "{gone}");
        let unknown = imported("acme/shop/.github/chainguard/x.sts.yaml", &format!("{ORIGINAL}  contnts: read\n")).unwrap_err();
        assert!(unknown.contains("did you mean `contents`?"), "{unknown}");
        let hostile = imported("a'\"b/shop/.github/chainguard/x.sts.yaml", ORIGINAL).unwrap_err();
        assert!(hostile.contains("the folder"), "{hostile}");
        let elsewhere = imported("release.sts.yaml", ORIGINAL).unwrap();
        assert!(elsewhere.notes.iter().any(|note| note.contains("name the file as OWNER/REPOSITORY")), "{:?}", elsewhere.notes);
    }
}

/// octo-sts reads YAML 1.1: what is a comment here may be a condition there.
#[test]
fn what_octo_sts_reads_in_another_way_is_refused() {
    for line_break in ["\u{85}", "\u{2028}", "\u{2029}"] {
        let rest = format!("subject: repo:acme/shop:pull_request\n# x{line_break}claim_pattern: {{ environment: production }}\n");
        assert!(github(&rest).unwrap_err().contains("line break"), "{line_break:?}");
    }
    let flag = github("subject: repo:acme/shop:pull_request\nclaim_pattern: { on: x }\n").unwrap_err();
    assert!(flag.contains("the key `on`"), "{flag}");
}
