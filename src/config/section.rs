//! The sections of `daypass.yaml`, one function each.

use super::error::ValueError;
use super::files::{ConfigFolders, Files, SourceFiles};
use super::source::{self, SourceSettings};
use super::trusted::{check_private, check_trusted};
use crate::policy::Widening;
use crate::words::parse_duration;
use crate::words::yaml::{Fields, Node};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Load balancers ask for readiness every second or two.
const DRAIN_PAUSE_DEFAULT: Duration = Duration::from_secs(2);
/// Kubernetes and systemd kill after 30 and 90 seconds, and requests under way need 20 after the pause.
const DRAIN_PAUSE_MAX: Duration = Duration::from_secs(60);

/// An address and its port.
pub(super) fn address(text: &str) -> Result<SocketAddr, ValueError> {
    text.parse().map_err(|_| ValueError::Listener)
}

/// `drain_pause: 2s`.
pub(super) fn drain_pause(fields: &mut Fields<'_, '_>) -> Option<Duration> {
    let Some(node) = fields.optional("drain_pause") else { return Some(DRAIN_PAUSE_DEFAULT) };
    fields.parsed(node, |text| match parse_duration(text)? {
        pause if pause <= DRAIN_PAUSE_MAX => Ok(pause),
        _ => Err(ValueError::LongPause),
    })
}

/// A path, relative to the configuration's folder.
pub(super) fn path<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, folder: &Path) -> Option<PathBuf> {
    fields.text(node).map(|text| folder.join(text))
}

/// A file that holds a private key: it has to be there, and nobody else may read it.
fn private_file<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, folder: &Path) -> Option<PathBuf> {
    let path = path(fields, node, folder)?;
    check_private(fields, node, &path);
    Some(path)
}

/// A file that decides whom the server trusts. If it is missing, its reader reports that.
pub(super) fn trusted_path<'a>(fields: &mut Fields<'a, '_>, node: &'a Node, folder: &Path) -> Option<PathBuf> {
    let path = path(fields, node, folder)?;
    check_trusted(fields, node, &path);
    Some(path)
}

pub(super) fn tls(fields: &mut Fields<'_, '_>, folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let node = fields.required("tls")?;
    let mut inner = fields.below(node);
    let certificate = inner.required("certificate").and_then(|node| trusted_path(&mut inner, node, folder));
    let key = inner.required("key").and_then(|node| private_file(&mut inner, node, folder));
    inner.finish();
    certificate.zip(key)
}

/// `store: sqlite`, the only store.
pub(super) fn store(fields: &mut Fields<'_, '_>) {
    if let Some(node) = fields.optional("store")
        && node.as_text() != Some("sqlite")
    {
        fields.fault(node.place, "this version stores in `sqlite`");
    }
}

/// The root source, and what becomes of changes that widen.
pub(super) fn root(fields: &mut Fields<'_, '_>, base: &ConfigFolders<'_>) -> Option<(SourceSettings, Widening)> {
    let node = fields.required("root")?;
    let mut inner = fields.below(node);
    let settings = source::read(&mut inner, &Files::Beside(base));
    let widening = inner.optional("rollout").map_or(Some(Widening::GoesLive), |node| rollout(&mut inner, node));
    inner.finish();
    settings.zip(widening)
}

/// Where further sources' keys and credentials are; without these folders a source can have none.
pub(super) fn source_files(fields: &mut Fields<'_, '_>, folder: &Path) -> SourceFiles {
    let age_identities = fields.optional("age_identity_dir").and_then(|node| path(fields, node, folder));
    let credentials = fields.optional("credentials_dir").and_then(|node| path(fields, node, folder));
    SourceFiles { age_identities, credentials }
}

/// `rollout: { widening: hold, narrowing: immediate }`. A change that narrows never waits: `immediate` is the only accepted
/// value.
pub(super) fn rollout<'a>(fields: &mut Fields<'a, '_>, node: &'a Node) -> Option<Widening> {
    let mut inner = fields.below(node);
    if let Some(node) = inner.optional("narrowing")
        && node.as_text() != Some("immediate")
    {
        inner.fault(node.place, "`narrowing` is always `immediate`");
    }
    let widening = inner.optional("widening").map_or(Some(Widening::GoesLive), |node| {
        inner.parsed(node, |text| match text {
            "hold" => Ok(Widening::Waits),
            "immediate" => Ok(Widening::GoesLive),
            _ => Err(ValueError::Widening),
        })
    });
    inner.finish();
    widening
}
