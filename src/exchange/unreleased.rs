//! Tokens of providers between their making and their release. What is not released is ended at its provider, whatever the reason: a denial
//! meanwhile, another credential that failed, a record that could not be written.

use crate::app::App;
use crate::issue::{Providers, RevocableToken};
use crate::store::KeptToken;
use crate::words::Denial;
use crate::words::names::DecisionId;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// Before the second attempt: a provider that fails may be back by then, and a server that stops does not wait for much longer.
const PAUSE: Duration = Duration::from_secs(3);

/// The tokens that can be ended.
pub(super) struct Unreleased {
    tokens: Vec<RevocableToken>,
    providers: Arc<Providers>,
    /// The server stops after the last of these tasks.
    tasks: TaskTracker,
}

impl Unreleased {
    pub(super) fn new(app: &App) -> Self {
        Self { tokens: Vec::new(), providers: app.providers.clone(), tasks: app.exchanges.clone() }
    }

    pub(super) fn add(&mut self, token: Option<RevocableToken>) {
        self.tokens.extend(token);
    }

    /// Sealed copies of the tokens that a policy lets the server keep.
    pub(super) fn kept(&self, app: &App, decision: &DecisionId) -> Result<Vec<KeptToken>, Denial> {
        self.tokens.iter().filter_map(|token| app.token_seal.kept(token, decision)).collect()
    }

    /// They leave: their release is recorded.
    pub(super) fn release(mut self) {
        self.tokens.clear();
    }
}

impl Drop for Unreleased {
    fn drop(&mut self) {
        for token in std::mem::take(&mut self.tokens) {
            self.tasks.spawn(end(self.providers.clone(), token));
        }
    }
}

/// Has the provider end it, at the second attempt if need be. Nobody else has the token.
async fn end(providers: Arc<Providers>, RevocableToken { provider, handle, expires_at, .. }: RevocableToken) {
    let mut outcome = providers.revoke(provider, &handle).await;
    if outcome.is_err() {
        tokio::time::sleep(PAUSE).await;
        outcome = providers.revoke(provider, &handle).await;
    }
    match outcome {
        Ok(()) => tracing::info!(provider, "a token that was not released was ended"),
        Err(denial) => {
            tracing::error!(provider, cause = %denial.cause, %expires_at, "a token that was not released could not be ended");
        }
    }
}
