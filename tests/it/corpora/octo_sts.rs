//! Trust policies of public repositories: each is imported or refused with its reason, loads once a grant is chosen, and is
//! never wider than the original.

use super::{compare, files, unpack};
use daypass::identity::{Mapping, put_claim};
use daypass::kind::Target;
use daypass::policy::{Catalogue, ImportSettings, Imported, IssuerEntry, Listing, Ruleset, Tree, explain, import, with_rows};
use daypass::token::Claims;
use daypass::words::UnixTime;
use daypass::words::github::AppName;
use daypass::words::names::{IssuerName, IssuerUrl, SecretName};
use daypass::words::yaml::{Node, Severity};
use proptest::strategy::{Strategy, ValueTree};
use proptest::string::string_regex;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use regex::Regex;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// A policy and what became of it.
struct One {
    name: String,
    original: Value,
    outcome: Result<Imported, String>,
}

fn all(folder: &Path) -> Vec<One> {
    let policies = files(folder, ".sts.yaml").into_iter();
    let one = |path: std::path::PathBuf| {
        let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        let mut outcomes = import(&name, &bytes, &ImportSettings { catalogue: Some(&catalogue()), ..ImportSettings::default() });
        assert_eq!(outcomes.len(), 1, "{name}");
        let outcome = outcomes.remove(0).map_err(|refused| refused.reason);
        One { original: Node::parse(&name, &bytes).unwrap().to_json(), outcome, name }
    };
    policies.map(one).collect()
}

fn catalogue() -> Catalogue {
    let issuers = [
        ("github", "https://token.actions.githubusercontent.com", "github-actions"),
        ("gitlab", "https://gitlab.ddbuild.io", "gitlab"),
        ("google", "https://accounts.google.com", "google"),
        ("vault-build", "https://vault.us1.ddbuild.io/v1/identity/oidc", "generic"),
        ("vault-production", "https://vault.us1.prod.dog/v1/identity/oidc", "generic"),
    ];
    let entry = |(name, url, mapping)| {
        let entry =
            IssuerEntry { url: IssuerUrl::parse(url).unwrap(), mapping: Mapping::built_in(mapping).unwrap(), session_max: None };
        (IssuerName::parse(name).unwrap(), entry)
    };
    issuers.into_iter().map(entry).collect()
}

/// The file with a grant chosen.
fn chosen(imported: &Imported) -> String {
    format!("{}  secrets: [x]\n", imported.text())
}

/// The class of a reason: the list that is checked in quotes nothing of the files.
fn class(reason: &str) -> &str {
    let classes = [("`[0-9]+`", "numbers"), ("no line pins one of them", "pins no tenant"), ("unknown key", "no trust policy")];
    classes.iter().find(|(said, _)| reason.contains(said)).map_or(reason, |(_, class)| class)
}

#[test]
fn each_policy_is_imported_and_loads_or_is_refused() {
    let Some((_guard, folder)) = unpack("octo-sts-policies") else { return };
    let all = all(&folder);
    let mut refused = Vec::new();
    for One { name, outcome, .. } in &all {
        match outcome {
            Err(reason) => refused.push(format!("{} | {}", name.trim_start_matches("octo-sts-policies/"), class(reason))),
            Ok(imported) => {
                let tree = Tree::from([(imported.file.clone(), chosen(imported).into_bytes().into())]);
                let (ruleset, faults) = Ruleset::load(&tree, &catalogue(), None);
                let errors: Vec<_> = faults.iter().filter(|fault| fault.severity == Severity::Error).collect();
                assert!(errors.is_empty() && ruleset.policies().count() == 1, "{name}: {errors:?}\n{}", imported.yaml);
                let unchosen = Tree::from([(imported.file.clone(), imported.text().into_bytes().into())]);
                assert_eq!(Ruleset::load(&unchosen, &catalogue(), None).0.policies().count(), 0, "{name} grants by itself");
            }
        }
    }
    compare("octo-sts-refused.txt", &refused);
    assert_eq!((all.len(), refused.len()), (38, 17));
}

/// What the wildcards are filled with, in turn.
const FILLINGS: [&str; 8] = ["a", "", "a/b", "a:b", "a@b", "v1.0", "main", "x/vcs:ref:refs/heads/main"];

/// How a claim is changed.
const MUTATIONS: [fn(&str) -> String; 7] = [
    |text| text.to_owned(),
    |text| format!("{text}x"),
    |text| format!("x{text}"),
    |text| text.replace('.', "x"),
    str::to_ascii_uppercase,
    |text| text.replacen('/', ":", 1),
    |text| text.rsplit_once('/').map_or_else(String::new, |(before, _)| format!("{before}/")),
];

