//! Translates a CI's words into those of a policy: what started a job, and on what it runs.

use super::super::condition::{EVENTS, UNNAMED_EVENTS};
use super::super::pattern::Pattern;
use super::error::WordsError;
use crate::identity::{Attribute, Mapping};

/// The translation of a claim that holds words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TranslatedWords {
    /// The words of the policy; empty if the original takes every word.
    pub(super) ours: Vec<String>,
    /// Whether they mean exactly the CI's words of the original, so that no line for the claim is needed.
    pub(super) is_exact: bool,
    pub(super) notes: Vec<String>,
}

/// The words of a policy for the CI's words that the patterns match.
pub(super) fn words(
    mapping: &Mapping,
    attribute: Attribute,
    patterns: &[String],
    excluded: &[String],
) -> Result<TranslatedWords, WordsError> {
    if patterns.iter().any(|pattern| pattern == "**") {
        return Ok(TranslatedWords::default());
    }
    let excluded: Vec<Pattern> = excluded.iter().filter_map(|text| Pattern::parse(text).ok()).collect();
    let is_out = |word: &str| excluded.iter().any(|pattern| pattern.matches(word));
    let mut words = TranslatedWords::default();
    let mut matched = Vec::new();
    for pattern in patterns {
        let parsed = Pattern::parse(pattern)?;
        let known: Vec<_> = mapping.words(attribute).filter(|word| parsed.matches(word.theirs) && !is_out(word.theirs)).collect();
        let accepted = known.iter().filter(|word| parsed.literal().is_some() || !UNNAMED_EVENTS.contains(&word.ours));
        let before = matched.len();
        matched.extend(accepted.copied());
        if matched.len() == before {
            words.notes.push(format!("no `{attribute}` of a policy corresponds to `{pattern}`: left out"));
        }
    }
    if matched.is_empty() {
        return Err(WordsError::Unknown { attribute, patterns: patterns.to_vec() });
    }
    let means = |ours: &str| words_of(mapping, attribute, ours).all(|word| matched.iter().any(|known| known.theirs == word));
    words.is_exact = patterns.iter().all(|pattern| !pattern.contains('*')) && matched.iter().all(|word| means(word.ours));
    matched.sort_by_key(|word| EVENTS.iter().position(|event| *event == word.ours));
    for word in &matched {
        if !words.ours.iter().any(|known| known == word.ours) {
            words.ours.push(word.ours.to_owned());
        }
    }
    Ok(words)
}

fn words_of<'a>(mapping: &'a Mapping, attribute: Attribute, ours: &'a str) -> impl Iterator<Item = &'a str> {
    mapping.words(attribute).filter(move |word| word.ours == ours).map(|word| word.theirs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn github(patterns: &[&str]) -> Result<TranslatedWords, WordsError> {
        let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        words(&Mapping::built_in("github-actions").unwrap(), Attribute::Event, &patterns, &["workflow_run".to_owned()])
    }

    #[test]
    fn a_word_replaces_the_claim_only_if_it_means_no_other() {
        let cases: [(&[&str], &[&str], bool); 6] = [
            (&["workflow_dispatch", "schedule"], &["schedule", "manual"], true),
            (&["push"], &["push", "tag"], false),
            (&["pull_request"], &["pull-request"], false),
            (&["pull_request", "pull_request_review"], &["pull-request"], true),
            (&["issue_comment"], &["privileged-pull-request"], false),
            (&["workflow_*"], &["manual"], false),
        ];
        for (patterns, ours, is_exact) in cases {
            let words = github(patterns).unwrap();
            assert_eq!((words.ours.iter().map(String::as_str).collect::<Vec<_>>(), words.is_exact), (ours.to_vec(), is_exact));
        }
    }

    #[test]
    fn unknown_words_are_left_out_with_a_note() {
        let words = github(&["push", "issues"]).unwrap();
        assert!(words.notes.iter().any(|note| note.contains("`issues`")), "{words:?}");
        assert!(github(&["issues"]).is_err());
        assert_eq!(github(&["**"]), Ok(TranslatedWords::default()));
    }
}
