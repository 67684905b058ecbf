//! Generated Vault roles and policies, against the model of Vault's decisions.

use super::vault_model::{Block, logs_in, reads};
use super::{Draw, Ours, catalogue};
use daypass::kind::Target;
use daypass::policy::{Catalogue, Exported, ImportSettings, Imported, import_export};
use daypass::words::names::SecretName;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const ISSUER: &str = "https://ci.example";
const GITHUB: &str = "https://token.actions.githubusercontent.com";
/// How many roles are generated, and how many claim sets for each.
const ROLES: usize = 1200;
const DRAWS: usize = 40;

pub fn issuers() -> Catalogue {
    catalogue(&[("ci", ISSUER, "generic"), ("github", GITHUB, "github-actions")])
}

pub fn file(path: &str, bytes: impl Into<Vec<u8>>) -> Exported {
    Exported { path: path.to_owned(), bytes: bytes.into() }
}

/// A policy as `vault policy read` prints it.
pub fn hcl(blocks: &[Block]) -> String {
    let block = |(path, capabilities): &Block| format!("path \"{path}\" {{\n  capabilities = {}\n}}\n", json!(capabilities));
    blocks.iter().map(block).collect()
}

/// An export of one role `shop` with these policies.
pub fn export(issuer: &str, role: &Value, policies: &[Vec<Block>]) -> Vec<Exported> {
    let answer = |data: &Value| json!({ "request_id": "x", "data": data, "warnings": null }).to_string();
    let mut files = vec![
        file("auth/jwt/config.json", answer(&json!({ "bound_issuer": issuer, "oidc_discovery_url": issuer }))),
        file("auth/jwt/role/shop.json", answer(role)),
    ];
    files.extend(policies.iter().enumerate().map(|(index, blocks)| file(&format!("policies/p{index}.hcl"), hcl(blocks))));
    files
}

pub fn imported(files: &[Exported], issuers: &Catalogue) -> Result<Imported, String> {
    let settings = ImportSettings { catalogue: Some(issuers), ..ImportSettings::default() };
    let mut outcomes = import_export(files, &settings);
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
    outcomes.remove(0).map_err(|refused| refused.reason)
}

/// A role that names policies `p0` and on.
pub fn role(members: &Value, policies: usize) -> Value {
    let names: Vec<String> = (0..policies).map(|index| format!("p{index}")).collect();
    let mut role = json!({
        "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"], "token_no_default_policy": true,
        "token_policies": names, "token_ttl": 3600, "bound_claims_type": "string", "bound_claims": null, "groups_claim": "",
    });
    role.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    role
}

fn blocks(draw: &mut Draw) -> Vec<Block> {
    const WHOLE: [&str; 7] = ["secret/*", "*", "+/data/a", "secret/+/a*", "secret/metadata/*", "/secret/data/a", "secret/data*"];
    const SEGMENTS: [&str; 6] = ["a", "b", "ab", "+", "a", "+"];
    const CAPABILITIES: [&[&str]; 7] =
        [&["read"], &["read", "list"], &["read"], &["deny"], &["update"], &["create", "read"], &["read"]];
    let one = |draw: &mut Draw| {
        let path = if draw.one_in(8) {
            (*draw.of(&WHOLE)).to_owned()
        } else {
            let segments: Vec<&str> = (0..=draw.below(3)).map(|_| *draw.of(&SEGMENTS)).collect();
            let end = *draw.of(&["", "", "/*", "*"]);
            format!("secret/data/{}{}", segments.join("/"), if segments.last() == Some(&"+") && end == "*" { "" } else { end })
        };
        (path, draw.of(&CAPABILITIES).iter().map(|&word| word.to_owned()).collect())
    };
    (0..=draw.below(3)).map(|_| one(draw)).collect()
}

/// A value that a role of the generic issuer may bind.
fn bound(draw: &mut Draw, is_glob: bool) -> Value {
    const TEXTS: [&str; 12] = ["a", "b", "a/b", "a:b", "a*", "*b", "a/*", "*", "a*b", "a/**", "true", "7"];
    let one = |draw: &mut Draw| match draw.below(if is_glob { 8 } else { 10 }) {
        8 => json!(true),
        9 => json!(7),
        _ if is_glob => json!(draw.of(&TEXTS)),
        _ => json!(draw.of(&TEXTS).replace('*', "c")),
    };
    if draw.one_in(3) { Value::Array((0..=draw.below(2)).map(|_| one(draw)).collect()) } else { one(draw) }
}

