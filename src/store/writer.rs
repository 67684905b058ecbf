//! One thread writes. Whatever waits is done in one transaction, so that one flush of the disk serves all of it.

use super::schema;
use super::space::Space;
use crate::words::{LATENCY_BUCKETS, Timeline};
use prometheus_client::metrics::histogram::Histogram;
use rusqlite::{Connection, ErrorCode};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Jobs that may wait; beyond it the store is not keeping up, and a request is refused rather than delayed.
const QUEUE_MAX: usize = 16_384;
/// Jobs in one transaction: 256 records take a few milliseconds beside the flush.
const BATCH_MAX: usize = 256;
/// The longest wait for more jobs; a slow disk's flush gathers enough by itself.
const GATHERING_MAX: Duration = Duration::from_millis(1);
/// A full disk fails every request, and a line for each would fill what is left of it.
const FAULT_PAUSE: Duration = Duration::from_secs(1);

/// A job does its part of the transaction and says how to tell its caller, once the commit has returned.
type Job = Box<dyn FnOnce(&Connection) -> rusqlite::Result<Tell> + Send>;
type Tell = Box<dyn FnOnce() + Send>;
/// What has taken effect already and is not durable yet. It can be done again until it is.
type Debt = Arc<dyn Fn(&Connection) -> rusqlite::Result<()> + Send + Sync>;

/// By their names: a later one of a name takes the place of the one before.
#[derive(Clone, Default)]
struct Debts(Arc<Mutex<BTreeMap<String, Debt>>>);

impl Debts {
    fn insert(&self, name: String, debt: impl Fn(&Connection) -> rusqlite::Result<()> + Send + Sync + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::new(debt));
    }

    fn all(&self) -> BTreeMap<String, Debt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn paid(&self, paid: &BTreeMap<String, Debt>) {
        let is_paid = |name: &String, debt: &mut Debt| paid.get(name).is_some_and(|paid| Arc::ptr_eq(paid, debt));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|name, debt| !is_paid(name, debt));
    }
}

pub(super) struct Writer {
    jobs: SyncSender<Job>,
    debts: Debts,
    /// How long each job waited until it was durable, or was not.
    waits: Histogram,
}

impl Writer {
    pub(super) fn start(directory: PathBuf, connection: Connection, timeline: Arc<Timeline>, space: Arc<Space>) -> Self {
        let (sender, receiver) = sync_channel(QUEUE_MAX);
        let debts = Debts::default();
        let thread = Thread { directory, timeline, space, debts: debts.clone(), faults: Faults::default(), void: 0 };
        let spawned = std::thread::Builder::new().name("store".to_owned()).spawn(move || thread.run(connection, &receiver));
        if let Err(fault) = spawned {
            tracing::error!(%fault, "the store's thread does not start");
        }
        Self { jobs: sender, debts, waits: Histogram::new(LATENCY_BUCKETS) }
    }

