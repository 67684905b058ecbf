//! The `admission` section of `daypass.yaml`: the webhook that injects the sidecar, and the settings of the sidecar that no pod
//! may choose.

use super::error::AdmissionError;
use super::section::{address, tls, trusted_path};
use crate::issuers::IssuerSettings;
use crate::words::names::{Audience, IssuerName, IssuerUrl};
use crate::words::parse_duration;
use crate::words::yaml::{Fields, Node, Yaml};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The sidecar's user where the pod names none: `nonroot` of distroless images.
const NOBODY: u32 = 65_532;
/// Kubernetes API, `ServiceAccountTokenProjection`: the API server refuses a shorter one.
const EXPIRATION_MIN: Duration = Duration::from_secs(600);
/// The kubelet replaces a token after four fifths of its life.
const EXPIRATION_DEFAULT: Duration = Duration::from_secs(1800);
/// The compute resources of a container.
pub(super) const RESOURCES: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// The webhook's listener, and what it injects.
#[derive(Clone, Debug)]
pub struct AdmissionSettings {
    /// Where the API server connects.
    pub listen: SocketAddr,
    /// The certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// The authority of the API server's client certificate, PEM; absent: anybody who reaches the listener may ask.
    pub client_ca: Option<PathBuf>,
    /// The sidecar.
    pub sidecar: SidecarSettings,
}

/// The settings of every injected sidecar. No annotation of a pod changes them.
#[derive(Clone, Debug)]
pub struct SidecarSettings {
    /// The image, by digest; its `daypass` is the whole program or the sidecar's own binary.
    pub image: String,
    /// Where the sidecar reaches this server.
    pub server: IssuerUrl,
    /// The authority of this server's certificate, where it is a private one.
    pub server_ca: Option<Authority>,
    /// Whether the clusters run restartable init containers: Kubernetes 1.29 and newer.
    pub native: bool,
    /// Its user, where the pod names none.
    pub user: u32,
    /// The group by which a pod that names no user reads the files.
    pub group: u32,
    /// Kubernetes' `resources` of the container.
    pub resources: Value,
    /// The clusters, by the names that `issuers` gives them.
    pub issuers: BTreeMap<IssuerName, PodToken>,
}

/// A ConfigMap that exists in every namespace whose pods get a sidecar, such as `kube-root-ca.crt`.
#[derive(Clone, Debug)]
pub struct Authority {
    /// Its name.
    pub config_map: String,
    /// The key of the certificates, PEM.
    pub key: String,
}

/// The token that is projected for the sidecar.
#[derive(Clone, Debug)]
pub struct PodToken {
    /// Its audience.
    pub audience: Audience,
    /// Its lifetime.
    pub expiration: Duration,
}

/// Absent: no pod gets a sidecar. The outer `None` is a reported fault.
#[expect(clippy::option_option, reason = "absent and faulty are two things")]
pub(super) fn read(
    fields: &mut Fields<'_, '_>,
    folder: &Path,
    public_url: Option<&IssuerUrl>,
    issuers: Option<&[IssuerSettings]>,
) -> Option<Option<AdmissionSettings>> {
    let Some(node) = fields.optional("admission") else { return Some(None) };
    let mut inner = fields.below(node);
    let listen = inner.required("listen").and_then(|node| inner.parsed(node, address));
    let certificate = tls(&mut inner, folder);
    let client_ca = inner.optional("client_ca").map_or(Some(None), |node| trusted_path(&mut inner, node, folder).map(Some));
    let image = inner.required("image").and_then(|node| inner.parsed(node, check_image));
    let server = inner.optional("server").map_or(public_url.cloned(), |node| inner.parsed(node, IssuerUrl::parse));
    let server_ca = inner.optional("server_ca").map_or(Some(None), |node| authority(&mut inner, node).map(Some));
    let native = inner.optional("native_sidecars").map_or(Some(true), |node| inner.flag(node));
    let user = inner.optional("user").map_or(Some(NOBODY), |node| number(&mut inner, node));
    let group = inner.optional("group").map_or(Some(NOBODY), |node| number(&mut inner, node));
    let resources = inner.optional("resources").map_or_else(|| Some(resources_default()), |node| resources(&mut inner, node));
    let tokens = inner.required("issuers").and_then(|node| tokens(&mut inner, node, issuers?));
    inner.finish();
    let (certificate, key) = certificate?;
    let sidecar = SidecarSettings {
        image: image?,
        server: server?,
        server_ca: server_ca?,
        native: native?,
        user: user?,
        group: group?,
        resources: resources?,
        issuers: tokens?,
    };
    Some(Some(AdmissionSettings { listen: listen?, certificate, key, client_ca: client_ca?, sidecar }))
}

