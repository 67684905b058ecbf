//! Spans of requests, for OpenTelemetry. A span has the request's route template and the duration of its steps, and no value of the
//! request.
//!
//! The server makes ids and decides on sampling. It ignores trace headers of callers, and sends none to providers.

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
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The time to send queued spans at a stop. With the pause of 2 s and the drain of 20 s it fits into Kubernetes' 30 s.
const STOP_MAX: Duration = Duration::from_secs(3);

/// Makes spans, or none if the configuration has no collector.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Tracing>>);

struct Tracing {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    stopping: CancellationToken,
    exporting: Mutex<Option<JoinHandle<()>>>,
}

impl Traces {
    /// Starts the export. Each setting is made here, so that the library's environment variables (`OTEL_…`) have no effect.
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

    /// Whether there is a collector.
    pub const fn are_on(&self) -> bool {
        self.0.is_some()
    }

    /// Begins the span of a request. `route` is its template in the table of routes, `None` for an unknown address.
    pub fn request(&self, method: &Method, route: Option<&str>) -> RequestSpan {
        self.0.as_ref().map_or_else(RequestSpan::none, |tracing| RequestSpan::begin(&tracing.tracer, method, route))
    }

    /// Begins the span of making a credential of this kind.
    pub fn making(&self, name: &'static str, kind: &'static str) -> Step {
        self.step(name, || KeyValue::new("daypass.credential", kind))
    }

    /// Begins the span of a record of the store. It has the decision's id, which connects it with the audit log. The server makes that id,
    /// so it discloses nothing of the request.
    pub fn record(&self, name: &'static str, decision: &DecisionId) -> Step {
        self.step(name, || KeyValue::new("daypass.decision_id", decision.to_string()))
    }

    fn step(&self, name: &'static str, attribute: impl FnOnce() -> KeyValue) -> Step {
        self.0.as_ref().map_or_else(Step::none, |tracing| Step::begin(&tracing.tracer, name, attribute))
    }

    /// Spawns a task of the current request, below its span. The work is boxed, because spawning moves it several times and it is large.
    pub fn spawn<T: Send + 'static>(
        &self,
        tasks: &TaskTracker,
        work: Pin<Box<impl Future<Output = T> + Send + 'static>>,
    ) -> JoinHandle<T> {
        if self.are_on() { tasks.spawn(work.with_current_context()) } else { tasks.spawn(work) }
    }

    /// Sends what is queued, within a bounded time, and ends the export.
    pub async fn shutdown(&self) {
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