/// What a role of the generic issuer binds.
fn generic(draw: &mut Draw) -> Value {
    const NAMES: [&str; 5] = ["ref", "env", "/ref", "/kubernetes.io/namespace", "team"];
    let is_glob = draw.one_in(2);
    let claims: Map<String, Value> = draw.some(&NAMES, 3).into_iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    let claims: Map<String, Value> = claims.into_iter().map(|(name, _)| (name, bound(draw, is_glob))).collect();
    json!({
        "bound_subject": draw.of(&["", "", "a", "a/b", "b"]), "bound_claims": claims,
        "bound_claims_type": if is_glob { "glob" } else { "string" },
        "user_claim": draw.of(&["sub", "sub", "team", "/team"]), "user_claim_json_pointer": draw.one_in(2),
        "claim_mappings": if draw.one_in(4) { json!({ "env": "environment" }) } else { Value::Null },
    })
}

/// What a role for GitHub's tokens binds.
fn github(draw: &mut Draw) -> Value {
    const NAMES: [&str; 10] = [
        "repository",
        "repository_id",
        "repository_owner",
        "ref",
        "ref_type",
        "ref_protected",
        "event_name",
        "environment",
        "sub",
        "run_attempt",
    ];
    let is_glob = draw.one_in(2);
    let claims: Vec<&str> = draw.some(&NAMES, 2).into_iter().copied().collect();
    let claims: Map<String, Value> =
        claims.into_iter().map(|name| (name.to_owned(), github_value(draw, name, is_glob))).collect();
    json!({ "bound_claims": claims, "bound_claims_type": if is_glob { "glob" } else { "string" } })
}

fn github_value(draw: &mut Draw, name: &str, is_glob: bool) -> Value {
    let texts: &[&str] = match name {
        "repository" => &["acme/shop", "acme/*", "ACME/shop", "acme/s*p"],
        "repository_id" => &["456789", "4567*", "9"],
        "repository_owner" => &["acme", "Acme", "a*"],
        "ref" => &["refs/heads/main", "refs/heads/*", "refs/tags/v*", "refs/*"],
        "ref_type" => &["branch", "tag"],
        "ref_protected" => &["true", "false"],
        "event_name" => &["push", "pull_request", "workflow_*", "schedule"],
        "environment" => &["prod", "p*"],
        "run_attempt" => &["1", "2"],
        _ => &["repo:acme@9001/shop@456789:ref:refs/heads/main", "repo:acme@9001/shop@456789:*", "repo:acme*"],
    };
    // Without globs a star is a character like any other, which no pattern can express.
    let one = |draw: &mut Draw| if is_glob { (*draw.of(texts)).to_owned() } else { draw.of(texts).replace('*', "") };
    match draw.below(24) {
        0 if !is_glob => json!(7),
        1 if !is_glob => json!(true),
        2..5 => json!([one(draw), one(draw)]),
        _ => json!(one(draw)),
    }
}

/// Claims that the role may accept: one value of each condition.
fn claims(draw: &mut Draw, role: &Value, base: &Map<String, Value>) -> Map<String, Value> {
    let mut claims = base.clone();
    if let Some(subject) = role["bound_subject"].as_str().filter(|subject| !subject.is_empty()) {
        let subject = draw.mutated(subject.to_owned());
        claims.insert("sub".to_owned(), if subject.is_empty() { "a".into() } else { subject.into() });
    }
    for (name, values) in role["bound_claims"].as_object().into_iter().flatten() {
        let value = values.as_array().map_or_else(|| values.clone(), |all| draw.of(all).clone());
        let value = match value {
            Value::String(text) => {
                let filled = draw.filled(&text);
                json!(draw.mutated(filled))
            }
            other => other,
        };
        let value = match draw.below(48) {
            0 => json!([value, "x"]),
            1 => json!(value.to_string().trim_matches('"')),
            2 => value.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(value),
            3 => json!(7.5),
            4 => Value::Null,
            5 => continue,
            _ => value,
        };
        let name = name.strip_prefix('/').unwrap_or(name);
        match name.split_once('/') {
            Some((outer, inner)) => _ = claims.insert(outer.to_owned(), json!({ inner: value })),
            None => _ = claims.insert(name.to_owned(), value),
        }
    }
    if draw.one_in(3) {
        claims.insert("team".to_owned(), draw.of(&[json!("a"), json!(""), json!(7), json!(["a"])]).clone());
    }
    if draw.one_in(3) {
        claims.insert("env".to_owned(), draw.of(&[json!("a"), json!(true), json!(7)]).clone());
    }
    claims.entry("sub").or_insert_with(|| "a".into());
    claims
}

