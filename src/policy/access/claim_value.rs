//! The value of a raw claim as one text: a mark says whether it is text or another JSON value. Lists and mappings are left out.

use super::language::Matcher;
use crate::policy::condition::Single;
use crate::policy::pattern::Pattern;
use serde_json::Value as Json;

/// The first character of a claim that is text. Every other JSON value is its JSON text after `JSON_MARK`.
const TEXT_MARK: char = '\u{1}';
const JSON_MARK: char = '\u{2}';
/// Stands for a number that no line names.
const OTHER_NUMBER: u64 = 7_405_926_018_347;

/// Values of a claim: those that fit one of the matchers (`inside`), or those that fit none.
pub(super) struct ClaimValues {
    pub(super) matchers: Vec<Matcher>,
    pub(super) inside: bool,
}

/// The JSON value of a marked claim.
pub(super) fn parse(marked: &str) -> Json {
    let body = &marked[1..];
    if marked.starts_with(JSON_MARK) {
        return serde_json::from_str(body).unwrap_or_else(|_| OTHER_NUMBER.into());
    }
    body.into()
}

/// All values.
pub(super) fn all() -> [Matcher; 2] {
    [any(TEXT_MARK), any(JSON_MARK)]
}

/// The values that these fit.
pub(super) fn listed(singles: &[Single]) -> Vec<Matcher> {
    let matcher = |single: &Single| match single {
        Single::Text(pattern) => Some(Matcher { pattern: pattern.behind(TEXT_MARK), fold: false, name: None }),
        Single::Json(Json::String(text)) => Some(Matcher::exact(&format!("{TEXT_MARK}{text}"))),
        Single::Json(value) => Some(Matcher::exact(&format!("{JSON_MARK}{value}"))),
        Single::Id { .. } => None,
    };
    singles.iter().filter_map(matcher).collect()
}

/// The values that have the type of one of these: all of the parts hold.
pub(super) fn comparable(singles: &[Single]) -> Vec<ClaimValues> {
    let Types { texts, numbers, flags } = Types::of(singles);
    let mut matchers = Vec::new();
    matchers.extend(texts.then(|| any(TEXT_MARK)));
    matchers.extend(numbers.then(|| any(JSON_MARK)));
    matchers.extend(flags.then(both_flags).into_iter().flatten());
    let no_flags = (numbers && !flags).then(|| ClaimValues { matchers: both_flags().into(), inside: false });
    std::iter::once(ClaimValues { matchers, inside: true }).chain(no_flags).collect()
}

/// The values that have none of these types. In each way all of the parts hold.
pub(super) fn not_comparable(singles: &[Single]) -> Vec<Vec<ClaimValues>> {
    let Types { texts, numbers, flags } = Types::of(singles);
    let of = |matchers: Vec<Matcher>, inside| ClaimValues { matchers, inside };
    let text = (!texts).then(|| vec![of(vec![any(TEXT_MARK)], true)]);
    let json = match (numbers, flags) {
        (true, true) => None,
        (true, false) => Some(vec![of(both_flags().into(), true)]),
        (false, true) => Some(vec![of(vec![any(JSON_MARK)], true), of(both_flags().into(), false)]),
        (false, false) => Some(vec![of(vec![any(JSON_MARK)], true)]),
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

fn any(mark: char) -> Matcher {
    Matcher { pattern: Pattern::any_behind(mark), fold: false, name: None }
}

fn both_flags() -> [Matcher; 2] {
    [true, false].map(|flag| Matcher::exact(&format!("{JSON_MARK}{flag}")))
}
