//! Tests each mapping with the tokens that its CI documents: `fixtures/<mapping>/<case>.json`.

use super::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One documented claim set.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    /// The issuer in the claim set.
    issuer: String,
    /// Whether tenants that do not know each other share it.
    shared: bool,
    claims: Json,
    /// Every attribute of it, as a policy would write it…
    attributes: Option<BTreeMap<String, Json>>,
    /// Its unreadable attributes.
    #[serde(default)]
    unreadable: Vec<String>,
    /// …or a part of the refusal's cause.
    refused: Option<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/identity/fixtures")
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|fault| panic!("{}: {fault}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn fixtures() -> Vec<(String, String, Fixture)> {
    let cases = |mapping: String| {
        let inner = folder().join(&mapping);
        names_in(&inner).into_iter().map(move |case| {
            let at = format!("{mapping}/{case}");
            let bytes = std::fs::read(inner.join(&case)).unwrap();
            (mapping.clone(), at.clone(), serde_json::from_slice(&bytes).unwrap_or_else(|fault| panic!("{at}: {fault}")))
        })
    };
    names_in(&folder()).into_iter().flat_map(cases).collect()
}

impl Fixture {
    fn read(&self, mapping: &Mapping) -> Result<BTreeMap<String, Json>, Denial> {
        let claims = Claims::parse(self.claims.to_string().as_bytes()).unwrap();
        let facts = mapping.facts(&IssuerName::parse("issuer").unwrap(), claims)?;
        Ok(facts.attributes.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect())
    }
}

/// The attributes of every documented token, by mapping.
pub fn documented() -> Vec<(String, Vec<(Attribute, String)>)> {
    let as_text = |value: Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let of = |fixture: Fixture| -> Vec<(Attribute, String)> {
        let given = fixture.attributes.unwrap_or_default().into_iter();
        given.map(|(name, value)| (Attribute::parse(&name).unwrap(), as_text(value))).collect()
    };
    fixtures().into_iter().map(|(mapping, _, fixture)| (mapping, of(fixture))).collect()
}

/// Every documented claim set has the attributes that its mapping calls `always`, and only the expected ones are unreadable.
#[test]
fn attributes_that_are_always_there_are_in_every_documented_token() {
    for (name, at, fixture) in fixtures().into_iter().filter(|(.., fixture)| fixture.refused.is_none()) {
        let claims = Claims::parse(fixture.claims.to_string().as_bytes()).unwrap();
        let facts = Mapping::built_in(&name).unwrap().facts(&IssuerName::parse("issuer").unwrap(), claims).unwrap();
        let expected: BTreeSet<Attribute> = fixture.unreadable.iter().map(|name| Attribute::parse(name).unwrap()).collect();
        assert_eq!(facts.unreadable, expected, "{at}");
    }
}

#[test]
fn optional_attributes_are_missing_in_some_documented_token() {
    let fixtures = fixtures();
    for name in Mapping::built_in_names() {
        let mapping = Mapping::built_in(name).unwrap();
        let own = || fixtures.iter().filter(|(of, ..)| of == name).filter_map(|(.., fixture)| fixture.attributes.as_ref());
        for attribute in Attribute::ALL.iter().filter(|attribute| mapping.presence(**attribute) == Presence::Optional) {
            assert!(own().any(|given| !given.contains_key(attribute.as_str())), "{name}: every token has `{attribute}`");
        }
        for attribute in Attribute::ALL.iter().filter(|attribute| mapping.id_presence(**attribute) == Presence::Optional) {
            let bare =
                |given: &BTreeMap<String, Json>| given[attribute.as_str()].as_str().is_some_and(|text| !text.contains('@'));
            assert!(own().any(bare), "{name}: every token has the id of `{attribute}`");
        }
    }
}

#[test]
fn each_documented_token_gives_the_expected_attributes() {
    for (mapping, at, fixture) in fixtures() {
        let mapping = Mapping::built_in(&mapping).unwrap();
        assert_eq!(fixture.claims["iss"], *fixture.issuer, "{at}");
        assert_eq!(mapping.is_shared(&fixture.issuer), fixture.shared, "{at}: who shares {}", fixture.issuer);
        match (fixture.read(&mapping), &fixture.attributes, &fixture.refused) {
            (Ok(read), Some(expected), None) => {
                assert_eq!(read, *expected, "{at} gives {}", serde_json::to_string_pretty(&read).unwrap());
            }
            (Err(cause), None, Some(why)) => assert!(cause.cause.contains(why), "{at}: {cause}"),
            (read, ..) => panic!("{at} has either `attributes` or `refused`, and gives {read:?}"),
        }
    }
}

