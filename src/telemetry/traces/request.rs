//! The span of a request, by OpenTelemetry's semantic conventions for HTTP servers.

use opentelemetry::trace::{FutureExt, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;
use reqwest::{Method, StatusCode};

/// The methods that a span names. Another one is a caller's text, and becomes `_OTHER`.
const METHODS: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::CONNECT,
    Method::OPTIONS,
    Method::TRACE,
    Method::PATCH,
];

/// The span of a request. It ends with the answer, or when this value is dropped because a client hangs up.
pub struct RequestSpan(Option<Context>);

impl RequestSpan {
    pub(super) const fn none() -> Self {
        Self(None)
    }

    /// Begins a new trace. A caller can neither be its parent nor decide on its sampling.
    pub(super) fn begin(tracer: &SdkTracer, method: &Method, route: Option<&str>) -> Self {
        let known = METHODS.contains(method).then_some(method.as_str());
        let name = [Some(known.unwrap_or("HTTP")), route].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let mut attributes = vec![KeyValue::new("http.request.method", known.unwrap_or("_OTHER").to_owned())];
        attributes.extend(route.map(|route| KeyValue::new("http.route", route.to_owned())));
        let builder = tracer.span_builder(name).with_kind(SpanKind::Server).with_attributes(attributes);
        Self(Some(Context::new().with_span(tracer.build_with_context(builder, &Context::new()))))
    }

    /// Runs the request below its span.
    pub async fn answer<T>(self, work: impl Future<Output = T>, status: impl FnOnce(&T) -> StatusCode) -> T {
        let Some(context) = self.0 else { return work.await };
        let answer = work.with_context(context.clone()).await;
        let status = status(&answer);
        context.span().set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        if status.is_server_error() {
            context.span().set_status(Status::error(""));
        }
        context.span().end();
        answer
    }
}