/// Claims that may fit the policy: one value of each line, with its wildcards filled.
fn claims_for(policy: &Value, mapping: &Mapping, choice: usize, filling: &str) -> Map<String, Value> {
    let mut claims = Map::new();
    let picked = |values: &Value| {
        let listed = values.get("like").or_else(|| values.get("plain")).unwrap_or(values);
        listed.as_array().map_or_else(|| listed.clone(), |all| all[choice % all.len()].clone())
    };
    let filled = |text: &str| text.replace("**", "*").replace('*', filling);
    for (name, values) in policy["match"].as_object().into_iter().flatten() {
        let attribute = daypass::identity::Attribute::parse(name).unwrap();
        let value = picked(values);
        let text = value.as_str().map_or_else(|| value.to_string(), filled);
        match text.rsplit_once('@').filter(|_| mapping.has_id(attribute)) {
            Some((name, id)) => {
                mapping.put_text(attribute, name, &mut claims);
                mapping.put_id(attribute, id, &mut claims);
            }
            None => mapping.put_text(attribute, &text, &mut claims),
        }
    }
    for (pointer, values) in policy["claims"].as_object().into_iter().flatten() {
        let value = picked(values);
        put_claim(&mut claims, pointer, value.as_str().map_or(value.clone(), |text| filled(text).into()));
    }
    if let Some((owner, _)) = claims.get("repository").and_then(Value::as_str).and_then(|name| name.split_once('/')) {
        let owner = owner.to_owned();
        claims.entry("repository_owner").or_insert_with(|| owner.into());
    }
    claims
}

/// Go's `unicode.IsPrint` without the space.
const PRINTED: &str = r"[\p{L}\p{M}\p{N}\p{P}\p{S}&&\p{Age=15.0}]";
/// What a wildcard of the original stands for in some draws: characters beyond ASCII. octo-sts accepts only those of the first row.
const BEYOND_ASCII: &str = "[→€—…😀\u{301}日ⓐ\
                            \u{a0}\u{ad}\u{200b}\u{3000}\u{e000}\u{10d40}\u{1fae9}\u{323b0}]";

/// What the original requires of each claim: an expression has to match the whole text, and each claim has to be there.
struct Asked(Vec<(String, Regex)>);

impl Asked {
    fn by(original: &Value) -> Self {
        let whole = |regex: &str| Regex::new(&format!("^(?:{regex})$")).unwrap();
        let subject = match (original["subject"].as_str(), original["subject_pattern"].as_str()) {
            (Some(exact), None) => whole(&regex::escape(exact)),
            (None, Some(regex)) => whole(regex),
            _ => panic!("one subject: {original}"),
        };
        let patterns = original["claim_pattern"].as_object().into_iter().flatten();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let claims = patterns.map(|(name, regex)| (name.clone(), whole(&text(regex))));
        Self(std::iter::once(("sub".to_owned(), subject)).chain(claims).collect())
    }

    fn takes(&self, claims: &Map<String, Value>) -> bool {
        let text = |name: &str| claims.get(name).map(|claim| claim.as_str().map_or_else(|| claim.to_string(), str::to_owned));
        is_valid_subject(&text("sub").unwrap_or_default())
            && self.0.iter().all(|(name, regex)| text(name).is_some_and(|text| regex.is_match(&text)))
    }

    /// Claims made from the original's own expressions. `any` is what a full stop in the subject's expression stands for.
    fn drawn(&self, runner: &mut TestRunner, base: &Map<String, Value>, any: &str) -> Map<String, Value> {
        let mut claims = base.clone();
        for (name, regex) in &self.0 {
            let inner = regex.as_str().strip_prefix("^(?:").and_then(|inner| inner.strip_suffix(")$")).unwrap();
            let bare = inner.strip_prefix('^').unwrap_or(inner);
            let bare = bare.strip_suffix('$').unwrap_or(bare);
            let (some, one) = (format!("{any}{{0,2}}"), format!("{any}{{1,2}}"));
            let filled =
                if any == "." || name != "sub" { bare.to_owned() } else { bare.replace(".*", &some).replace(".+", &one) };
            let Ok(made) = string_regex(&filled) else { continue };
            let made = made.new_tree(runner).unwrap().current();
            claims.insert(name.clone(), made.into());
        }
        claims
    }
}

/// The subjects that octo-sts accepts of any token (`IsValidSubject`). Its Go knows Unicode 15.
fn is_valid_subject(subject: &str) -> bool {
    static VALID: LazyLock<Regex> = LazyLock::new(|| Regex::new(&format!("^{PRINTED}+$")).unwrap());
    VALID.is_match(subject)
        && subject.chars().count() <= 255
        && !subject.contains(|character| "\"'`\\<>;&$(){}[]".contains(character))
}