#[test]
fn every_mapping_and_every_attribute_of_it_has_a_fixture() {
    let fixtures = fixtures();
    for name in Mapping::built_in_names() {
        let own: Vec<&Fixture> = fixtures.iter().filter(|(of, ..)| of == name).map(|(.., fixture)| fixture).collect();
        assert!(!own.is_empty(), "put documented claims of {name} below src/identity/fixtures/{name}/");
        let has_fixture = |attribute: &Attribute| {
            own.iter().any(|fixture| fixture.attributes.iter().any(|given| given.contains_key(attribute.as_str())))
        };
        let mapping = Mapping::built_in(name).unwrap();
        for attribute in Attribute::ALL.iter().filter(|attribute| mapping.claims(**attribute)) {
            assert!(has_fixture(attribute), "no fixture of {name} gives `{attribute}`");
        }
    }
}

/// A documented claim that the mapping does not list could be taken for a typo.
#[test]
fn every_documented_claim_is_known() {
    fn pointers(at: &str, claims: &Json, found: &mut Vec<String>) {
        for (name, value) in claims.as_object().into_iter().flatten() {
            let pointer = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            pointers(&pointer, value, found);
            found.push(pointer);
        }
    }
    for (name, at, fixture) in fixtures().into_iter().filter(|(name, ..)| name != "generic") {
        let (mapping, mut found) = (Mapping::built_in(&name).unwrap(), Vec::new());
        pointers("", &fixture.claims, &mut found);
        // An organization chooses these names.
        for pointer in found.iter().filter(|pointer| !pointer.starts_with("/repo_property_")) {
            assert!(mapping.knows_claim(pointer), "{at}: put {pointer} below `claims:` of the mapping");
            assert_eq!(mapping.nearest_claim(pointer), None, "{at}");
        }
        assert_eq!(mapping.nearest_claim("/repo_property_tier"), None, "{name}");
    }
}

/// The types matter: a guardrail that names a value of another type does not load.
#[test]
fn every_documented_claim_has_the_type_that_its_mapping_says() {
    fn check(mapping: &Mapping, at: &str, pointer: &str, value: &Json) {
        let found = match value {
            Json::Null => return,
            Json::Bool(_) => ClaimType::Flag,
            Json::Number(_) => ClaimType::Number,
            Json::String(_) => ClaimType::Text,
            Json::Array(_) => ClaimType::List,
            Json::Object(_) => ClaimType::Mapping,
        };
        let declared = mapping.claim_type(pointer);
        assert!(
            declared.is_none_or(|declared| declared == found),
            "{at}: {pointer} is {found:?}, and {declared:?} by its mapping"
        );
        for (name, value) in value.as_object().into_iter().flatten() {
            check(mapping, at, &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), value);
        }
    }
    for (name, at, fixture) in
        fixtures().into_iter().filter(|(.., fixture)| fixture.refused.is_none() && fixture.unreadable.is_empty())
    {
        let mapping = Mapping::built_in(&name).unwrap();
        for (claim, value) in fixture.claims.as_object().unwrap() {
            check(&mapping, &at, &format!("/{}", claim.replace('~', "~0").replace('/', "~1")), value);
        }
    }
    for name in Mapping::built_in_names() {
        let mapping = Mapping::built_in(name).unwrap();
        assert!(mapping.types.keys().all(|pointer| mapping.knows_claim(pointer)), "{name}: a type of what is no claim");
    }
}

#[test]
fn every_issuer_that_tenants_share_has_a_fixture() {
    let fixtures = fixtures();
    for name in Mapping::built_in_names() {
        for shared in &Mapping::built_in(name).unwrap().shared_issuers {
            assert!(fixtures.iter().any(|(of, _, fixture)| of == name && fixture.issuer == *shared), "{name}: {shared}");
        }
    }
}

/// `docs/new-mapping.md` quotes this mapping and these claims.
#[test]
fn the_documented_example_is_true() {
    let text = include_str!("../../../docs/new-mapping.md");
    for part in [include_str!("../mappings/codefresh.yaml"), include_str!("../fixtures/codefresh/pull-request.json")] {
        assert!(text.contains(part), "put this into docs/new-mapping.md:\n{part}");
    }
}
