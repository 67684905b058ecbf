//! The sidecar's own configuration, with the keys of the pod annotations. All faults are reported at once.

use super::aws::AwsWish;
use super::error::ValueError;
use super::file_name::FileName;
use super::reaction::Reaction;
use super::template::Template;
use crate::client::job_token::PROJECTED_TOKEN;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::words::names::{Audience, PolicyName, SecretName};
use crate::words::yaml::{Fault, Fields, Node, Place, Severity};
use crate::words::{Digest, NAMED_FILE_MAX, PlainPath, counted, parse_duration, read_named};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The default folder of the application's files.
const FOLDER: &str = "/run/daypass";
/// The default pause between requests without a stream of events: long enough for the audit log, short enough for a denial.
const INTERVAL: Duration = Duration::from_secs(30);
const INTERVAL_MAX: Duration = Duration::from_secs(3600);
/// The most credentials that one request may name.
const SECRETS_MAX: usize = 32;
/// The default mode: readable only for the owner.
const MODE: u32 = 0o400;

/// The settings of a sidecar.
#[derive(Debug)]
pub struct Settings {
    pub(super) server: String,
    /// The audience that the pod's token names; by default the server's address.
    pub(super) audience: Option<Audience>,
    pub(super) ca: Option<PathBuf>,
    pub(super) token_file: PathBuf,
    pub(super) policy: Option<PolicyName>,
    pub(super) folder: PathBuf,
    pub(super) mode: u32,
    pub(super) secrets: BTreeMap<FileName, SecretName>,
    pub(super) templates: BTreeMap<FileName, Template>,
    pub(super) aws: Option<AwsWish>,
    /// The file with the token for AWS's SDKs.
    pub(super) aws_token: Option<FileName>,
    pub(super) on_change: Option<Reaction>,
    pub(super) interval: Duration,
    pub(super) probe: Option<SocketAddr>,
}

impl Settings {
    /// Reads the file; relative paths in it start at its own folder.
    pub fn load(path: &Path) -> Result<Self, Failure> {
        let file = path.plain().to_string();
        let bytes = read_named(path, NAMED_FILE_MAX)
            .map_err(|fault| failure(&[Fault::new(&file, Place::default(), fault.to_string())]))?;
        Self::parse(&file, &bytes, path.parent().unwrap_or(Path::new(".")))
    }

    /// Reads the text.
    pub fn parse(file: &str, bytes: &[u8], folder: &Path) -> Result<Self, Failure> {
        let node = Node::parse(file, bytes).map_err(|fault| failure(&[fault]))?;
        let text = String::from_utf8_lossy(bytes);
        let mut faults = Vec::new();
        let mut fields = Fields::new(file, &text, &node, &mut faults);
        let settings = read(&mut fields, folder);
        fields.finish();
        match settings {
            Some(settings) if !faults.iter().any(|fault| fault.severity == Severity::Error) => Ok(settings),
            _ => Err(failure(&faults)),
        }
    }

    /// The names of all files.
    pub(super) fn names(&self) -> impl Iterator<Item = &FileName> {
        self.secrets.keys().chain(self.templates.keys()).chain(&self.aws_token)
    }

    /// Identifies the settings that decide the files' content.
    pub(super) fn content_digest(&self) -> Digest {
        let mut parts = vec![self.server.clone(), format!("{:?} {:o}", self.policy, self.mode)];
        parts.extend(self.secrets.iter().map(|(name, secret)| format!("{name}={secret}")));
        parts.extend(self.templates.iter().map(|(name, template)| format!("{name}:{}", template.text())));
        parts.extend(self.aws.as_ref().map(AwsWish::text));
        Digest::of(&parts.iter().map(String::as_bytes).collect::<Vec<_>>())
    }
}

fn failure(faults: &[Fault]) -> Failure {
    let count = counted(faults.len(), "fault");
    Failure::new(STATUS_CONFIGURATION, format!("the sidecar's configuration has {count}")).with_faults(faults)
}

