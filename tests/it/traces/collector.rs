//! A stand-in for an OpenTelemetry collector: OTLP over HTTP (1.9), decoded by OpenTelemetry's own types. It is strict where daypass
//! promises something: the bytes hold nothing that those types do not know, IDs are complete, and only documented attributes are used.
//! `peers/otlp.rs` uses a real collector.

use crate::support::START_MAX;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// The attributes that a span may have: those that the documentation lists.
const ATTRIBUTES: [&str; 6] =
    ["daypass.credential", "daypass.decision_id", "error.type", "http.request.method", "http.response.status_code", "http.route"];

/// How it answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    Takes,
    TakesButOne,
    Refuses,
    IsBusy,
    Hangs,
}

pub struct Inside {
    pub mood: Mood,
    /// Each request's body.
    pub bodies: Vec<Vec<u8>>,
    /// The accepted spans.
    pub spans: Vec<Span>,
    /// The resource attributes.
    pub resource: BTreeMap<String, String>,
    /// Violations of the rules above.
    pub faults: Vec<String>,
}

type Shared = Arc<Mutex<Inside>>;

/// The collector. It can stop and start again at the same address.
pub struct StandInCollector {
    port: u16,
    tls: Option<TlsAcceptor>,
    inside: Shared,
    serving: Option<JoinHandle<()>>,
}

impl StandInCollector {
    pub async fn start(tls: Option<TlsAcceptor>) -> Self {
        let inside =
            Inside { mood: Mood::Takes, bodies: Vec::new(), spans: Vec::new(), resource: BTreeMap::new(), faults: Vec::new() };
        let port = crate::support::free_port();
        let mut collector = Self { port, tls, inside: Arc::new(Mutex::new(inside)), serving: None };
        collector.come_back().await;
        collector
    }

    /// The section of the configuration that names it.
    pub fn section(&self, more: &str) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("traces: {{ otlp: \"{scheme}://localhost:{}\"{more} }}\n", self.port)
    }

    pub async fn come_back(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        let router = Router::new().route("/v1/traces", post(take)).with_state(self.inside.clone());
        self.serving = Some(tokio::spawn(serve(listener, self.tls.clone(), router)));
    }

    /// Stops it and closes all its connections.
    pub async fn go(&mut self) {
        let serving = self.serving.take().unwrap();
        serving.abort();
        let _ = serving.await;
    }

    pub fn with<T>(&self, look: impl FnOnce(&mut Inside) -> T) -> T {
        look(&mut self.inside.lock().unwrap())
    }

    /// Waits until the received spans fit the condition.
    pub async fn until(&self, what: &str, holds: impl Fn(&Inside) -> bool) {
        let started = Instant::now();
        while !self.with(|inside| holds(inside)) {
            let report = self.with(|inside| format!("{:#?} {:?}", inside.spans, inside.faults));
            assert!(started.elapsed() < START_MAX, "{what}: {report}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        self.assert_strict();
    }

    pub fn assert_strict(&self) {
        self.with(|inside| assert!(inside.faults.is_empty(), "{:?}", inside.faults));
    }

    /// Each trace as text with a line for each span: its depth, name and attributes, in the order in which the spans began.
    pub fn trees(&self) -> Vec<String> {
        let spans = self.with(|inside| inside.spans.clone());
        let mut roots: Vec<&Span> = spans.iter().filter(|span| span.parent_span_id.is_empty()).collect();
        roots.sort_by_key(|span| span.start_time_unix_nano);
        roots.into_iter().map(|root| tree(&spans, root, 0)).collect()
    }
}

fn tree(spans: &[Span], span: &Span, depth: usize) -> String {
    let attributes: Vec<String> = span.attributes.iter().filter(|one| one.key != "daypass.decision_id").map(text).collect();
    let status = span.status.as_ref().map_or(0, |status| status.code);
    let failed = if status == 2 { " failed" } else { "" };
    let mut lines = format!("{}{} {{{}}}{failed}", "  ".repeat(depth), span.name, attributes.join(", "));
    let mut below: Vec<&Span> =
        spans.iter().filter(|one| one.parent_span_id == span.span_id && one.trace_id == span.trace_id).collect();
    below.sort_by_key(|span| span.start_time_unix_nano);
    for child in below {
        lines.push('\n');
        lines.push_str(&tree(spans, child, depth + 1));
    }
    lines
}

fn text(attribute: &KeyValue) -> String {
    format!("{}={}", attribute.key, value(attribute))
}

fn value(attribute: &KeyValue) -> String {
    match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        other => panic!("{}: {other:?}", attribute.key),
    }
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, router: Router) {
    // Dropping the set ends its tasks.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, router) = (tls.clone(), router.clone());
        connections.spawn(async move {
            let service = hyper_util::service::TowerToHyperService::new(router);
            let http = hyper::server::conn::http1::Builder::new();
            match tls {
                Some(tls) => {
                    let Ok(stream) = tls.accept(stream).await else { return };
                    let _ = http.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await;
                }
                None => _ = http.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await,
            }
        });
    }
}

