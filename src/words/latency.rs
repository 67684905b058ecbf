//! The buckets that all histograms of durations share.

/// In seconds, from a decision in memory to a provider that answers slowly: Prometheus's usual steps, and two below them.
pub const LATENCY_BUCKETS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
