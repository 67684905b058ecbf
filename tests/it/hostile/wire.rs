//! HTTP/1.1 over TLS, with exactly the bytes that a test gives.

use crate::server::connect;
use crate::support::World;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// One request.
#[derive(Clone, Debug)]
pub struct Sent {
    pub method: &'static str,
    pub target: String,
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub body: Vec<u8>,
}

/// The answer to a request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Sent {
    pub fn get<const N: usize>(target: &str, headers: [(&'static str, String); N]) -> Self {
        Self {
            method: "GET",
            target: target.to_owned(),
            headers: headers.map(|(name, value)| (name, value.into_bytes())).into(),
            body: Vec::new(),
        }
    }

    pub fn post<const N: usize>(target: &str, headers: [(&'static str, String); N], body: &str) -> Self {
        Self { method: "POST", body: body.as_bytes().to_vec(), ..Self::get(target, headers) }
    }

    pub fn with_body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    pub fn with_target(self, target: impl Into<String>) -> Self {
        Self { target: target.into(), ..self }
    }

    /// Sets a header, and removes those of the same name.
    pub fn with_header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.and_header(name, value)
    }

    /// Adds a header, and keeps those of the same name.
    pub fn and_header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub async fn send(&self, world: &World) -> Option<Answer> {
        exchange(world, &self.bytes()).await
    }

    /// Sends it on an open connection.
    pub async fn over(&self, stream: &mut TlsStream<TcpStream>) -> Option<Answer> {
        exchange_over(stream, &self.bytes()).await
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes =
            format!("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        if self.method != "GET" || !self.body.is_empty() {
            bytes.extend(format!("Content-Length: {}\r\n", self.body.len()).bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(&self.body);
        bytes
    }
}

/// Sends these bytes and reads to the end. `None` if no HTTP answer came.
pub async fn exchange(world: &World, bytes: &[u8]) -> Option<Answer> {
    let mut stream = connect(world, b"http/1.1", &[&rustls::version::TLS13]).await.unwrap();
    exchange_over(&mut stream, bytes).await
}

async fn exchange_over(stream: &mut TlsStream<TcpStream>, bytes: &[u8]) -> Option<Answer> {
    // The server may answer and close before all is sent.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(crate::support::START_MAX, stream.read_to_end(&mut answer)).await.unwrap();
    Answer::read(&answer)
}

impl Answer {
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers =
            lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        Some(Self { status, headers: headers.collect(), body: body.to_owned() })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|fault| panic!("{fault}: {self:?}"))
    }
}
