//! Layer D: the wired parts. Everything that a request needs is made once, from the configuration.

mod ages;
mod changed_at;
mod changes;
mod clients;
mod confirm;
mod covered;
mod decision;
mod deny;
mod end_tokens;
mod error;
mod file_key;
mod key_encryption;
mod keys;
mod live;
mod not_in_force;
mod opened;
mod operate;
mod origins;
mod reconcile;
mod reported_faults;
mod reuse_alarm;
mod revision;
mod revisions;
mod rewrite;
mod secret;
mod secret_at;
mod secret_status;
mod sources;
mod status;
mod tracked_source;
mod transit;
mod were_in_force;
mod work_slots;

pub use clients::Clients;
pub use decision::ExplainedDecision;
pub use deny::{DeniedBy, OF_SOURCE_MAX, STANDING_MAX};
pub use error::{FollowError, KeyEncryptionError, StartError, UnreadForm};
pub use live::{ActiveSource, Live};
pub use revision::{ReadContext, Revision, recorded_policies};
pub use revisions::Revisions;
pub use rewrite::{RewriteError, Rewriting};
pub use secret_status::{FILES_MAX, FilesAsked, GRANTS_LISTED_MAX};
pub use tracked_source::TrackedSource;
pub use work_slots::{NoWorkSlot, WorkSlot, WorkSlots};

use crate::config::{Config, Egress, SourceFiles, served_issuer};
use crate::issue::{OwnIssuers, Providers, Sessions, TokenSeal};
use crate::issuers::Issuers;
use crate::kind::Target;
use crate::policy::{Catalogue, DenialUntil, Widening};
use crate::store::{OwnIssuer, Store};
use crate::telemetry::{Metrics, SharedMetrics, Traces};
use crate::words::names::{IssuerUrl, SourceName};
use crate::words::{Clock, Denial, UnixTime};
use arc_swap::ArcSwap;
use reuse_alarm::ReuseAlarm;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often the rotation of our keys is checked.
const KEY_TURN: Duration = Duration::from_secs(3600);
/// Expired decrypted values are wiped within this time.
const FORGET_TURN: Duration = Duration::from_secs(10);
/// How often refusals that were only counted are written.
const AGGREGATE_TURN: Duration = Duration::from_secs(60);

/// The server's parts.
pub struct App {
    /// The issuers that are trusted, and their keys.
    pub issuers: Issuers,
    /// The revision in force.
    pub live: ArcSwap<Live>,
    /// The origins by which clients reach us, such as `https://daypass.example`: a proof of possession names one of them.
    pub origins: Vec<String>,
    /// The durable memory.
    pub store: Store,
    /// Our own issuers.
    pub own_issuers: OwnIssuers,
    /// The outside providers of credentials.
    pub providers: Arc<Providers>,
    /// The keys that seal and open sessions.
    pub sessions: Sessions,
    /// Seals copies of tokens that an operator can have ended.
    pub token_seal: TokenSeal,
    /// Where clients reach us.
    pub public_url: IssuerUrl,
    /// Pools of addresses that are one client each.
    pub egress: Egress,
    /// Tokens that a second client showed.
    pub reuse_alarm: ReuseAlarm,
    /// The metrics.
    pub metrics: SharedMetrics,
    /// The traces of requests for a collector.
    pub traces: Traces,
    /// What is known of the addresses of callers.
    pub clients: Arc<Clients>,
    /// Cancelled when the server begins to stop: it is not ready any more.
    pub draining: CancellationToken,
    /// The running exchanges. An exchange continues when its client hangs up, and the server stops after the last one.
    pub exchanges: TaskTracker,
    /// The one replay of history that may run.
    pub replays: WorkSlots,
    /// The one reading of the audit log that may run.
    pub audit_readings: WorkSlots,
    /// The one status of encrypted files that may run.
    pub status_readings: WorkSlots,
    /// The one rewriting of files that may run.
    pub rewritings: WorkSlots,
    /// The one count of past grants that a denial covers.
    denials_counted: Semaphore,
    /// The readings of old values of secrets.
    past_turns: WorkSlots,
    /// Operators' denials.
    denials: ArcSwap<BTreeMap<String, DenialUntil>>,
    /// Reports that what is in force or denied has changed.
    changed: watch::Sender<()>,
    root: Arc<TrackedSource>,
    further: ArcSwap<sources::FurtherSources>,
    starting: mpsc::UnboundedSender<Arc<TrackedSource>>,
    started: Mutex<mpsc::UnboundedReceiver<Arc<TrackedSource>>>,
    /// One change of what is in force at a time.
    live_turn: Mutex<()>,
    widening: Widening,
    source_files: SourceFiles,
    data: PathBuf,
    catalogue: Catalogue,
}

