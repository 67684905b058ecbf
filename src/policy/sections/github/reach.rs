//! The repositories of one entry.

use super::terms::InRepositories;
use crate::identity::{Attribute, Facts, Value};
use crate::kind::RepositoryScope;
use crate::policy::access::patterns_overlap;
use crate::policy::error::{FillError, FilledError};
use crate::policy::pattern::Pattern;
use crate::policy::template::{Row, Template, fill_row_text};
use crate::words::github::{
    Owner, REPOSITORIES_MAX, Repositories, RepositoriesError, Repository, RepositoryError, RepositoryId, RepositoryName,
};
use crate::words::yaml::{Fields, Node, Yaml};
use crate::words::{Denial, Reason};
use std::collections::BTreeSet;

/// The caller's own repository.
const OWN: &str = "{repository}";

/// The repositories of an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::policy) enum Reach {
    /// All repositories of this account that the App is installed for.
    All(Owner),
    /// Some repositories of one account.
    Some {
        named: BTreeSet<Repository>,
        /// Also the caller's own: `{repository}`.
        own: Option<Template>,
    },
}

/// One item of a list.
enum Listed {
    Own(Template),
    Named(Repository),
}

impl Reach {
    /// `{ all: OWNER }`, or a list of `OWNER/REPOSITORY@ID` and `{repository}`.
    pub(super) fn read<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, row: Option<&Row>) -> Option<Self> {
        if matches!(node.value, Yaml::Mapping(_)) {
            let mut inner = fields.below(node);
            let owner = inner
                .required("all")
                .and_then(|node| inner.parsed(node, |text| Owner::parse(&fill_row_text(text, row)?).map_err(FilledError::Value)));
            inner.finish();
            return owner.map(Self::All);
        }
        let (mut named, mut own) = (BTreeSet::new(), None);
        let nodes = fields.one_or_many(node);
        for node in nodes {
            match fields.parsed(node, |text| listed(text, row))? {
                Listed::Own(template) => own = Some(template),
                Listed::Named(one) => _ = named.insert(one),
            }
        }
        let listed: Vec<Repository> = named.iter().cloned().collect();
        let fault = match named.first() {
            None if own.is_none() => Some(RepositoriesError::None),
            _ if named.len() + usize::from(own.is_some()) > REPOSITORIES_MAX => Some(RepositoriesError::TooMany),
            Some(first) if named.iter().any(|one| one.name.owner() != first.name.owner()) => {
                Some(RepositoriesError::SeveralOwners)
            }
            _ => Repositories::of(&listed).err().filter(|fault| *fault == RepositoriesError::SeveralNames),
        };
        fault.map(|fault| fields.fault(node.place, fault)).map_or(Some(Self::Some { named, own }), |()| None)
    }

    /// The template `{repository}`, if it is listed.
    pub(super) const fn own(&self) -> Option<&Template> {
        match self {
            Self::All(_) => None,
            Self::Some { own, .. } => own.as_ref(),
        }
    }

    /// The request for all of it.
    pub(super) fn whole(&self) -> RepositoryScope {
        match self {
            Self::All(owner) => RepositoryScope::All(owner.clone()),
            Self::Some { own: Some(_), .. } => RepositoryScope::Own(self.names().cloned().collect()),
            Self::Some { own: None, .. } => RepositoryScope::Named(self.names().cloned().collect()),
        }
    }

    /// The repositories that it names.
    pub(super) fn names(&self) -> impl Iterator<Item = &RepositoryName> {
        let named = if let Self::Some { named, .. } = self { Some(named) } else { None };
        named.into_iter().flatten().map(|one| &one.name)
    }

    /// Whether it names this one.
    pub(super) fn lists(&self, name: &RepositoryName) -> bool {
        self.names().any(|one| one == name)
    }

    /// The requested repositories that it names, with their ids; `None` if it has all of an account.
    pub(super) fn written(&self, requested: Option<&RepositoryScope>) -> Option<Vec<&Repository>> {
        let Self::Some { named, .. } = self else { return None };
        let is_requested = |one: &&Repository| match requested {
            Some(RepositoryScope::Named(names) | RepositoryScope::Own(names)) => names.contains(&one.name),
            Some(RepositoryScope::All(_)) | None => true,
        };
        Some(named.iter().filter(is_requested).collect())
    }

    /// Whether this is offered (outer `Some`); and the repository whose jobs alone it is offered to, if there is one.
    pub(super) fn offers<'t>(&self, requested: Option<&'t RepositoryScope>) -> Option<Option<&'t RepositoryName>> {
        match (self, requested) {
            (_, None) => Some(None),
            (Self::All(owner), Some(RepositoryScope::All(requested))) => (owner == requested).then_some(None),
            (Self::All(owner), Some(RepositoryScope::Named(names))) => {
                names.iter().all(|name| name.owner() == owner).then_some(None)
            }
            (Self::Some { own, .. }, Some(RepositoryScope::Own(names))) => {
                (own.is_some() && names.iter().all(|name| self.lists(name))).then_some(None)
            }
            (Self::Some { named, own }, Some(RepositoryScope::Named(names))) => {
                let mut others = names.iter().filter(|name| !named.iter().any(|one| one.name == **name));
                match (others.next(), others.next()) {
                    (None, _) => Some(None),
                    (Some(other), None) if own.is_some() => Some(Some(other)),
                    _ => None,
                }
            }
            (Self::All(_), Some(RepositoryScope::Own(_))) | (Self::Some { .. }, Some(RepositoryScope::All(_))) => None,
        }
    }

    /// The repositories for this identity, and whether its own is among them because its issuer says so; `None` if this is not offered.
    pub(super) fn to(
        &self,
        requested: Option<&RepositoryScope>,
        facts: &Facts,
    ) -> Option<Result<(InRepositories, bool), Denial>> {
        let (named, own) = match (self, requested) {
            (Self::All(_), Some(RepositoryScope::Named(names))) if self.offers(requested).is_some() => {
                return Some(Ok((
                    InRepositories::Named(names.iter().map(|name| Repository { name: name.clone(), id: None }).collect()),
                    false,
                )));
            }
            (Self::All(owner), _) => return self.offers(requested).map(|_| Ok((InRepositories::All(owner.clone()), false))),
            (Self::Some { named, own }, _) => (named, own.as_ref()),
        };
        let all = || -> Result<(Vec<Repository>, Option<RepositoryName>), Denial> {
            let own = own.map(|_| own_repository(facts)).transpose()?;
            let name = own.as_ref().map(|own| own.name.clone());
            Ok((named.iter().cloned().chain(own).collect(), name))
        };
        let Some(RepositoryScope::Named(names)) = requested else {
            self.offers(requested)?;
            let names = if let Some(RepositoryScope::Own(names)) = requested { Some(names) } else { None };
            let is_chosen = |one: &Repository, own: Option<&RepositoryName>| {
                names.is_none_or(|names| names.contains(&one.name) || own == Some(&one.name))
            };
            return Some(all().and_then(|(mut all, own)| {
                all.retain(|one| is_chosen(one, own.as_ref()));
                Ok((InRepositories::Named(of_one_account(all)?), own.is_some()))
            }));
        };
        // For an identity without a repository of its own, only the named ones count.
        let (all, own) = all().unwrap_or_else(|_| (named.iter().cloned().collect(), None));
        let chosen: Vec<Repository> =
            names.iter().map(|name| all.iter().find(|one| one.name == *name).cloned()).collect::<Option<_>>()?;
        let by_own = own.is_some_and(|own| names.contains(&own) && !named.iter().any(|one| one.name == own));
        Some(of_one_account(chosen).map(|chosen| (InRepositories::Named(chosen), by_own)))
    }

    /// Whether a repository of it fits a guardrail's pattern. `{repository}` may be any.
    pub(super) fn meets(&self, pattern: &Pattern) -> bool {
        match self {
            Self::All(owner) => meets_some_of(owner, pattern),
            Self::Some { named, own } => own.is_some() || named.iter().any(|one| fits(pattern, &one.name)),
        }
    }

    /// What a reviewer should know about it.
    pub(super) fn findings(&self) -> Vec<(&'static str, String, &'static str)> {
        match self {
            Self::All(owner) => vec![(
                "all_repositories",
                format!("every repository of {owner} that the App is installed for, future ones included"),
                "name the repositories, each with its id",
            )],
            Self::Some { named, .. } => named
                .iter()
                .filter(|one| one.id.is_none())
                .map(|one| {
                    let message = format!("whoever gets the name {} later gets what is granted for it", one.name);
                    ("repository_without_id", message, "write it with its id: OWNER/REPOSITORY@ID")
                })
                .collect(),
        }
    }
}

