//! `daypass serve`.

use crate::app::App;
use crate::cli::examples::examples;
use crate::cli::print::counted;
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_UNAVAILABLE, STATUS_USAGE};
use crate::config::{AdmissionSettings, Config, PolicyConfig};
use crate::http::accept::{DRAIN_MAX, PublicListener};
use crate::http::health::Health;
use crate::http::stopping::Stopping;
use crate::http::tls::{Certificate, RELOAD_PAUSE, TlsError};
use crate::http::{admin, admission, control, router};
use crate::words::SystemClock;
use crate::words::yaml::Fault;
use clap::Args;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass serve --config /etc/daypass/daypass.yaml",
    "daypass serve --config daypass.yaml --log daypass=debug",
]))]
pub(super) struct ServeArgs {
    /// The configuration.
    #[arg(long, env = "DAYPASS_CONFIG")]
    config: PathBuf,
    /// What to log, such as `info` or `daypass=debug`.
    #[arg(long, env = "DAYPASS_LOG", default_value = "info")]
    log: String,
    /// The IP address of the admin listener, instead of the configuration's; the port stays. A pod learns its address only at its start.
    #[arg(long, env = "DAYPASS_ADMIN_ADDRESS", value_name = "IP", value_parser = admin_address)]
    admin_address: Option<IpAddr>,
}

/// Why an address cannot be the admin listener's.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum AdminAddressError {
    #[error("expected an IP address such as 10.0.0.7, without a port")]
    Malformed,
    #[error("the admin listener has no authentication: give it an address that only operators reach")]
    Everybody,
}

/// Parses the address. As for `admin_listen`, "all addresses" is refused.
fn admin_address(text: &str) -> Result<IpAddr, AdminAddressError> {
    match text.parse::<IpAddr>() {
        Ok(address) if address.to_canonical().is_unspecified() => Err(AdminAddressError::Everybody),
        Ok(address) => Ok(address),
        Err(_) => Err(AdminAddressError::Malformed),
    }
}

/// Reads the configuration, or reports all its faults in one message.
pub(super) fn load(path: &Path) -> Result<Config, Failure> {
    Config::load(path, None).map_err(|found| {
        let failure = faults(&found);
        // A file with the issuers alone is good for other commands.
        match PolicyConfig::load(path) {
            Ok(_) => failure.with_hint("`daypass policy` can do with this file. This command needs the server's whole configuration: run it on the server's machine."),
            Err(_) => failure,
        }
    })
}

/// All faults in one message.
pub(super) fn faults(found: &[Fault]) -> Failure {
    Failure::new(STATUS_CONFIGURATION, format!("the configuration has {}", counted(found.len(), "fault"))).with_faults(found)
}

/// Runs until SIGTERM or SIGINT, then drains.
pub(super) async fn run(arguments: &ServeArgs, environment: &Environment) -> Result<u8, Failure> {
    crate::telemetry::log(&arguments.log).map_err(|fault| Failure::new(STATUS_USAGE, fault))?;
    let credentials = environment.value("CREDENTIALS_DIRECTORY").map(Path::new);
    let mut config = Config::load(&arguments.config, credentials).map_err(|found| faults(&found))?;
    if let Some(address) = arguments.admin_address {
        config.admin_listen.set_ip(address);
    }
    let certificate = Certificate::load(config.tls_certificate.clone(), config.tls_key.clone())
        .map_err(|fault| certificate_failed(&fault, "tls", &config.tls_certificate))?;
    let webhook = match &config.admission {
        Some(settings) => Some(webhook(settings).await?),
        None => None,
    };
    let (listener, admin_listener) = (bind(config.listen).await?, bind(config.admin_listen).await?);
    let (listen, admin_listen, data) = (config.listen, config.admin_listen, config.data.clone());
    let (proxies, pause) = (config.proxies.clone(), config.drain_pause);
    let app = App::start(config, Arc::new(SystemClock)).await.map_err(failed)?;
    tokio::spawn(certificate.clone().follow(RELOAD_PAUSE));
    tokio::spawn(app.clone().run_background_work());
    let health =
        Arc::new(Health::new(app.clone(), certificate.clone(), webhook.as_ref().map(|(_, certificate, _)| certificate.clone())));
    tokio::spawn(health.clone().watch());
    let admin = admin::router(health.clone(), admin_listen);
    tokio::spawn(async move { axum::serve(admin_listener, admin).await });
    let (control_listener, operate) = (control::listen(&data).map_err(failed)?, control::router(health.clone()));
    tokio::spawn(async move { axum::serve(control_listener, operate).await });
    tracing::info!(%listen, %admin_listen, "daypass serves");
    let edge = |listener, certificate, router, proxies| {
        let (metrics, clients) = (app.metrics.clone(), app.clients.clone());
        let (health, stopping) = (admin::health(health.clone()), Stopping::new(app.draining.clone(), pause));
        PublicListener { listener, certificate, router, metrics, clients, proxies, health, stopping }
    };
    let webhook = webhook.map(|(listener, certificate, router)| {
        tokio::spawn(certificate.clone().follow(RELOAD_PAUSE));
        // The API server connects to it directly.
        tokio::spawn(edge(listener, certificate, router, Vec::new()).serve(stopped()))
    });
    edge(listener, certificate, router(app.clone()), proxies).serve(stopped()).await;
    if let Some(webhook) = webhook
        && let Err(fault) = webhook.await
    {
        tracing::error!(%fault, "the webhook's listener ended");
    }
    app.shutdown(DRAIN_MAX).await;
    tracing::info!("daypass stops");
    Ok(0)
}

