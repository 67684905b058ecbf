//! Where the policies are: the server's repository, another checkout of it, or a folder as it stands.

use crate::cli::serve::faults;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::config::{Config, PolicyConfig, SourceFiles};
use crate::git::{GitError, Snapshot, Source};
use crate::issue::{Connected, ProviderSettings};
use crate::issuers::IssuerSettings;
use crate::policy::{
    Catalogue, Ruleset, Tree, Widening, grants_nothing, left_out, of_further_source, unread_files, with_left_out,
};
use crate::store::{ReadError, Reader};
use crate::words::names::{CommitId, IssuerUrl, SourceName};
use crate::words::yaml::Fault;
use crate::words::{Forms, PlainPath, counted, plain};
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
pub(in crate::cli) struct PolicyTreeArgs {
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

/// The files that were looked at.
pub(in crate::cli) struct TreeSnapshot {
    /// The files by path.
    pub(in crate::cli) files: Tree,
    left_out: Vec<(String, String)>,
    /// Where they are from.
    pub(in crate::cli) at: TreeOrigin,
}

/// The repository, name and commit of the files that were looked at.
#[derive(Clone, Debug, Serialize)]
pub(in crate::cli) struct TreeOrigin {
    /// A path, or the address of a remote.
    repository: String,
    /// The name as given, such as `HEAD`; absent for a folder as it stands.
    name: Option<String>,
    commit: Option<CommitId>,
    /// The commit into which it is merged, if the result of a merge was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) merged_into: Option<CommitId>,
}

/// Why the forms in force are not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoneInForce {
    /// The server's store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The server has read no commit.
    #[error("no revision was in force yet")]
    NoRevision,
}

/// How many files in an older form are named.
const FILES_LISTED_MAX: usize = 5;
/// Why a clone lacks a commit, and what to do.
const SHALLOW: &str = "this clone is shallow and has no older commits: run `git fetch --unshallow`";
/// What to do where there is no repository.
const NO_REPOSITORY: &str =
    "--repository names a checkout, or a bare repository, of the policies; commands that compare no revisions take --folder";
/// The note of answers that do not depend on a decision, while the guardrails cannot be read.
pub(super) const GUARDRAILS_UNREAD: &str =
    "the guardrails cannot be read, so no policy decides here; a server keeps what it had, and nothing widens";
/// The answer to questions about access, while the guardrails cannot be read.
pub(super) const NOBODY_CAN_TELL: &str =
    "Nobody can tell: the guardrails cannot be read, and without them no policy decides. Mend them first.";

/// The root source's commit in force, and which of its files have another form or none.
pub(super) fn last_in_force(data: &Path) -> Result<(CommitId, Forms), NoneInForce> {
    let marks = Reader::open(data)?.marks(SourceName::root().as_str())?;
    marks.highest.zip(marks.forms).ok_or(NoneInForce::NoRevision)
}

/// A repository, and its name in answers.
pub(super) struct Repository {
    pub(super) source: Source,
    label: String,
    reference: String,
}

impl TreeSnapshot {
    fn new(snapshot: Snapshot, repository: String, name: Option<String>) -> Self {
        let at = TreeOrigin { repository, name, commit: snapshot.revision.clone(), merged_into: None };
        Self { files: snapshot.files, left_out: snapshot.left_out, at }
    }

    /// A fault for each file that was left out.
    pub(super) fn left_out(&self) -> impl Iterator<Item = Fault> {
        self.left_out.iter().map(|(file, why)| left_out(file, why))
    }

    /// What readers found, and a fault for each file that was left out.
    pub(super) fn with_left_out(&self, found: Vec<Fault>) -> Vec<Fault> {
        with_left_out(found, &self.left_out)
    }

    /// Leaves out what a further source may not have. Returns a fault for each such file.
    pub(super) fn keep_what_a_further_source_has(&mut self) -> Vec<Fault> {
        let (read, unread) = of_further_source(&self.files);
        self.files = read.into_owned();
        unread
    }

