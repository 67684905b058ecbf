//! The thread that writes. It does all waiting jobs in one transaction, so that one flush of the disk serves all of them.

use super::event_record::WriteFailedRecord;
use super::schema;
use super::space::Space;
use crate::words::{LATENCY_BUCKETS, Timeline};
use prometheus_client::metrics::histogram::Histogram;
use rusqlite::{Connection, ErrorCode};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Jobs that may wait. If there are more, the disk is too slow, and requests are refused rather than delayed.
const QUEUE_MAX: usize = 16_384;
/// Jobs in one transaction. 256 records take a few milliseconds besides the flush.
const BATCH_MAX: usize = 256;
/// The longest wait for more jobs. During the flush of a slow disk enough jobs gather anyway.
const GATHERING_MAX: Duration = Duration::from_millis(1);
/// The least time between two log lines. On a full disk every request fails, and a line for each would fill the log.
const FAULT_PAUSE: Duration = Duration::from_secs(1);

/// A job does its part of the transaction. It returns a function that tells its caller, which is called after the commit.
type Job = Box<dyn FnOnce(&Connection) -> rusqlite::Result<Notify> + Send>;
type Notify = Box<dyn FnOnce() + Send>;
/// A change that has taken effect and is not durable yet. It can be repeated until it is.
type PendingChange = Arc<dyn Fn(&Connection) -> rusqlite::Result<()> + Send + Sync>;

/// The debts by name. A later debt replaces an earlier one of the same name.
#[derive(Clone, Default)]
struct PendingChanges(Arc<Mutex<BTreeMap<String, PendingChange>>>);

impl PendingChanges {
    fn insert(&self, name: String, debt: impl Fn(&Connection) -> rusqlite::Result<()> + Send + Sync + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::new(debt));
    }

    fn all(&self) -> BTreeMap<String, PendingChange> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn applied(&self, paid: &BTreeMap<String, PendingChange>) {
        let is_paid = |name: &String, debt: &mut PendingChange| paid.get(name).is_some_and(|paid| Arc::ptr_eq(paid, debt));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|name, debt| !is_paid(name, debt));
    }
}

pub(super) struct Writer {
    jobs: SyncSender<Job>,
    debts: PendingChanges,
    /// How long each job waited until it was durable or failed.
    waits: Histogram,
}

impl Writer {
    /// Starts the thread. It holds the directory's lock until its last write has ended, also if the store is dropped before that.
    pub(super) fn start(
        directory: PathBuf,
        lock: File,
        connection: Connection,
        timeline: Arc<Timeline>,
        space: Arc<Space>,
    ) -> Self {
        let (sender, receiver) = sync_channel(QUEUE_MAX);
        let debts = PendingChanges::default();
        let thread = Thread { directory, timeline, space, debts: debts.clone(), faults: Faults::default(), void: 0 };
        let spawned = std::thread::Builder::new().name("store".to_owned()).spawn(move || {
            thread.run(connection, &receiver);
            drop(lock);
        });
        if let Err(fault) = spawned {
            tracing::error!(%fault, "the store's thread does not start");
        }
        Self { jobs: sender, debts, waits: Histogram::new(LATENCY_BUCKETS) }
    }

