//! The proofs that something is recorded, and the requests that are under way.

use crate::words::names::DecisionId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// The proof that the intent is durable: the licence to issue. Only `Store::intend` makes one.
#[must_use]
pub struct Recorded<G> {
    grant: G,
    decision: DecisionId,
    flight: Flight,
}

impl<G> Recorded<G> {
    pub(super) const fn new(grant: G, decision: DecisionId, flight: Flight) -> Self {
        Self { grant, decision, flight }
    }

    /// What may be issued.
    pub const fn grant(&self) -> &G {
        &self.grant
    }

    pub(super) const fn decision(&self) -> &DecisionId {
        &self.decision
    }

    pub(super) fn into_flight(self) -> Flight {
        self.flight
    }
}

/// The proof that the outcome is durable: the licence to answer. Only `Store::release` and `Store::intend_and_release` make one.
#[must_use]
pub struct Released(());

impl Released {
    pub(super) fn new(flight: Flight) -> Self {
        drop(flight);
        Self::at_once()
    }

    pub(super) const fn at_once() -> Self {
        Self(())
    }
}

/// Requests between intent and outcome, in this process.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<String, watch::Receiver<()>>>);

/// One of them; when it goes, those who wait for it look again.
pub(super) struct Flight {
    flights: Arc<Flights>,
    decision: String,
    _landed: watch::Sender<()>,
}

impl Flights {
    pub(super) fn start(self: &Arc<Self>, decision: &DecisionId) -> Flight {
        let (sender, receiver) = watch::channel(());
        self.lock().insert(decision.as_str().to_owned(), receiver);
        Flight { flights: self.clone(), decision: decision.as_str().to_owned(), _landed: sender }
    }

    /// Whether this decision is still under way here.
    pub(super) fn holds(&self, decision: &str) -> bool {
        self.lock().contains_key(decision)
    }

    /// Returns when it is not.
    pub(super) async fn wait(&self, decision: &str) {
        let receiver = self.lock().get(decision).cloned();
        if let Some(mut receiver) = receiver {
            while receiver.changed().await.is_ok() {}
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, watch::Receiver<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.decision);
    }
}