    /// The names of the further sources. Their policies are in repositories of their own.
    pub(super) fn further_sources(&self) -> Vec<&str> {
        self.files.keys().filter_map(|path| path.strip_prefix("sources/")?.strip_suffix(".yaml")).collect()
    }

    /// What an answer about these files leaves out, line by line: the server may grant by other files too.
    pub(super) fn not_looked_at(&self, ruleset: &Ruleset, faults: &[Fault]) -> String {
        let of_guardrails = |fault: &Fault| ruleset.guardrail_faults().iter().any(|other| other.file == fault.file);
        let faulty = |fault: &Fault| {
            let why = match of_guardrails(fault) {
                true => GUARDRAILS_UNREAD,
                false => "faulty, so nothing of it counts here, and a server may have an older form in force",
            };
            format!("{why}: {}:{} {}\n", plain(&fault.file.to_string()), fault.place.line, plain(&fault.message))
        };
        let text: String = faults.iter().map(faulty).collect();
        text + &further_sources(
            &self.further_sources(),
            "one of them may grant it too, or on other terms, which makes the server refuse it",
        )
    }

    /// Refuses files that grant nothing: probably another folder was meant, and every answer about this one would mislead.
    fn not_empty(self) -> Result<Self, Failure> {
        if !grants_nothing(&self.files) {
            return Ok(self);
        }
        let message = format!(
            "{} has no policy below policies/ and no further source below sources/: name the folder that holds these two",
            self.at
        );
        Err(Failure::new(STATUS_CONFIGURATION, message).with_faults(self.left_out().chain(unread_files(&self.files))))
    }
}

/// Says that the policies of these sources are not looked at, and what follows from it.
pub(super) fn further_sources(names: &[&str], so: &str) -> String {
    match names {
        [] => String::new(),
        names => format!("The policies of the further sources {} are not looked at: {so}.\n", plain(&names.join(", "))),
    }
}

impl TreeOrigin {
    /// The commit; `None` for a folder as it stands.
    pub(super) const fn commit(&self) -> Option<&CommitId> {
        self.commit.as_ref()
    }

    /// Whether it is this commit.
    pub(super) fn is(&self, commit: &CommitId) -> bool {
        self.commit.as_ref() == Some(commit)
    }

    /// What the server has in force that answered a replay: the commit of the source whose policy granted the replay.
    pub(super) fn of_server(commit: Option<CommitId>) -> Self {
        Self { repository: "the server".to_owned(), name: None, commit, merged_into: None }
    }
}

impl fmt::Display for TreeOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&plain(&self.repository))?;
        match (&self.name, &self.commit) {
            (Some(name), Some(commit)) if name != commit.as_str() => write!(f, " {} ({commit})", plain(name)),
            (_, Some(commit)) => write!(f, " {commit}"),
            (_, None) => f.write_str(" as it stands"),
        }?;
        self.merged_into.as_ref().map_or(Ok(()), |into| write!(f, ", merged into {into}"))
    }
}

impl PolicyTreeArgs {
    /// The configuration's file.
    pub(super) fn config_file(&self) -> &Path {
        &self.config
    }

    /// A repository, or the configuration's without one.
    pub(in crate::cli) const fn repository(config: PathBuf, repository: Option<PathBuf>) -> Self {
        Self { config, repository, folder: None }
    }

