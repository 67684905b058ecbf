//! Names that an attacker chooses: branches, tags, environments, workflow files, steps. Small functions build tokens from such names as
//! each CI does, and a policy that pins one job has to accept no job with other names. Each run tries 1,000 pairs of jobs a mapping;
//! `DAYPASS_NAMES` sets another number.

mod builders;

use super::tests::tree;
use super::*;
use crate::identity::Mapping;
use crate::kind::Target;
use crate::policy::{Catalogue, IssuerEntry, Ruleset};
use crate::token::Claims;
use crate::words::names::{IssuerName, IssuerUrl, SecretName};
use crate::words::yaml::Severity;
use builders::{Ci, Names, Text};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value as Json, json};

const PAIRS: usize = 1_000;
const JOBS_PER_POLICY: usize = 20;
const PARTS_MAX: usize = 8;
/// The pieces of forged names: delimiters of subjects, refs and patterns, and the words between them.
const PIECES: [&str; 25] = [
    ":",
    "/",
    "*",
    "**",
    "@",
    "%",
    "%3A",
    "%2F",
    "\u{202e}",
    "..",
    ".",
    "-",
    " ",
    "refs/heads/",
    "refs/tags/",
    "main",
    "v1",
    "environment",
    "ref",
    "repo",
    "production",
    "A",
    "a",
    ".yml",
    "@refs/heads/main",
];
/// Names into which CIs allow no delimiter, such as those of owners and repositories.
const PLAIN: [&str; 8] = ["acme", "shop", "evil", "a", "b", "acme-1", "shop-2", "x.y"];

/// How one name of a job is drawn: whether it is new, and the pieces of a new one.
type Draw = (u8, Vec<Index>);

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    prop::collection::vec((0..10_u8, prop::collection::vec(any::<Index>(), 1..6)), PARTS_MAX)
}

/// A name of this alphabet, from these pieces.
fn name(text: Text, pieces: &[Index], dictionary: &[String]) -> String {
    match text {
        Text::Words(words) => (*pieces[0].get(words)).to_owned(),
        Text::Plain => pieces.iter().take(2).map(|piece| *piece.get(&PLAIN)).collect::<Vec<_>>().join("-"),
        Text::Hostile | Text::Forged => pieces.iter().map(|piece| piece.get(dictionary).as_str()).collect(),
    }
}

/// The job that the policy is for. If only others forge a name, its own is plain.
fn our_job(ci: &Ci, draws: &[Draw]) -> Names {
    let pieces: Vec<String> = PIECES.map(str::to_owned).to_vec();
    let own = |text| if matches!(text, Text::Forged) { Text::Plain } else { text };
    ci.parts.iter().zip(draws).map(|((key, text), (_, drawn))| (*key, name(own(*text), drawn, &pieces))).collect()
}

/// Another job, which knows the first one: half of its names are the same, others are made of its names and claims.
fn another_job(ci: &Ci, ours: &Names, draws: &[Draw]) -> Names {
    let claims = ci.claims_of(ours);
    let claimed: Vec<&str> = claims.as_object().unwrap().values().filter_map(Json::as_str).collect();
    if let Some(respelt) = (draws[0].0 == 9).then(|| respell(ci, ours, &claimed, &draws[0].1)).flatten() {
        return respelt;
    }
    let mut dictionary: Vec<String> = PIECES.map(str::to_owned).to_vec();
    dictionary.extend(ours.values().cloned());
    dictionary.extend(claimed.iter().map(|text| (*text).to_owned()));
    let choose = |(key, text): &(&'static str, Text), (choice, drawn): &Draw| match choice {
        0..=4 => ours[key].clone(),
        _ => name(*text, drawn, &dictionary),
    };
    ci.parts.iter().zip(draws).map(|(part, draw)| (part.0, choose(part, draw))).collect()
}

/// Two names that a claim joins, cut at another occurrence of the text between them: the claim stays the same.
fn respell(ci: &Ci, ours: &Names, claimed: &[&str], pieces: &[Index]) -> Option<Names> {
    let free: Vec<&'static str> = ci.parts.iter().filter(|(_, text)| text.is_free()).map(|(key, _)| *key).collect();
    let joined = claimed.iter().flat_map(|text| {
        let pairs = free.iter().flat_map(|first| free.iter().map(move |second| (*first, *second)));
        pairs.filter_map(|(first, second)| {
            let behind = text.split_once(ours[first].as_str())?.1;
            Some((first, second, behind.split_once(ours[second].as_str())?.0)).filter(|(.., between)| !between.is_empty())
        })
    });
    let cuts: Vec<Names> = joined
        .flat_map(|(first, second, between)| {
            let whole = format!("{}{between}{}", ours[first], ours[second]);
            let cuts: Vec<(String, String)> = whole
                .match_indices(between)
                .map(|(at, _)| (whole[..at].to_owned(), whole[at + between.len()..].to_owned()))
                .collect();
            cuts.into_iter().map(move |(one, other)| {
                let mut names = ours.clone();
                names.extend([(first, one), (second, other)]);
                names
            })
        })
        .filter(|names| names != ours && names.values().all(|name| !name.is_empty()))
        .collect();
    (!cuts.is_empty()).then(|| pieces[0].get(&cuts).clone())
}

