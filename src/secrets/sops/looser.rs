//! Whether rules leave in clear what others encrypted. What cannot be compared counts as more.

use super::creation::{Creation, Creations};
use regex::Regex;
use std::collections::BTreeSet;

/// Each rule is compared with all that stood before it. Of more than these, none is taken for the same.
const COMPARED_MAX: usize = 300;

/// A rule by the paths that it is for.
type Ruled<'a> = (Option<&'a str>, &'a Creation);

impl Creation {
    /// Whether it provably leaves nothing in clear that the other one encrypts.
    pub fn hides_all_of(&self, other: &Self) -> bool {
        self.rule.hides_all_of(&other.rule)
    }

    /// What tells which values are encrypted, such as `encrypted_regex: ^data$`.
    pub fn setting(&self) -> String {
        self.rule.told()
    }
}

impl Creations {
    /// The settings of rules that may leave more in clear than those before them did, whatever files there are. Where no rule was for
    /// these paths, SOPS encrypts everything.
    pub fn looser(&self, before: Option<&Self>) -> Vec<String> {
        let (new, mut old) = (self.ruled(), before.map(Self::ruled).unwrap_or_default());
        if new.len() > COMPARED_MAX || old.len() > COMPARED_MAX {
            old.clear();
        }
        let looser = (0..new.len()).filter(|at| is_looser(&new[..*at], new[*at], &old));
        looser.map(|at| new[at].1.setting()).collect()
    }

    /// Those that are ever the first for a file, as far as they can be read.
    fn ruled(&self) -> Vec<Ruled<'_>> {
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

/// The first rule for a path counts: one may also be looser because another does not stand before it any more.
fn is_looser(before_it: &[Ruled<'_>], (path, creation): Ruled<'_>, old: &[Ruled<'_>]) -> bool {
    let Some(at) = old.iter().position(|(known, _)| *known == path) else {
        return !creation.hides_all_of(&Creation::default());
    };
    let stands = |(path, had): &Ruled<'_>| {
        let now = before_it.iter().find(|(known, _)| known == path);
        now.is_some_and(|(_, now)| now.hides_all_of(had))
    };
    !creation.hides_all_of(old[at].1) || !old[..at].iter().filter(|(_, had)| !creation.hides_all_of(had)).all(stands)
}