/// A tag may name another image tomorrow. The digest also identifies an injected sidecar, even if it was pulled from a mirror.
fn check_image(text: &str) -> Result<String, AdmissionError> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    match text.split_once("@sha256:") {
        Some((name, digest)) if !name.is_empty() && digest.len() == 64 && digest.bytes().all(hex) => Ok(text.to_owned()),
        _ => Err(AdmissionError::Image),
    }
}

/// `{ config_map: kube-root-ca.crt, key: ca.crt }`.
fn authority<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<Authority> {
    let mut inner = fields.below(node);
    let config_map = inner.required("config_map").and_then(|node| inner.parsed(node, check_object_name));
    let key = inner.required("key").and_then(|node| inner.parsed(node, check_object_name));
    inner.finish();
    Some(Authority { config_map: config_map?, key: key? })
}

fn check_object_name(text: &str) -> Result<String, AdmissionError> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let is_name = !text.is_empty() && text.len() <= 253 && !text.starts_with('.') && text.bytes().all(good);
    if is_name { Ok(text.to_owned()) } else { Err(AdmissionError::ObjectName) }
}

/// The number of a user or group. The sidecar never runs as root.
fn number<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<u32> {
    let number = match node.value {
        Yaml::Integer(number) => u32::try_from(number).ok().filter(|number| (1..=i32::MAX.unsigned_abs()).contains(number)),
        _ => None,
    };
    if number.is_none() {
        fields.fault(node.place, "expected the number of a user or group, from 1 on: the sidecar never runs as root");
    }
    number
}

pub(super) fn resources_default() -> Value {
    json!({ "requests": { "cpu": "10m", "memory": "32Mi" }, "limits": { "memory": "64Mi" } })
}

/// `{ requests: { cpu: 10m, memory: 32Mi }, limits: … }`.
fn resources<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<Value> {
    let mut inner = fields.below(node);
    let mut all = Map::new();
    let mut good = true;
    for kind in ["requests", "limits"] {
        let Some(node) = inner.optional(kind) else { continue };
        let mut kinds = inner.below(node);
        let mut amounts = Map::new();
        for resource in RESOURCES {
            let Some(node) = kinds.optional(resource) else { continue };
            match kinds.parsed(node, check_quantity) {
                Some(amount) => _ = amounts.insert(resource.to_owned(), amount.into()),
                None => good = false,
            }
        }
        kinds.finish();
        all.insert(kind.to_owned(), amounts.into());
    }
    inner.finish();
    good.then_some(Value::Object(all))
}

/// Kubernetes' quantities, without exponents.
fn check_quantity(text: &str) -> Result<String, AdmissionError> {
    const SUFFIXES: [&str; 12] = ["", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti", "P", "Pi"];
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, suffix) = text.split_at(end);
    if digits.parse::<f64>().is_err() || digits.starts_with('.') || digits.ends_with('.') || !SUFFIXES.contains(&suffix) {
        return Err(AdmissionError::Quantity);
    }
    Ok(text.to_owned())
}

/// `{ eu: { audience: …, expiration: 30m } }`: each one of `issuers`, with an audience that it accepts.
fn tokens<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, issuers: &[IssuerSettings]) -> Option<BTreeMap<IssuerName, PodToken>> {
    let mut tokens = BTreeMap::new();
    let members = fields.below(node).members();
    if members.is_empty() {
        fields.fault(node.place, "name at least one issuer whose pods may get a sidecar: `eu: { audience: … }`");
    }
    for (key, place, value) in members {
        let mut inner = fields.below(value);
        let audience = inner.required("audience").and_then(|node| inner.parsed(node, Audience::parse));
        let expiration =
            inner.optional("expiration").map_or(Some(EXPIRATION_DEFAULT), |node| inner.parsed(node, parse_expiration));
        inner.finish();
        let Some(issuer) = issuers.iter().find(|issuer| issuer.name.as_str() == key) else {
            fields.fault(*place, format!("`{key}` is none of `issuers`"));
            continue;
        };
        let (Some(audience), Some(expiration)) = (audience, expiration) else { continue };
        if !issuer.expected.audiences.contains(&audience) {
            fields.fault(
                value.place,
                format!("`{audience}` is none of the audiences of the issuer `{key}`: its tokens would be refused"),
            );
        }
        if expiration > issuer.expected.token_age_max {
            fields.fault(
                value.place,
                format!("`expiration` is longer than `max_token_age` of the issuer `{key}`: older tokens would be refused"),
            );
        }
        tokens.insert(issuer.name.clone(), PodToken { audience, expiration });
    }
    Some(tokens)
}

fn parse_expiration(text: &str) -> Result<Duration, AdmissionError> {
    match parse_duration(text)? {
        short if short < EXPIRATION_MIN => Err(AdmissionError::ShortToken),
        expiration => Ok(expiration),
    }
}
