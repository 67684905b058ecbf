//! The value of a raw claim as one text: its first character says whether it is text or another JSON value, alone or in a list. A denial
//! looks into lists, and one that stops a list stops one of its entries, so lists of one entry stand for all. Mappings are left out.

use super::matcher::Matcher;
use crate::policy::condition::Single;
use crate::policy::pattern::Pattern;
use serde_json::Value as Json;

/// The first characters: of a value that is text, and of any other, before its JSON text.
#[derive(Clone, Copy)]
struct Prefixes {
    text: char,
    json: char,
}

/// Of a value that stands alone.
const ALONE: Prefixes = Prefixes { text: '\u{1}', json: '\u{2}' };
/// Of the only entry of a list.
const IN_LIST: Prefixes = Prefixes { text: '\u{3}', json: '\u{4}' };
/// Stands for a number that no line names: lines have numbers that fit into an `i64`.
const OTHER_NUMBER: u64 = u64::MAX;

/// Values of a claim: those that fit one of the matchers (`inside`), or those that fit none.
pub(super) struct ClaimValues {
    pub(super) matchers: Vec<Matcher>,
    pub(super) inside: bool,
}

/// The JSON value of a claim with its first character.
pub(super) fn parse(prefixed: &str) -> Json {
    let body = &prefixed[1..];
    let value = |is_json: bool| match is_json {
        true => serde_json::from_str(body).unwrap_or_else(|_| OTHER_NUMBER.into()),
        false => body.into(),
    };
    if prefixed.starts_with([IN_LIST.text, IN_LIST.json]) {
        return Json::Array(vec![value(prefixed.starts_with(IN_LIST.json))]);
    }
    value(prefixed.starts_with(ALONE.json))
}

/// All values.
pub(super) fn all() -> [Matcher; 4] {
    [ALONE.text, ALONE.json, IN_LIST.text, IN_LIST.json].map(any)
}

/// The values that these fit.
pub(super) fn listed(singles: &[Single]) -> Vec<Matcher> {
    prefixed(singles, ALONE)
}

/// The values that these fit in a denial.
pub(super) fn listed_or_in_list(singles: &[Single]) -> Vec<Matcher> {
    [ALONE, IN_LIST].into_iter().flat_map(|prefixes| prefixed(singles, prefixes)).collect()
}

fn prefixed(singles: &[Single], prefixes: Prefixes) -> Vec<Matcher> {
    let matcher = |single: &Single| match single {
        Single::Text(pattern) => Some(Matcher { pattern: pattern.behind(prefixes.text), fold: false, name: None }),
        Single::Json(Json::String(text)) => Some(Matcher::exact(&format!("{}{text}", prefixes.text))),
        Single::Json(value) => Some(Matcher::exact(&format!("{}{value}", prefixes.json))),
        Single::Id { .. } => None,
    };
    singles.iter().filter_map(matcher).collect()
}

/// The values that have the type of one of these: all of the parts hold. No list has.
pub(super) fn comparable(singles: &[Single]) -> Vec<ClaimValues> {
    let Types { texts, numbers, flags } = Types::of(singles);
    let mut matchers = Vec::new();
    matchers.extend(texts.then(|| any(ALONE.text)));
    matchers.extend(numbers.then(|| any(ALONE.json)));
    matchers.extend(flags.then(|| both_flags(ALONE)).into_iter().flatten());
    let no_flags = (numbers && !flags).then(|| ClaimValues { matchers: both_flags(ALONE).into(), inside: false });
    std::iter::once(ClaimValues { matchers, inside: true }).chain(no_flags).collect()
}

/// The values that have none of these types, alone or in a list. In each way all of the parts hold.
pub(super) fn not_comparable(singles: &[Single]) -> Vec<Vec<ClaimValues>> {
    [ALONE, IN_LIST].into_iter().flat_map(|prefixes| of_other_types(singles, prefixes)).collect()
}

fn of_other_types(singles: &[Single], prefixes: Prefixes) -> Vec<Vec<ClaimValues>> {
    let Types { texts, numbers, flags } = Types::of(singles);
    let of = |matchers: Vec<Matcher>, inside| ClaimValues { matchers, inside };
    let text = (!texts).then(|| vec![of(vec![any(prefixes.text)], true)]);
    let json = match (numbers, flags) {
        (true, true) => None,
        (true, false) => Some(vec![of(both_flags(prefixes).into(), true)]),
        (false, true) => Some(vec![of(vec![any(prefixes.json)], true), of(both_flags(prefixes).into(), false)]),
        (false, false) => Some(vec![of(vec![any(prefixes.json)], true)]),
    };
    text.into_iter().chain(json).collect()
}

/// Which types the values of a line have.
struct Types {
    texts: bool,
    numbers: bool,
    flags: bool,
}

impl Types {
    fn of(singles: &[Single]) -> Self {
        let any = |sample: Json| singles.iter().any(|single| single.is_comparable(&sample));
        Self { texts: any("".into()), numbers: any(0.into()), flags: any(true.into()) }
    }
}

fn any(prefix: char) -> Matcher {
    Matcher { pattern: Pattern::any_behind(prefix), fold: false, name: None }
}

fn both_flags(prefixes: Prefixes) -> [Matcher; 2] {
    [true, false].map(|flag| Matcher::exact(&format!("{}{flag}", prefixes.json)))
}
