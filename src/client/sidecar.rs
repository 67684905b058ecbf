//! `daypass sidecar`: keeps a pod's secrets as files in memory, as long as the policies grant them and no longer.
//!
//! [`Supervisor`](keeper::Keeper) asks the server, [`Volume`](volume::Volume) writes the files, and [`Teller`](teller::Teller)
//! notifies the application.

mod aws;
mod error;
mod file_name;
mod follow;
mod given;
mod lease;
mod notifier;
mod probe;
mod processes;
mod reaction;
mod refresh_schedule;
mod settings;
mod signals;
mod state_file;
mod supervisor;
mod template;
mod volume;
#[cfg(test)]
mod waiting;

pub use error::TemplateError;
pub use settings::Settings;

use super::environment::Environment;
use super::server::{Address, Server};
use super::{Failure, STATUS_UNAVAILABLE};
use crate::words::names::Audience;
use crate::words::{Clock, SystemClock};
use follow::EventUpdates;
use probe::Status;
use state_file::StateFile;
use std::sync::Arc;
use std::time::Duration;
use supervisor::Supervisor;
use tokio::signal::unix::{Signal, SignalKind, signal};
use volume::Volume;

/// What the command line adds to the settings.
#[derive(Clone, Copy, Debug)]
pub struct RunOptions {
    /// How long `once` tries again while the server cannot be reached.
    pub wait: Duration,
    /// Allows a folder that is not in memory: for tests and for development.
    pub allow_disk: bool,
}

/// Checks a template for a sidecar's configuration.
pub fn check_template(text: &str) -> Result<(), TemplateError> {
    template::Template::parse(text).map(drop)
}

/// Keeps the files until the process is told to stop. The files stay then: the next container of this pod takes them over.
pub async fn run(settings: Settings, manner: RunOptions, environment: Environment) -> Result<u8, Failure> {
    let failed = |fault: std::io::Error| Failure::new(STATUS_UNAVAILABLE, fault.to_string());
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let status = Status::default();
    if let Some(address) = settings.probe {
        tokio::spawn(probe::serve(probe::bind(address).await?, status.clone()));
    }
    let supervisor = prepare(settings, manner, environment, status)?;
    let updates = EventUpdates::default();
    tokio::spawn(ask_when_signalled(updates.clone(), signal(SignalKind::hangup()).map_err(failed)?));
    // In a shared namespace, a signal for another process must not end this one.
    let _ignored = [SignalKind::user_defined1(), SignalKind::user_defined2()].map(signal);
    tokio::select! {
        never = supervisor.run(updates) => match never {},
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("the sidecar stops; the files stay until their end, or until somebody takes over");
    Ok(0)
}

/// Asks the server at once on a hangup signal.
async fn ask_when_signalled(updates: EventUpdates, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        updates.changed.notify_one();
    }
}

/// Writes the files once, for an init container.
pub async fn once(settings: Settings, manner: RunOptions, environment: Environment) -> Result<u8, Failure> {
    prepare(settings, manner, environment, Status::default())?.write_once(manner.wait).await.map(|()| 0)
}

/// Checks that every file is there and still granted, for an exec probe. It does not ask the server.
pub fn check(settings: &Settings) -> Result<u8, Failure> {
    let missing = |what: String| Failure::new(STATUS_UNAVAILABLE, format!("not ready: {what}"));
    let note = StateFile::read(&settings.folder).ok_or_else(|| missing("nothing was written yet".to_owned()))?;
    if !note.counts(&settings.content_digest(), SystemClock.now()) {
        return Err(missing("the files are of other settings, or have expired".to_owned()));
    }
    if settings.aws.as_ref().is_some_and(|aws| !aws.is_served()) {
        return Err(missing("AWS's SDKs are not answered yet".to_owned()));
    }
    match settings.names().find(|name| !settings.folder.join(name.as_str()).is_file()) {
        Some(name) => Err(missing(format!("{name} is not there"))),
        None => Ok(0),
    }
}

fn prepare(settings: Settings, manner: RunOptions, environment: Environment, status: Status) -> Result<Supervisor, Failure> {
    let volume = Volume::open(&settings.folder, settings.mode, manner.allow_disk)?;
    let address = Address {
        server: &settings.server,
        audience: settings.audience.as_ref().map(Audience::as_str),
        ca: settings.ca.as_deref(),
        token_file: Some(&settings.token_file),
        wait: Duration::ZERO,
    };
    let server = Arc::new(Server::new(&address, environment)?);
    Ok(Supervisor::new(settings, server, volume, status))
}
