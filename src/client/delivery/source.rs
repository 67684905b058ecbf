//! Where renewals come from.

use crate::answers::Document;
use crate::client::Failure;
use crate::client::renewal::{Dated, Renewed};
use crate::client::server::Server;
use crate::words::SystemClock;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// What is renewed.
pub(super) struct Renewal {
    /// As people call it.
    pub(super) what: &'static str,
    /// What the server is asked for: what this delivery needs, and nothing of the others.
    pub(super) requests: Vec<Value>,
    /// How long before its end; without it by its life.
    pub(super) ahead: Option<Duration>,
}

/// The server, and the policy that is asked. Each request asks the CI for a token of its own.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) server: Arc<Server>,
    pub(super) policy: Option<String>,
}

impl Source {
    /// A credential that is asked for anew; `read` finds it in the answer and puts it in its place.
    pub(super) fn renewed<T: Send + Sync + 'static>(
        &self,
        renewal: Renewal,
        first: Dated<T>,
        read: impl Fn(Document) -> Result<Dated<T>, Failure> + Send + Sync + 'static,
    ) -> Arc<Renewed<T>> {
        let (source, read, Renewal { what, requests, ahead }) = (self.clone(), Arc::new(read), renewal);
        let requests = Arc::new(requests);
        Renewed::new(Some(first), ahead, Arc::new(SystemClock), move || {
            let (source, read, requests) = (source.clone(), read.clone(), requests.clone());
            Box::pin(async move {
                let answer = source.server.exchange(&requests, source.policy.as_deref()).await;
                tell(what, answer.and_then(|answer| read(answer)))
            })
        })
    }
}

/// A failure is told at once, though the command may not notice before the end of what it has.
fn tell<T>(what: &str, outcome: Result<T, Failure>) -> Result<T, Failure> {
    if let Err(failure) = &outcome {
        anstream::eprintln!("daypass: {what} could not be renewed, the last good state stays: {failure}");
    }
    outcome
}
