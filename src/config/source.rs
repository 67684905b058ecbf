//! A repository that is followed: the root source in `daypass.yaml`, further ones in `sources/*.yaml` of the root repository.

use super::error::{SourceNameError, ValueError};
use super::files::{Files, Kind, SourceFiles};
use super::identity;
use crate::custody::IdentityFile;
use crate::git::{Access, Address, Origin, Signers};
use crate::policy::{Bounds, Catalogue, Tree};
use crate::words::names::{CommitId, SourceName};
use crate::words::yaml::{Fault, Fields, Node, Place, Severity};
use crate::words::{duration_text, parse_duration};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How often a source is polled by default.
const INTERVAL_DEFAULT: Duration = Duration::from_secs(30);
/// The shortest interval. It bounds how often the server asks Git.
const INTERVAL_MIN: Duration = Duration::from_secs(1);
/// A forge's outage ends within a day; access that was revoked there may not last longer.
const STALE_DEFAULT: Duration = Duration::from_secs(24 * 3600);

/// How a repository is followed.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// Where it is.
    pub origin: Origin,
    /// How often it is polled.
    pub interval: Duration,
    /// The age identities that open its secrets, and no other source's.
    pub age_identities: Vec<IdentityFile>,
    /// The commit that the first revision has to follow.
    pub since: Option<CommitId>,
    /// How long the last good revision grants while the repository cannot be read.
    pub max_stale: Duration,
    /// Who may put commits in force; absent: whoever may write to the ref.
    pub signers: Option<Arc<Signers>>,
    /// The file with the secret that authenticates a forge's hook.
    pub hook_secret: Option<PathBuf>,
}

/// A further source: a repository, and the limits of its policies.
#[derive(Clone, Debug)]
pub struct FurtherSource {
    /// How it is followed.
    pub settings: SourceSettings,
    /// The limits of its policies.
    pub bounds: Arc<Bounds>,
    /// Its definition and all files of signers, to detect a change.
    contents: Vec<(String, Arc<[u8]>)>,
}

/// Where the clone of a remote source is kept.
pub fn mirror(data: &Path, name: &SourceName) -> PathBuf {
    data.join("git").join(format!("{name}.git"))
}

impl FurtherSource {
    /// The files of a root repository that define further sources.
    pub fn definitions(tree: &Tree) -> impl Iterator<Item = &String> {
        tree.keys().filter(|file| file.starts_with("sources/") && file.ends_with(".yaml"))
    }

    /// Reads `sources/NAME.yaml`; all its faults at once.
    pub fn parse(file: &str, tree: &Tree, files: &SourceFiles, catalogue: &Catalogue) -> Result<(SourceName, Self), Vec<Fault>> {
        Self::read(file, tree, Some(files), catalogue)
    }

    /// The faults for which a server refuses `sources/NAME.yaml`. Where the server's folders are not on this machine, the files
    /// in them are not checked.
    pub fn faults(file: &str, tree: &Tree, files: Option<&SourceFiles>, catalogue: &Catalogue) -> Vec<Fault> {
        Self::read(file, tree, files, catalogue).err().unwrap_or_default()
    }

    fn read(
        file: &str,
        tree: &Tree,
        files: Option<&SourceFiles>,
        catalogue: &Catalogue,
    ) -> Result<(SourceName, Self), Vec<Fault>> {
        let bytes = tree.get(file).cloned().unwrap_or_default();
        let first = |message: SourceNameError| Fault::new(file, Place { line: 1, column: 1 }, message);
        let name = check_name(file, tree).map_err(|fault| vec![first(fault)])?;
        let node = Node::parse(file, &bytes).map_err(|fault| vec![fault])?;
        let text = String::from_utf8_lossy(&bytes);
        let mut faults = Vec::new();
        let mut fields = Fields::new(file, &text, &node, &mut faults);
        let settings = read(&mut fields, &Files::Named(files, tree));
        let bounds = fields.required("allowed").map(|node| Bounds::read(&mut fields, node, &name, catalogue));
        fields.finish();
        let signers =
            tree.range("sources/".to_owned()..).filter(|(path, _)| path.starts_with("sources/") && !path.ends_with(".yaml"));
        let signers = signers.map(|(path, bytes)| (path.clone(), bytes.clone()));
        let contents = std::iter::once((file.to_owned(), bytes.clone())).chain(signers).collect();
        match (settings, bounds) {
            (Some(settings), Some(bounds)) if !faults.iter().any(|fault| fault.severity == Severity::Error) => {
                Ok((name, Self { settings, bounds: Arc::new(bounds), contents }))
            }
            _ => Err(faults),
        }
    }

    /// Whether both are made of the same files.
    pub fn is_same(&self, other: &Self) -> bool {
        self.contents == other.contents
    }
}

/// The file's name without its extension. No folder of the root repository may have the same name: nothing would tell the two
/// apart.
fn check_name(file: &str, tree: &Tree) -> Result<SourceName, SourceNameError> {
    let stem = file.strip_prefix("sources/").and_then(|name| name.strip_suffix(".yaml")).unwrap_or_default();
    let name = SourceName::parse(stem)?;
    if name.is_root() {
        return Err(SourceNameError::Root);
    }
    for room in ["policies", "secrets", "transit"] {
        let folder = format!("{room}/{name}/");
        let mut below = tree.range(folder.clone()..);
        if below.next().is_some_and(|(path, _)| path.starts_with(&folder)) {
            return Err(SourceNameError::Folder { folder });
        }
    }
    Ok(name)
}

