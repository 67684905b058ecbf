//! Checks a server's configuration, files, store and disk, and asks the server itself if it runs.

use super::finding::Finding;
use super::running::running;
use super::{issuers, providers, repository};
use crate::answers::CertificateFault;
use crate::client::environment::Environment;
use crate::config::{Config, KeyEncryption};
use crate::custody::{CustodyError, Purpose};
use crate::http::tls::Certificate;
use crate::secrets::{Identities, decrypt_key};
use crate::store::Reader;
use crate::words::yaml::Fault;
use crate::words::{Clock, PlainPath, SystemClock};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A grant's records have 4 KiB: room for a quarter of a million, which is a month of a large team.
const FREE_BYTES_MIN: u64 = 1024 * 1024 * 1024;

/// Runs every check, in the order in which a server starts.
pub(super) async fn look(file: &Path, environment: &Environment) -> Vec<Finding> {
    let credentials = environment.value("CREDENTIALS_DIRECTORY").map(Path::new);
    let config = match Config::load(file, credentials) {
        Ok(config) => config,
        Err(faults) => {
            let advice = "correct it; docs/reference/configuration.md has every key";
            let told = |fault: &Fault| Finding::error("configuration", fault.brief(), fault.help.as_deref().unwrap_or(advice));
            return faults.iter().map(told).collect();
        }
    };
    let mut findings = vec![Finding::ok("configuration", file.plain())];
    let (of_certificate, certificate_faults) = certificate(&config);
    findings.extend(of_certificate);
    findings.push(key_encryption(&config).await);
    findings.extend(data(&config.data));
    findings.extend(repository::check(&config).await);
    // Each waits for other machines. At the same time they take no longer than the slowest.
    let (issuers, providers, running) =
        tokio::join!(issuers::check(&config), providers::check(&config), running(file, &certificate_faults));
    findings.extend(issuers.into_iter().chain(providers).chain(running));
    findings
}

/// The findings of the certificate's files, and the faults that they report.
fn certificate(config: &Config) -> (Vec<Finding>, Vec<CertificateFault>) {
    let what = config.tls_certificate.plain();
    let certificate = match Certificate::load(config.tls_certificate.clone(), config.tls_key.clone()) {
        Ok(certificate) => certificate,
        Err(fault) => {
            let advice = "give `tls` a certificate chain and its private key, both PEM: the server does not start without them";
            return (vec![Finding::error("certificate", fault, advice)], Vec::new());
        }
    };
    let (now, validity) = (SystemClock.now(), certificate.validity());
    let of_time = validity.fault(now).or_else(|| validity.warning(now));
    let faults: Vec<CertificateFault> = of_time.into_iter().chain(certificate.fault_for(&config.public_url)).collect();
    let mut findings: Vec<Finding> = faults.iter().map(|fault| of_certificate(&what, fault)).collect();
    if findings.is_empty() {
        findings.push(Finding::ok("certificate", format!("{what} counts until {}", validity.not_after)));
    }
    (findings, faults)
}

fn of_certificate(what: &impl std::fmt::Display, fault: &CertificateFault) -> Finding {
    let told = format!("{what} {fault}");
    let advice = match fault {
        CertificateFault::ExpiresSoon { .. } => {
            return Finding::warning("certificate", told, "renew it, and find out why it was not renewed");
        }
        CertificateFault::NotYetValid { .. } => {
            "correct this machine's clock if it is wrong; otherwise put the certificate from before back until then"
        }
        CertificateFault::Expired { .. } => "renew it: the server takes a new file without a restart",
        CertificateFault::CaCertificate | CertificateFault::NotForServers | CertificateFault::NotForHost { .. } => {
            "get a server certificate that is no CA (CA:FALSE), with the name of `public_url` among its subject alternative names: docs/how-to/certificates.md makes one"
        }
    };
    Finding::error("certificate", told, advice)
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