fn same(ci: &Ci, ours: &Names, other: &Names) -> bool {
    let pinned = ci.parts.iter().map(|(key, _)| key).filter(|key| !ci.free.contains(key));
    pinned.into_iter().all(|key| match ci.folds.contains(key) {
        true => ours[key].eq_ignore_ascii_case(&other[key]),
        false => ours[key] == other[key],
    })
}

/// The policy that pins this job: by a row, whose values are literal, or as a person writes it. `None` if nobody can write it.
fn policy(ci: &Ci, ours: &Names, by_row: bool, catalogue: &Catalogue) -> Option<Ruleset> {
    let row = builders::with_derived(ours);
    let mut policy = if by_row { ci.policy.clone() } else { builders::fill(&ci.policy, &row) };
    if !by_row && ours.values().any(|name| name.contains('*')) {
        return None;
    }
    policy["issuer"] = "ci".into();
    policy["grant"] = json!({"secrets": ["shop/db.yaml"]});
    if by_row {
        policy["for_each"] = "rows.yaml".into();
    }
    let files = [("policies/a.yaml", policy.to_string()), ("rows.yaml", json!([row]).to_string())];
    let (ruleset, faults) = Ruleset::load(&tree(&files.each_ref().map(|(file, text)| (*file, &**text))), catalogue, None);
    faults.iter().all(|fault| fault.severity != Severity::Error).then_some(ruleset)
}

fn accepts(ruleset: &Ruleset, mapping: &Mapping, claims: &Json) -> bool {
    let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
    let Ok(facts) = mapping.facts(&IssuerName::parse("ci").unwrap(), claims) else { return false };
    let target = Target::Secret(SecretName::parse("shop/db.yaml").unwrap());
    ruleset.set().would_grant(&facts, &target, None, UnixTime::from_seconds(0)).is_ok()
}

fn catalogue(ci: &Ci) -> Catalogue {
    let entry = IssuerEntry {
        url: IssuerUrl::parse(ci.url).unwrap(),
        mapping: Mapping::built_in(ci.mapping).unwrap(),
        session_max: None,
    };
    [(IssuerName::parse("ci").unwrap(), entry)].into_iter().collect()
}

#[test]
fn no_forged_name_makes_a_job_pass_for_another() {
    let pairs = std::env::vars().find(|(name, _)| name == "DAYPASS_NAMES").map_or(PAIRS, |(_, count)| count.parse().unwrap());
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[19; 32]));
    let jobs = (draws(), any::<bool>(), prop::collection::vec(draws(), JOBS_PER_POLICY));
    for ci in builders::all() {
        let (catalogue, mapping) = (catalogue(&ci), Mapping::built_in(ci.mapping).unwrap());
        let (mut tried, mut policies, mut accepted) = (0, 0, 0);
        while tried < pairs {
            let (own, by_row, others) = jobs.new_tree(&mut runner).unwrap().current();
            let ours = our_job(&ci, &own);
            let Some(ruleset) = policy(&ci, &ours, by_row, &catalogue) else {
                policies += 1;
                assert!(policies < 50 || tried > policies, "{}: hardly any policy loads: {ours:?}", ci.mapping);
                continue;
            };
            assert!(accepts(&ruleset, &mapping, &ci.claims_of(&ours)), "{} keeps its own job out: {ours:?}", ci.mapping);
            for draws in others {
                let other = another_job(&ci, &ours, &draws);
                let accepts = accepts(&ruleset, &mapping, &ci.claims_of(&other));
                assert_eq!(accepts, same(&ci, &ours, &other), "{}\npinned {ours:?}\nshown  {other:?}", ci.mapping);
                accepted += usize::from(accepts);
                tried += 1;
            }
        }
        println!("{}: {tried} pairs of jobs, {accepted} of them the same, 0 mistaken", ci.mapping);
        assert!(accepted > 0 && accepted < tried / 2, "{}: {accepted} of {tried} are no test", ci.mapping);
    }
}

#[test]
fn every_mapping_is_tried() {
    let tried: Vec<&str> = builders::all().iter().map(|ci| ci.mapping).collect();
    for name in Mapping::built_in_names() {
        assert!(tried.contains(&name), "nothing builds a token of {name}");
    }
}
