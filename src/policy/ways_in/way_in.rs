//! A way in, as it is reported.

use super::granted::GrantedInClouds;
use crate::policy::subject::shared_subject;
use std::collections::BTreeSet;
use std::fmt::Display;

/// Names that are listed one by one.
const TOLD_MAX: usize = 10;

/// The kind of a way in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WayInKind {
    /// daypass's own issuer, with the policies' subjects.
    Ours,
    /// Somebody else, who is named.
    Others,
    /// Somebody else, whom nobody can list.
    Anybody,
    /// It may let others in: it is not understood.
    NotUnderstood,
    /// What the policies need is not there.
    Missing,
    /// No export shows it.
    NotSeen,
}

/// One way in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WayIn {
    /// What it leads to.
    pub of: String,
    /// Its kind.
    pub kind: WayInKind,
    /// Who, and how.
    pub message: String,
    /// What to do.
    pub advice: String,
}

impl WayIn {
    pub(super) fn new(of: impl Display, kind: WayInKind, message: impl Display, advice: &str) -> Self {
        Self { of: of.to_string(), kind, message: message.to_string(), advice: advice.to_owned() }
    }
}

/// Compares the subjects of daypass that a cloud lets in with those of the policies.
pub(super) fn subjects(
    of: &str,
    found: &BTreeSet<String>,
    expected: &BTreeSet<String>,
    granted: &GrantedInClouds,
    advice: &str,
) -> Vec<WayIn> {
    let mut ways = Vec::new();
    let (known, more): (Vec<&String>, Vec<&String>) = found.iter().partition(|subject| expected.contains(*subject));
    if !known.is_empty() {
        ways.push(WayIn::new(of, WayInKind::Ours, format_args!("daypass, for exactly {}", listed(&known)), ""));
    }
    for subject in more {
        let source =
            granted.further.iter().find(|name| subject.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('/')));
        let is_shared = expected.iter().any(|own| shared_subject(own) == Some(subject));
        let (kind, why) = match source {
            Some(source) => {
                (WayInKind::NotSeen, format!("of the further source {source}, whose policies are not looked at here"))
            }
            None if is_shared => (WayInKind::Others, "which the rows of a policy had together before they had names".to_owned()),
            None => {
                (WayInKind::Others, "which no policy in force has: whoever may write a policy of this name gets in".to_owned())
            }
        };
        ways.push(WayIn::new(of, kind, format_args!("daypass for the subject {subject}, {why}"), advice));
    }
    let missing: Vec<&String> = expected.iter().filter(|subject| !found.contains(*subject)).collect();
    if !missing.is_empty() {
        let message = format!("it does not let daypass in for {}: what these policies grant is refused there", listed(&missing));
        ways.push(WayIn::new(of, WayInKind::Missing, message, advice));
    }
    ways
}

/// The first names, and how many more there are.
pub(super) fn listed<T: Display>(names: &[T]) -> String {
    let first: Vec<String> = names.iter().take(TOLD_MAX).map(ToString::to_string).collect();
    let more = names.len().saturating_sub(TOLD_MAX);
    let text = first.join(", ");
    if more == 0 { text } else { format!("{text} and {more} more") }
}
