//! The counters of the export of traces.
use prometheus_client::metrics::counter::Counter;

/// The exporter and the metrics share them.
#[derive(Clone, Debug, Default)]
pub struct TraceCounters {
    /// Failed attempts to export a batch.
    pub exports_failed: Counter,
    /// Spans that reached no collector.
    pub spans_dropped: Counter,
}