    /// Refuses --folder for a comparison of revisions: the configuration's repository would be compared instead, and nobody would notice.
    pub(in crate::cli) fn refuse_folder(&self) -> Result<(), Failure> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let folder = folder.plain();
        Err(Failure::new(
            STATUS_USAGE,
            format!("a folder as it stands has no revisions to compare: write `--repository {folder}` for the checkout's own"),
        ))
    }

    /// Whether the configuration's own repository is looked at.
    pub(super) const fn is_of_the_configuration(&self) -> bool {
        self.repository.is_none() && self.folder.is_none()
    }

    /// A folder as it stands.
    pub(in crate::cli) const fn folder(config: PathBuf, folder: PathBuf) -> Self {
        Self { config, repository: None, folder: Some(folder) }
    }

    /// The files that are looked at, and the issuers that they may name.
    pub(in crate::cli) fn load(&self) -> Result<(TreeSnapshot, Catalogue), Failure> {
        let snapshot = match &self.folder {
            Some(folder) => {
                let unread =
                    |fault| Failure::new(STATUS_USAGE, fault).with_hint("--folder names the folder that holds policies/");
                let snapshot = Snapshot::of_folder(folder).map_err(unread)?;
                TreeSnapshot::new(snapshot, folder.plain().to_string(), None)
            }
            None => {
                let repository = self.source()?;
                repository.at(&repository.source.reference.clone())?
            }
        };
        Ok((snapshot.not_empty()?, self.catalogue()?))
    }

    /// Refuses a configuration that does not say where the policies in force are, for a command whose --repository names other ones.
    pub(super) fn check_names_root(&self) -> Result<(), Failure> {
        let message = "the configuration has no `root` of which something could be in force: name the server's whole configuration, or leave --data out and name the server by --server";
        self.config()?.root_repository().map(|_| ()).map_err(|_| Failure::new(STATUS_CONFIGURATION, message))
    }

    /// The names of the further sources.
    pub(in crate::cli) fn further_sources(&self) -> Result<Vec<String>, Failure> {
        let (snapshot, _) = self.load()?;
        Ok(snapshot.further_sources().into_iter().map(str::to_owned).collect())
    }

    /// The repository that the configuration follows, by its name at the forge.
    pub(super) fn own_repository(&self) -> Option<String> {
        self.config().ok()?.own_repository()
    }

    /// The data directory of the configuration.
    pub(super) fn data(&self) -> Result<PathBuf, Failure> {
        let named = "the configuration names no `data`: name the server's directory by --data";
        self.config()?.data.ok_or_else(|| Failure::new(STATUS_CONFIGURATION, named))
    }

    /// The data directory, if the configuration can be read and names one.
    pub(super) fn data_if_named(&self) -> Option<PathBuf> {
        self.config().ok()?.data
    }

    /// The configuration's settings for the provider of this kind of credential.
    pub(in crate::cli) fn provider<K: Connected>(&self) -> Result<Option<K::Settings>, Failure> {
        let unread = "a section of `providers` in the configuration has a fault: `daypass doctor --config FILE` says which";
        let providers = self.config()?.providers.ok_or_else(|| Failure::new(STATUS_CONFIGURATION, unread))?;
        Ok(K::settings_of(&providers).cloned())
    }

    /// The configuration's settings for all providers; `None` if they cannot be read.
    pub(super) fn provider_settings(&self) -> Option<ProviderSettings> {
        self.config().ok()?.providers
    }

    /// Our own issuer.
    pub(in crate::cli) fn issuer_url(&self) -> Result<Option<IssuerUrl>, Failure> {
        self.config().map(|config| config.issuer_url)
    }

    /// Says that a server that holds what widens may decide by older forms of these files; `None` if nothing is held.
    pub(super) fn pending_note(&self, snapshot: &TreeSnapshot) -> Option<String> {
        if !self.is_of_the_configuration() {
            return None;
        }
        let config = self.config().ok().filter(|config| config.widening == Widening::Waits)?;
        let holds = "The configuration's `rollout` holds back what widens: the server decides by older forms of such files until somebody confirms (`daypass status` lists them)";
        match last_in_force(&config.data?) {
            Ok((commit, forms)) if forms.is_empty() && snapshot.at.is(&commit) => None,
            Ok((commit, forms)) => {
                let named: Vec<&str> = forms.iter().map(|(file, _)| file).take(FILES_LISTED_MAX).collect();
                let (count, named) = (counted(forms.len(), "file"), named.join(", "));
                let files = if forms.is_empty() { String::new() } else { format!(": {}", plain(&named)) };
                Some(format!("{holds}. {commit} is in force, with an older form, or none, of {count}{files}."))
            }
            Err(why) => Some(format!("{holds}; whether anything waits is not known: {}.", plain(&why.to_string()))),
        }
    }

    /// The issuers, and what their tokens have to be.
    pub(super) fn issuers(&self) -> Result<Vec<IssuerSettings>, Failure> {
        self.config().map(|config| config.issuers)
    }

    /// The server's folders for files that further sources name, if the whole configuration is here.
    pub(super) fn server_files(&self) -> Option<SourceFiles> {
        Config::load(&self.config, None).ok().map(|config| config.source_files)
    }

    /// The issuers. The server's keys are not needed for them.
    pub(super) fn catalogue(&self) -> Result<Catalogue, Failure> {
        self.config().map(|config| config.catalogue())
    }

    fn config(&self) -> Result<PolicyConfig, Failure> {
        PolicyConfig::load(&self.config).map_err(|found| faults(&found))
    }

    /// The files of a commit that a person names.
    pub(super) fn at(&self, name: &str) -> Result<TreeSnapshot, Failure> {
        self.source()?.at(name)
    }

    /// Passes to `visit` each form that files had in this commit and its ancestors, without those in `known` and its ancestors.
    /// Returns what to do if some are missing.
    pub(super) fn each_form(
        &self,
        snapshot: &TreeSnapshot,
        known: Option<&TreeSnapshot>,
        visit: &mut dyn FnMut(&str, &[u8]),
    ) -> Result<Option<&'static str>, Failure> {
        let Some(commit) = &snapshot.at.commit else { return Ok(None) };
        let source = self.source()?.source;
        let whole = source
            .each_form(commit, known.and_then(|known| known.at.commit.as_ref()), visit)
            .map_err(|fault| unreadable(fault.to_string()))?;
        let shallow = source.is_shallow().map_err(|fault| unreadable(fault.to_string()))?;
        Ok(match (shallow, whole) {
            (true, _) => Some(SHALLOW),
            (false, false) => Some("the history is longer than what is searched: look at the file's own history"),
            (false, true) => None,
        })
    }

    /// The repository whose objects are read.
    pub(super) fn own_source(&self) -> Result<Source, Failure> {
        self.source().map(|repository| repository.source)
    }

    pub(super) fn source(&self) -> Result<Repository, Failure> {
        match &self.repository {
            Some(path) => Ok(Repository::checkout(path)),
            None => {
                let config = self.config()?;
                let (source, origin) = config.root_repository().map_err(|fault| Failure::new(STATUS_CONFIGURATION, fault))?;
                Ok(Repository { source, label: origin.address.to_string(), reference: origin.reference.clone() })
            }
        }
    }
}

