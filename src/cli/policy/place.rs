//! Where policies are looked at: the server's repository, another checkout of it, or a folder as it stands.

use crate::cli::serve::faults;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::config::Config;
use crate::git::Source;
use crate::policy::{Catalogue, Tree};
use crate::words::names::IssuerUrl;
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
pub(in crate::cli) struct Where {
    /// The server's configuration: its issuers, and its repository.
    #[arg(long, env = "DAYPASS_CONFIG")]
    config: PathBuf,
    /// A checkout or bare repository to look at, instead of the configuration's.
    #[arg(long)]
    repository: Option<PathBuf>,
    /// A folder to look at as it stands, instead of a commit.
    #[arg(long, conflicts_with = "repository")]
    folder: Option<PathBuf>,
}

impl Where {
    /// A repository, or without one the configuration's.
    pub(super) const fn repository(config: PathBuf, repository: Option<PathBuf>) -> Self {
        Self { config, repository, folder: None }
    }

    /// A folder as it stands.
    pub(in crate::cli) const fn folder(config: PathBuf, folder: PathBuf) -> Self {
        Self { config, repository: None, folder: Some(folder) }
    }

    /// The files that are looked at, and the issuers that they may name.
    pub(in crate::cli) fn load(&self) -> Result<(Tree, Catalogue), Failure> {
        let tree = match (&self.folder, &self.repository) {
            (Some(folder), _) => {
                let mut tree = Tree::new();
                read_folder(folder, "", &mut tree)
                    .map_err(|fault| Failure::new(STATUS_USAGE, format!("{}: {fault}", folder.display())))?;
                tree
            }
            (None, Some(_)) => self.tree_at("HEAD")?,
            (None, None) => self.source()?.read().map_err(unreadable)?.files,
        };
        Ok((tree, self.catalogue()?))
    }

    /// The repository that the configuration follows, by its name at the forge.
    pub(super) fn own_repository(&self) -> Option<String> {
        Config::own_repository(&self.config)
    }

    /// The data directory of the configuration.
    pub(super) fn data(&self) -> Result<PathBuf, Failure> {
        crate::cli::serve::load(&self.config).map(|config| config.data)
    }

    /// Our own issuer.
    pub(in crate::cli) fn issuer_url(&self) -> Option<IssuerUrl> {
        Config::issuer_url_of(&self.config)
    }

    /// The issuers; the server's keys need not be here.
    pub(super) fn catalogue(&self) -> Result<Catalogue, Failure> {
        Config::catalogue_of(&self.config).map_err(|found| faults(&found))
    }

    /// The files of a commit that a person names.
    pub(super) fn tree_at(&self, name: &str) -> Result<Tree, Failure> {
        tree_of(&self.source()?, name)
    }

    /// `OLD...NEW` compares NEW with what it started from, `OLD..NEW` the two themselves.
    pub(super) fn range(&self, range: &str) -> Result<(Tree, Tree), Failure> {
        let usage = || Failure::new(STATUS_USAGE, "expected two revisions, such as origin/main...HEAD");
        let (old, new, from_base) = match range.split_once("...") {
            Some((old, new)) => (old, new, true),
            None => range.split_once("..").map(|(old, new)| (old, new, false)).ok_or_else(usage)?,
        };
        if !from_base {
            return Ok((self.tree_at(old)?, self.tree_at(new)?));
        }
        let source = self.source()?;
        let base = source.resolve(old).and_then(|old| source.merge_base(&old, &source.resolve(new)?)).map_err(unreadable)?;
        Ok((self.tree_at(base.as_str())?, self.tree_at(new)?))
    }

    fn source(&self) -> Result<Source, Failure> {
        match &self.repository {
            Some(path) => Ok(Source { path: path.clone(), reference: "HEAD".to_owned() }),
            None => Ok(crate::cli::serve::load(&self.config)?.root_repository()),
        }
    }
}

/// The files of a commit of this repository.
pub(super) fn tree_of(source: &Source, name: &str) -> Result<Tree, Failure> {
    let revision = source.resolve(name).map_err(unreadable)?;
    source.read_at(&revision, &Default::default()).map(|snapshot| snapshot.files).map_err(unreadable)
}

fn unreadable(fault: String) -> Failure {
    Failure::new(STATUS_CONFIGURATION, fault)
}

fn read_folder(folder: &Path, prefix: &str, tree: &mut Tree) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type()?;
        if kind.is_dir() && !name.starts_with('.') {
            read_folder(&entry.path(), &format!("{name}/"), tree)?;
        } else if kind.is_file() {
            tree.insert(name, std::fs::read(entry.path())?.into());
        }
    }
    Ok(())
}