    /// Runs the work, and returns its result after it is durable. `None`: it is not durable.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Option<T> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let value = work(connection)?;
            Ok(Box::new(move || _ = sender.send(value)))
        });
        let started = Instant::now();
        let answer = match self.jobs.try_send(job) {
            Ok(()) => receiver.await.ok(),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => None,
        };
        self.waits.observe(started.elapsed().as_secs_f64());
        answer
    }

    /// How long writes waited.
    pub(super) fn waits(&self) -> Histogram {
        self.waits.clone()
    }

    /// Runs work for a change that has taken effect already. It is part of every transaction until one is durable, so nothing is recorded
    /// before it. `None`: it is not durable yet.
    pub(super) async fn run_or_defer(
        &self,
        name: String,
        work: impl Fn(&Connection) -> rusqlite::Result<()> + Send + Sync + 'static,
    ) -> Option<()> {
        self.debts.insert(name, work);
        self.write(|_| Ok(())).await
    }

    /// Whether a change that took effect is not durable yet.
    pub(super) fn has_pending(&self) -> bool {
        !self.debts.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

struct Thread {
    directory: PathBuf,
    timeline: Arc<Timeline>,
    space: Arc<Space>,
    debts: PendingChanges,
    faults: Faults,
    /// Jobs that failed at the disk since the last durable commit.
    void: usize,
}

/// Where a transaction failed.
enum Failed {
    /// Nothing of it was written.
    Before(rusqlite::Error),
    /// Some or all of it was written, and whether it is durable is unknown.
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
            // If several jobs wait, a pause as long as a commit doubles the number that the next one serves. A single job is served at once.
            gathering = if several { started.elapsed().min(GATHERING_MAX) } else { Duration::ZERO };
        }
    }

    /// Does the batch and tells its callers. The connection is kept after a failed commit, because only it knows how far the write-ahead
    /// log is valid, and overwrites the rest.
    fn serve(&mut self, connection: Option<Connection>, batch: Vec<Job>) -> Option<Connection> {
        let mut connection = match connection.map_or_else(|| schema::open(&self.directory), Ok) {
            Ok(connection) => connection,
            Err(fault) => {
                self.faults.log_fault(&fault);
                return None;
            }
        };
        self.space.measure();
        let size = batch.len();
        match self.commit(&mut connection, batch) {
            Ok(callbacks) => callbacks.into_iter().for_each(|callback| callback()),
            Err(Failed::Before(fault)) => self.faults.log_fault(&fault),
            Err(Failed::AtTheDisk(fault)) => {
                self.faults.log_fault(&fault);
                self.make_void(&mut connection, size, &fault);
            }
        }
        connection.is_autocommit().then_some(connection)
    }

    /// Does all jobs in one transaction, or none. Dropping a job tells its caller that it is not durable.
    fn commit(&mut self, connection: &mut Connection, batch: Vec<Job>) -> Result<Vec<Notify>, Failed> {
        let behavior = rusqlite::TransactionBehavior::Immediate;
        let transaction = connection.transaction_with_behavior(behavior).map_err(Failed::Before)?;
        let debts = self.debts.all();
        debts.values().try_for_each(|debt| debt(&transaction)).map_err(Failed::Before)?;
        let callbacks = batch.into_iter().map(|job| job(&transaction)).collect::<rusqlite::Result<Vec<_>>>();
        let callbacks = callbacks.map_err(Failed::Before)?;
        transaction.commit().map_err(Failed::AtTheDisk)?;
        self.debts.applied(&debts);
        self.void = 0;
        Ok(callbacks)
    }

    /// Overwrites what a failed commit left in the write-ahead log. The commit is complete there although its flush failed. A restart
    /// would read it as durable, with records of answers that never left. A record of the failure overwrites it, also if the flush of that
    /// record fails. On a full disk no complete commit is left, so nothing has to be done.
    fn make_void(&mut self, connection: &mut Connection, jobs: usize, fault: &rusqlite::Error) {
        if fault.sqlite_error_code() == Some(ErrorCode::DiskFull) {
            return;
        }
        self.void += jobs;
        let (now, body) = (self.timeline.now(), WriteFailedRecord { fault: fault.to_string(), void: self.void });
        let record = move |connection: &Connection| schema::append(connection, now, "write_failed", None, &body);
        self.debts.insert("write_failed".to_owned(), record);
        if let Err(Failed::Before(fault) | Failed::AtTheDisk(fault)) = self.commit(connection, Vec::new()) {
            tracing::debug!(%fault, "the record of a failed commit is not durable yet");
        }
    }
}

/// Logs failures at intervals, with their number.
#[derive(Default)]
struct Faults {
    logged_at: Option<Instant>,
    unlogged: u64,
}

impl Faults {
    fn log_fault(&mut self, fault: &rusqlite::Error) {
        if self.logged_at.is_some_and(|at| at.elapsed() < FAULT_PAUSE) {
            self.unlogged += 1;
            return;
        }
        let unreported = std::mem::take(&mut self.unlogged);
        tracing::error!(%fault, unreported, "the store cannot write; requests are refused until it can");
        self.logged_at = Some(Instant::now());
    }
}
