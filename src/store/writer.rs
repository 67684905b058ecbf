//! One thread writes. Whatever waits is done in one transaction, so that one flush of the disk serves all of it.

use super::schema;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Jobs that may wait; beyond it the store is not keeping up, and a request is refused rather than delayed.
const QUEUE_MAX: usize = 16_384;
/// Jobs in one transaction: 256 records take a few milliseconds beside the flush.
const BATCH_MAX: usize = 256;
/// The longest wait for more jobs; a slow disk's flush gathers enough by itself.
const GATHERING_MAX: Duration = Duration::from_millis(1);

/// A job does its part of the transaction and says how to tell its caller, once the commit has returned.
type Job = Box<dyn FnOnce(&Connection) -> rusqlite::Result<Tell> + Send>;
type Tell = Box<dyn FnOnce() + Send>;

pub(super) struct Writer(SyncSender<Job>);

impl Writer {
    pub(super) fn start(directory: PathBuf, connection: Connection) -> Self {
        let (sender, receiver) = sync_channel(QUEUE_MAX);
        let spawned = std::thread::Builder::new().name("store".to_owned()).spawn(move || run(&directory, connection, &receiver));
        if let Err(fault) = spawned {
            tracing::error!(%fault, "the store's thread does not start");
        }
        Self(sender)
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
        match self.0.try_send(job) {
            Ok(()) => told.await.ok(),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => None,
        }
    }
}

fn run(directory: &std::path::Path, connection: Connection, jobs: &Receiver<Job>) {
    let mut connection = Some(connection);
    let mut gathering = Duration::ZERO;
    while let Ok(first) = jobs.recv() {
        std::thread::sleep(gathering);
        let batch: Vec<Job> = std::iter::once(first).chain(jobs.try_iter().take(BATCH_MAX - 1)).collect();
        let (several, started) = (batch.len() > 1, Instant::now());
        // A connection whose commit failed is not used again: what a failed flush left behind is unknown until it is re-read.
        let usable = connection.take().map_or_else(|| schema::open(directory), Ok);
        match usable.and_then(|mut usable| commit(&mut usable, batch).map(|told| (usable, told))) {
            Ok((usable, told)) => {
                connection = Some(usable);
                told.into_iter().for_each(|tell| tell());
            }
            Err(fault) => tracing::error!(%fault, "the store cannot write; requests are refused until it can"),
        }
        // Where several wait at once, a wait as long as a commit doubles how many the next one serves; who is alone is served at once.
        gathering = if several { started.elapsed().min(GATHERING_MAX) } else { Duration::ZERO };
    }
}

/// All jobs in one transaction, or none; dropping a job tells its caller that it is not durable.
fn commit(connection: &mut Connection, batch: Vec<Job>) -> rusqlite::Result<Vec<Tell>> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let told = batch.into_iter().map(|job| job(&transaction)).collect::<rusqlite::Result<Vec<_>>>()?;
    transaction.commit()?;
    Ok(told)
}
