//! Types that prove that a record exists, and the requests in flight.

use super::Binding;
use crate::words::Client;
use crate::words::names::DecisionId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Proves that the intent is durable, and so allows to issue. Only `Store::intend` makes one.
#[must_use]
pub struct Recorded<G> {
    grant: G,
    decision: DecisionId,
    binding: Option<Binding>,
    flight: InFlightRequest,
}

impl<G> Recorded<G> {
    pub(super) const fn new(grant: G, decision: DecisionId, binding: Option<Binding>, flight: InFlightRequest) -> Self {
        Self { grant, decision, binding, flight }
    }

    /// What may be issued.
    pub const fn grant(&self) -> &G {
        &self.grant
    }

    pub(super) const fn decision(&self) -> &DecisionId {
        &self.decision
    }

    /// The client to which a release binds the token.
    pub(super) const fn binding(&self) -> Option<&Binding> {
        self.binding.as_ref()
    }

    pub(super) fn into_flight(self) -> InFlightRequest {
        self.flight
    }
}

/// Proves that the outcome is durable, and so allows to answer. Only `Store::release`, `Store::intend_and_release` and
/// `Store::record_dry_run` make one.
#[must_use]
pub struct Released(());

impl Released {
    pub(super) fn new(flight: InFlightRequest) -> Self {
        drop(flight);
        Self::at_once()
    }

    pub(super) const fn at_once() -> Self {
        Self(())
    }
}

/// The requests of this process between intent and outcome.
#[derive(Default)]
pub(super) struct InFlight(Mutex<InFlightState>);

#[derive(Default)]
struct InFlightState {
    landings: HashMap<String, watch::Receiver<()>>,
    /// The requests that may bind a token, by token. All requests for one token are of one client.
    binding: HashMap<[u8; 32], (Client, Vec<String>)>,
}

/// One request in flight. When it is dropped, the requests that wait for it check again.
pub(super) struct InFlightRequest {
    flights: Arc<InFlight>,
    decision: String,
    token: Option<[u8; 32]>,
    _landed: watch::Sender<()>,
}

impl InFlight {
    pub(super) fn start(self: &Arc<Self>, decision: &DecisionId, binding: Option<&Binding>) -> InFlightRequest {
        let (sender, receiver) = watch::channel(());
        self.lock().landings.insert(decision.as_str().to_owned(), receiver);
        let (decision, token) = (decision.as_str().to_owned(), binding.map(|binding| binding.token));
        InFlightRequest { flights: self.clone(), decision, token, _landed: sender }
    }

    /// Whether this decision is still in flight.
    pub(super) fn holds(&self, decision: &str) -> bool {
        self.lock().landings.contains_key(decision)
    }

    /// The decision of another client's request in flight with this token.
    pub(super) fn elsewhere(&self, binding: &Binding) -> Option<String> {
        let underway = self.lock();
        let (client, decisions) = underway.binding.get(&binding.token)?;
        if *client == binding.client { None } else { decisions.first().cloned() }
    }

    /// Reserves the token for this client until the decision has its outcome.
    pub(super) fn bind(&self, decision: &DecisionId, binding: &Binding) {
        let mut underway = self.lock();
        // If the request is gone already, nothing would remove the reservation.
        if underway.landings.contains_key(decision.as_str()) {
            let bound = underway.binding.entry(binding.token).or_insert_with(|| (binding.client.clone(), Vec::new()));
            bound.1.push(decision.as_str().to_owned());
        }
    }

    /// Waits until the decision is no longer in flight.
    pub(super) async fn wait(&self, decision: &str) {
        let receiver = self.lock().landings.get(decision).cloned();
        if let Some(mut receiver) = receiver {
            while receiver.changed().await.is_ok() {}
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, InFlightState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InFlightRequest {
    fn drop(&mut self) {
        let mut underway = self.flights.lock();
        underway.landings.remove(&self.decision);
        let Some(token) = self.token else { return };
        if let Some((_, decisions)) = underway.binding.get_mut(&token) {
            decisions.retain(|decision| *decision != self.decision);
            if decisions.is_empty() {
                underway.binding.remove(&token);
            }
        }
    }
}
