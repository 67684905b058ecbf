//! Asks the server, writes the files, and removes them. It keeps the files only while the server confirms the grant.

use super::aws::AwsListener;
use super::error::GivenError;
use super::follow::{EventUpdates, follow};
use super::given;
use super::lease::Lease;
use super::notifier::Notifier;
use super::probe::Status;
use super::refresh_schedule::{RETRY_MIN, RefreshSchedule, RenewalFault};
use super::settings::Settings;
use super::state_file::StateFile;
use super::volume::{Files, LOOKUP_MAX, Volume};
use crate::answers::Document;
use crate::client::local_server::random_token;
use crate::client::server::{NoAnswer, Server};
use crate::client::{Failure, STATUS_UNAVAILABLE};
use crate::words::{Clock, Secret, SystemClock};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How soon the end of a lease is noticed.
const TICK: Duration = Duration::from_millis(250);
/// Keeps one folder.
pub(super) struct Supervisor {
    settings: Settings,
    server: Arc<Server>,
    volume: Volume,
    status: Status,
    lease: Option<Lease>,
    /// The token that AWS's SDKs send, and the address that answers them while the files are there.
    aws_token: Option<Secret>,
    listener: Option<AwsListener>,
    schedule: RefreshSchedule,
    /// Whether an application may have read our files already, so that it must be notified of new ones.
    known: bool,
    notifier: Notifier,
}

impl Supervisor {
    /// Takes over the files of an earlier process of this pod, if their terms still allow it. Expired files are removed at once.
    pub(super) fn new(settings: Settings, server: Arc<Server>, volume: Volume, status: Status) -> Self {
        let schedule = RefreshSchedule::new(settings.interval);
        let notifier = Notifier::new(settings.on_change.is_some().then(|| volume.unnotified()));
        let known = volume.is_written() || notifier.is_due();
        let mut supervisor =
            Self { settings, server, volume, status, lease: None, aws_token: None, listener: None, schedule, known, notifier };
        let now = SystemClock.now();
        Self::note_cleared(supervisor.volume.clear_leftovers());
        match StateFile::read(supervisor.volume.folder()) {
            Some(note) if note.counts(&supervisor.settings.content_digest(), now) && supervisor.is_complete() => {
                tracing::info!(until = %note.ends_at(), "the files of an earlier run are taken over");
                supervisor.lease = Some(Lease::restored(&note, now));
                supervisor.status.set(supervisor.settings.aws.is_none());
            }
            // Files of other settings, or incomplete ones: the next answer replaces them, or they are removed.
            Some(note) if note.is_running(now) => {}
            _ => supervisor.take_away("nothing says how long they may stay"),
        }
        supervisor
    }

    /// Keeps the files for as long as the process runs.
    pub(super) async fn run(mut self, updates: EventUpdates) -> Infallible {
        tokio::spawn(follow(self.server.clone(), updates.clone(), self.settings.interval));
        if let Some(reaction) = self.settings.on_change.take() {
            self.notifier.start(reaction, self.server.http(), self.volume.is_written());
        }
        loop {
            let answer = self.request().await;
            // The log has the failure already.
            let _ = self.apply(answer);
            self.open_listener(&updates).await;
            self.wait(&updates).await;
        }
    }

    /// Writes the files once, within `wait`. If the server is unavailable, existing files that are still allowed are enough. Nobody is
    /// notified, because the application has not started yet.
    pub(super) async fn write_once(mut self, wait: Duration) -> Result<(), Failure> {
        let started = Instant::now();
        self.notifier = Notifier::new(None);
        loop {
            let answer = self.request().await;
            let denied = matches!(answer, Err(NoAnswer::Denied(_)));
            match self.apply(answer) {
                Ok(()) => {
                    self.remove_replaced().await;
                    return Ok(());
                }
                Err(failure) if denied => return Err(failure),
                Err(_) if started.elapsed() >= wait && self.lease.is_some() => return Ok(()),
                Err(failure) if started.elapsed() >= wait => return Err(failure),
                Err(_) => sleep(RETRY_MIN.min(wait)).await,
            }
        }
    }

    /// Removes replaced folders before the end: no later process would do it.
    async fn remove_replaced(&mut self) {
        if self.volume.has_replaced() {
            sleep(LOOKUP_MAX).await;
            let cleared = self.volume.end_lookups(std::time::Instant::now());
            Self::note_cleared(cleared);
        }
    }

    fn note_cleared(cleared: std::io::Result<()>) {
        if let Err(fault) = cleared {
            tracing::warn!(%fault, "replaced files could not be removed");
        }
    }

    /// Asks the server once.
    async fn request(&mut self) -> Result<Document, NoAnswer> {
        self.schedule.note_request();
        let (server, requests, policy) = (self.server.clone(), given::requests(&self.settings), self.settings.policy.clone());
        let asking = async move { server.ask(&requests, policy.as_ref().map(|policy| policy.as_str())).await };
        self.meanwhile(asking).await
    }

    fn apply(&mut self, answer: Result<Document, NoAnswer>) -> Result<(), Failure> {
        let settled = match answer {
            Ok(answer) => self.put_in_place(&answer),
            Err(NoAnswer::Denied(failure)) => {
                self.take_away("the server denies them");
                Err((RenewalFault::Denied, failure))
            }
            Err(NoAnswer::Unavailable(failure)) => {
                self.end_when_over();
                Err((RenewalFault::Unanswered, failure))
            }
        };
        let failures = self.schedule.ended(settled.as_ref().err().map(|(trouble, _)| *trouble));
        settled.map_err(|(_, failure)| {
            if self.lease.is_none() {
                self.take_away("the server has not confirmed that they may stay");
            }
            tracing::warn!(fault = %failure, failures, kept = self.lease.is_some(), "the files could not be renewed");
            failure
        })
    }

