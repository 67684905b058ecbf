//! An issuer's two documents on another host: writes them as files, and compares what is hosted.

use super::super::operate::Server;
use super::super::print;
use crate::answers::{IssuerKeyState, IssuerKeys, Jwks, OfIssuers};
use crate::cli::examples::examples;
use crate::cli::progress::Progress;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_UNAVAILABLE};
use crate::issuers::http::{BodyError, ClientError, Trust, cause, certificate_fault, command_client, read_body};
use crate::store::OwnIssuer;
use crate::words::{NAMED_FILE_MAX, PlainPath, counted, plain, read_named};
use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The documents' paths below the issuer's address (OpenID Connect Discovery 1.0, section 4).
const DISCOVERY: &str = ".well-known/openid-configuration";
const JWKS: &str = ".well-known/jwks.json";
/// Both are a few kilobytes.
const DOCUMENT_BYTES_MAX: usize = 256 * 1024;

/// Which of the server's own issuers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Issuer {
    /// The issuer that clouds trust: `issuer_url`.
    Clouds,
    /// The issuer of `id_token`s: `id_token_issuer_url`.
    IdTokens,
}

impl Issuer {
    const fn own(self) -> OwnIssuer {
        match self {
            Self::Clouds => OwnIssuer::Clouds,
            Self::IdTokens => OwnIssuer::IdTokens,
        }
    }

    /// What the server answers of this issuer.
    fn of(self, keys: OfIssuers<IssuerKeys>) -> IssuerKeys {
        match self {
            Self::Clouds => keys.clouds,
            Self::IdTokens => keys.id_tokens,
        }
    }
}

#[derive(Args, Debug)]
#[command(after_help = examples(&["daypass keys publish --to /srv/oidc --config daypass.yaml"]))]
pub(in crate::cli) struct PublishArgs {
    #[command(flatten)]
    server: Server,
    /// Whose documents.
    #[arg(long, value_enum, default_value = "clouds")]
    issuer: Issuer,
    /// The folder that the issuer's address serves: `.well-known/` is made in it.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
}

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass keys check --config daypass.yaml",
    "daypass keys check --config daypass.yaml --url https://oidc.acme.com --ca acme-ca.pem",
]))]
pub(in crate::cli) struct CheckArgs {
    #[command(flatten)]
    server: Server,
    /// Whose documents.
    #[arg(long, value_enum, default_value = "clouds")]
    issuer: Issuer,
    /// Where to look, instead of the issuer's own address.
    #[arg(long)]
    url: Option<String>,
    /// A CA bundle (PEM) for that address, instead of the public ones.
    #[arg(long)]
    ca: Option<PathBuf>,
}

/// Writes both documents, the JWKS first: a discovery document never names a missing file.
pub(super) async fn publish(arguments: &PublishArgs, json: bool) -> Result<u8, Failure> {
    let held = arguments.issuer.of(arguments.server.get("keys").await?);
    let broken = |fault: WriteError| Failure::new(STATUS_CONFIGURATION, fault);
    for (name, document) in [(JWKS, json!(held.jwks)), (DISCOVERY, json!(held.discovery))] {
        write(&arguments.to.join(name), &format!("{document:#}\n")).map_err(broken)?;
    }
    let kids: Vec<&str> = held.jwks.kids().collect();
    let body = json!({ "issuer": arguments.issuer.own(), "kids": kids });
    let noted = arguments.issuer.of(arguments.server.post("keys/hosted", &body).await?).published;
    if json {
        print::json(
            &json!({ "kids": kids, "next_key_at": noted.next_key_at, "host_before": noted.host_before, "hosted_elsewhere": noted.hosted_elsewhere }),
        );
        return Ok(0);
    }
    anstream::println!("{} of {} written below {}", counted(kids.len(), "key"), noted.issuer, arguments.to.plain());
    if !noted.hosted_elsewhere {
        anstream::println!("this server itself serves the issuer's address: nothing depends on these files");
    }
    anstream::println!("run it again after {}, when the next key is made, and before {}", noted.next_key_at, noted.host_before);
    Ok(0)
}

/// Fails if a key that signs, or will sign, is not hosted unchanged.
pub(super) async fn check(arguments: &CheckArgs, json: bool) -> Result<u8, Failure> {
    let held = arguments.issuer.of(arguments.server.get("keys").await?);
    let base = arguments.url.as_deref().unwrap_or_else(|| held.published.issuer.as_str()).trim_end_matches('/').to_owned();
    let unusable = |fault: &dyn std::fmt::Display| Failure::new(STATUS_CONFIGURATION, fault);
    let host = Host::new(arguments.ca.as_deref()).map_err(|fault| unusable(&fault))?;
    let progress = Progress::of("fetching what is hosted");
    let discovery = host.fetch(&format!("{base}/{DISCOVERY}")).await?;
    let hosted: Jwks = host.fetch(&format!("{base}/{JWKS}")).await?;
    drop(progress);
    let faults = compare(&held, &discovery, &hosted);
    if json {
        print::json(&json!({ "url": base, "faults": faults, "hosted": hosted.kids().collect::<Vec<_>>() }));
    }
    if !faults.is_empty() {
        let told = format!(
            "{base} does not host what this server signs with; `daypass keys publish --issuer {}` writes it",
            arguments.issuer.own().as_str(),
        );
        return Err(unusable(&told).with_lines(faults.iter().map(|fault| format!("  {fault}"))));
    }
    if !json {
        anstream::println!("{} hosts every key that signs or will sign", plain(&base));
    }
    Ok(0)
}