fn failed(fault: impl std::fmt::Display) -> Failure {
    Failure::new(STATUS_UNAVAILABLE, fault)
}

/// A file at fault, with the key of the configuration that names it: a service manager need not try again.
fn certificate_failed(fault: &TlsError, section: &str, certificate: &Path) -> Failure {
    let key = match fault {
        TlsError::Chain { path, .. } if path != certificate => "admission.client_ca".to_owned(),
        TlsError::Chain { .. } | TlsError::Refused { .. } => format!("{section}.certificate"),
        TlsError::Key { .. } | TlsError::NoPair { .. } => format!("{section}.key"),
    };
    Failure::new(STATUS_CONFIGURATION, format!("`{key}`: {fault}"))
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|fault| Failure::new(STATUS_UNAVAILABLE, format!("{address}: {fault}")))
}

/// The webhook's own listener, the only one that the API server has to reach.
async fn webhook(settings: &AdmissionSettings) -> Result<(TcpListener, Arc<Certificate>, axum::Router), Failure> {
    let certificate = Certificate::load_for(settings.certificate.clone(), settings.key.clone(), settings.client_ca.clone())
        .map_err(|fault| certificate_failed(&fault, "admission.tls", &settings.certificate))?;
    let listener = bind(settings.listen).await?;
    tracing::info!(listen = %settings.listen, "the webhook listens");
    Ok((listener, certificate, admission::router(settings.sidecar.clone())))
}

async fn stopped() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_a_certificate_names_its_key_of_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        crate::telemetry::install_crypto();
        let key = rcgen::KeyPair::generate().unwrap();
        let own = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let files = [("tls.crt", own.pem()), ("tls.key", key.serialize_pem()), ("other.key", other), ("empty", String::new())];
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        for (certificate, key, client_ca, expected) in [
            ("none", "tls.key", None, "`admission.tls.certificate`: "),
            ("empty", "tls.key", Some("tls.crt"), "`admission.tls.certificate`: "),
            ("tls.crt", "none", None, "`admission.tls.key`: "),
            ("tls.crt", "empty", None, "`admission.tls.key`: "),
            ("tls.crt", "other.key", None, "`admission.tls.key`: "),
            ("tls.crt", "tls.key", Some("empty"), "`admission.client_ca`: "),
            ("tls.crt", "tls.key", Some("none"), "`admission.client_ca`: "),
        ] {
            let path = |name: &str| folder.path().join(name);
            let loaded = Certificate::load_for(path(certificate), path(key), client_ca.map(path));
            let failure = certificate_failed(&loaded.err().unwrap(), "admission.tls", &path(certificate));
            assert!(failure.status == STATUS_CONFIGURATION && failure.message.starts_with(expected), "{}", failure.message);
        }
    }
}