    /// The work's result after it is durable; `None` when it is not.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Option<T> {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let value = work(connection)?;
            Ok(Box::new(move || _ = tell.send(value)))
        });
        let started = Instant::now();
        let told = match self.jobs.try_send(job) {
            Ok(()) => told.await.ok(),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => None,
        };
        self.waits.observe(started.elapsed().as_secs_f64());
        told
    }

    /// How long writes waited.
    pub(super) fn waits(&self) -> Histogram {
        self.waits.clone()
    }

    /// The same for what has taken effect already: it is part of every transaction until one is durable, so nothing is recorded
    /// before it. `None` when it is not durable yet.
    pub(super) async fn owe(
        &self,
        name: String,
        work: impl Fn(&Connection) -> rusqlite::Result<()> + Send + Sync + 'static,
    ) -> Option<()> {
        self.debts.insert(name, work);
        self.write(|_| Ok(())).await
    }

    /// Whether something that took effect is not durable yet.
    pub(super) fn owes(&self) -> bool {
        !self.debts.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

struct Thread {
    directory: PathBuf,
    timeline: Arc<Timeline>,
    space: Arc<Space>,
    debts: Debts,
    faults: Faults,
    /// Jobs that failed at the disk since the last commit that is durable.
    void: usize,
}

/// Where a transaction failed.
enum Failed {
    /// Nothing of it was given to the disk.
    Before(rusqlite::Error),
    /// Some or all of it was, and whether it is durable is unknown.
    AtTheDisk(rusqlite::Error),
}

impl Thread {
    fn run(mut self, connection: Connection, jobs: &Receiver<Job>) {
        let mut connection = Some(connection);
        let mut gathering = Duration::ZERO;
        while let Ok(first) = jobs.recv() {
            std::thread::sleep(gathering);
            let batch: Vec<Job> = std::iter::once(first).chain(jobs.try_iter().take(BATCH_MAX - 1)).collect();
            let (several, started) = (batch.len() > 1, Instant::now());
            connection = self.serve(connection, batch);
            // Where several wait at once, a wait as long as a commit doubles how many the next one serves; who is alone is served at once.
            gathering = if several { started.elapsed().min(GATHERING_MAX) } else { Duration::ZERO };
        }
    }

    /// Does the batch and tells its callers. The connection goes on being used after a failed commit: it alone knows how far the
    /// write-ahead log is good, and writes over what follows.
    fn serve(&mut self, connection: Option<Connection>, batch: Vec<Job>) -> Option<Connection> {
        let mut connection = match connection.map_or_else(|| schema::open(&self.directory), Ok) {
            Ok(connection) => connection,
            Err(fault) => {
                self.faults.tell(&fault);
                return None;
            }
        };
        self.space.look();
        let size = batch.len();
        match self.commit(&mut connection, batch) {
            Ok(told) => told.into_iter().for_each(|tell| tell()),
            Err(Failed::Before(fault)) => self.faults.tell(&fault),
            Err(Failed::AtTheDisk(fault)) => {
                self.faults.tell(&fault);
                self.make_void(&mut connection, size, &fault);
            }
        }
        connection.is_autocommit().then_some(connection)
    }

    /// All jobs in one transaction, or none; dropping a job tells its caller that it is not durable.
    fn commit(&mut self, connection: &mut Connection, batch: Vec<Job>) -> Result<Vec<Tell>, Failed> {
        let behavior = rusqlite::TransactionBehavior::Immediate;
        let transaction = connection.transaction_with_behavior(behavior).map_err(Failed::Before)?;
        let debts = self.debts.all();
        debts.values().try_for_each(|debt| debt(&transaction)).map_err(Failed::Before)?;
        let told = batch.into_iter().map(|job| job(&transaction)).collect::<rusqlite::Result<Vec<_>>>();
        let told = told.map_err(Failed::Before)?;
        transaction.commit().map_err(Failed::AtTheDisk)?;
        self.debts.paid(&debts);
        self.void = 0;
        Ok(told)
    }

    /// Writes over what a failed commit left in the write-ahead log. It is whole there although its flush failed, and a restart would
    /// read it as durable: records of answers that never left. What takes its place tells of the failure, and breaks it whether or not
    /// its own flush fails. Where the disk is full, no whole commit is left.
    fn make_void(&mut self, connection: &mut Connection, jobs: usize, fault: &rusqlite::Error) {
        if fault.sqlite_error_code() == Some(ErrorCode::DiskFull) {
            return;
        }
        self.void += jobs;
        let (now, void, fault) = (self.timeline.now(), self.void, fault.to_string());
        let told = move |connection: &Connection| {
            schema::append(connection, now, "write_failed", None, json!({ "fault": fault, "void": void }))
        };
        self.debts.insert("write_failed".to_owned(), told);
        if let Err(Failed::Before(fault) | Failed::AtTheDisk(fault)) = self.commit(connection, Vec::new()) {
            tracing::debug!(%fault, "the record of a failed commit is not durable yet");
        }
    }
}

/// Tells of failures once in a while, and how many there were.
#[derive(Default)]
struct Faults {
    told: Option<Instant>,
    untold: u64,
}

impl Faults {
    fn tell(&mut self, fault: &rusqlite::Error) {
        if self.told.is_some_and(|told| told.elapsed() < FAULT_PAUSE) {
            self.untold += 1;
            return;
        }
        let untold = std::mem::take(&mut self.untold);
        tracing::error!(%fault, untold, "the store cannot write; requests are refused until it can");
        self.told = Some(Instant::now());
    }
}