/// What a host serves as the discovery document. It may be anything.
#[derive(Deserialize)]
struct HostedDiscovery {
    #[serde(default)]
    issuer: Value,
    #[serde(default)]
    jwks_uri: Value,
}

/// The faults of what is hosted. A key that only verifies may be missing there, and a key that the server has dropped may still be there.
fn compare(held: &IssuerKeys, discovery: &HostedDiscovery, hosted: &Jwks) -> Vec<String> {
    let mut faults = Vec::new();
    let ours = &held.discovery;
    for (member, there, here) in [("issuer", &discovery.issuer, &ours.issuer), ("jwks_uri", &discovery.jwks_uri, &ours.jwks_uri)]
    {
        if there.as_str() != Some(here) {
            faults.push(format!("the discovery document's `{member}` is {there}, and not \"{here}\""));
        }
    }
    for key in held.published.keys.iter().filter(|key| key.state != IssuerKeyState::Retired) {
        let (kid, state) = (key.kid.as_str(), key.state.as_str());
        match (hosted.find(kid), held.jwks.find(kid)) {
            (None, _) => faults.push(format!("the key {kid} ({state}) is not hosted")),
            (there, here) if there != here => faults.push(format!("the key {kid} ({state}) is hosted with other members")),
            _ => {}
        }
    }
    faults
}

/// Why a host cannot be contacted.
#[derive(Debug, thiserror::Error)]
enum HostError {
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The CA file cannot be read.
    #[error("{}: {fault}", .path.plain())]
    File {
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        #[source]
        fault: std::io::Error,
    },
    /// The CA file is not a CA bundle.
    #[error("{}: {fault}", .path.plain())]
    Authority {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        fault: ClientError,
    },
}

/// Why a document cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", .path.plain())]
struct WriteError {
    path: PathBuf,
    #[source]
    fault: std::io::Error,
}

/// The host of the documents, and the CAs trusted for it.
struct Host {
    client: reqwest::Client,
    trust: Trust<'static>,
}

impl Host {
    fn new(ca: Option<&Path>) -> Result<Self, HostError> {
        let trust = Trust { is_named: ca.is_some(), named_by: "--ca", keeper: "whoever runs the host" };
        let Some(path) = ca else { return Ok(Self { client: command_client(None)?, trust }) };
        let pem = read_named(path, NAMED_FILE_MAX).map_err(|fault| HostError::File { path: path.to_owned(), fault })?;
        let client = command_client(Some(&pem)).map_err(|fault| HostError::Authority { path: path.to_owned(), fault })?;
        Ok(Self { client, trust })
    }

    /// Fetches a document. A certificate that is not trusted is a fault of the configuration: another try does not help.
    async fn fetch<T: DeserializeOwned>(&self, url: &str) -> Result<T, Failure> {
        let failed = |fault: reqwest::Error| {
            let is_certificate = certificate_fault(&fault, self.trust).is_some();
            let status = if is_certificate { STATUS_CONFIGURATION } else { STATUS_UNAVAILABLE };
            let cause = cause(&fault, self.trust);
            Failure { hint: cause.hint, ..Failure::new(status, format!("{url}: {}", cause.message)) }
        };
        let response = self.client.get(url).send().await.map_err(failed)?;
        if !response.status().is_success() {
            let told = format!("{url} answers {}: nothing is hosted there", response.status());
            return Err(Failure::new(STATUS_CONFIGURATION, told));
        }
        let bytes = read_body(response, DOCUMENT_BYTES_MAX).await.map_err(|fault| match fault {
            BodyError::Broken(fault) => failed(fault),
            BodyError::TooLarge(_) => Failure::new(STATUS_UNAVAILABLE, format!("{url}: {fault}")),
        })?;
        serde_json::from_slice(&bytes).map_err(|fault| Failure::new(STATUS_CONFIGURATION, format!("{url} is no JSON: {fault}")))
    }
}

/// Writes a file atomically, so that a host never serves half of it, and readable for the host.
fn write(path: &Path, text: &str) -> Result<(), WriteError> {
    let told = |fault: std::io::Error| WriteError { path: path.to_owned(), fault };
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(told)?;
    let readable = std::fs::Permissions::from_mode(0o644);
    let mut file = tempfile::Builder::new().permissions(readable).tempfile_in(folder).map_err(told)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(told)?;
    file.persist(path).map(|_| ()).map_err(|fault| told(fault.error))
}

#[cfg(test)]
mod tests;