fn read(fields: &mut Fields<'_, '_>, base: &Path) -> Option<Settings> {
    let server = fields.required("server").and_then(|node| fields.parsed(node, parse_server));
    let audience = fields.optional("audience").and_then(|node| fields.parsed(node, Audience::parse));
    let mut path = |key| fields.optional(key).and_then(|node| fields.text(node)).map(|text| base.join(text));
    let (ca, token_file, folder) = (path("ca"), path("token_file"), path("folder"));
    let policy = fields.optional("policy").and_then(|node| fields.parsed(node, PolicyName::parse));
    let mode = fields.optional("mode").map_or(Some(MODE), |node| fields.parsed(node, parse_mode));
    let secrets = read_files(fields, "secrets", SecretName::parse);
    let templates = read_files(fields, "templates", Template::parse);
    let aws = fields.optional("aws").and_then(|node| {
        let mut inner = fields.below(node);
        let wish = AwsWish::read(&mut inner);
        inner.finish();
        wish
    });
    let aws_token = aws.as_ref().and_then(|_| AwsWish::token_file());
    check_names(fields, &secrets, &templates, aws_token.as_ref());
    let on_change = fields.optional("on_change").and_then(|node| Reaction::read(&mut fields.below(node), node.place, base));
    let interval = fields.optional("interval").map_or(Some(INTERVAL), |node| fields.parsed(node, parse_interval));
    let probe = fields.optional("probe").and_then(|node| fields.parsed(node, |text| text.parse().map_err(|_| ValueError::Probe)));
    Some(Settings {
        server: server?,
        audience,
        ca,
        token_file: token_file.unwrap_or_else(|| PROJECTED_TOKEN.into()),
        policy,
        folder: folder.unwrap_or_else(|| FOLDER.into()),
        mode: mode?,
        secrets,
        templates,
        aws,
        aws_token,
        on_change,
        interval: interval?,
        probe,
    })
}

fn read_files<T, E: std::fmt::Display>(
    fields: &mut Fields<'_, '_>,
    key: &'static str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> BTreeMap<FileName, T> {
    let Some(node) = fields.optional(key) else { return BTreeMap::new() };
    let mut inner = fields.below(node);
    let mut files = BTreeMap::new();
    for (name, place, node) in inner.members() {
        match FileName::parse(name) {
            Ok(name) => files.extend(inner.parsed(node, &parse).map(|value| (name, value))),
            Err(fault) => inner.fault(*place, format!("`{}`: {fault}", name.escape_debug())),
        }
    }
    files
}

fn check_names(
    fields: &mut Fields<'_, '_>,
    secrets: &BTreeMap<FileName, SecretName>,
    templates: &BTreeMap<FileName, Template>,
    aws_token: Option<&FileName>,
) {
    let place = fields.optional("secrets").or_else(|| fields.optional("templates")).map_or(Place::default(), |node| node.place);
    if secrets.is_empty() {
        let alone = "; for a role alone no sidecar is needed: set AWS_ENDPOINT_URL_STS to the server's /aws/sts";
        let alone = aws_token.map_or("", |_| alone);
        let example = "`secrets: { db-password: shop/production/db.yaml#/password }`";
        fields.fault(place, format!("name at least one secret: {example}{alone}"));
    }
    if secrets.values().map(ToString::to_string).collect::<BTreeSet<_>>().len() > SECRETS_MAX {
        fields.fault(
            place,
            format!("one request has at most {SECRETS_MAX} secrets: take whole documents, and their keys in templates"),
        );
    }
    for name in aws_token.into_iter().filter(|name| secrets.contains_key(name) || templates.contains_key(name)) {
        fields.fault(place, format!("`{name}` is the file of `aws`: take another name"));
    }
    for name in templates.keys().filter(|name| secrets.contains_key(name)) {
        fields.fault(place, format!("`{name}` is a secret and a template: one of them needs another name"));
    }
}

fn parse_server(text: &str) -> Result<String, ValueError> {
    match reqwest::Url::parse(text) {
        Ok(url) if url.scheme() == "https" && url.has_host() => Ok(text.to_owned()),
        Ok(_) => Err(ValueError::Clear),
        Err(fault) => Err(ValueError::Url(fault)),
    }
}

fn parse_mode(text: &str) -> Result<u32, ValueError> {
    match text {
        "0400" => Ok(0o400),
        "0440" => Ok(0o440),
        _ => Err(ValueError::Mode),
    }
}

fn parse_interval(text: &str) -> Result<Duration, ValueError> {
    match parse_duration(text)? {
        interval if interval.is_zero() || interval > INTERVAL_MAX => Err(ValueError::Interval),
        interval => Ok(interval),
    }
}

#[cfg(test)]
mod tests;
