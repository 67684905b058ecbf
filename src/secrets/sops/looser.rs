//! Whether rules leave values in clear that other rules encrypted. Rules that cannot be compared count as leaving more in clear.

use super::creation::{Creation, Creations};
use regex::Regex;
use std::collections::BTreeSet;

/// Each rule is compared with all that stood before it, so the number is limited. With more rules, none counts as unchanged.
const COMPARED_MAX: usize = 300;

/// The pattern of the paths that a rule is for, and the rule. `None`: it is for every path.
type ScopedRule<'a> = (Option<&'a str>, &'a Creation);

impl Creation {
    /// Whether it provably leaves no value in clear that the other one encrypts.
    pub fn hides_all_of(&self, other: &Self) -> bool {
        self.rule.hides_all_of(&other.rule)
    }

    /// The setting that decides which values are encrypted, such as `encrypted_regex: ^data$`.
    pub fn setting(&self) -> String {
        self.rule.description()
    }
}

impl Creations {
    /// The settings of rules that may leave more in clear than the earlier rules, whatever files exist. Paths without an earlier rule count
    /// as encrypted by SOPS's default rule.
    pub fn looser(&self, before: Option<&Self>) -> Vec<String> {
        let (new, mut old) = (self.ruled(), before.map(Self::ruled).unwrap_or_default());
        if new.len() > COMPARED_MAX || old.len() > COMPARED_MAX {
            old.clear();
        }
        let looser = (0..new.len()).filter(|at| is_looser(&new[..*at], new[*at], &old));
        looser.map(|at| new[at].1.setting()).collect()
    }

    /// The readable rules that can be the first one for a file.
    fn ruled(&self) -> Vec<ScopedRule<'_>> {
        let (mut seen, mut ruled) = (BTreeSet::new(), Vec::new());
        for (path, creation) in &self.rules {
            let path = path.as_ref().map(Regex::as_str);
            if let (true, Ok(creation)) = (seen.insert(path), creation) {
                ruled.push((path, creation));
            }
            if path.is_none() {
                break;
            }
        }
        ruled
    }
}

/// Whether a rule may leave more in clear. The first rule for a path applies, so a rule may also be looser because another one no longer
/// comes before it.
fn is_looser(before_it: &[ScopedRule<'_>], (path, creation): ScopedRule<'_>, old: &[ScopedRule<'_>]) -> bool {
    let Some(at) = old.iter().position(|(known, _)| *known == path) else {
        return !creation.hides_all_of(&Creation::default());
    };
    let stands = |(path, had): &ScopedRule<'_>| {
        let now = before_it.iter().find(|(known, _)| known == path);
        now.is_some_and(|(_, now)| now.hides_all_of(had))
    };
    !creation.hides_all_of(old[at].1) || !old[..at].iter().filter(|(_, had)| !creation.hides_all_of(had)).all(stands)
}
