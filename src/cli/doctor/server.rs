//! Checks a server's configuration, files, store and disk, and asks the server itself if it runs.

use super::finding::{Finding, Level};
use super::{issuers, providers, repository};
use crate::cli::{operate, print};
use crate::client::environment::Environment;
use crate::config::{Config, KeyEncryption};
use crate::custody::{CustodyError, Purpose};
use crate::http::tls::Certificate;
use crate::secrets::{Identities, decrypt_key};
use crate::store::Reader;
use crate::words::yaml::Fault;
use crate::words::{Clock, PlainPath, SystemClock};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

/// A server answers its operators within milliseconds.
const ANSWER_MAX: Duration = Duration::from_secs(4);
/// A grant's records have 4 KiB: room for a quarter of a million, which is a month of a large team.
const FREE_BYTES_MIN: u64 = 1024 * 1024 * 1024;

/// Runs every check, in the order in which a server starts.
pub(super) async fn look(file: &Path, environment: &Environment) -> Vec<Finding> {
    let credentials = environment.value("CREDENTIALS_DIRECTORY").map(Path::new);
    let config = match Config::load(file, credentials) {
        Ok(config) => config,
        Err(faults) => {
            let advice = "correct it; docs/reference/configuration.md has every key";
            let told = |fault: &Fault| {
                let what = format!("{}:{}: {}", fault.file, fault.place.line, fault.message);
                Finding::error("configuration", what, fault.help.as_deref().unwrap_or(advice))
            };
            return faults.iter().map(told).collect();
        }
    };
    let mut findings = vec![Finding::ok("configuration", file.plain())];
    let of_certificate = certificate(&config);
    // The running server has the same as an alarm of its listener.
    let told: Vec<String> =
        of_certificate.iter().filter_map(|finding| finding.says_of(&config.tls_certificate.plain())).collect();
    findings.extend(of_certificate);
    findings.push(key_encryption(&config).await);
    findings.extend(data(&config.data));
    findings.extend(repository::look(&config).await);
    // Each waits for other machines. At the same time they take no longer than the slowest.
    let (issuers, providers, running) = tokio::join!(issuers::look(&config), providers::look(&config), running(file, &told));
    findings.extend(issuers.into_iter().chain(providers).chain(running));
    findings
}

fn certificate(config: &Config) -> Vec<Finding> {
    let what = config.tls_certificate.plain();
    let certificate = match Certificate::load(config.tls_certificate.clone(), config.tls_key.clone()) {
        Ok(certificate) => certificate,
        Err(fault) => {
            let advice = "give `tls` a certificate chain and its private key, both PEM: the server does not start without them";
            return vec![Finding::error("certificate", fault, advice)];
        }
    };
    let (now, validity) = (SystemClock.now(), certificate.validity());
    let mut findings = Vec::new();
    if let Some(fault) = validity.fault(now) {
        let advice = if validity.is_early(now) {
            "correct this machine's clock if it is wrong; otherwise put the certificate from before back until then"
        } else {
            "renew it: the server takes a new file without a restart"
        };
        findings.push(Finding::error("certificate", format!("{what} {fault}"), advice));
    } else if let Some(warning) = validity.warning(now) {
        findings.push(Finding::warning(
            "certificate",
            format!("{what} {warning}"),
            "renew it, and find out why it was not renewed",
        ));
    }
    if let Some(fault) = certificate.fault_for(&config.public_url) {
        let advice = "get a server certificate that is no CA (CA:FALSE), with the name of `public_url` among its subject alternative names: docs/how-to/certificates.md makes one";
        findings.push(Finding::error("certificate", format!("{what} {fault}"), advice));
    }
    if findings.is_empty() {
        findings.push(Finding::ok("certificate", format!("{what} counts until {}", validity.not_after)));
    }
    findings
}

async fn key_encryption(config: &Config) -> Finding {
    match &config.key_encryption {
        KeyEncryption::AwsKms(key) => Finding::skipped("key_encryption", format!("{key}: the server asks AWS KMS at its start")),
        KeyEncryption::Identity(file) => match file.open(Purpose::KeyEncryption).await {
            Ok(identities) => own_keys(&config.data, &identities),
            Err(fault @ CustodyError::NoCredentials { .. }) => Finding::of_the_service("key_encryption", &fault),
            Err(fault) => {
                let advice =
                    "without it the server cannot open its own keys, and does not start: restore the file from its backup";
                Finding::error("key_encryption", fault, advice)
            }
        },
    }
}

/// Whether the identity opens the keys that the server has made. That of another server can be read too, but opens nothing.
fn own_keys(data: &Path, identities: &Identities) -> Finding {
    let sealed = match Reader::open(data).and_then(|reader| reader.sealed_keys()) {
        Ok(sealed) => sealed,
        Err(_) => return Finding::ok("key_encryption", "the identity can be read; there are no keys yet that it has to open"),
    };
    let closed = sealed.iter().filter(|sealed| decrypt_key(sealed, identities).is_err()).count();
    if closed == 0 {
        return Finding::ok("key_encryption", format!("the identity opens the server's own keys: {}", sealed.len()));
    }
    let told = format!("the identity does not open {closed} of the server's own keys ({}) in {}", sealed.len(), data.plain());
    Finding::error("key_encryption", told, "the server does not start: name the identity that belongs to this data directory")
}