fn we_take(ruleset: &Ruleset, issuer: &IssuerName, mapping: &Mapping, claims: &Map<String, Value>) -> bool {
    takes(ruleset, issuer, mapping, claims, &Target::Secret(SecretName::parse("x").unwrap()))
}

fn takes(ruleset: &Ruleset, issuer: &IssuerName, mapping: &Mapping, claims: &Map<String, Value>, target: &Target) -> bool {
    let Ok(facts) = mapping.facts(issuer, Claims::from(claims.clone())) else { return false };
    explain(ruleset.set(), &facts, target, UnixTime::from_rfc3339("2026-09-01T00:00:00Z").unwrap()).allowed_by.is_some()
}

/// An import with a grant chosen: as JSON, and as loaded policies.
fn loaded(imported: &Imported) -> (Value, IssuerName, Arc<Mapping>, Ruleset) {
    let text = chosen(imported);
    let policy = Node::parse("x", text.as_bytes()).unwrap().to_json();
    let issuer = IssuerName::parse(policy["issuer"].as_str().unwrap()).unwrap();
    let mapping = catalogue().issuer(&issuer).unwrap().mapping.clone();
    let tree = Tree::from([(imported.file.clone(), text.into_bytes().into())]);
    (policy, issuer, mapping, Ruleset::load(&tree, &catalogue(), None).0)
}

#[test]
fn no_import_is_wider_than_its_original() {
    let Some((_guard, folder)) = unpack("octo-sts-policies") else { return };
    for One { name, original, outcome } in all(&folder) {
        let Ok(imported) = outcome else { continue };
        let (policy, issuer, mapping, ruleset) = loaded(&imported);
        let original_rules = Asked::by(&original);
        let mut accepted = 0;
        for (choice, filling) in (0..4).flat_map(|choice| FILLINGS.map(|filling| (choice, filling))) {
            let base = claims_for(&policy, &mapping, choice, filling);
            for (claim, mutation) in base.keys().flat_map(|claim| MUTATIONS.map(|mutation| (claim, mutation))) {
                let mut claims = base.clone();
                claims[claim] = base[claim].as_str().map_or_else(|| base[claim].clone(), |text| mutation(text).into());
                if we_take(&ruleset, &issuer, &mapping, &claims) {
                    accepted += 1;
                    assert!(original_rules.takes(&claims), "{name} takes {}\n{}", json!(claims), imported.yaml);
                }
            }
        }
        assert!(accepted > 0, "{name} takes nobody:\n{}", imported.yaml);
    }
}

/// How many claim sets are drawn for each policy.
const DRAWS: usize = 400;

/// The claim sets are made from the original, so that they also hold what the author of the import did not think of. The original
/// accepts whatever ours accepts. Where only the original accepts a set, the file says that it is narrower.
#[test]
fn claims_drawn_from_the_originals_patterns_are_never_accepted_by_the_import_alone() {
    let Some((_guard, folder)) = unpack("octo-sts-policies") else { return };
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]));
    let (mut both, mut beyond, mut narrower, mut silent) = (0, 0, 0, Vec::new());
    for One { name, original, outcome } in all(&folder) {
        let Ok(imported) = outcome else { continue };
        let (policy, issuer, mapping, ruleset) = loaded(&imported);
        let original_rules = Asked::by(&original);
        let mut lost = None;
        for draw in 0..DRAWS {
            let any = if draw % 2 == 0 { "." } else { BEYOND_ASCII };
            let claims = original_rules.drawn(&mut runner, &claims_for(&policy, &mapping, draw / 2 % 4, "a"), any);
            match (we_take(&ruleset, &issuer, &mapping, &claims), original_rules.takes(&claims)) {
                (true, false) => panic!("{name}: ours alone takes {}\n{}", json!(claims), imported.yaml),
                (true, true) => {
                    both += 1;
                    beyond += usize::from(claims["sub"].as_str().is_some_and(|subject| subject.contains(['→', '€', '😀'])));
                }
                (false, true) => lost = Some(claims),
                (false, false) => {}
            }
        }
        let phrases =
            ["narrower", "matched whole", "full stop", "names no event", "ends at", "leaves out", "left out", "by name"];
        if let Some(claims) = lost {
            narrower += 1;
            if !imported.notes.iter().any(|note| phrases.iter().any(|word| note.contains(word))) {
                silent.push(format!("{name}: {}", json!(claims)));
            }
        }
    }
    println!(
        "{both} claim sets taken by both, {beyond} of them with signs beyond ASCII, {narrower} policies narrower, each with a note"
    );
    assert!(
        both > 1000 && beyond > 100 && silent.is_empty(),
        "{both} taken by both, {beyond} beyond ASCII; narrower without a note:\n{}",
        silent.join("\n")
    );
}

