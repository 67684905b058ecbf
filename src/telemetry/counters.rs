//! What is counted of the traces' way out.

use prometheus_client::metrics::counter::Counter;

/// Shared by who exports and by the metrics.
#[derive(Clone, Debug, Default)]
pub struct TraceCounters {
    /// Batches that the collector did not take.
    pub exports_failed: Counter,
    /// Spans that reached nobody.
    pub spans_dropped: Counter,
}
