//! The gauges of the providers' rate limits.

use crate::issue::RateLimit;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

/// An App of a provider: both are names of the configuration.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub(super) struct App {
    provider: &'static str,
    app: String,
}

/// One series of each for each App.
#[derive(Clone, Debug, Default)]
pub(super) struct RateLimits {
    pub(super) limits: Family<App, Gauge>,
    pub(super) remaining: Family<App, Gauge>,
    pub(super) resets_at: Family<App, Gauge>,
}

impl RateLimits {
    /// Sets the gauges of these limits, and removes all others: a limit that was reset says nothing any more.
    pub(super) fn set<'a>(&self, reported: impl Iterator<Item = (&'static str, &'a str, RateLimit)>) {
        let families = [&self.limits, &self.remaining, &self.resets_at];
        families.iter().for_each(|family| family.clear());
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        for (provider, app, RateLimit { limit, remaining, resets_at }) in reported {
            for (family, value) in families.iter().zip([count(limit), count(remaining), resets_at.seconds()]) {
                family.get_or_create(&App { provider, app: app.to_owned() }).set(value);
            }
        }
    }
}
