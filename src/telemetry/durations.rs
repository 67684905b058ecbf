//! Histograms of durations.
use crate::words::LATENCY_BUCKETS;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::histogram::Histogram;
use std::time::Duration;

/// One histogram of seconds.
#[derive(Clone, Debug)]
pub(super) struct Seconds(pub(super) Histogram);

impl Default for Seconds {
    fn default() -> Self {
        Self(Buckets.new_metric())
    }
}

#[derive(Clone, Debug)]
pub(super) struct Buckets;

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(LATENCY_BUCKETS)
    }
}

/// Histograms by labels. The type of the labels has to bound their number.
#[derive(Clone, Debug)]
pub(super) struct Durations<L: Clone + Eq + std::hash::Hash>(pub(super) Family<L, Histogram, Buckets>);

impl<L: Clone + Eq + std::hash::Hash> Default for Durations<L> {
    fn default() -> Self {
        Self(Family::new_with_constructor(Buckets))
    }
}

impl<L: Clone + Eq + std::hash::Hash> Durations<L> {
    pub(super) fn observe(&self, labels: &L, took: Duration) {
        self.0.get_or_create(labels).observe(took.as_secs_f64());
    }
}

/// A route template of the API, never the address of a request.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub(super) struct Route {
    pub(super) route: String,
}
