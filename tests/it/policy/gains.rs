//! Ways to gain access that no policy of either revision shows by itself. A diff has to list them.

use super::{DEPLOY, commit, policy, repository};
use crate::support::git;
use daypass::secrets::{Identities, encrypt_document};
use daypass::words::UnixTime;
use daypass::words::names::SecretPath;
use std::path::Path;

const NOW: UnixTime = UnixTime::from_seconds(1_795_000_000);
const SOURCE: &str = "git: https://git.example/team\nref: refs/heads/main\nage_identities: [team.key]\nverify: { allowed_signers: team-a.signers }\nallowed: { issuers: [github], grant: { id_token: [\"https://partner.example\"] } }\n";

/// The status and the text of a diff that fails if somebody gains.
fn diff(folder: &Path, range: &str, more: &[&str]) -> (Option<i32>, String) {
    let output = policy(folder, &[&["diff", range, "--fail-on", "widen"], more].concat());
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

fn assert_gain(folder: &Path, range: &str, line: &str) {
    let (status, text) = diff(folder, range, &[]);
    assert!(status == Some(2) && text.contains(line), "{line} in\n{status:?}\n{text}");
}

fn merge(folder: &Path, arguments: &[&str]) {
    let who = ["-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "commit.gpgsign=false"];
    git(folder, &[&who[..], &["merge", "--quiet", "--no-edit"], arguments].concat());
}

fn sealed(path: &str, text: &[u8], recipient: &str) -> String {
    let sealed = encrypt_document(&SecretPath::parse(path).unwrap(), text, &[recipient.to_owned()], NOW).unwrap();
    String::from_utf8(sealed).unwrap()
}

#[test]
fn a_new_signer_of_a_further_source() {
    let repository = repository();
    let signers = "lea@acme.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx0000000000000000000000000000000000000000000\n";
    commit(repository.path(), &[("sources/team-a.yaml", SOURCE), ("sources/team-a.signers", signers)]);
    git(repository.path(), &["branch", "--force", "main"]);
    commit(repository.path(), &[("sources/team-a.signers", &signers.repeat(2))]);
    assert_gain(repository.path(), "main...change", "sources/team-a.signers may say who signs for a further source");
}

#[test]
fn a_source_definition_that_a_server_begins_to_accept() {
    let repository = repository();
    let signers = "lea@acme.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx0000000000000000000000000000000000000000000\n";
    let source = SOURCE.replace("verify: { allowed_signers: team-a.signers }\n", "");
    commit(
        repository.path(),
        &[("sources/team-a.yaml", &source), ("sources/a.signers", signers), ("policies/team-a/x.yaml", DEPLOY)],
    );
    git(repository.path(), &["branch", "--force", "main"]);
    git(repository.path(), &["rm", "--quiet", "-r", "policies/team-a"]);
    commit(repository.path(), &[]);
    assert_gain(repository.path(), "main...change", "sources/team-a.yaml defines a further source");
}

/// A ciphertext that was copied and removed again. A grant with `history: allow` reaches it.
#[test]
fn a_version_that_a_file_had_between_the_revisions() {
    let repository = repository();
    let (_, recipient) = Identities::generate();
    let production = sealed("prod/db.yaml", b"password: swordfish\n", &recipient);
    let past = DEPLOY.replace("secrets: [shop/**]", "secrets: [{ secret: \"dev/**\", history: allow }]");
    assert_ne!(past, DEPLOY);
    commit(repository.path(), &[("policies/shop/deploy.yaml", &past), ("secrets/prod/db.yaml", &production)]);
    git(repository.path(), &["branch", "--force", "main"]);
    commit(repository.path(), &[("secrets/dev/x.yaml", &production)]);
    git(repository.path(), &["rm", "--quiet", "secrets/dev/x.yaml"]);
    commit(repository.path(), &[("README", "nothing to see")]);
    assert_gain(repository.path(), "main...change", "secrets/dev/x.yaml holds what stands or stood at secrets/prod/db.yaml");
}

/// A server ignores guardrails in a further source's repository.
#[test]
fn guardrails_of_a_further_source_deny_nothing() {
    let repository = repository();
    let root = tempfile::tempdir().unwrap();
    let definition = root.path().join("sources/team-a.yaml");
    std::fs::create_dir_all(definition.parent().unwrap()).unwrap();
    let source = SOURCE.replace("verify: { allowed_signers: team-a.signers }\n", "");
    std::fs::write(&definition, source).unwrap();
    let rails = "denials: [ { description: nothing for anybody, deny: { secrets: [\"**\"] } } ]\n";
    let only_secrets = "issuer: github\nmatch: { repository: acme/shop@456789, ref: refs/heads/main, event: push }\ngrant: { secrets: [shop/a.age] }\n";
    commit(repository.path(), &[("policies/shop/deploy.yaml", only_secrets)]);
    git(repository.path(), &["branch", "--force", "main"]);
    let wider = only_secrets.replace("shop/a.age", "prod/db.age");
    commit(repository.path(), &[("policies/evil.yaml", &wider), ("guardrails.yaml", rails), ("secrets/prod/db.age", "x")]);
    let (status, text) = diff(repository.path(), "main...change", &["--source", definition.to_str().unwrap()]);
    assert!(status == Some(2) && text.contains("WIDENS  secret team-a/prod/db.age"), "{status:?}\n{text}");
}

#[test]
fn the_result_of_merging_two_changes() {
    let repository = repository();
    let rows = "- repository: acme/mono@1\n";
    commit(repository.path(), &[("services.yaml", rows)]);
    git(repository.path(), &["branch", "--force", "main"]);
    commit(repository.path(), &[("services.yaml", "- repository: acme/mono@1\n- repository: evil/x@666\n")]);
    git(repository.path(), &["checkout", "--quiet", "main"]);
    // Meanwhile the followed ref begins to use the rows.
    let each = "issuer: github\nfor_each: services.yaml\nmatch: { repository: \"{each.repository}\", ref: refs/heads/main, event: push }\ngrant: { id_token: { audience: https://prod.example } }\n";
    commit(repository.path(), &[("policies/each.yaml", each)]);
    assert_gain(repository.path(), "main...change", "evil/x@666");
    let (status, text) = diff(repository.path(), "main...change", &[]);
    assert!(text.contains(&format!(", merged into {}", git(repository.path(), &["rev-parse", "main"]))), "{status:?} {text}");
    // The result is not guessed if both sides changed a file.
    commit(repository.path(), &[("services.yaml", "- repository: acme/mono@2\n")]);
    assert_gain(repository.path(), "main...change", "services.yaml was changed on both sides");
}

/// Git detects renames: a change of a deleted file becomes a change of a similar new one.
#[test]
fn a_file_that_one_side_moved_to_where_it_is_read() {
    let draft = DEPLOY.replace("ttl: 10m", "ttl: 11m");
    let evil = draft.replace("acme/shop@456789", "evil/x@666");
    for (changes, folder_goes) in [(("drafts/p.yaml", evil.as_str()), false), (("drafts/evil.yaml", evil.as_str()), true)] {
        let repository = repository();
        commit(repository.path(), &[("drafts/p.yaml", &draft), ("notes/a", "a"), ("notes/b", "b")]);
        git(repository.path(), &["branch", "--force", "main"]);
        commit(repository.path(), &[changes, ("notes/a", "other"), ("notes/c", "c")]);
        git(repository.path(), &["checkout", "--quiet", "main"]);
        git(repository.path(), &["rm", "--quiet", "notes/b"]);
        commit(repository.path(), &[]);
        let (status, text) = diff(repository.path(), "main...change", &[]);
        assert!(status == Some(0) && text.contains("Nobody gains"), "nothing was moved yet: {text}");
        git(repository.path(), &["mv", "drafts/p.yaml", "policies/p.yaml"]);
        commit(repository.path(), &[]);
        assert_gain(repository.path(), "main...change", &format!("{} was changed on both sides", changes.0));
        let moved = ["-c", "merge.directoryRenames=true", "-c", "user.name=t", "-c", "user.email=t@t.example"];
        git(repository.path(), &[&moved[..], &["merge", "--quiet", "--no-edit", "change"]].concat());
        let file = if folder_goes { "policies/evil.yaml" } else { "policies/p.yaml" };
        assert_eq!(std::fs::read_to_string(repository.path().join(file)).unwrap(), evil, "as git has it");
    }
}

/// A server keeps the last version of the policy that loaded.
#[test]
fn files_added_next_to_a_policy_that_does_not_load() {
    let repository = repository();
    let (_, recipient) = Identities::generate();
    let one = sealed("shop/b.yaml", b"a: b\n", &recipient);
    let broken = DEPLOY.replace("issuer: github", "issuer: gitlab\nfor_each: tests/rows.yaml");
    let rows = "- { repository: acme/mono@1 }\n";
    commit(
        repository.path(),
        &[
            ("policies/shop/deploy.yaml", &broken),
            ("tests/rows.yaml", rows),
            ("tests/other.json", "{}"),
            ("secrets/shop/b.yaml", &one),
        ],
    );
    git(repository.path(), &["branch", "--force", "main"]);
    let changed = |file: &str, text: &str, expected: Option<&str>| {
        git(repository.path(), &["reset", "--quiet", "--hard", "main"]);
        commit(repository.path(), &[(file, text)]);
        match expected {
            Some(expected) => assert_gain(repository.path(), "main...change", &format!("{file} {expected}")),
            None => assert_eq!(diff(repository.path(), "main...change", &[]).0, Some(0), "{file}"),
        }
    };
    changed("secrets/shop/new.age", "x", Some("is new, and a policy does not load"));
    changed("secrets/shop/b.yaml", &sealed("shop/b.yaml", b"a: b\nc: d\n", &recipient), Some("has new values"));
    changed("tests/other.json", "[]", None);
    let text = format!("{rows}- {{ repository: evil/x@666 }}\n");
    git(repository.path(), &["reset", "--quiet", "--hard", "main"]);
    commit(repository.path(), &[("tests/rows.yaml", &text)]);
    assert_gain(repository.path(), "main...change", "policies/shop/deploy.yaml does not load here");
}

#[test]
fn a_new_value_below_a_granted_one() {
    let repository = repository();
    let (_, recipient) = Identities::generate();
    let granting = DEPLOY.replace("[shop/**]", "[shop/b.yaml#/db]");
    let document = |text: &[u8]| sealed("shop/b.yaml", text, &recipient);
    commit(
        repository.path(),
        &[("policies/shop/deploy.yaml", &granting), ("secrets/shop/b.yaml", &document(b"db:\n  user: a\nother: b\n"))],
    );
    git(repository.path(), &["branch", "--force", "main"]);
    commit(repository.path(), &[("secrets/shop/b.yaml", &document(b"db:\n  user: c\nother: d\nmore: e\n"))]);
    assert_eq!(diff(repository.path(), "main...change", &[]).0, Some(0), "none of these is new below it");
    commit(repository.path(), &[("secrets/shop/b.yaml", &document(b"db:\n  user: c\n  root_password: d\nother: e\n"))]);
    assert_gain(repository.path(), "main...change", "secrets/shop/b.yaml has more below /db, which policies grant by itself");
}

#[test]
fn criss_cross_merges_are_refused() {
    let repository = repository();
    commit(repository.path(), &[("README", "branch")]);
    git(repository.path(), &["checkout", "--quiet", "main"]);
    let [before, branch] = ["main", "change"].map(|name| git(repository.path(), &["rev-parse", name]));
    commit(repository.path(), &[("policies/shop/deploy.yaml", &DEPLOY.replace("ttl: 10m", "ttl: 5m"))]);
    let narrowed = git(repository.path(), &["rev-parse", "main"]);
    merge(repository.path(), &[&branch]);
    git(repository.path(), &["checkout", "--quiet", "change"]);
    merge(repository.path(), &["--strategy=ours", &narrowed]);
    assert_ne!(before, narrowed);
    let (status, text) = diff(repository.path(), "main...change", &[]);
    assert!(status == Some(78) && text.contains("several newest commits in common"), "{status:?} {text}");
}

/// Denials are removed, and those who gain are in policies that are not compared.
#[test]
fn fewer_denials_with_policies_that_are_not_compared() {
    let repository = repository();
    let rails = "denials: [ { description: no team for pushes, match: { event: push }, deny: { secrets: [\"team-a/**\"] } } ]\n";
    let source = SOURCE.replace("verify: { allowed_signers: team-a.signers }\n", "");
    commit(repository.path(), &[("sources/team-a.yaml", &source), ("guardrails.yaml", rails)]);
    git(repository.path(), &["branch", "--force", "main"]);
    git(repository.path(), &["rm", "--quiet", "guardrails.yaml"]);
    commit(repository.path(), &[]);
    assert_gain(repository.path(), "main...change", "guardrails.yaml denies less, and nobody can tell here who gains");
}

#[test]
fn rows_of_a_policy_that_does_not_load_here() {
    let repository = repository();
    let each = "issuer: elsewhere\nfor_each: \"row\\x73.yaml\"\nmatch: { repository: \"{each.repository}\", ref: refs/heads/main, event: push }\ngrant: { id_token: { audience: https://prod.example } }\n";
    commit(repository.path(), &[("policies/q.yaml", each), ("rows.yaml", "- repository: acme/mono@1\n")]);
    git(repository.path(), &["branch", "--force", "main"]);
    commit(repository.path(), &[("rows.yaml", "- repository: acme/mono@1\n- repository: evil/shop@666\n")]);
    assert_gain(repository.path(), "main...change", "policies/q.yaml does not load here");
}

#[test]
fn a_new_value_under_a_grant_of_that_value_alone() {
    let repository = repository();
    let (_, recipient) = Identities::generate();
    let by_value = DEPLOY.replace("[shop/**]", "[\"shop/db.yaml#/api\"]");
    let document = |text: &[u8]| sealed("shop/db.yaml", text, &recipient);
    commit(repository.path(), &[("policies/shop/deploy.yaml", &by_value), ("secrets/shop/db.yaml", &document(b"password: x\n"))]);
    git(repository.path(), &["branch", "--force", "main"]);
    commit(repository.path(), &[("secrets/shop/db.yaml", &document(b"password: x\napi: y\n"))]);
    assert_gain(repository.path(), "main...change", "secrets/shop/db.yaml has a value at /api, which policies grant by itself");
}

/// A gain is found even if there are more patterns than the command distinguishes.
#[test]
fn a_pattern_over_a_hundred_others() {
    let repository = repository();
    let patterns: Vec<String> = (100..200).map(|number| format!("stock/{number}/**")).collect();
    let many = DEPLOY.replace("[shop/**]", &format!("[{}, stock/a]", patterns.join(", ")));
    commit(repository.path(), &[("policies/shop/deploy.yaml", &many)]);
    git(repository.path(), &["branch", "--force", "main"]);
    commit(repository.path(), &[("policies/shop/deploy.yaml", &DEPLOY.replace("[shop/**]", "[\"stock/**\"]"))]);
    assert_gain(
        repository.path(),
        "main...change",
        "WIDENS  secret stock/**   policies/shop/deploy.yaml:7   no file stands under it yet",
    );
}

/// Documents without a file yet are listed, even if old names seem to cover the pattern, a guardrail denies a file, or an entry grants
/// less.
#[test]
fn a_pattern_that_others_or_a_denial_only_seem_to_cover() {
    let offline = "{ secret: \"stock/*\", offline: 7d }, stock/a";
    for (old, new, rails) in [
        ("stock/a, stock/b, stock/c, stock/z0", "\"stock/*\"", ""),
        ("\"stock/a*\", \"stock/b*\", \"stock/c*\", \"stock/z*\"", "\"stock/*\"", ""),
        ("\"stock/*\", \"stock/*/*\", \"stock/*/*/*\"", "\"stock/**\"", ""),
        ("stock/a", "\"stock/*\"", "denials: [ { description: production, deny: { secrets: [\"stock/prod*\"] } } ]\n"),
        ("\"stock/*\"", offline, ""),
    ] {
        let repository = repository();
        let granting = |secrets: &str| DEPLOY.replace("[shop/**]", &format!("[{secrets}]"));
        let rails = [("guardrails.yaml", rails), ("secrets/stock/prod.yaml", "x")];
        let rails = if rails[0].1.is_empty() { &rails[..0] } else { &rails[..] };
        commit(repository.path(), &[&[("policies/shop/deploy.yaml", granting(old).as_str())], rails].concat());
        git(repository.path(), &["branch", "--force", "main"]);
        commit(repository.path(), &[("policies/shop/deploy.yaml", granting(new).as_str())]);
        let (status, text) = diff(repository.path(), "main...change", &[]);
        assert!(status == Some(2) && text.contains("no file stands under it yet"), "{old} to {new}: {status:?}\n{text}");
    }
}

/// A file name must not control a terminal, begin a line, or be a command for a runner.
#[test]
fn file_names_control_no_terminal_and_no_runner() {
    let repository = repository();
    let hostile = "policies/x\n::set-output name=verdict::nobody gains\n\u{1b}[2J\u{202e}.yaml";
    let owners = format!(
        "owners: [\"##[set-output name=widens]false\", \"##vso[task.prependpath]/tmp/evil\"]\n{}",
        DEPLOY.replace("ttl: 10m", "ttl: 1h")
    );
    commit(
        repository.path(),
        &[(hostile, "x"), ("policies/shop/deploy.yaml", &owners), ("policies/broken.yaml", "issuer: \"##[group]\"\n")],
    );
    for words in [
        &["who-can", "https://partner.example"][..],
        &["explain", "--issuer", "github", "--claim", "repository=acme/shop", "--id-token", "https://partner.example"],
        &["check"],
        &["check", "--format", "github"],
        &["check", "--output", "json"],
        &["test"],
        &["diff", "main...change"],
        &["diff", "main...change", "--output", "json"],
    ] {
        let output = policy(repository.path(), words);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let own = |line: &str| line.starts_with("::error") || line.starts_with("::warning");
        let commands =
            text.lines().any(|line| line.starts_with("::") && !own(line)) || text.contains("##[") || text.contains("##vso[");
        assert!(!commands && !text.contains(['\u{1b}', '\u{202e}']), "{words:?}: {text}");
        assert!(!text.is_empty(), "{words:?}");
    }
}