fn listed(text: &str, row: Option<&Row>) -> Result<Listed, FilledError<RepositoryError>> {
    let filled = fill_row_text(text, row)?;
    if text == OWN {
        return Template::parse(OWN).map(Listed::Own).map_err(|_| FilledError::Fill(FillError::Unclosed));
    }
    Repository::parse(&filled).map(Listed::Named).map_err(FilledError::Value)
}

fn of_one_account(mut all: Vec<Repository>) -> Result<Vec<Repository>, Denial> {
    all.sort();
    all.dedup_by(|one, other| one.name == other.name);
    match all.windows(2).all(|pair| pair[0].name.owner() == pair[1].name.owner()) {
        true => Ok(all),
        false => Err(refused("the identity's repository belongs to another account than those that the policy names")),
    }
}

/// The identity's own repository, as its token names it.
fn own_repository(facts: &Facts) -> Result<Repository, Denial> {
    let none = || refused("the token names no repository of GitHub for `{repository}`");
    let (name, id) = match facts.attribute(Attribute::Repository) {
        Some(Value::Named { name, id }) => (name, id.as_deref()),
        Some(Value::Text(name)) => (name, None),
        Some(Value::Flag(_)) | None => return Err(none()),
    };
    let id = id.map(RepositoryId::parse).transpose().map_err(|_| none())?;
    Ok(Repository { name: RepositoryName::parse(name).map_err(|_| none())?, id })
}

fn refused(cause: &'static str) -> Denial {
    Reason::NoMatchingPolicy.with_cause(cause)
}

pub(super) fn fits(pattern: &Pattern, name: &RepositoryName) -> bool {
    pattern.matches_folded(&name.to_string())
}

/// Whether a repository of this account may fit the pattern.
pub(super) fn meets_some_of(owner: &Owner, pattern: &Pattern) -> bool {
    Pattern::parse(&format!("{}/*", owner.folded())).is_ok_and(|all| patterns_overlap(&all, &folded(pattern)))
}

/// Whether every repository of this account fits the pattern, future ones included.
pub(super) fn covers_all_of(owner: &Owner, pattern: &Pattern) -> bool {
    ["*", "**"].into_iter().any(|any| pattern.to_string().eq_ignore_ascii_case(&format!("{owner}/{any}")))
        || covers_everything(pattern)
}

/// Whether every repository fits the pattern.
pub(super) fn covers_everything(pattern: &Pattern) -> bool {
    matches!(pattern.to_string().as_str(), "**" | "*/*" | "*/**")
}

pub(super) fn folded(pattern: &Pattern) -> Pattern {
    Pattern::parse(&pattern.to_string().to_ascii_lowercase()).unwrap_or_else(|_| pattern.clone())
}
