//! `github`: a requested token, within an entry of a rule.

use super::reach::{covers_all_of, covers_everything, fits, meets_some_of};
use super::{GitHubGrant, GitHubTerms};
use crate::identity::Facts;
use crate::kind::{GitHubTarget, RepositoryScope, Target};
use crate::policy::grantable::{Grantable, HasTerms, OfferedTo, only_one};
use crate::policy::pattern::Pattern;
use crate::policy::sections::{Term, Value};
use crate::words::github::{Repository, RepositoryName};
use crate::words::yaml::Place;
use crate::words::{Denial, Reason};

impl HasTerms for GitHubTarget {
    type Terms = GitHubTerms;
}

impl Grantable for GitHubTarget {
    type Section = GitHubGrant;
    /// The requested repositories that the entry lists, with their ids; `None` for an entry with `{ all: … }`.
    type Offer<'a> = Option<Vec<&'a Repository>>;

    fn guarded(&self) -> Option<&str> {
        None
    }

    fn fits(&self, pattern: &Pattern) -> bool {
        match &self.repositories {
            None => false,
            Some(RepositoryScope::All(owner)) => meets_some_of(owner, pattern),
            Some(RepositoryScope::Named(names) | RepositoryScope::Own(names)) => names.iter().any(|name| fits(pattern, name)),
        }
    }

    fn lies_within<'a>(&self, mut patterns: impl Iterator<Item = &'a Pattern> + Clone) -> bool {
        match &self.repositories {
            None | Some(RepositoryScope::Own(_)) => patterns.any(covers_everything),
            Some(RepositoryScope::All(owner)) => patterns.any(|pattern| covers_all_of(owner, pattern)),
            Some(RepositoryScope::Named(names)) => names.iter().all(|name| patterns.clone().any(|pattern| fits(pattern, name))),
        }
    }

    fn own_pattern(&self) -> Option<Pattern> {
        let Some(RepositoryScope::Own(names)) = &self.repositories else { return None };
        let owner = names.first().map_or_else(|| "*".to_owned(), |one| one.owner().folded());
        Pattern::parse(&format!("{owner}/*")).ok()
    }

    fn offer<'a>(&self, mut entries: impl Iterator<Item = &'a GitHubGrant> + Clone) -> Option<(Place, Self::Offer<'a>)> {
        let entry = entries.find(|entry| self.is_offered_by(entry).is_some())?;
        Some((entry.place, entry.reach.written(self.repositories.as_ref())))
    }

    /// One entry may offer it to everybody, and another one only to the jobs of the repository itself. An identity that both concern gets
    /// neither: the ids are the policy's in one and the token's in the other, so the terms differ.
    fn offered_to<'a>(&self, entries: impl Iterator<Item = &'a GitHubGrant> + Clone) -> OfferedTo {
        let offers: Vec<(&GitHubGrant, Option<String>)> =
            entries.clone().filter_map(|entry| Some((entry, self.is_offered_by(entry)?))).collect();
        let to_all =
            || offers.iter().filter(|(_, own)| own.is_none()).map(|(entry, _)| entry.reach.written(self.repositories.as_ref()));
        if to_all().any(|written| written.is_none()) {
            return OfferedTo::Anyone;
        }
        let of_own: Vec<String> = match &self.repositories {
            Some(RepositoryScope::Own(names)) => {
                let others = entries.filter(|entry| self.is_of(entry) && names.iter().all(|name| entry.reach.lists(name)));
                let by_token = |name: &&RepositoryName| offers.iter().any(|(entry, _)| !entry.reach.lists(name));
                others.flat_map(|entry| entry.reach.names()).filter(by_token).map(ToString::to_string).collect()
            }
            _ => offers.iter().filter_map(|(_, own)| own.clone()).collect(),
        };
        let first = to_all().next();
        match (first.is_some(), of_own.is_empty()) {
            (true, _) if to_all().any(|written| Some(written) != first) => OfferedTo::NoOne,
            (true, true) => OfferedTo::Anyone,
            (true, false) => OfferedTo::AllBut(of_own),
            (false, _) => OfferedTo::Only(of_own),
        }
    }

    fn terms<'a>(
        &self,
        entries: impl Iterator<Item = &'a GitHubGrant> + Clone,
        facts: &Facts,
    ) -> Option<Result<GitHubTerms, Denial>> {
        let mut all = entries.filter(|entry| self.is_of(entry)).filter_map(|entry| self.terms_by(entry, facts));
        let mut terms = match all.next()? {
            Ok(first) => first,
            refused @ Err(_) => return Some(refused),
        };
        for other in all {
            let Ok(other) = other else { return Some(Err(ambiguous())) };
            // Who can end a token makes it no other one.
            terms.server_revokes |= other.server_revokes;
            if terms != (GitHubTerms { server_revokes: terms.server_revokes, ..other }) {
                return Some(Err(ambiguous()));
            }
        }
        Some(Ok(terms))
    }

    /// The repositories with their ids, also those that are listed besides `{repository}`: another id of a name, or a further name, is
    /// more.
    fn values(offer: &Self::Offer<'_>) -> Vec<Term> {
        let names = offer.as_ref().map(|written| written.iter().map(ToString::to_string).collect());
        vec![Term::new("repositories", Value::Names(names))]
    }

    /// The entry, if there is only one.
    fn choose<'a>(entries: impl Iterator<Item = &'a GitHubGrant>) -> Result<Option<Self>, Denial> {
        only_one(entries.map(GitHubGrant::whole), "no policy grants any token of a GitHub App to this identity", ambiguous)
    }

    fn chosen(terms: &GitHubTerms) -> Option<Target> {
        Some(terms.target().into())
    }

    /// Fewer repositories or permissions are a part of the same token.
    fn whole(terms: &GitHubTerms) -> Option<String> {
        Some(format!("github {}", terms.app))
    }

    /// A request may leave the repositories open: a denial counts for the chosen ones.
    fn between(terms: &GitHubTerms) -> Option<Target> {
        Some(terms.target().into())
    }
}

impl GitHubTarget {
    fn is_of(&self, entry: &GitHubGrant) -> bool {
        self.app.as_ref().is_none_or(|app| *app == entry.app)
            && self.permissions.as_ref().is_none_or(|requested| entry.permissions.covers(requested))
    }

    /// Whether the entry offers it (outer `Some`); and the repository whose jobs alone it is offered to, if there is one.
    fn is_offered_by(&self, entry: &GitHubGrant) -> Option<Option<String>> {
        let own = entry.reach.offers(self.repositories.as_ref()).filter(|_| self.is_of(entry))?;
        Some(own.map(ToString::to_string))
    }

    fn terms_by(&self, entry: &GitHubGrant, facts: &Facts) -> Option<Result<GitHubTerms, Denial>> {
        let to = entry.reach.to(self.repositories.as_ref(), facts)?;
        let permissions = self.permissions.as_ref().unwrap_or(&entry.permissions).clone();
        Some(to.map(|(to, by_own)| {
            let own_of = by_own.then(|| facts.issuer.clone());
            GitHubTerms { app: entry.app.clone(), to, permissions, server_revokes: entry.server_revokes, own_of }
        }))
    }
}

fn ambiguous() -> Denial {
    Reason::PolicyAmbiguous
        .with_cause("several tokens of GitHub Apps are granted and none of them was named")
        .with_detail("Several tokens of GitHub Apps are granted: name the App, the repositories and the permissions.")
}