async fn take(State(inside): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let (mood, answer) = {
        let mut inside = inside.lock().unwrap();
        inside.bodies.push(body.to_vec());
        let judged = judge(&headers, &body);
        (inside.mood, inside.take(judged))
    };
    if mood == Mood::Hangs {
        std::future::pending::<()>().await;
    }
    answer
}

impl Inside {
    fn take(&mut self, judged: Result<ExportTraceServiceRequest, String>) -> Response {
        let request = match judged {
            Ok(request) => request,
            Err(fault) => {
                self.faults.push(fault);
                return StatusCode::BAD_REQUEST.into_response();
            }
        };
        let rejected_spans = match self.mood {
            Mood::Takes => 0,
            Mood::TakesButOne => 1,
            Mood::Refuses => return StatusCode::UNAUTHORIZED.into_response(),
            Mood::IsBusy | Mood::Hangs => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        };
        for resource in request.resource_spans {
            let attributes = resource.resource.unwrap().attributes;
            self.resource = attributes.iter().map(|one| (one.key.clone(), value(one))).collect();
            self.spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
        let partial = ExportTracePartialSuccess { rejected_spans, error_message: String::new() };
        let answer = ExportTraceServiceResponse { partial_success: (rejected_spans > 0).then_some(partial) };
        ([("content-type", "application/x-protobuf")], answer.encode_to_vec()).into_response()
    }
}

fn judge(headers: &HeaderMap, body: &[u8]) -> Result<ExportTraceServiceRequest, String> {
    if headers.get("content-type").is_none_or(|kind| kind != "application/x-protobuf") {
        return Err(format!("another type: {headers:?}"));
    }
    for header in headers.keys() {
        if !["accept", "content-type", "content-length", "host", "user-agent"].contains(&header.as_str()) {
            return Err(format!("a header that nobody asked for: {header}"));
        }
    }
    let request = ExportTraceServiceRequest::decode(body).map_err(|fault| fault.to_string())?;
    if request.encode_to_vec() != body {
        return Err("bytes that the types do not know".to_owned());
    }
    let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    for span in scopes.flat_map(|scope| &scope.spans) {
        check(span).map_err(|fault| format!("{fault}: {span:?}"))?;
    }
    Ok(request)
}

fn check(span: &Span) -> Result<(), &'static str> {
    let is_id = |id: &[u8], length: usize| id.len() == length && id.iter().any(|byte| *byte != 0);
    if !is_id(&span.trace_id, 16) || !is_id(&span.span_id, 8) {
        return Err("an id is none");
    }
    if !span.parent_span_id.is_empty() && !is_id(&span.parent_span_id, 8) {
        return Err("a parent's id is none");
    }
    if !span.trace_state.is_empty() || !span.links.is_empty() || !span.events.is_empty() {
        return Err("a state, a link or an event");
    }
    if span.start_time_unix_nano == 0 || span.dropped_attributes_count > 0 {
        return Err("no start, or attributes that were dropped");
    }
    let mut keys: Vec<&str> = span.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    if !keys.iter().all(|key| ATTRIBUTES.contains(key)) {
        return Err("an attribute that is not documented");
    }
    keys.sort_unstable();
    keys.dedup();
    if keys.len() != span.attributes.len() {
        return Err("an attribute that stands twice");
    }
    if span.status.as_ref().is_some_and(|status| !status.message.is_empty()) {
        return Err("a sentence as status");
    }
    Ok(())
}
