//! The span of a step of a request: the making of a credential, or a record of the store.

use crate::words::Denial;
use opentelemetry::trace::{Span as _, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, Span};

/// The span of a step. It ends with the result, or when this value is dropped because nothing waits for it any more.
#[must_use]
pub struct Step(Option<Box<Span>>);

impl Step {
    pub(super) const fn none() -> Self {
        Self(None)
    }

    /// Begins a step below the current span. A request that is not sampled has no steps.
    pub(super) fn begin(tracer: &SdkTracer, name: &'static str, attribute: impl FnOnce() -> KeyValue) -> Self {
        let parent = Context::current();
        if !parent.span().span_context().is_sampled() {
            return Self(None);
        }
        let mut builder = tracer.span_builder(name);
        builder.attributes = Some(vec![attribute()]);
        Self(Some(Box::new(tracer.build_with_context(builder, &parent))))
    }

    /// Ends the span with the result. A denial is named by its code, which is one of a fixed list.
    pub fn ends<T>(self, result: Result<T, Denial>) -> Result<T, Denial> {
        if let Some(mut span) = self.0 {
            if let Err(denial) = &result {
                span.set_attribute(KeyValue::new("error.type", denial.reason.code()));
                span.set_status(Status::error(""));
            }
            span.end();
        }
        result
    }
}
