//! Writes what octo-sts grants as a grant of a policy: a token of the App for the repository that holds the file. A policy in the
//! account's `.github` repository is for the repositories that it names.

use super::error::OctoStsError;
use super::trusted::OF_ACCOUNT;
use crate::policy::import::listing::Listing;
use crate::policy::import::original::Original;
use crate::policy::import::own_repository::OwnRepository;
use crate::policy::import::written::GrantText;
use crate::words::github::{Owner, Permission, Repositories, Repository, RepositoryName};

/// Where octo-sts looks for its files, from a repository's root.
const FOLDER: [&str; 2] = [".github", "chainguard"];
/// How the names of its files end.
pub(super) const ENDING: &str = ".sts.yaml";

/// The path of a file: `OWNER/REPOSITORY/.github/chainguard/NAME.sts.yaml`.
pub(super) struct PolicyPath {
    owner: String,
    repository: String,
    name: String,
}

impl PolicyPath {
    /// `None` if the path does not name the repository. Whoever writes to a repository may repeat the folder below it, so the first one
    /// counts, and nothing below it is read.
    pub(super) fn of(original: &Original<'_>) -> Result<Option<Self>, OctoStsError> {
        let parts: Vec<&str> = original.path.split('/').filter(|part| !["", "."].contains(part)).collect();
        let Some(root) = parts.windows(2).position(|two| two == FOLDER) else { return Ok(None) };
        let [file] = parts[root + 2..] else { return Err(OctoStsError::Below) };
        match (&parts[..root], file.strip_suffix(ENDING)) {
            ([.., owner, repository], Some(name)) if *owner != ".." => {
                Ok(Some(Self { owner: (*owner).to_owned(), repository: (*repository).to_owned(), name: name.to_owned() }))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn is_of_account(&self) -> bool {
        self.repository == OF_ACCOUNT
    }

    /// The account's own repository, if a listing has it.
    pub(super) fn own_of_account(&self, listing: &Listing) -> Option<Repository> {
        listing.repository(RepositoryName::parse(&format!("{}/{OF_ACCOUNT}", self.owner)).ok()?)
    }

    /// The repository that holds the file. Those of an account's own policies name others.
    pub(super) fn own_repository(self, listing: &Listing) -> Option<OwnRepository> {
        let name =
            RepositoryName::parse(&format!("{}/{}", self.owner, self.repository)).ok().filter(|_| !self.is_of_account())?;
        let id = listing.repository(name)?.id?;
        Some(OwnRepository { owner: self.owner, name: self.repository, id, identity: self.name })
    }

    /// The path of the policy. Clients of octo-sts name it by scope and identity.
    pub(super) fn file(&self) -> String {
        match self.is_of_account() {
            true => format!("policies/{}/{}.yaml", self.owner, self.name),
            false => format!("policies/{}/{}/{}.yaml", self.owner, self.repository, self.name),
        }
    }
}

pub(super) fn granted(
    levels: &[(String, String)],
    repositories: &[String],
    place: &PolicyPath,
    listing: &Listing,
) -> Result<GrantText, OctoStsError> {
    let with_id = |name: String| {
        let known = RepositoryName::parse(&name).ok().and_then(|name| listing.repository(name));
        known.ok_or(OctoStsError::NoId { name })
    };
    let owner = Owner::parse(&place.owner).map_err(OctoStsError::Place)?;
    let with_ids = match (place.is_of_account(), repositories.is_empty()) {
        (false, _) => vec![with_id(format!("{owner}/{}", place.repository))?],
        (true, true) => Vec::new(),
        (true, false) => repositories.iter().map(|name| with_id(format!("{owner}/{name}"))).collect::<Result<_, _>>()?,
    };
    if !with_ids.is_empty() {
        Repositories::of(&with_ids)?;
    }
    let permissions = levels.iter().map(|(key, level)| {
        Permission::parse(key, level, &[])?;
        Ok(format!("{key}: {level}"))
    });
    let permissions = permissions.collect::<Result<Vec<_>, OctoStsError>>()?;
    let names = with_ids.iter().map(|one| format!("\"{one}\"")).collect::<Vec<_>>().join(", ");
    let reach = if with_ids.is_empty() { format!("{{ all: {owner} }}") } else { format!("[{names}]") };
    let permissions = permissions.join(", ");
    let token = format!("{{ app: {}, repositories: {reach}, permissions: {{ {permissions} }} }}", listing.app());
    Ok(GrantText::Line("github", token))
}
