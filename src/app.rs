//! Layer D: the wired parts. Everything that a request needs, made once from the configuration.

mod live;
mod operate;
mod reconcile;

pub use live::Live;

use crate::config::Config;
use crate::issue::{Aws, SigningKeys};
use crate::issuers::Issuers;
use crate::policy::{Catalogue, Standing};
use crate::secrets::Identities;
use crate::store::Store;
use crate::telemetry::SharedMetrics;
use crate::words::names::CommitId;
use crate::words::{Clock, Denial, Reason, Secret, UnixTime};
use arc_swap::{ArcSwap, ArcSwapOption};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// The rotation of our keys is looked at this often.
const KEY_TURN: Duration = Duration::from_secs(3600);
/// Refusals that were only counted are written this often.
const AGGREGATE_TURN: Duration = Duration::from_secs(60);

/// The server's parts.
pub struct App {
    /// The issuers that are trusted, and their keys.
    pub issuers: Issuers,
    /// The revision in force.
    pub live: ArcSwap<Live>,
    /// The durable memory.
    pub store: Store,
    /// Our own issuer.
    pub signing: Arc<SigningKeys>,
    /// What opens the root source's secrets.
    pub identities: Identities,
    /// What is counted.
    pub metrics: SharedMetrics,
    /// Exchanges under way: a client that hangs up does not end its own, and the server stops after the last.
    pub exchanges: TaskTracker,
    /// What operators deny.
    stops: ArcSwap<BTreeMap<String, Standing>>,
    /// When the repository was last read, in milliseconds.
    looked_at: AtomicI64,
    /// What is wrong with the repository as a whole.
    alarm: ArcSwapOption<String>,
    /// A commit that an operator accepts although it does not follow.
    accepted: ArcSwapOption<CommitId>,
    /// A commit of which nothing waits any more.
    confirmed: ArcSwapOption<CommitId>,
    aws: Option<Aws>,
    catalogue: Catalogue,
    root: crate::config::RootSource,
}

impl App {
    /// Opens the store, the keys and the first revision. A revision that cannot be read does not keep the server from
    /// starting: it denies, and says so.
    pub async fn start(config: Config, clock: Arc<dyn Clock>) -> Result<Arc<Self>, String> {
        let store = Store::open(&config.data, clock.clone())?;
        let key_identities = read_identities(std::slice::from_ref(&config.key_identity))?;
        let signing = Arc::new(SigningKeys::open(config.issuer_url.clone(), key_identities, &store).await?);
        let aws = match &config.aws {
            Some(settings) => Some(Aws::new(settings, signing.clone()).await),
            None => None,
        };
        let app = Arc::new(Self {
            catalogue: config.catalogue(),
            issuers: Issuers::new(config.issuers, &clock)?,
            live: ArcSwap::from_pointee(Live::default()),
            store,
            signing,
            identities: read_identities(&config.root.age_identities)?,
            metrics: SharedMetrics::default(),
            exchanges: TaskTracker::new(),
            stops: ArcSwap::default(),
            looked_at: AtomicI64::new(i64::MIN),
            alarm: ArcSwapOption::empty(),
            accepted: ArcSwapOption::empty(),
            confirmed: ArcSwapOption::empty(),
            aws,
            root: config.root,
        });
        app.read_stops().await.map_err(|denial| denial.cause)?;
        app.reconcile().await;
        Ok(app)
    }

    /// The present moment.
    pub fn now(&self) -> UnixTime {
        self.store.now()
    }

    /// AWS, where it is configured.
    pub fn aws(&self) -> Result<&Aws, Denial> {
        self.aws.as_ref().ok_or_else(|| Reason::AwsUnavailable.because("the configuration has no `aws` section"))
    }

    /// Follows Git, turns keys and writes aggregates until the server stops.
    pub async fn keep_up(self: Arc<Self>) {
        let mut git = tokio::time::interval(self.root.interval);
        let mut keys = tokio::time::interval(KEY_TURN);
        let mut aggregates = tokio::time::interval(AGGREGATE_TURN);
        loop {
            tokio::select! {
                _ = git.tick() => self.reconcile().await,
                _ = keys.tick() => {
                    if let Err(fault) = self.signing.turn(&self.store).await {
                        tracing::error!(%fault, "the signing keys could not be turned");
                    }
                }
                _ = aggregates.tick() => {
                    if let Err(denial) = self.store.write_aggregates().await {
                        tracing::error!(cause = %denial.cause, "counted refusals could not be recorded");
                    }
                }
            }
        }
    }

    /// The end: the last exchanges are told to their end, and what was only counted is written.
    pub async fn wind_up(&self, patience: Duration) {
        self.exchanges.close();
        if tokio::time::timeout(patience, self.exchanges.wait()).await.is_err() {
            tracing::warn!(left = self.exchanges.len(), "some exchanges did not end in time; the next start reports them");
        }
        if let Err(denial) = self.store.write_aggregates().await {
            tracing::error!(cause = %denial.cause, "counted refusals could not be recorded");
        }
    }
}

fn read_identities(paths: &[PathBuf]) -> Result<Identities, String> {
    let read = |path: &PathBuf| {
        let bytes = std::fs::read(path).map_err(|fault| format!("{}: {fault}", path.display()))?;
        Identities::parse(&Secret::new(bytes)).map_err(|fault| format!("{}: {fault}", path.display()))
    };
    let mut all = read(paths.first().ok_or("no age identity is configured")?)?;
    for path in &paths[1..] {
        all.join(read(path)?);
    }
    Ok(all)
}
