//! Layer E: `daypass.yaml`. All faults are reported together, and a server without a setting that security needs does not start.

mod admission;
mod egress;
mod error;
mod files;
mod identity;
mod issuer;
mod own_issuers;
mod policy_config;
mod proxies;
mod section;
mod source;
mod traces;
mod trusted;

pub use admission::{AdmissionSettings, Authority, PodToken, SidecarSettings};
pub use egress::Egress;
pub use files::SourceFiles;
pub use identity::KeyEncryption;
pub use own_issuers::{ID_TOKENS, served_issuer};
pub use policy_config::{NoRepository, PolicyConfig};
pub use proxies::{Proxy, ProxyProtocol};
pub use source::{FurtherSource, SourceSettings, mirror};
pub use traces::TraceSettings;

use crate::words::{NAMED_FILE_MAX, PlainPath, read_named};
use files::ConfigFolders;

use crate::git::Source;
use crate::issue::ProviderSettings;
use crate::issuers::IssuerSettings;
use crate::policy::{Catalogue, IssuerEntry, Widening};
use crate::words::names::{Audience, IssuerUrl, SourceName};
use crate::words::yaml::{Fault, Fields, Node, Place, Severity, Yaml};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The server's configuration, read and checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Health and metrics.
    pub admin_listen: SocketAddr,
    /// The load balancers that name their clients by the PROXY protocol.
    pub proxies: Vec<Proxy>,
    /// For how long a stopping server still accepts connections.
    pub drain_pause: Duration,
    /// Where clients reach us.
    pub public_url: IssuerUrl,
    /// Our own issuer that clouds trust.
    pub issuer_url: IssuerUrl,
    /// Our own issuer of `id_token`s.
    pub id_token_issuer_url: IssuerUrl,
    /// The certificate chain, PEM.
    pub tls_certificate: PathBuf,
    /// Its private key, PEM.
    pub tls_key: PathBuf,
    /// The store's directory.
    pub data: PathBuf,
    /// The age identity to which our signing keys are encrypted.
    pub key_encryption: KeyEncryption,
    /// The root source.
    pub root: SourceSettings,
    /// The folders of files that further sources name.
    pub source_files: SourceFiles,
    /// What becomes of changes that widen, in any source.
    pub widening: Widening,
    /// The issuers that are trusted.
    pub issuers: Vec<IssuerSettings>,
    /// Pools of addresses that are one client each.
    pub egress: Egress,
    /// The providers of credentials.
    pub providers: ProviderSettings,
    /// The webhook that injects the sidecar into pods, where there is one.
    pub admission: Option<AdmissionSettings>,
    /// The collector of traces, if there is one.
    pub traces: Option<TraceSettings>,
}

