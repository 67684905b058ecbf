//! The buckets of all histograms of durations.
/// In seconds, from a decision in memory to a slow provider: Prometheus's default buckets, and two smaller ones.
pub const LATENCY_BUCKETS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