/// The keys of the root source and of further sources.
pub(super) fn read<'a>(fields: &mut Fields<'a, '_>, files: &Files<'_>) -> Option<SourceSettings> {
    let here = match files {
        Files::Beside(base) => base.folder,
        Files::Named(..) => Path::new("/"),
    };
    let address = fields.required("git").and_then(|node| fields.address(node, |text| Address::parse(text, here)));
    let reference = fields.required("ref").and_then(|node| fields.parsed(node, full_reference));
    let (interval, max_stale) = read_spans(fields);
    let since = fields.optional("since").and_then(|node| fields.parsed(node, CommitId::parse));
    let mut age_identities = Vec::new();
    if let Some(list) = fields.required("age_identities") {
        for node in fields.one_or_many(list) {
            age_identities.extend(identity::file(fields, node, files));
        }
    }
    let access = fields.optional("credentials").map(|node| read_access(fields, node, files)).unwrap_or_default();
    let hook_secret = fields.optional("hook").and_then(|node| {
        let mut inner = fields.below(node);
        let secret = inner.required("secret_file").and_then(|node| files.private(&mut inner, node, Kind::Credential));
        inner.finish();
        secret
    });
    let verify = fields.optional("verify");
    let signers = verify.map(|node| read_signers(fields, node, files, reference.as_deref())).map(Arc::new);
    let origin = Origin { address: address?, reference: reference?, access };
    Some(SourceSettings { origin, interval: interval?, age_identities, since, max_stale: max_stale?, signers, hook_secret })
}

/// `refs/heads/main`.
pub(super) fn full_reference(text: &str) -> Result<String, ValueError> {
    match text.starts_with("refs/") && !text.contains([':', ' ', '*', '^', '~']) {
        true => Ok(text.to_owned()),
        false => Err(ValueError::Reference),
    }
}

/// A shorter interval would be another one than the file says.
fn parse_interval(text: &str) -> Result<Duration, ValueError> {
    match parse_duration(text)? {
        interval if interval < INTERVAL_MIN => Err(ValueError::Interval),
        interval => Ok(interval),
    }
}

/// `interval` and `max_stale`. A source whose `max_stale` is not longer than its `interval` would grant nothing between two
/// polls.
fn read_spans(fields: &mut Fields<'_, '_>) -> (Option<Duration>, Option<Duration>) {
    let nodes = [fields.optional("interval"), fields.optional("max_stale")];
    let interval = nodes[0].map_or(Some(INTERVAL_DEFAULT), |node| fields.parsed(node, parse_interval));
    let max_stale = nodes[1].map_or(Some(STALE_DEFAULT), |node| fields.parsed(node, parse_duration));
    if let (Some(interval), Some(max_stale)) = (interval, max_stale)
        && max_stale <= interval
        && let Some(node) = nodes[1].or(nodes[0])
    {
        let message = format!(
            "`max_stale` ({}) has to be longer than `interval` ({}): between two polls nothing would be granted",
            duration_text(max_stale),
            duration_text(interval)
        );
        fields.fault(node.place, message);
    }
    (interval, max_stale)
}

fn read_access<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, files: &Files<'_>) -> Access {
    let mut inner = fields.below(node);
    let access = Access {
        username: inner.optional("username").and_then(|node| inner.text(node)).map(str::to_owned),
        token_file: inner.optional("token_file").and_then(|node| files.private(&mut inner, node, Kind::Credential)),
        ca: inner.optional("ca").and_then(|node| files.path(&mut inner, node, Kind::Credential)),
        proxy: inner.optional("proxy").and_then(|node| inner.text(node)).map(str::to_owned),
        ssh_key: inner.optional("key").and_then(|node| files.private(&mut inner, node, Kind::Credential)),
        known_hosts: inner.optional("known_hosts").and_then(|node| files.path(&mut inner, node, Kind::Credential)),
    };
    inner.finish();
    access
}

/// `verify: { allowed_signers: FILE, openpgp: [FILE], trailer: true }`.
fn read_signers<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, files: &Files<'_>, reference: Option<&str>) -> Signers {
    let mut inner = fields.below(node);
    let mut signers = Signers::default();
    if let Some(node) = inner.optional("allowed_signers")
        && let Some(bytes) = files.public(&mut inner, node)
        && let Err(fault) = signers.allow_ssh(&String::from_utf8_lossy(&bytes))
    {
        inner.fault(node.place, fault);
    }
    if let Some(list) = inner.optional("openpgp") {
        for node in inner.one_or_many(list) {
            if let Some(bytes) = files.public(&mut inner, node)
                && let Err(fault) = signers.allow_openpgp(&bytes)
            {
                inner.fault(node.place, fault);
            }
        }
    }
    if let Some(true) = inner.optional("trailer").and_then(|node| inner.flag(node))
        && let Some(reference) = reference
    {
        signers.bind_to(reference);
    }
    if signers.is_empty() {
        inner.fault(node.place, "nobody could put a commit in force: name `allowed_signers` or `openpgp`");
    }
    inner.finish();
    signers
}
