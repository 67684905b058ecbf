//! Generated Google providers and Entra flexible credentials, against models of their own rules. Google lets nobody in if a mapping
//! fails, or if a condition is false or fails.

use super::{Draw, Ours, catalogue};
use daypass::kind::{Scope, Target};
use daypass::policy::{Exported, ImportSettings, Imported, import_export};
use serde_json::{Map, Value, json};

const ISSUER: &str = "https://ci.example";
const POOL: &str = "projects/1/locations/global/workloadIdentityPools/ci";
const CLAIMS: [&str; 4] = ["sub", "ref", "team", "repository"];
const TEXTS: [&str; 7] = ["a", "b", "a/b", "a:b", "ab", "a/", "repo:a"];
/// How many originals of each kind are generated, and how many claim sets for each.
const ORIGINALS: usize = 1500;
const DRAWS: usize = 40;

/// A condition of Google's, before it is written as CEL.
enum Cel {
    All(Vec<Cel>),
    Same(String, String),
    In(String, Vec<String>),
    Starts(String, String),
    True(String),
}

impl Cel {
    fn drawn(draw: &mut Draw, depth: usize) -> Self {
        let text = |draw: &mut Draw| (*draw.of(&TEXTS)).to_owned();
        let claim = (*draw.of(&CLAIMS)).to_owned();
        match draw.below(if depth > 2 { 7 } else { 9 }) {
            0..3 => Self::Same(claim, text(draw)),
            3..5 => Self::In(claim, (0..=draw.below(2)).map(|_| text(draw)).collect()),
            5 => Self::Starts(claim, text(draw)),
            6 => Self::True("protected".to_owned()),
            _ => Self::All((0..=draw.below(2)).map(|_| Self::drawn(draw, depth + 1)).collect()),
        }
    }

    fn written(&self, draw: &mut Draw) -> String {
        let path = |draw: &mut Draw, claim: &str| match draw.below(3) {
            0 if claim == "sub" => "google.subject".to_owned(),
            0 if claim == "team" => "attribute.team".to_owned(),
            1 => format!("assertion['{claim}']"),
            _ => format!("assertion.{claim}"),
        };
        match self {
            Self::All(all) => format!("({})", all.iter().map(|one| one.written(draw)).collect::<Vec<_>>().join(" && ")),
            Self::Same(claim, text) if draw.one_in(3) => format!("\"{text}\" == {}", path(draw, claim)),
            Self::Same(claim, text) => format!("{}=='{text}'", path(draw, claim)),
            Self::In(claim, texts) => format!("{} in {}", path(draw, claim), json!(texts)),
            Self::Starts(claim, text) => format!("{}.startsWith('{text}')", path(draw, claim)),
            Self::True(claim) => format!("{} == true", path(draw, claim)),
        }
    }

    fn holds(&self, claims: &Map<String, Value>) -> bool {
        let text = |claim: &String| claims.get(claim).and_then(Value::as_str);
        match self {
            Self::All(all) => all.iter().all(|one| one.holds(claims)),
            Self::Same(claim, expected) => text(claim) == Some(expected),
            Self::In(claim, expected) => text(claim).is_some_and(|text| expected.iter().any(|other| other == text)),
            Self::Starts(claim, start) => text(claim).is_some_and(|text| text.starts_with(start)),
            Self::True(claim) => claims.get(claim) == Some(&json!(true)),
        }
    }

    /// Sets claims that the condition may accept.
    fn fill(&self, draw: &mut Draw, claims: &mut Map<String, Value>) {
        let (claim, value) = match self {
            Self::All(all) => return all.iter().for_each(|one| one.fill(draw, claims)),
            Self::Same(claim, text) => (claim, json!(draw.mutated(text.clone()))),
            Self::In(claim, texts) => (claim, json!(draw.of(texts))),
            Self::Starts(claim, text) => (claim, json!(draw.filled(&format!("{text}*")))),
            Self::True(claim) => (claim, draw.of(&[json!(true), json!(true), json!("true"), json!(1)]).clone()),
        };
        claims.insert(claim.clone(), value);
    }
}

fn drawn_claims(draw: &mut Draw) -> Map<String, Value> {
    let value = |draw: &mut Draw| match draw.below(20) {
        0 => json!(7),
        1 => json!(["a"]),
        2 => Value::Null,
        _ => json!(draw.of(&TEXTS)),
    };
    let mut claims: Map<String, Value> =
        CLAIMS.iter().filter(|_| !draw_out(draw)).map(|&claim| (claim.to_owned(), Value::Null)).collect();
    claims.values_mut().for_each(|claim| *claim = value(draw));
    claims.insert("sub".to_owned(), json!(draw.of(&TEXTS)));
    claims
}

fn draw_out(draw: &mut Draw) -> bool {
    draw.one_in(20)
}

fn file(path: &str, content: &Value) -> Exported {
    Exported { path: path.to_owned(), bytes: content.to_string().into_bytes() }
}

fn imported(files: &[Exported]) -> Result<Imported, String> {
    let settings = ImportSettings {
        catalogue: Some(&catalogue(&[("ci", ISSUER, "generic")])),
        scope: Some(Scope::parse("https://management.azure.com/.default").unwrap()),
        ..ImportSettings::default()
    };
    // If a provider is refused, its members are refused too.
    let mut outcomes = import_export(files, &settings);
    outcomes.remove(0).map_err(|refused| refused.reason)
}

fn wanted(kind: &str, text: &str) -> Target {
    Target::question(kind, text).unwrap()
}

