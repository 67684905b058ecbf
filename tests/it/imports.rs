//! Imported trust policies of other products, tested with generated originals and claims, and against the products themselves. The
//! original accepts whatever its import accepts. The models of the originals share no code with the import.

mod command;
mod federation;
mod places;
mod vault;
mod vault_bao;
mod vault_model;

use daypass::identity::Mapping;
use daypass::kind::Target;
use daypass::policy::{Catalogue, Imported, IssuerEntry, Ruleset, Tree, explain};
use daypass::token::Claims;
use daypass::words::UnixTime;
use daypass::words::names::{IssuerName, IssuerUrl};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Map, Value};

/// Random draws that are the same in every run.
pub struct Draw(TestRng);

impl Draw {
    pub fn new(seed: u8) -> Self {
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]))
    }

    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.0.next_u32()).unwrap() % end
    }

    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// Some of them, in their order.
    pub fn some<'a, T>(&mut self, all: &'a [T], one_in: usize) -> Vec<&'a T> {
        all.iter().filter(|_| self.one_in(one_in)).collect()
    }

    /// The text with each star replaced by a drawn text.
    pub fn filled(&mut self, text: &str) -> String {
        const FILLINGS: [&str; 9] = ["", "a", "b", "ab", "a/b", "a:b", "a@b", "/", "*"];
        text.split('*').enumerate().fold(String::new(), |before, (index, part)| {
            let filling = if index == 0 { "" } else { self.of(&FILLINGS) };
            format!("{before}{filling}{part}")
        })
    }

    /// The text, sometimes changed.
    pub fn mutated(&mut self, text: String) -> String {
        match self.below(36) {
            0 => format!("{text}a"),
            1 => format!("b{text}"),
            2 => text.to_uppercase(),
            3 => text.replacen('/', ":", 1),
            4 => text.rsplit_once('/').map_or_else(String::new, |(before, _)| before.to_owned()),
            _ => text,
        }
    }
}

/// Issuers by name, URL and mapping.
pub fn catalogue(issuers: &[(&str, &str, &str)]) -> Catalogue {
    let entry = |(name, url, mapping): &(&str, &str, &str)| {
        let entry =
            IssuerEntry { url: IssuerUrl::parse(url).unwrap(), mapping: Mapping::built_in(mapping).unwrap(), session_max: None };
        (IssuerName::parse(name).unwrap(), entry)
    };
    issuers.iter().map(entry).collect()
}

/// An import, loaded as a policy.
pub struct Ours {
    ruleset: Ruleset,
    issuer: IssuerName,
    mapping: std::sync::Arc<Mapping>,
    pub text: String,
}

impl Ours {
    pub fn of(imported: &Imported, catalogue: &Catalogue) -> Self {
        Self::of_file(&imported.file, imported.text(), catalogue)
    }

    pub fn of_file(file: &str, text: String, catalogue: &Catalogue) -> Self {
        let named = text.lines().find_map(|line| line.strip_prefix("issuer: ")).unwrap();
        let issuer = IssuerName::parse(named).unwrap();
        let mapping = catalogue.issuer(&issuer).unwrap().mapping.clone();
        let tree = Tree::from([(file.to_owned(), text.clone().into_bytes().into())]);
        let (ruleset, _) = Ruleset::load(&tree, catalogue, None);
        assert_eq!(ruleset.policies().count(), 1, "{text}");
        Self { ruleset, issuer, mapping, text }
    }

    pub fn takes(&self, claims: &Map<String, Value>, target: &Target) -> bool {
        let Ok(facts) = self.mapping.facts(&self.issuer, Claims::from(claims.clone())) else { return false };
        let now = UnixTime::from_rfc3339("2026-09-01T00:00:00Z").unwrap();
        explain(self.ruleset.set(), &facts, target, now).allowed_by.is_some()
    }
}
