//! What a pod asks for: its `daypass.dev/…` annotations. All their faults are reported together.

mod reaction;

pub(super) use reaction::Reaction;

use super::error::AnnotationError;
use super::names::{AWS_TOKEN, PREFIX, excerpt};
use super::refusal::Refusal;
use crate::client::sidecar::check_template;
use crate::words::names::{IssuerName, NameError, PolicyName, RoleArn, SecretName};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The annotations whose name ends with that of a file.
const SECRET: &str = "secret.";
const TEMPLATE: &str = "template.";
/// Our annotations of one pod: a pod needs a handful of secrets, and each costs an exchange.
const ANNOTATIONS_MAX: usize = 128;
/// Bytes of one template: a whole configuration file fits.
const TEMPLATE_BYTES_MAX: usize = 16 * 1024;
/// Bytes of any other value: the longest names have 2,048.
const VALUE_BYTES_MAX: usize = 4096;
/// A file's name: the limit of Kubernetes for the name of an annotation.
const FILE_BYTES_MAX: usize = 63;
/// The sidecar asks for everything in one request, and one names at most this many.
const SECRETS_MAX: usize = 32;

/// How the sidecar runs in the pod.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    /// A restartable init container: starts before the app, ends after it, and lets a Job end.
    Native,
    /// An init container that fetches once, and an ordinary container that keeps fetching.
    Init,
    /// The init container alone.
    Once,
}

/// One file of `/run/daypass`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum File {
    /// A secret's value.
    Secret(SecretName),
    /// Text with secrets in it.
    Template(String),
}

/// What the pod asks for.
#[derive(Debug, Default)]
pub(super) struct InjectionRequest {
    pub(super) issuer: Option<IssuerName>,
    pub(super) policy: Option<PolicyName>,
    pub(super) files: BTreeMap<String, File>,
    pub(super) on_change: Option<Reaction>,
    pub(super) aws_role: Option<RoleArn>,
    pub(super) mode: Option<Mode>,
    /// The containers that get the files; absent: all.
    pub(super) containers: Option<Vec<String>>,
}

/// Whether a pod asks for an injection.
pub(super) enum PodRequest {
    /// It does.
    Injection(Box<InjectionRequest>),
    /// It does not. Holds our annotations that therefore do nothing.
    Nothing(Vec<String>),
}

/// Reads all annotations.
pub(super) fn read(annotations: &Map<String, Value>) -> Result<PodRequest, Refusal> {
    let ours: Vec<(&str, &Value)> =
        annotations.iter().filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?, value))).collect();
    let inject = ours.iter().find(|(name, _)| *name == "inject").map(|(_, value)| value.as_str().unwrap_or_default());
    match inject {
        Some("true") => {}
        None => return Ok(PodRequest::Nothing(ours.iter().map(|(name, _)| excerpt(name)).collect())),
        Some("false") => return Ok(PodRequest::Nothing(Vec::new())),
        Some(_) => return Err(Refusal::bad("`daypass.dev/inject` is \"true\" or \"false\", in quotes")),
    }
    if ours.len() > ANNOTATIONS_MAX {
        return Err(Refusal::bad(format!("{} `daypass.dev/…` annotations: at most {ANNOTATIONS_MAX} are read", ours.len())));
    }
    let (mut injection, mut faults) = (InjectionRequest::default(), Vec::new());
    for (name, value) in ours {
        if let Err(fault) = injection.take(name, value) {
            faults.push(format!("`{PREFIX}{}`: {fault}", excerpt(name)));
        }
    }
    if faults.is_empty() {
        faults.extend(injection.lacking());
    }
    if faults.is_empty() { Ok(PodRequest::Injection(Box::new(injection))) } else { Err(Refusal::all_bad(faults)) }
}

impl InjectionRequest {
    fn take(&mut self, name: &str, value: &Value) -> Result<(), AnnotationError> {
        let text = value.as_str().ok_or(AnnotationError::NoText)?;
        let bytes_max = if name.starts_with(TEMPLATE) { TEMPLATE_BYTES_MAX } else { VALUE_BYTES_MAX };
        if text.len() > bytes_max {
            return Err(AnnotationError::TooLong { bytes_max });
        }
        if let Some(file) = name.strip_prefix(SECRET) {
            return self.file(file, File::Secret(named(text, "path/of/secret.yaml#/key", SecretName::parse)?));
        }
        if let Some(file) = name.strip_prefix(TEMPLATE) {
            check_template(text)?;
            return self.file(file, File::Template(text.to_owned()));
        }
        match name {
            "inject" => {}
            "issuer" => self.issuer = Some(named(text, "a name of `admission.issuers`", IssuerName::parse)?),
            "policy" => self.policy = Some(named(text, "a policy's name such as shop/web", PolicyName::parse)?),
            "aws-role" => self.aws_role = Some(named(text, "a role's ARN", RoleArn::parse)?),
            "on-change" => self.on_change = Some(Reaction::parse(text)?),
            "mode" => self.mode = Some(parse_mode(text)?),
            "containers" => self.containers = Some(parse_containers(text)?),
            unknown => return Err(AnnotationError::Unknown { name: unknown.to_owned() }),
        }
        Ok(())
    }

    fn file(&mut self, name: &str, file: File) -> Result<(), AnnotationError> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.is_empty() || name.len() > FILE_BYTES_MAX || name == "." || name.starts_with("..") || !name.bytes().all(good) {
            return Err(AnnotationError::FileName);
        }
        if name == AWS_TOKEN {
            return Err(AnnotationError::KeptFile);
        }
        match self.files.insert(name.to_owned(), file) {
            None => Ok(()),
            Some(_) => Err(AnnotationError::TwiceFile { file: name.to_owned() }),
        }
    }

    /// Whether a signal is to reach the app.
    pub(super) const fn signals(&self) -> bool {
        matches!(self.on_change, Some(Reaction::Signal(..)))
    }

    /// The fault of too many secrets, or of none.
    fn lacking(&self) -> Option<String> {
        let secrets = self.files.values().filter_map(|file| match file {
            File::Secret(name) => Some(name),
            File::Template(_) => None,
        });
        let secrets = secrets.collect::<BTreeSet<_>>().len();
        if secrets > SECRETS_MAX {
            return Some(format!(
                "{secrets} secrets: a pod gets at most {SECRETS_MAX}; take whole documents, and their keys in templates"
            ));
        }
        let example = "`daypass.dev/secret.NAME: path/of/secret.yaml#/key`";
        (secrets == 0).then(|| match self.files.is_empty() && self.aws_role.is_none() {
            true => format!("nothing is asked for: add {example}"),
            false => format!("a template or `daypass.dev/aws-role` needs at least one secret: add {example}"),
        })
    }
}

fn named<T>(text: &str, example: &'static str, parse: impl Fn(&str) -> Result<T, NameError>) -> Result<T, AnnotationError> {
    parse(text).map_err(|fault| AnnotationError::Name { text: text.to_owned(), fault, example })
}

fn parse_mode(text: &str) -> Result<Mode, AnnotationError> {
    match text {
        "native" => Ok(Mode::Native),
        "init" => Ok(Mode::Init),
        "once" => Ok(Mode::Once),
        _ => Err(AnnotationError::Mode),
    }
}

fn parse_containers(text: &str) -> Result<Vec<String>, AnnotationError> {
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    if names.iter().any(String::is_empty) { Err(AnnotationError::Containers) } else { Ok(names) }
}

#[cfg(test)]
mod tests;
