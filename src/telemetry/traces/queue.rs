//! The bounded queue of spans for the collector. No request waits for room in it.

use arc_swap::ArcSwapOption;
use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use prometheus_client::metrics::counter::Counter;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Our spans have some 500 bytes, so the queue has 2 MiB. It holds one second of a thousand requests a second with four spans each.
const SPANS_MAX: usize = 4096;

/// The sending end. It is closed by dropping the sender.
#[derive(Debug)]
pub(super) struct Queue {
    spans: ArcSwapOption<Sender<SpanData>>,
    dropped: Counter,
}

impl Queue {
    /// Makes both ends of a queue. A span that finds no room is dropped and counted.
    pub(super) fn new(dropped: Counter) -> (Self, Receiver<SpanData>) {
        let (sender, receiver) = channel(SPANS_MAX);
        (Self { spans: ArcSwapOption::from_pointee(sender), dropped }, receiver)
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        let sent = self.spans.load().as_ref().is_some_and(|spans| spans.try_send(span).is_ok());
        if !sent {
            self.dropped.inc();
        }
    }

    /// Nothing calls it, and nothing here may wait.
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.spans.store(None);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::{Span as _, Tracer, TracerProvider};
    use opentelemetry_sdk::trace::SdkTracerProvider;

    #[test]
    fn what_finds_no_room_is_dropped_and_counted() {
        let dropped = Counter::default();
        let (queue, mut spans) = Queue::new(dropped.clone());
        let provider = SdkTracerProvider::builder().with_span_processor(queue).build();
        let tracer = provider.tracer("test");
        (0..SPANS_MAX + 50).for_each(|_| tracer.start("x").end());
        assert_eq!((spans.len(), dropped.get()), (SPANS_MAX, 50));
        provider.shutdown().unwrap();
        let mut waiting = 0;
        while spans.blocking_recv().is_some() {
            waiting += 1;
        }
        assert_eq!(waiting, SPANS_MAX, "what waits at the end is there still");
    }
}
