//! Where renewals come from.

use crate::answers::Document;
use crate::client::renewal::{Expiring, Renewing};
use crate::client::server::Server;
use crate::client::{Failure, note};
use crate::words::SystemClock;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// What is renewed.
pub(super) struct Renewal {
    /// Its name in messages.
    pub(super) what: &'static str,
    /// The requests of this delivery alone.
    pub(super) requests: Vec<Value>,
    /// How long before the end to renew; without it, a part of the life.
    pub(super) ahead: Option<Duration>,
}

/// The server, and the policy to use. Each request asks the CI for a new token.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) server: Arc<Server>,
    pub(super) policy: Option<String>,
}

impl Source {
    /// A credential that is requested again when it is due; `read` finds it in the answer and puts it in its place.
    pub(super) fn renewed<T: Send + Sync + 'static>(
        &self,
        renewal: Renewal,
        first: Expiring<T>,
        read: impl Fn(Document) -> Result<Expiring<T>, Failure> + Send + Sync + 'static,
    ) -> Arc<Renewing<T>> {
        let (source, read, Renewal { what, requests, ahead }) = (self.clone(), Arc::new(read), renewal);
        let requests = Arc::new(requests);
        Renewing::new(Some(first), ahead, Arc::new(SystemClock), move || {
            let (source, read, requests) = (source.clone(), read.clone(), requests.clone());
            Box::pin(async move {
                let answer = source.server.exchange(&requests, source.policy.as_deref()).await;
                report(what, answer.and_then(|answer| read(answer)))
            })
        })
    }
}

/// Prints a failure at once: the command may notice it only when its last credential ends.
fn report<T>(what: &str, outcome: Result<T, Failure>) -> Result<T, Failure> {
    if let Err(failure) = &outcome {
        note(format!("daypass: {what} could not be renewed, the last good state stays: {}", failure.one_line()));
    }
    outcome
}