impl Config {
    /// Reads the file; relative paths in it start at its own folder. `credentials` is systemd's folder of this service's
    /// credentials, if there is one.
    pub fn load(path: &Path, credentials: Option<&Path>) -> Result<Self, Vec<Fault>> {
        let file = path.plain().to_string();
        let faults = |fault: String| vec![Fault::new(&file, Place::default(), fault)];
        let bytes = read_named(path, NAMED_FILE_MAX).map_err(|fault| error::unreadable(&file, &fault))?;
        trusted::unwritable(path).map_err(|fault| faults(fault.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::parse(&file, &bytes, &ConfigFolders { folder, credentials })
    }

    /// Reads a text as if it were a file in this folder.
    pub fn parse_in(folder: &Path, file: &str, bytes: &[u8]) -> Result<Self, Vec<Fault>> {
        Self::parse(file, bytes, &ConfigFolders { folder, credentials: None })
    }

    fn parse(file: &str, bytes: &[u8], base: &ConfigFolders<'_>) -> Result<Self, Vec<Fault>> {
        let node = Node::parse(file, bytes).map_err(|fault| vec![fault])?;
        if !matches!(node.value, Yaml::Mapping(_)) {
            return Err(vec![Fault::new(
                file,
                node.place,
                "this is no configuration of daypass: it has no `key: value` at its top",
            )]);
        }
        let (config, faults) = read_whole(file, &String::from_utf8_lossy(bytes), &node, base);
        match config {
            Some(config) if !faults.iter().any(|fault| fault.severity == Severity::Error) => Ok(config),
            _ => Err(faults),
        }
    }

    /// Where clients reach us: the origins (RFC 6454) of our public address and of the audiences that are addresses.
    pub fn origins(&self) -> Vec<String> {
        let audiences = self.issuers.iter().flat_map(|issuer| &issuer.expected.audiences).map(Audience::as_str);
        let urls = std::iter::once(self.public_url.as_str()).chain(audiences).filter_map(|url| reqwest::Url::parse(url).ok());
        let origins = urls.filter(|url| url.scheme() == "https").map(|url| url.origin().ascii_serialization());
        origins.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Where the root source's objects are.
    pub fn root_repository(&self) -> Source {
        self.root.origin.source(&mirror(&self.data, &SourceName::root()))
    }

    /// The issuers as policies may name them.
    pub fn catalogue(&self) -> Catalogue {
        catalogue(&self.issuers)
    }
}

fn catalogue(issuers: &[IssuerSettings]) -> Catalogue {
    let entry = |issuer: &IssuerSettings| {
        let (url, mapping) = (issuer.expected.issuer.clone(), issuer.mapping.clone());
        (issuer.name.clone(), IssuerEntry { url, mapping, session_max: issuer.expected.session_max })
    };
    issuers.iter().map(entry).collect()
}

/// The configuration, if every section could be read, and all faults.
fn read_whole(file: &str, text: &str, node: &Node, base: &ConfigFolders<'_>) -> (Option<Config>, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut fields = Fields::new(file, text, node, &mut faults);
    let config = read(&mut fields, base);
    fields.finish();
    (config, faults)
}

/// Reads every section before it requires any, so that all faults are reported.
fn read(fields: &mut Fields<'_, '_>, base: &ConfigFolders<'_>) -> Option<Config> {
    let folder = base.folder;
    let listen = fields.required("listen").and_then(|node| fields.parsed(node, section::address));
    let admin_listen = fields.required("admin_listen").and_then(|node| {
        let admin = fields.parsed(node, section::address)?;
        if admin.ip().to_canonical().is_unspecified() {
            fields.fault(node.place, "the admin listener has no authentication: give it an address that only operators reach");
        }
        Some(admin)
    });
    let proxies = proxies::read(fields);
    let drain_pause = section::drain_pause(fields);
    let public_url = fields.required("public_url").and_then(|node| fields.parsed(node, IssuerUrl::parse));
    let own_issuers = own_issuers::read(fields, public_url.as_ref());
    let (tls_certificate, tls_key) = section::tls(fields, folder).unzip();
    let data = fields.required("data").and_then(|node| section::path(fields, node, folder));
    let key_encryption = identity::key_encryption(fields, base);
    section::store(fields);
    let (root, widening) = section::root(fields, base).unzip();
    let source_files = section::source_files(fields, folder);
    let issuers = issuer::read_all(fields, folder, &own_issuers);
    let egress = egress::read(fields);
    let providers = ProviderSettings::read(fields, base);
    let admission = admission::read(fields, folder, public_url.as_ref(), issuers.as_deref());
    let traces = traces::read(fields, folder);
    let [issuer_url, id_token_issuer_url] = <[IssuerUrl; 2]>::try_from(own_issuers).ok()?;
    Some(Config {
        listen: listen?,
        admin_listen: admin_listen?,
        proxies,
        drain_pause: drain_pause?,
        public_url: public_url?,
        issuer_url,
        id_token_issuer_url,
        tls_certificate: tls_certificate?,
        tls_key: tls_key?,
        data: data?,
        key_encryption: key_encryption?,
        root: root?,
        source_files,
        widening: widening?,
        issuers: issuers?,
        egress,
        providers: providers?,
        admission: admission?,
        traces: traces?,
    })
}

#[cfg(test)]
mod documented;
#[cfg(test)]
mod tests;