#[test]
fn no_import_of_a_provider_is_wider_than_google() {
    let (mut draw, issuers) = (Draw::new(9), catalogue(&[("ci", ISSUER, "generic")]));
    let (mut count, mut both) = (0, 0);
    let target = wanted("gcp", "deploy@acme-prod.iam.gserviceaccount.com");
    for _ in 0..ORIGINALS {
        let condition = (!draw.one_in(4)).then(|| Cel::drawn(&mut draw, 0));
        let written = condition.as_ref().map(|condition| condition.written(&mut draw));
        let value = (*draw.of(&TEXTS)).to_owned();
        let (member, claim_name) = match draw.below(4) {
            0 => (format!("principal://iam.googleapis.com/{POOL}/subject/{value}"), Some("sub")),
            1 => (format!("principalSet://iam.googleapis.com/{POOL}/*"), None),
            _ => (format!("principalSet://iam.googleapis.com/{POOL}/attribute.team/{value}"), Some("team")),
        };
        let provider = json!({
            "name": format!("{POOL}/providers/ci"), "state": "ACTIVE", "oidc": { "issuerUri": ISSUER },
            "attributeMapping": { "google.subject": "assertion.sub", "attribute.team": "assertion.team" }, "attributeCondition": written,
        });
        let policy = json!({ "bindings": [{ "role": "roles/iam.workloadIdentityUser", "members": [member] }] });
        let account = "service-accounts/deploy@acme-prod.iam.gserviceaccount.com.json";
        let Ok(imported) = imported(&[file("providers/ci.json", &provider), file(account, &policy)]) else { continue };
        count += 1;
        let ours = Ours::of(&imported, &issuers);
        for _ in 0..DRAWS {
            let mut claims = drawn_claims(&mut draw);
            if let Some(claim_name) = claim_name {
                claims.insert(claim_name.to_owned(), json!(draw.mutated(value.clone())));
            }
            condition.iter().for_each(|condition| condition.fill(&mut draw, &mut claims));
            if claims["sub"].as_str().is_none_or(str::is_empty) {
                continue;
            }
            if ours.takes(&claims, &target) {
                let takes = ["sub", "team"].iter().all(|claim| claims.get(*claim).is_some_and(Value::is_string))
                    && condition.as_ref().is_none_or(|condition| condition.holds(&claims))
                    && claim_name.is_none_or(|claim_name| claims[claim_name] == value.as_str());
                assert!(takes, "ours alone takes {}\n{provider}\n{member}\n{}", json!(claims), ours.text);
                both += 1;
            }
        }
    }
    println!("{count} imported, {both} uses taken by both");
    assert!(count > ORIGINALS / 2 && both > 5000);
}

/// `*` is any characters.
fn like(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', rest @ ..] => (0..=text.len()).any(|from| like(rest, &text[from..])),
        [first, rest @ ..] => text.first() == Some(first) && like(rest, &text[1..]),
    }
}

#[test]
fn no_import_of_a_credential_is_wider_than_entra() {
    const PATTERNS: [&str; 6] = ["a*", "*", "a/*", "*b", "a*b", "repo:*:x"];
    let (mut draw, issuers) = (Draw::new(10), catalogue(&[("ci", ISSUER, "generic")]));
    let (mut count, mut both) = (0, 0);
    let target = wanted("azure", "11111111-2222-3333-4444-555555555555/https://management.azure.com/.default");
    for _ in 0..ORIGINALS {
        let is_flexible = draw.one_in(2);
        let term = |draw: &mut Draw| {
            let matches = draw.one_in(2);
            ((*draw.of(&CLAIMS)).to_owned(), matches, (*if matches { draw.of(&PATTERNS) } else { draw.of(&TEXTS) }).to_owned())
        };
        let terms: Vec<(String, bool, String)> = match is_flexible {
            true => (0..=draw.below(2)).map(|_| term(&mut draw)).collect(),
            false => vec![("sub".to_owned(), false, (*draw.of(&TEXTS)).to_owned())],
        };
        let one = |(claim, matches, text): &(String, bool, String)| {
            format!("claims['{claim}'] {} '{text}'", if *matches { "matches" } else { "eq" })
        };
        let text = terms.iter().map(one).collect::<Vec<_>>().join(" and ");
        let mut credential = json!({ "name": "ci", "issuer": ISSUER, "audiences": ["api://AzureADTokenExchange"] });
        if is_flexible {
            credential["claimsMatchingExpression"] = json!({ "value": text, "languageVersion": 1 });
        } else {
            credential["subject"] = json!(terms[0].2);
        }
        let files = [file("applications/11111111-2222-3333-4444-555555555555.json", &json!([credential]))];
        let Ok(imported) = imported(&files) else { continue };
        count += 1;
        let ours = Ours::of(&imported, &issuers);
        for _ in 0..DRAWS {
            let mut claims = drawn_claims(&mut draw);
            for (claim, _, text) in &terms {
                let filled = draw.filled(text);
                claims.insert(claim.clone(), json!(draw.mutated(filled)));
            }
            if claims["sub"] == "" || !ours.takes(&claims, &target) {
                continue;
            }
            let fits = |(claim, matches, text): &(String, bool, String)| {
                let claimed = claims.get(claim).and_then(Value::as_str);
                claimed.is_some_and(|claimed| if *matches { like(text.as_bytes(), claimed.as_bytes()) } else { claimed == text })
            };
            assert!(terms.iter().all(fits), "ours alone takes {}\n{credential}\n{}", json!(claims), ours.text);
            both += 1;
        }
    }
    println!("{count} imported, {both} uses taken by both");
    assert!(count > ORIGINALS / 2 && both > 5000);
}