/// Repositories of one account that all have a policy.
const SEVERAL: [&str; 3] = ["one", "two", "three"];

/// The policy as each of several repositories would have it, with ids and grants: an import for each, if each is imported.
fn of_several(name: &str, bytes: &[u8]) -> Option<Vec<Imported>> {
    let (folder, file) = name.rsplit_once('/').unwrap();
    let (own, file) = match folder.strip_prefix("octo-sts-policies/").unwrap().split_once("/.github/chainguard") {
        Some((own, "")) => (own.replacen('+', "/", 1), file),
        _ => file.split_once("__").map(|(own, file)| (own.replacen('_', "/", 1), file))?,
    };
    let listed: Vec<Value> = (1..)
        .zip(SEVERAL)
        .map(|(id, name)| json!({ "id": id, "full_name": format!("acme/{name}"), "owner": { "login": "acme", "id": 9 } }))
        .collect();
    let mut listing = Listing::new(AppName::parse("octo").unwrap());
    listing.add(json!(listed).to_string().as_bytes()).unwrap();
    let catalogue = catalogue();
    let settings = ImportSettings { catalogue: Some(&catalogue), listing: Some(&listing), ..ImportSettings::default() };
    let of_one = |name: &str| {
        let text = String::from_utf8_lossy(bytes).replace(&own, &format!("acme/{name}"));
        import(&format!("acme/{name}/.github/chainguard/{file}"), text.as_bytes(), &settings).remove(0).ok()
    };
    SEVERAL.into_iter().map(of_one).collect()
}

fn load_all(imported: &[Imported]) -> Ruleset {
    let rows = imported.iter().filter_map(|one| one.rows.as_ref()).map(|rows| (rows.file.clone(), rows.yaml.clone()));
    let policies = imported.iter().map(|one| (one.file.clone(), one.text()));
    let tree: Tree = rows.chain(policies).map(|(file, text)| (file, text.into_bytes().into())).collect();
    let (ruleset, faults) = Ruleset::load(&tree, &catalogue(), None);
    assert!(faults.iter().all(|fault| fault.severity != Severity::Error), "{faults:?}");
    ruleset
}

/// Equal policies of several repositories become one with rows. It decides as they do, also on jobs that have the name of one repository
/// and the subject of another, and on another repository's token.
#[test]
fn rows_take_the_same_jobs_as_the_policies_that_they_stand_for() {
    let Some((_guard, folder)) = unpack("octo-sts-policies") else { return };
    let (mut policies, mut granted) = (0, 0);
    for path in files(&folder, ".sts.yaml") {
        let name = path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
        let Some(single) = of_several(&name, &std::fs::read(&path).unwrap()) else { continue };
        let joined = with_rows(single.clone(), |_| false);
        assert!(joined.len() == 1 && joined[0].originals.len() == SEVERAL.len(), "{name}: {joined:?}");
        let (alone, together) = (load_all(&single), load_all(&joined));
        let documents = single.iter().map(|one| Node::parse("x", one.text().as_bytes()).unwrap().to_json());
        let documents: Vec<Value> = documents.collect();
        let issuer = IssuerName::parse(documents[0]["issuer"].as_str().unwrap()).unwrap();
        let mapping = catalogue().issuer(&issuer).unwrap().mapping.clone();
        let drawn: Vec<Map<String, Value>> = documents
            .iter()
            .flat_map(|policy| {
                (0..4).flat_map(|choice| ["a", "main"].map(|filling| claims_for(policy, &mapping, choice, filling)))
            })
            .collect();
        for (number, claims) in drawn.iter().enumerate() {
            // Each claim also as the same draw for the next repository has it.
            let other = &drawn[(number + drawn.len() / SEVERAL.len()) % drawn.len()];
            let changed = claims.keys().map(|claim| {
                let mut changed = claims.clone();
                changed[claim] = other[claim].clone();
                changed
            });
            for claims in changed.chain([claims.clone()]) {
                for repository in SEVERAL {
                    let target = Target::parse(&format!("github acme/{repository}")).unwrap();
                    let [by_each, by_rows] =
                        [&alone, &together].map(|ruleset| takes(ruleset, &issuer, &mapping, &claims, &target));
                    assert_eq!(by_each, by_rows, "{name}: {repository} for {}\n{}", json!(claims), joined[0].yaml);
                    granted += usize::from(by_rows);
                }
            }
        }
        policies += 1;
    }
    println!("{policies} policies as rows, {granted} tokens granted by both forms");
    assert!(policies >= 15 && granted > 1000, "{policies} {granted}");
}
