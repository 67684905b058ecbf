//! An exchange in a task of its own.

use crate::app::App;
use crate::exchange::{self, ExchangeRequest, RecordedRefusal, Released, RequestContext};
use crate::words::{Denial, Reason};
use std::sync::Arc;

/// Runs the exchange in a task of its own, so that its records are complete even if the client hangs up.
pub(super) async fn run(
    app: Arc<App>,
    call: RequestContext,
    request: Result<ExchangeRequest, Denial>,
) -> Result<Released, RecordedRefusal> {
    let (exchanges, traces) = (app.exchanges.clone(), app.traces.clone());
    let work = Box::pin(async move {
        match request {
            Ok(request) => exchange::exchange(&app, call, request).await,
            Err(denial) => Err(exchange::refuse(&app, &call, denial).await),
        }
    });
    let task = traces.spawn(&exchanges, work);
    match task.await {
        Ok(answer) => answer,
        Err(fault) => Err(RecordedRefusal::unrecorded(Reason::Internal.with_cause(fault.to_string()))),
    }
}