    /// Writes the files of an answer. The answer confirms the grant even if writing fails, so the existing files may stay.
    fn put_in_place(&mut self, answer: &Document) -> Result<(), (RenewalFault, Failure)> {
        let failed = |fault: GivenError| (RenewalFault::Unanswered, Failure::new(STATUS_UNAVAILABLE, fault));
        let secrets = given::secrets(&self.settings, answer).map_err(failed)?;
        let last_request = self.schedule.last_request();
        let lease = Lease::confirmed(given::terms(answer), SystemClock.now().minus(last_request.elapsed()), last_request);
        if self.lease.is_some() {
            self.confirm(lease);
        }
        let mut files = given::files(&self.settings, secrets).map_err(failed)?;
        if let (Some(name), Some(token)) = (self.settings.aws_token.clone(), self.aws_token()) {
            files.insert(name, token);
        }
        self.write(&files).map_err(|fault| {
            (RenewalFault::Unwritable, Failure::new(STATUS_UNAVAILABLE, format!("the files cannot be written: {fault}")))
        })?;
        self.confirm(lease);
        self.status.set(self.settings.aws.is_none() || self.listener.is_some());
        Ok(())
    }

    /// The token for AWS's SDKs. That of an earlier process is kept while its file is there, because SDKs may hold it.
    fn aws_token(&mut self) -> Option<Secret> {
        let name = self.settings.aws_token.as_ref()?;
        if self.aws_token.is_none() {
            let known = std::fs::read(self.volume.folder().join(name.as_str())).ok().filter(|bytes| !bytes.is_empty());
            self.aws_token = known.map(Secret::new).or_else(|| random_token().ok());
        }
        self.aws_token.as_ref().map(Secret::duplicate)
    }

    /// Begins to answer AWS's SDKs, when the files are there and a first session is issued. Neither the files nor a change wait for it.
    async fn open_listener(&mut self, updates: &EventUpdates) {
        let (Some(wish), None, Some(_)) = (self.settings.aws.clone(), &self.listener, &self.lease) else { return };
        let Some(token) = self.aws_token() else { return };
        let (server, policy) = (self.server.clone(), self.settings.policy.clone());
        let opening = async move { AwsListener::open(&wish, server, policy, token).await };
        let opened = tokio::select! {
            opened = self.meanwhile(opening) => opened,
            () = updates.changed.notified() => return updates.changed.notify_one(),
        };
        match opened {
            Ok(_) if self.lease.is_none() => {}
            Ok(listener) => {
                self.listener = Some(listener);
                self.schedule.note_listener(true);
                self.status.set(self.is_complete());
            }
            Err(failure) => {
                self.schedule.note_listener(false);
                tracing::warn!(fault = %failure, "AWS's SDKs are not answered");
            }
        }
    }

    /// Waits for `work`, and removes files meanwhile if their lease ends.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                output = &mut work => return output,
                () = sleep(TICK) => self.tick(),
            }
        }
    }

    fn confirm(&mut self, lease: Lease) {
        self.lease = Some(lease);
        let note = lease.note(&self.settings.content_digest(), SystemClock.now());
        if let Err(fault) = note.write(self.volume.folder()) {
            tracing::warn!(%fault, "the end of the files could not be saved for a restart");
        }
    }

    fn write(&mut self, files: &Files) -> std::io::Result<()> {
        if self.volume.holds(files) {
            return Ok(());
        }
        if self.known {
            self.notifier.begin();
        }
        self.volume.write(files, SystemClock.now())?;
        tracing::info!(files = files.len(), "the files are in place");
        if self.known {
            self.notifier.notify();
        }
        self.known = true;
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.settings.names().all(|name| self.volume.folder().join(name.as_str()).is_file())
    }

    /// Removes what has expired.
    fn tick(&mut self) {
        let cleared = self.volume.end_lookups(std::time::Instant::now());
        Self::note_cleared(cleared);
        self.end_when_over();
    }

    fn end_when_over(&mut self) {
        if self.lease.is_some_and(|lease| lease.is_over(SystemClock.now())) {
            self.take_away("their time has run out");
        }
    }

    /// Removes all files, including those that could not be removed before, and those that a killed process left incomplete.
    fn take_away(&mut self, why: &'static str) {
        self.lease = None;
        (self.listener, self.aws_token) = (None, None);
        self.status.set(false);
        let were_there = self.volume.is_written();
        if were_there {
            // Whoever has read them is notified once they are back, also by a later process.
            self.notifier.begin();
        }
        StateFile::remove(self.volume.folder());
        match self.volume.wipe() {
            Ok(()) if were_there => tracing::warn!(why, "the files were removed"),
            Ok(()) => {}
            Err(fault) => tracing::error!(why, %fault, "the files could not be removed completely"),
        }
    }

    /// Waits until there is a reason to ask again.
    async fn wait(&mut self, updates: &EventUpdates) {
        loop {
            tokio::select! {
                () = updates.changed.notified() => return sleep(self.schedule.after_change()).await,
                () = sleep(TICK) => {}
            }
            let had = self.lease.is_some();
            self.tick();
            let ended = had && self.lease.is_none();
            let within = self.lease.and_then(|lease| lease.ask_within());
            if ended || self.schedule.last_request().elapsed() >= self.schedule.pause(updates.is_listening(), within) {
                return;
            }
        }
    }
}