/// The directory of the store, and its disk.
fn data(data: &Path) -> Vec<Finding> {
    let what = data.plain();
    let metadata = match std::fs::metadata(data) {
        Ok(metadata) => metadata,
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => {
            return vec![Finding::warning(
                "data",
                format!("{what} is not there yet"),
                "the first start makes it. If a server ran here before, its audit log is gone: restore it",
            )];
        }
        Err(fault) => return vec![Finding::error("data", format!("{what}: {fault}"), "run doctor as the server's own user")],
    };
    let mode = metadata.permissions().mode() & 0o777;
    let mut findings = Vec::new();
    if mode & 0o077 != 0 {
        findings.push(Finding::warning(
            "data",
            format!("{what} has the mode {mode:o}: others on this machine can read it"),
            "run chmod 0700 on it; the next start does that too",
        ));
    }
    match Reader::open(data).and_then(|reader| reader.newest(1)) {
        Ok(newest) => {
            let records = newest.last().map_or(0, |entry| entry.seq);
            findings.push(Finding::ok("data", format!("{what}: the audit log opens, with {records} records")));
        }
        Err(fault) => {
            let advice = "this is right if no server has started yet; otherwise restore the store from its backup";
            findings.push(Finding::warning("data", fault, advice));
        }
    }
    findings.push(disk(data));
    findings
}

fn disk(data: &Path) -> Finding {
    match rustix::fs::statvfs(data) {
        Err(fault) => Finding::skipped("disk", format!("{}: {fault}", data.plain())),
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let told = format!("{} MiB are free where {} is", free / (1024 * 1024), data.plain());
            if free < FREE_BYTES_MIN {
                Finding::warning("disk", told, "make room: a grant needs an audit record, so nothing is granted on a full disk")
            } else {
                Finding::ok("disk", told)
            }
        }
    }
}

/// What only the running server itself can report; `told` is what is found of its certificate already.
async fn running(file: &Path, told_of_certificate: &[String]) -> Vec<Finding> {
    let server = operate::Server::of(file.to_owned());
    let status = match tokio::time::timeout(ANSWER_MAX, server.get("status")).await {
        Ok(Ok(status)) => status,
        Ok(Err(failure)) => return vec![Finding::skipped("server", failure.one_line())],
        Err(_) => {
            let told = format!("it runs, but does not answer within {} s", ANSWER_MAX.as_secs());
            return vec![Finding::error("server", told, "look at its log and at the load of this machine, and restart it")];
        }
    };
    let texts = |value: &Value| match value {
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(one) => vec![one.clone()],
        _ => Vec::new(),
    };
    let mut findings = Vec::new();
    for (check, member, advice) in [
        ("server", "alarms", "repair it, or ask whoever maintains it"),
        ("disk", "space", "make room on the store's disk"),
        ("clock", "clock", "correct the clock, or accept it: `daypass accept-clock`"),
    ] {
        let texts = texts(&status[member]);
        let is_new =
            |text: &&String| !told_of_certificate.iter().any(|told| text.ends_with(&format!("(listener `public`) {told}")));
        findings.extend(texts.iter().filter(is_new).map(|text| Finding::error(check, text, advice)));
    }
    for waits in status["waiting"].as_array().into_iter().flatten() {
        let told = format!("{} {}", waits["file"].as_str().unwrap_or_default(), waits["why"].as_str().unwrap_or_default());
        findings.push(Finding::warning("server", told, "look at `daypass policy diff`, then `daypass confirm` its commit"));
    }
    for denial in status["denials"].as_array().into_iter().flatten() {
        if let Some(unknown) = denial["unknown"].as_str() {
            let told = format!("the denial {} denies nobody: {unknown}", denial["id"].as_str().unwrap_or_default());
            findings.push(Finding::warning("server", told, "`daypass deny --lift` it, and deny what was meant"));
        }
    }
    findings.extend(sources(&status["sources"]));
    if findings.iter().all(|finding| finding.level == Level::Ok) {
        let told = format!(
            "it runs, with {} of {} in force",
            print::counted_there(&status["policies"], "policy"),
            status["revision"].as_str().unwrap_or("no commit")
        );
        findings.push(Finding::ok("server", told));
    }
    findings
}

/// The sources as the server follows them. Only the server has the clones and the keys of further sources.
fn sources(told: &Value) -> Vec<Finding> {
    let sources = told.as_object().into_iter().flatten();
    sources
        .map(|(name, source)| {
            let check = format!("source {name}");
            let commit = source["revision"].as_str();
            match (source["alarm"].as_str(), commit) {
                (Some(alarm), None) => Finding::error(check, alarm, "nothing of it is active until it can be followed"),
                (Some(alarm), Some(_)) => {
                    Finding::error(check, alarm, "its last good commit stays active until it can be followed again")
                }
                (None, _) if source["stale"] == true => Finding::error(
                    check,
                    "its last read is older than `max_stale`",
                    "its policies grant nothing until it is read",
                ),
                (None, Some(commit)) => Finding::ok(check, format!("it is followed, at {commit}")),
                (None, None) => {
                    Finding::error(check, "nothing of it is active", "look at its definition in sources/, and at its repository")
                }
            }
        })
        .collect()
}
