//! The configuration for commands that only read policies, on any machine: the issuers, our own issuer's address, and the root
//! source if it names one. All other settings and all files may be missing.

use super::error::unreadable;
use super::source::{full_reference, mirror};
use super::{ConfigFolders, catalogue, issuer, own_issuers, read_whole, section};
use crate::git::{Access, Address, Origin, Source};
use crate::issue::{Places, ProviderSettings};
use crate::issuers::IssuerSettings;
use crate::policy::{Catalogue, Widening};
use crate::words::names::{IssuerUrl, SourceName};
use crate::words::yaml::{Fault, Fields, Node, Severity};
use crate::words::{NAMED_FILE_MAX, PlainPath, read_named};
use std::path::{Path, PathBuf};

/// The code of a key that nothing reads.
const UNKNOWN_KEY: &str = "unknown_key";

/// What commands that only read policies need.
#[derive(Clone, Debug)]
pub struct PolicyConfig {
    /// The issuers that are trusted, and what their tokens have to be.
    pub issuers: Vec<IssuerSettings>,
    /// Our own issuer that clouds trust, where the configuration names it.
    pub issuer_url: Option<IssuerUrl>,
    /// The store's directory, where the configuration names it.
    pub data: Option<PathBuf>,
    /// What becomes of changes that widen.
    pub widening: Widening,
    /// The providers of credentials; `None` where a section has a fault, which the server reports.
    pub providers: Option<ProviderSettings>,
    origin: Option<Origin>,
}

/// Why a configuration does not say where the policies are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoRepository {
    /// It names no root source.
    #[error(
        "the configuration has no `root` with `git` and `ref`: name a checkout of the policies by --repository, or their folder by --folder"
    )]
    NoRoot,
    /// It names no directory for the clone of the root source.
    #[error("the configuration has no `data`, where the clone of its `root` would be: name a checkout by --repository")]
    NoData,
}

impl PolicyConfig {
    /// Reads the file; relative paths in it start at its own folder.
    pub fn load(path: &Path) -> Result<Self, Vec<Fault>> {
        let file = path.plain().to_string();
        let bytes = read_named(path, NAMED_FILE_MAX).map_err(|fault| unreadable(&file, &fault))?;
        Self::parse(&file, &bytes, path.parent().unwrap_or(Path::new(".")))
    }

    pub(super) fn parse(file: &str, bytes: &[u8], folder: &Path) -> Result<Self, Vec<Fault>> {
        let node = Node::parse(file, bytes).map_err(|fault| vec![fault])?;
        let text = String::from_utf8_lossy(bytes);
        let mut faults = Vec::new();
        let providers = ProviderSettings::read(&mut Fields::new(file, &text, &node, &mut Vec::new()), &UncheckedFiles { folder });
        let config = read(&mut Fields::new(file, &text, &node, &mut faults), folder).map(|config| Self { providers, ..config });
        // The server's own reader knows every key. Its other faults concern the server's machine.
        let (_, of_server) = read_whole(file, &text, &node, &ConfigFolders { folder, credentials: None });
        let is_reported = |fault: &Fault| faults.iter().any(|other| (other.code, other.place) == (fault.code, fault.place));
        let unknown = of_server.into_iter().filter(|fault| fault.code == UNKNOWN_KEY && !is_reported(fault)).collect::<Vec<_>>();
        faults.extend(unknown);
        match config {
            Some(config) if faults.iter().all(|fault| fault.severity != Severity::Error) => Ok(config),
            _ => Err(faults),
        }
    }

    /// The issuers as policies may name them.
    pub fn catalogue(&self) -> Catalogue {
        catalogue(&self.issuers)
    }

    /// Where the root source's objects are, with its address and ref as the configuration writes them.
    pub fn root_repository(&self) -> Result<(Source, &Origin), NoRepository> {
        let origin = self.origin.as_ref().ok_or(NoRepository::NoRoot)?;
        let mirror = match (&origin.address, &self.data) {
            (Address::Here(_), None) => PathBuf::new(),
            (_, Some(data)) => mirror(data, &SourceName::root()),
            (_, None) => return Err(NoRepository::NoData),
        };
        Ok((origin.source(&mirror), origin))
    }

    /// The root source's name at its forge, such as `acme/access`: the last two parts of its address, where it is a remote one.
    pub fn own_repository(&self) -> Option<String> {
        let (Address::Https(address) | Address::Ssh(address)) = &self.origin.as_ref()?.address else { return None };
        let mut parts = address.trim_end_matches('/').trim_end_matches(".git").rsplit(['/', ':']);
        let (name, owner) = (parts.next()?, parts.next()?);
        Some(format!("{owner}/{name}"))
    }
}

/// Reads where the files of the server's machine are, and does not check that they exist.
struct UncheckedFiles<'a> {
    folder: &'a Path,
}

impl Places for UncheckedFiles<'_> {
    fn private<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<PathBuf> {
        section::path(fields, node, self.folder)
    }

    fn trusted<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<PathBuf> {
        section::path(fields, node, self.folder)
    }

    fn credential<'a>(&self, fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<(String, Option<PathBuf>)> {
        fields.text(node).map(|name| (name.to_owned(), None))
    }
}

/// The server's own reader reports unknown keys.
fn read(fields: &mut Fields<'_, '_>, folder: &Path) -> Option<PolicyConfig> {
    let public_url = fields.optional("public_url").and_then(|node| fields.parsed(node, IssuerUrl::parse));
    let own = own_issuers::read(fields, public_url.as_ref());
    let named = fields.optional("issuer_url").and_then(Node::as_text).and_then(|text| IssuerUrl::parse(text).ok());
    let data = fields.optional("data").and_then(|node| section::path(fields, node, folder));
    let root = fields.optional("root");
    let (origin, widening) = root.map_or((None, Widening::GoesLive), |node| read_root(&mut fields.below(node), folder));
    let issuers = issuer::read_all(fields, Path::new("."), &own)?;
    Some(PolicyConfig { issuers, issuer_url: named.or(public_url), data, widening, providers: None, origin })
}

/// Skips how the repository is reached: only the server has the keys.
fn read_root(fields: &mut Fields<'_, '_>, folder: &Path) -> (Option<Origin>, Widening) {
    let address = fields.optional("git").and_then(|node| fields.address(node, |text| Address::parse(text, folder)));
    let reference = fields.optional("ref").and_then(|node| fields.parsed(node, full_reference));
    let widening = fields.optional("rollout").and_then(|node| section::rollout(fields, node)).unwrap_or(Widening::GoesLive);
    let origin = address.zip(reference).map(|(address, reference)| Origin { address, reference, access: Access::default() });
    (origin, widening)
}

#[cfg(test)]
mod tests;