/// Paths of documents in Vault.
const KEYS: [&str; 14] =
    ["a", "b", "ab", "aa", "a/a", "a/b", "b/a", "ab/b", "ba/a", "a/b/a", "b/ab/b", "a/a/a/a", "a.y", "ab.yaml"];

/// How many roles were imported, and how many uses both accepted.
#[derive(Default)]
struct Counts {
    imported: usize,
    both: usize,
    /// By reason.
    refused: BTreeMap<&'static str, usize>,
}

/// Words by which refusals are grouped.
const REASONS: [&str; 12] = [
    "counts before it",
    "let nothing be read",
    "is always a wildcard",
    "would match nobody",
    "exclude each other",
    "both have to match",
    "shared by tenants",
    "corresponds to",
    "`run_attempt`",
    "never claimed",
    "has no such",
    "documents",
];

impl Counts {
    fn refuse(&mut self, reason: &str) {
        let known = REASONS.iter().find(|known| reason.contains(*known)).copied();
        let known = known.unwrap_or_else(|| Box::leak(reason.to_owned().into_boxed_str()));
        *self.refused.entry(known).or_default() += 1;
    }
}

fn compare(draw: &mut Draw, issuer: &str, members: &Value, base: &Map<String, Value>, issuers: &Catalogue, counts: &mut Counts) {
    let policies: Vec<Vec<Block>> = (0..=draw.below(2)).map(|_| blocks(draw)).collect();
    let role = role(members, policies.len());
    let imported = match imported(&export(issuer, &role, &policies), issuers) {
        Ok(imported) => imported,
        Err(reason) => return counts.refuse(&reason),
    };
    counts.imported += 1;
    let ours = Ours::of(&imported, issuers);
    for _ in 0..DRAWS {
        let claims = claims(draw, &role, base);
        for key in draw.some(&KEYS, 4) {
            let target = Target::Secret(SecretName::parse(&format!("{key}.yaml")).unwrap());
            if !ours.takes(&claims, &target) {
                continue;
            }
            let describe = || {
                format!(
                    "{}\n{role}\n{}\n{}",
                    json!(claims),
                    policies.iter().map(|blocks| hcl(blocks)).collect::<String>(),
                    ours.text
                )
            };
            assert!(logs_in(&role, &claims), "Vault lets nobody in with {}", describe());
            assert!(reads(&policies, &format!("secret/data/{key}")), "Vault does not let {key} be read: {}", describe());
            counts.both += 1;
        }
    }
}

#[test]
fn no_import_of_a_role_is_wider_than_vault() {
    let (mut draw, issuers, mut counts) = (Draw::new(7), issuers(), Counts::default());
    for _ in 0..ROLES {
        let members = generic(&mut draw);
        compare(&mut draw, ISSUER, &members, &Map::new(), &issuers, &mut counts);
    }
    println!("{} imported, refused: {:#?}, {} uses taken by both", counts.imported, counts.refused, counts.both);
    assert!(counts.imported > ROLES / 4 && counts.both > 1000);
}

#[test]
fn no_import_of_a_role_for_github_is_wider_than_vault() {
    let (mut draw, issuers, mut counts) = (Draw::new(8), issuers(), Counts::default());
    let events = [
        ("push", "refs/heads/main"),
        ("pull_request", "refs/pull/7/merge"),
        ("push", "refs/heads/a/b"),
        ("schedule", "refs/heads/main"),
    ];
    for round in 0..ROLES {
        let (event, git_ref) = events[round % events.len()];
        let members = github(&mut draw);
        let base = daypass::demo::issuer::github_claims(event, git_ref);
        compare(&mut draw, GITHUB, &members, &base, &issuers, &mut counts);
    }
    println!("{} imported, refused: {:#?}, {} uses taken by both", counts.imported, counts.refused, counts.both);
    assert!(counts.imported > ROLES / 8 && counts.both > 1000);
}
