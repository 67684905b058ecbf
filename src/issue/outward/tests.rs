//! What a provider sends beside an answer.

use super::*;
use rustls::pki_types::PrivatePkcs8KeyDer;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

const TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJyb290L3gifQ.c2lnbmF0dXJl";

/// Speaks HTTP/2 over TLS, and ends each connection with this text. Returns its address, and the file of its certificate.
async fn ends_connections(text: &'static str, folder: &Path) -> (String, PathBuf) {
    crate::telemetry::install_crypto();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let ca = folder.join("ca.pem");
    std::fs::write(&ca, made.cert.pem()).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let mut config = config.with_single_cert(vec![made.cert.der().clone()], key.into()).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let (acceptor, listener) = (TlsAcceptor::from(Arc::new(config)), tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap());
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            // An empty SETTINGS frame, and as soon as the request is there GOAWAY (RFC 9113, section 6.8): no stream was processed, a
            // protocol error, and any text.
            stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
            let mut received = Vec::new();
            while received.len() < TOKEN.len() && stream.read_buf(&mut received).await.is_ok_and(|count| count > 0) {}
            let length = u8::try_from(text.len() + 8).unwrap();
            let head = [0, 0, length, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
            let _ = stream.write_all(&[&head[..], text.as_bytes()].concat()).await;
            let _ = stream.read_to_end(&mut received).await;
        }
    });
    (url, ca)
}

#[tokio::test]
async fn an_error_of_http2_shows_nothing_that_the_provider_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (url, ca) = ends_connections(TOKEN, folder.path()).await;
    let provider = ProviderClient::open(Some(&ca), None, "`ca`", "whoever runs it").unwrap();
    let token = Secret::from(TOKEN.to_owned());
    let sent = provider.send(1024, &[&token], |client| client.post(&url).body(TOKEN)).await;
    let fault = sent.err().unwrap().to_string();
    assert!(fault.contains("http2 error"), "{fault}");
    assert!(!fault.contains(&TOKEN[..16]), "{fault}");
}
