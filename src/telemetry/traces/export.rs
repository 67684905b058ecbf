//! Exports spans to the collector: OTLP over HTTP, in protobuf.

use super::error::{ExportError, TracesError};
use crate::config::TraceSettings;
use crate::issuers::http::collector_client;
use crate::telemetry::counters::TraceCounters;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use prost::Message;
use reqwest::{Client, StatusCode, Url, header};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;

/// Spans in one request to the collector; OpenTelemetry's own default.
const BATCH_MAX: usize = 512;
/// How long a span waits for others of its batch, and so the delay until a person sees it.
const GATHERING_MAX: Duration = Duration::from_secs(1);
/// The first pause before a failed batch is sent again. It doubles each time.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The longest pause. After a repair of the collector traces arrive within this time.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// The limit of an answer, which says at most why some spans were refused.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Sends the queued spans, batch by batch.
pub(super) struct Exporter {
    client: Client,
    url: Url,
    has_ca: bool,
    resource: ResourceAttributesWithSchema,
    counters: TraceCounters,
    stopping: CancellationToken,
    /// Failures since the last batch that the collector accepted.
    failures: u64,
}

impl Exporter {
    /// Opens the client. Sends no request yet.
    pub(super) fn new(
        settings: &TraceSettings,
        resource: &Resource,
        counters: TraceCounters,
        stopping: CancellationToken,
    ) -> Result<Self, TracesError> {
        let read =
            |path: &std::path::PathBuf| std::fs::read(path).map_err(|fault| TracesError::CaFile { path: path.clone(), fault });
        let ca = settings.ca.as_ref().map(read).transpose()?;
        Ok(Self {
            client: collector_client(ca.as_deref())?,
            url: settings.url.clone(),
            has_ca: ca.is_some(),
            resource: resource.into(),
            counters,
            stopping,
            failures: 0,
        })
    }

    /// Exports until the queue is closed and empty.
    pub(super) async fn run(mut self, mut spans: Receiver<SpanData>) {
        loop {
            let batch = gather(&mut spans).await;
            if batch.is_empty() {
                return;
            }
            self.deliver(batch).await;
        }
    }

    /// Sends a batch until the collector accepts it, or refuses it for good. Meanwhile other spans wait in the queue, which is bounded.
    async fn deliver(&mut self, batch: Vec<SpanData>) {
        let count = batch.len() as u64;
        let request = ExportTraceServiceRequest { resource_spans: group_spans_by_resource_and_scope(batch, &self.resource) };
        let body = request.encode_to_vec();
        let mut pause = PAUSE_MIN;
        loop {
            let fault = match self.post(body.clone()).await {
                Ok(refused) => return self.delivered(refused),
                Err(fault) => fault,
            };
            self.failed(&fault);
            if !fault.may_pass() || self.stopping.is_cancelled() {
                self.counters.spans_dropped.inc_by(count);
                return;
            }
            // A stop tries once more, at once.
            let _ = tokio::time::timeout(pause, self.stopping.cancelled()).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Sends a batch. Returns how many of its spans the collector refused.
    async fn post(&self, body: Vec<u8>) -> Result<u64, ExportError> {
        let unanswered = |fault| ExportError::Unanswered { has_ca: self.has_ca, fault };
        let request = self.client.post(self.url.clone()).header(header::CONTENT_TYPE, "application/x-protobuf").body(body);
        let mut response = request.send().await.map_err(unanswered)?;
        if response.status() != StatusCode::OK {
            return Err(ExportError::Status(response.status()));
        }
        let mut answer = Vec::new();
        while answer.len() <= ANSWER_BYTES_MAX
            && let Some(chunk) = response.chunk().await.map_err(unanswered)?
        {
            answer.extend_from_slice(&chunk);
        }
        let answer = ExportTraceServiceResponse::decode(answer.as_slice()).unwrap_or_default();
        Ok(answer.partial_success.map_or(0, |partial| partial.rejected_spans.unsigned_abs()))
    }

    fn delivered(&mut self, refused: u64) {
        self.counters.spans_dropped.inc_by(refused);
        let failures = std::mem::take(&mut self.failures);
        if failures > 0 {
            tracing::info!(collector = %self.url, failures, "traces are exported again");
        }
    }

    /// Counts a failure. Only the first one is logged.
    fn failed(&mut self, fault: &ExportError) {
        self.counters.exports_failed.inc();
        if self.failures == 0 {
            tracing::warn!(collector = %self.url, %fault, "traces are not exported; the newest are dropped when the queue is full");
        }
        self.failures += 1;
    }
}

/// Collects a batch. It is empty if the queue is closed and empty.
async fn gather(spans: &mut Receiver<SpanData>) -> Vec<SpanData> {
    let mut batch = Vec::new();
    if spans.recv_many(&mut batch, BATCH_MAX).await == 0 {
        return batch;
    }
    let more = async {
        while batch.len() < BATCH_MAX {
            let room = BATCH_MAX - batch.len();
            if spans.recv_many(&mut batch, room).await == 0 {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(GATHERING_MAX, more).await;
    batch
}
