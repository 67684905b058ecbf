//! Looks a claim up in a mapping: which attribute has its value, and in which form.

use super::{Attribute, Mapping, Source};

/// The form in which an attribute has a claim's value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClaimForm {
    /// As its text.
    Text,
    /// As a name, with or without an id.
    Name,
    /// As the id that decides.
    Id,
    /// As true or false.
    Flag,
    /// As one of our words.
    Words,
}

/// A CI's word, and our word for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Translation<'a> {
    /// The CI's word.
    pub theirs: &'a str,
    /// Our word.
    pub ours: &'a str,
}

impl Mapping {
    /// The attribute that has this claim's value, its form, and whether it comes from this claim alone. Attributes that add to
    /// the claim or depend on others do not count. This says nothing about case.
    pub fn claim_form(&self, claim: &str) -> Option<(Attribute, ClaimForm, bool)> {
        self.attributes.iter().find_map(|(attribute, sources)| {
            let form = sources.iter().find_map(|source| source.form_of(claim))?;
            Some((*attribute, form, sources.len() == 1))
        })
    }

    /// The claim with the name of an attribute that has an id.
    pub fn name_claim(&self, attribute: Attribute) -> Option<&str> {
        self.attributes.get(&attribute)?.iter().find_map(|source| source.name.as_deref())
    }

    /// The claim of an attribute's first source.
    pub fn claim_of(&self, attribute: Attribute) -> Option<&str> {
        let mut sources = self.attributes.get(&attribute)?.iter();
        sources.find_map(|source| source.claim.as_deref().or(source.name.as_deref()).or(source.flag.as_deref()))
    }

    /// The CI's words for an attribute, with ours.
    pub fn words(&self, attribute: Attribute) -> impl Iterator<Item = Translation<'_>> {
        let values = self.attributes.get(&attribute).into_iter().flatten().filter_map(|source| source.values.as_ref());
        values.flatten().map(|(theirs, ours)| Translation { theirs, ours })
    }
}

impl Source {
    fn form_of(&self, claim: &str) -> Option<ClaimForm> {
        let is = |named: &Option<String>| named.as_deref() == Some(claim);
        match self {
            _ if is(&self.claim) && self.values.is_some() => Some(ClaimForm::Words),
            _ if !self.prefix.is_empty() || !self.when.is_empty() || self.verified_by.is_some() => None,
            _ if is(&self.id) => Some(ClaimForm::Id),
            _ if is(&self.name) => Some(ClaimForm::Name),
            _ if is(&self.flag) => Some(ClaimForm::Flag),
            _ if is(&self.claim) && self.is.is_none() => Some(ClaimForm::Text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_found_in_the_attribute_that_has_its_value() {
        let github = Mapping::built_in("github-actions").unwrap();
        assert_eq!(github.claim_form("ref"), Some((Attribute::Ref, ClaimForm::Text, true)));
        assert_eq!(github.claim_form("repository_id"), Some((Attribute::Repository, ClaimForm::Id, true)));
        assert_eq!(github.claim_form("event_name"), Some((Attribute::Event, ClaimForm::Words, false)));
        assert_eq!(github.claim_form("workflow"), None);
        let gitlab = Mapping::built_in("gitlab").unwrap();
        assert_eq!(gitlab.claim_form("project_id"), Some((Attribute::Repository, ClaimForm::Id, false)));
        assert_eq!(
            Mapping::built_in("google").unwrap().claim_form("email"),
            None,
            "a user is more than an address: it is verified"
        );
        let buildkite = Mapping::built_in("buildkite").unwrap();
        assert_eq!(buildkite.claim_form("build_branch"), None, "a ref is more than the name of a branch");
    }

    #[test]
    fn two_words_of_a_ci_may_have_the_same_word_of_ours() {
        let github = Mapping::built_in("github-actions").unwrap();
        let of = |canonical| github.words(Attribute::Event).filter(move |word| word.ours == canonical).map(|word| word.theirs);
        assert_eq!(of("push").collect::<Vec<_>>(), ["create", "push"]);
        assert_eq!(of("schedule").collect::<Vec<_>>(), ["schedule"]);
    }
}
