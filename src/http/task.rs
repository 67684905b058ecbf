//! An exchange in a task of its own.

use crate::app::App;
use crate::exchange::{self, Asked, Call, Refused, Released};
use crate::words::{Denial, Reason};
use std::sync::Arc;

/// Runs the exchange in a task of its own, so that its records are complete even if the client hangs up.
pub(super) async fn run(app: Arc<App>, call: Call, asked: Result<Asked, Denial>) -> Result<Released, Refused> {
    let (exchanges, traces) = (app.exchanges.clone(), app.traces.clone());
    let task = traces.spawn(&exchanges, async move {
        match asked {
            Ok(asked) => exchange::exchange(&app, call, asked).await,
            Err(denial) => Err(exchange::refuse(&app, &call, denial).await),
        }
    });
    match task.await {
        Ok(answer) => answer,
        Err(fault) => Err(Refused::unrecorded(Reason::Internal.because(fault.to_string()))),
    }
}
