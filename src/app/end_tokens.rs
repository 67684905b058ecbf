//! Ends the tokens of a revoked decision at their providers, by the copies that the server keeps of them.

use super::App;
use crate::answers::EndedToken;
use crate::issue::Providers;
use crate::store::KeptToken;
use crate::words::Denial;
use crate::words::names::DecisionId;
use std::sync::Arc;

impl App {
    /// Ends each token of which there is a copy, all at the same time, and records each outcome. It goes on if the operator hangs up.
    pub(super) async fn end_tokens(self: &Arc<Self>, decision: &DecisionId) -> Result<Vec<EndedToken>, Denial> {
        let tokens = self.store.kept_tokens(decision).await?.into_iter();
        let begun: Vec<_> = tokens
            .map(|(number, kept)| {
                let (app, decision) = (self.clone(), decision.clone());
                self.exchanges.spawn(async move { app.end_token(&decision, number, kept).await })
            })
            .collect();
        let mut ended = Vec::with_capacity(begun.len());
        for task in begun {
            ended.extend(task.await);
        }
        Ok(ended)
    }

    async fn end_token(&self, decision: &DecisionId, number: i64, kept: KeptToken) -> EndedToken {
        let outcome = match self.token_seal.open(&kept, decision) {
            Ok(handle) => self.providers.revoke(&kept.provider, &handle).await,
            Err(denial) => Err(denial),
        };
        // The table is the only place of this name, and the record can never be deleted.
        let provider = Providers::section_named(&kept.provider).unwrap_or("unknown").to_owned();
        let cause = outcome.err().map(|denial| denial.cause);
        if let Err(denial) = self.store.record_ended(decision, number, provider.clone(), cause.clone()).await {
            tracing::error!(%decision, provider, cause = %denial.cause, "what became of a token could not be recorded");
        }
        EndedToken { provider, cause }
    }
}