impl App {
    /// Opens the store, the keys and the first revision. If the revision cannot be read, the server starts anyway: it denies
    /// everything, and reports why.
    pub async fn start(config: Config, clock: Arc<dyn Clock>) -> Result<Arc<Self>, StartError> {
        let store = Store::open(&config.data, clock.clone())?;
        let key_identities = key_encryption::key_identities(&config.key_encryption, &store).await?;
        let (clouds, id_tokens) = (config.issuer_url.clone(), config.id_token_issuer_url.clone());
        let own_issuers = OwnIssuers::open(clouds, id_tokens, &key_identities, &store).await?;
        for own in OwnIssuer::ALL {
            if *own_issuers.keys(own).issuer() == served_issuer(&config.public_url, own)? {
                store.forget_hosted(own).await?;
            }
        }
        let token_seal = TokenSeal::new(key_identities.clone());
        let sessions = Sessions::load(key_identities, &store).await?;
        let providers = Arc::new(Providers::connect(config.providers.clone(), &own_issuers).await?);
        let (catalogue, origins) = (config.catalogue(), config.origins());
        let root = Arc::new(TrackedSource::new(SourceName::root(), config.root, Vec::new(), &config.data, store.moment()));
        root.read_identities().await.map_or(Ok(()), Err)?;
        let (starting, started) = mpsc::unbounded_channel();
        let nothing = ActiveSource::new(root.clone(), Arc::default(), &catalogue);
        let metrics = Metrics::new(store.waits());
        let traces = config.traces.as_ref().map(|settings| Traces::start(settings, metrics.traces.clone()));
        let traces = traces.transpose()?.unwrap_or_default();
        let app = Arc::new(Self {
            origins,
            issuers: Issuers::new(config.issuers, &clock)?,
            live: ArcSwap::from_pointee(Live::of(nothing, BTreeMap::new(), None)),
            catalogue,
            store,
            own_issuers,
            sessions,
            token_seal,
            public_url: config.public_url,
            egress: config.egress,
            reuse_alarm: ReuseAlarm::default(),
            metrics: metrics.into(),
            traces,
            clients: Arc::default(),
            draining: CancellationToken::new(),
            exchanges: TaskTracker::new(),
            replays: WorkSlots::new(1),
            audit_readings: WorkSlots::new(1),
            status_readings: WorkSlots::new(1),
            denials_counted: Semaphore::new(1),
            rewritings: WorkSlots::new(1),
            past_turns: WorkSlots::new(secret_at::READ_AT_ONCE),
            denials: ArcSwap::default(),
            changed: watch::Sender::default(),
            root: root.clone(),
            further: ArcSwap::default(),
            starting,
            started: Mutex::new(started),
            live_turn: Mutex::new(()),
            widening: config.widening,
            source_files: config.source_files,
            data: config.data,
            providers,
        });
        app.read_denials().await?;
        // A remote source may take long: the commit of its mirror goes live, and its follower fetches later.
        if root.is_remote() {
            app.recover(&root).await;
        } else {
            app.reconcile(&root).await;
        }
        Ok(app)
    }

    /// The current time.
    pub fn now(&self) -> UnixTime {
        self.store.now()
    }

    /// Refuses a grant that no configured provider can make. It asks no provider.
    pub fn could_make(&self, granted: &Target) -> Result<(), Denial> {
        self.own_issuers.id_tokens().check_granted(granted)?;
        self.providers.check(granted)
    }

    /// The issuers as policies may name them.
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Follows Git, rotates keys and writes aggregates until the server stops.
    pub async fn run_background_work(self: Arc<Self>) {
        tokio::spawn(self.clone().follow(self.root.clone()));
        let mut keys = tokio::time::interval(KEY_TURN);
        let mut aggregates = tokio::time::interval(AGGREGATE_TURN);
        let mut forgets = tokio::time::interval(FORGET_TURN);
        let mut started = self.started.lock().await;
        loop {
            tokio::select! {
                Some(source) = started.recv() => {
                    tokio::spawn(self.clone().begin(source));
                }
                _ = forgets.tick() => {
                    self.live.load().forget_old();
                    self.sessions.forget_old();
                    self.store.forget_old();
                    self.store.retry_deferred().await;
                    self.warn_of_space();
                    if let Err(denial) = self.store.record_clock().await {
                        tracing::error!(cause = %denial.cause, "the change of the clock could not be recorded");
                    }
                }
                _ = keys.tick() => {
                    if let Err(fault) = self.own_issuers.rotate_due(&self.store).await {
                        tracing::error!(%fault, "the signing keys could not be rotated");
                    }
                    if let Err(fault) = self.sessions.rotate_due(&self.store).await {
                        tracing::error!(%fault, "the session keys could not be rotated");
                    }
                }
                _ = aggregates.tick() => {
                    if let Err(denial) = self.store.write_aggregates().await {
                        tracing::error!(cause = %denial.cause, "counted refusals could not be recorded");
                    }
                    if let Err(denial) = self.store.forget_ended_tokens().await {
                        tracing::error!(cause = %denial.cause, "copies of tokens that have ended could not be deleted");
                    }
                }
            }
        }
    }

    /// The shutdown: waits for the last exchanges, and writes what was only counted.
    pub async fn shutdown(&self, patience: Duration) {
        self.exchanges.close();
        if tokio::time::timeout(patience, self.exchanges.wait()).await.is_err() {
            tracing::warn!(left = self.exchanges.len(), "some exchanges did not end in time; the next start reports them");
        }
        if let Err(denial) = self.store.write_aggregates().await {
            tracing::error!(cause = %denial.cause, "counted refusals could not be recorded");
        }
        self.traces.shutdown().await;
    }
}
