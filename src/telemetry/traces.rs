//! Spans of requests, in OpenTelemetry's words: which template a request matched, how long its steps took, and no value of it.
//!
//! Ids and sampling are ours: what a caller sends of a trace is not read, and nobody who is asked hears of one.

mod error;
mod export;
mod queue;
mod request;
mod step;

pub use error::TracesError;
pub use request::RequestSpan;
pub use step::Step;

use crate::config::TraceSettings;
use crate::telemetry::counters::TraceCounters;
use crate::words::names::DecisionId;
use export::Exporter;
use opentelemetry::KeyValue;
use opentelemetry::trace::{FutureExt, TracerProvider};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, SpanLimits};
use queue::Queue;
use reqwest::Method;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What is queued is sent within this time at a stop: beside a pause of 2 s and a drain of 20 it stays within the 30 s of Kubernetes.
const STOP_MAX: Duration = Duration::from_secs(3);

/// Makes spans, or none where the configuration names no collector.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Tracing>>);

struct Tracing {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    stopping: CancellationToken,
    exporting: Mutex<Option<JoinHandle<()>>>,
}

impl Traces {
    /// Starts to export. The library's own variables of the environment (`OTEL_…`) have no say: each setting is made here.
    pub fn start(settings: &TraceSettings, counters: TraceCounters) -> Result<Self, TracesError> {
        let attributes = [
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", uuid::Uuid::new_v4().to_string()),
        ];
        let resource = Resource::builder_empty().with_service_name("daypass").with_attributes(attributes).build();
        let stopping = CancellationToken::new();
        let exporter = Exporter::new(settings, &resource, counters.clone(), stopping.clone())?;
        let (queue, spans) = Queue::new(counters.spans_dropped);
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_span_limits(SpanLimits::default())
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.ratio))))
            .with_span_processor(queue)
            .build();
        let tracer = provider.tracer("daypass");
        let exporting = Mutex::new(Some(tokio::spawn(exporter.run(spans))));
        Ok(Self(Some(Arc::new(Tracing { provider, tracer, stopping, exporting }))))
    }

    /// Whether there is anybody to tell.
    pub const fn are_on(&self) -> bool {
        self.0.is_some()
    }

    /// Begins the span of a request. `route` is its template in the table of routes, `None` for an address that is not there.
    pub fn request(&self, method: &Method, route: Option<&str>) -> RequestSpan {
        self.0.as_ref().map_or_else(RequestSpan::none, |tracing| RequestSpan::begin(&tracing.tracer, method, route))
    }

    /// Begins the making of a credential of this kind.
    pub fn making(&self, name: &'static str, kind: &'static str) -> Step {
        self.step(name, || KeyValue::new("daypass.credential", kind))
    }

    /// Begins a record of the store. By the decision's id a trace is found in the audit log: it is ours, and says nothing of the request.
    pub fn record(&self, name: &'static str, decision: &DecisionId) -> Step {
        self.step(name, || KeyValue::new("daypass.decision_id", decision.to_string()))
    }

    fn step(&self, name: &'static str, attribute: impl FnOnce() -> KeyValue) -> Step {
        self.0.as_ref().map_or_else(Step::none, |tracing| Step::begin(&tracing.tracer, name, attribute))
    }

    /// Spawns work of the current request, below its span.
    pub fn spawn<T: Send + 'static>(&self, tasks: &TaskTracker, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        if self.are_on() { tasks.spawn(work.with_current_context()) } else { tasks.spawn(work) }
    }

    /// The end: what is queued is sent, within a bounded time.
    pub async fn wind_up(&self) {
        let Some(tracing) = &self.0 else { return };
        tracing.stopping.cancel();
        if let Err(fault) = tracing.provider.shutdown() {
            tracing::debug!(%fault, "the traces' queue was closed before");
        }
        let exporting = tracing.exporting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut exporting) = exporting else { return };
        if tokio::time::timeout(STOP_MAX, &mut exporting).await.is_err() {
            exporting.abort();
            tracing::warn!("the last traces could not be exported in time");
        }
    }
}
