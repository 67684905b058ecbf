//! Reads clouds' exports: who else gets what the policies grant. It contacts nobody.

mod aws;
mod azure;
mod gcp;

use super::finding::{Finding, Level};
use crate::cli::bootstrap;
use crate::cli::policy::PolicyTreeArgs;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::policy::{Export, GrantedInClouds, WayIn, WayInKind, ways_in};
use crate::words::{Clock, PlainPath, SystemClock, plain};
use std::ffi::OsStr;
use std::io::Read;
use std::path::PathBuf;

/// The details of an account with 5,000 users and roles have some 50 MB; what is larger is something else.
const EXPORT_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// An export, and its owner if the export does not name it.
#[derive(Clone, Debug)]
pub(super) struct ExportArg {
    owner: Option<String>,
    file: PathBuf,
}

/// `FILE`, or `OWNER=FILE`. A file that is there is meant as a whole.
#[expect(clippy::unnecessary_wraps, reason = "clap's form")]
pub(super) fn given(text: &str) -> Result<ExportArg, std::convert::Infallible> {
    let file = PathBuf::from(text);
    Ok(match text.split_once('=') {
        Some((owner, file)) if !owner.contains('/') && !PathBuf::from(text).exists() => {
            ExportArg { owner: Some(owner.to_owned()), file: file.into() }
        }
        _ => {
            let stem = file.file_name().and_then(OsStr::to_str).and_then(|name| name.strip_suffix(".json"));
            ExportArg { owner: stem.map(str::to_owned), file }
        }
    })
}

pub(super) fn check(at: &PolicyTreeArgs, files: &[ExportArg]) -> Result<Vec<Finding>, Failure> {
    if files.is_empty() {
        return Err(Failure::new(
            STATUS_USAGE,
            "name the clouds' exports to look at: docs/how-to/other-ways-in.md has the commands that print them",
        ));
    }
    let granted = granted(at)?;
    if granted.is_empty() {
        return Err(Failure::new(
            STATUS_USAGE,
            "no policy grants a role of AWS, a service account of Google Cloud or an application of Entra",
        ));
    }
    let exports = files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let ways = ways_in(&exports, &granted).map_err(|fault| Failure::new(STATUS_CONFIGURATION, plain(&fault.to_string())))?;
    let mut findings: Vec<Finding> = ways.iter().map(finding).collect();
    if !granted.further.is_empty() {
        let told =
            format!("the policies of {} are not looked at: check their repositories by --repository", granted.further.join(", "));
        findings.push(Finding::skipped("sources", told));
    }
    Ok(findings)
}

fn granted(at: &PolicyTreeArgs) -> Result<GrantedInClouds, Failure> {
    let (ruleset, issuer) = bootstrap::load(at, "a cloud")?;
    let (now, set) = (SystemClock.now(), ruleset.set());
    Ok(GrantedInClouds {
        issuer,
        aws_audience: aws::audience(at)?,
        roles: set.roles(now),
        gcp: set.gcp_use(now),
        gcp_provider: gcp::provider(at)?,
        applications: set.applications(now),
        azure_audience: azure::audience(at)?,
        further: at.further_sources()?,
        now,
    })
}

fn read(given: &ExportArg) -> Result<Export, Failure> {
    let name = given.file.plain();
    let failed = |fault: std::io::Error| Failure::new(STATUS_USAGE, format!("{name}: {fault}"));
    let mut bytes = Vec::new();
    // A pipe has no length to ask for.
    let file = std::fs::File::open(&given.file).map_err(failed)?;
    file.take(EXPORT_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > EXPORT_BYTES_MAX {
        return Err(Failure::new(STATUS_USAGE, format!("{name}: larger than {} MiB", EXPORT_BYTES_MAX / 1024 / 1024)));
    }
    Ok(Export { owner: given.owner.clone(), name, bytes })
}

fn finding(way: &WayIn) -> Finding {
    let (level, code) = match way.kind {
        WayInKind::Ours => (Level::Ok, "ours"),
        WayInKind::Others => (Level::Warning, "others"),
        WayInKind::Anybody => (Level::Error, "anybody"),
        WayInKind::NotUnderstood => (Level::Error, "not_understood"),
        WayInKind::Missing => (Level::Error, "missing"),
        WayInKind::NotSeen => (Level::Skipped, "not_seen"),
    };
    Finding::way(&way.of, level, code, &way.message, &way.advice)
}
