//! A mapping asked by claim: which attribute says it, and whether it says the same.

use super::{Attribute, Mapping, Source};

/// How an attribute says a claim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Said {
    /// As its text.
    Text,
    /// As a name, beside an id or without one.
    Name,
    /// As the id that decides.
    Id,
    /// As true or false.
    Flag,
    /// In words of our own.
    Words,
}

/// A CI's word, and ours for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Word<'a> {
    /// The CI's.
    pub theirs: &'a str,
    /// Ours.
    pub ours: &'a str,
}

impl Mapping {
    /// The attribute that says this claim, how, and whether no other claim may say it too. What says more than the claim,
    /// or only sometimes says it, is no such attribute. Whether case counts is another question.
    pub fn said(&self, claim: &str) -> Option<(Attribute, Said, bool)> {
        self.attributes.iter().find_map(|(attribute, sources)| {
            let said = sources.iter().find_map(|source| source.said(claim))?;
            Some((*attribute, said, sources.len() == 1))
        })
    }

    /// The claim that names an attribute beside its id.
    pub fn name_claim(&self, attribute: Attribute) -> Option<&str> {
        self.attributes.get(&attribute)?.iter().find_map(|source| source.name.as_deref())
    }

    /// The claim by which an attribute is known first.
    pub fn claim_of(&self, attribute: Attribute) -> Option<&str> {
        let mut sources = self.attributes.get(&attribute)?.iter();
        sources.find_map(|source| source.claim.as_deref().or(source.name.as_deref()).or(source.flag.as_deref()))
    }

    /// The CI's words for an attribute, and ours.
    pub fn words(&self, attribute: Attribute) -> impl Iterator<Item = Word<'_>> {
        let values = self.attributes.get(&attribute).into_iter().flatten().filter_map(|source| source.values.as_ref());
        values.flatten().map(|(theirs, ours)| Word { theirs, ours })
    }
}

impl Source {
    fn said(&self, claim: &str) -> Option<Said> {
        let is = |named: &Option<String>| named.as_deref() == Some(claim);
        match self {
            _ if is(&self.claim) && self.values.is_some() => Some(Said::Words),
            _ if !self.prefix.is_empty() || !self.when.is_empty() || self.verified_by.is_some() => None,
            _ if is(&self.id) => Some(Said::Id),
            _ if is(&self.name) => Some(Said::Name),
            _ if is(&self.flag) => Some(Said::Flag),
            _ if is(&self.claim) && self.is.is_none() => Some(Said::Text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_the_same_where_one_claim_makes_it() {
        let github = Mapping::built_in("github-actions").unwrap();
        assert_eq!(github.said("ref"), Some((Attribute::Ref, Said::Text, true)));
        assert_eq!(github.said("repository_id"), Some((Attribute::Repository, Said::Id, true)));
        assert_eq!(github.said("event_name"), Some((Attribute::Event, Said::Words, false)));
        assert_eq!(github.said("workflow"), None);
        let gitlab = Mapping::built_in("gitlab").unwrap();
        assert_eq!(gitlab.said("project_id"), Some((Attribute::Repository, Said::Id, false)));
        assert_eq!(Mapping::built_in("google").unwrap().said("email"), None, "a user is more than an address: it is verified");
        let buildkite = Mapping::built_in("buildkite").unwrap();
        assert_eq!(buildkite.said("build_branch"), None, "a ref is more than the name of a branch");
    }

    #[test]
    fn two_words_of_the_ci_may_be_one_of_ours() {
        let github = Mapping::built_in("github-actions").unwrap();
        let of = |ours| github.words(Attribute::Event).filter(move |word| word.ours == ours).map(|word| word.theirs);
        assert_eq!(of("push").collect::<Vec<_>>(), ["create", "push"]);
        assert_eq!(of("schedule").collect::<Vec<_>>(), ["schedule"]);
    }
}