impl Repository {
    fn checkout(path: &Path) -> Self {
        let label = std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).plain().to_string();
        Self { source: Source { path: path.to_owned(), reference: "HEAD".to_owned() }, label, reference: "HEAD".to_owned() }
    }

    /// The files of a commit by a name of this repository.
    pub(super) fn at(&self, name: &str) -> Result<TreeSnapshot, Failure> {
        let source = &self.source;
        let revision = source.resolve(name).map_err(|fault| self.unreadable(&fault))?;
        let snapshot = source.read_at(&revision, &Snapshot::default()).map_err(|fault| self.unreadable(&fault))?;
        // A mirror has a ref of its own for the followed one.
        let name = if *name == source.reference { self.reference.as_str() } else { name };
        Ok(TreeSnapshot::new(snapshot, self.label.clone(), Some(name.to_owned())))
    }
}

impl Repository {
    /// Why a commit cannot be read, and what to do if the clone is shallow.
    pub(super) fn unreadable(&self, fault: &GitError) -> Failure {
        match self.source.is_shallow() {
            Ok(true) => unreadable(format!("{SHALLOW} ({fault})")),
            Ok(false) => unreadable(fault.to_string()),
            Err(_) => unreadable(fault.to_string()).with_hint(NO_REPOSITORY),
        }
    }
}

/// The files of a commit of this checkout, for callers without a configuration.
pub(super) fn of_checkout(path: &Path, name: &str) -> Result<TreeSnapshot, Failure> {
    Repository::checkout(path).at(name)
}

fn unreadable(fault: String) -> Failure {
    Failure::new(STATUS_CONFIGURATION, fault)
}
