//! AWS container credentials for the application, on this pod's loopback, renewed ahead of their end.

use super::error::ValueError;
use super::file_name::FileName;
use crate::client::delivery::aws::{AwsRequest, Loopback, PATH};
use crate::client::renewal::{Expiring, RenewalTask, Renewing};
use crate::client::server::Server;
use crate::client::{Failure, STATUS_UNAVAILABLE};
use crate::kind::AwsKeys;
use crate::words::names::{PolicyName, RoleArn};
use crate::words::yaml::Fields;
use crate::words::{Secret, SystemClock};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// The file of `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`, with the token that AWS's SDKs send. They read it again each time.
pub(super) const TOKEN_FILE: &str = "aws-token";
/// The default address.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9403);
/// The time for a connection on loopback, which succeeds at once or not at all.
const LOOK_MAX: Duration = Duration::from_millis(500);

/// The role of the sessions, and the address that serves them.
#[derive(Clone, Debug)]
pub(super) struct AwsWish {
    role: RoleArn,
    listen: SocketAddr,
}

impl AwsWish {
    pub(super) fn read(fields: &mut Fields<'_, '_>) -> Option<Self> {
        let role = fields.required("role").and_then(|node| fields.parsed(node, RoleArn::parse));
        let listen = fields.optional("listen").map_or(Some(LISTEN), |node| fields.parsed(node, parse_listen));
        Some(Self { role: role?, listen: listen? })
    }

    /// Whether the address accepts connections.
    pub(super) fn is_served(&self) -> bool {
        TcpStream::connect_timeout(&self.listen, LOOK_MAX).is_ok()
    }

    /// A text that identifies these settings.
    pub(super) fn text(&self) -> String {
        format!("{} {}", self.role, self.listen)
    }

    /// The name of the token's file.
    pub(super) fn token_file() -> Option<FileName> {
        FileName::parse(TOKEN_FILE).ok()
    }
}

fn parse_listen(text: &str) -> Result<SocketAddr, ValueError> {
    let address = text.parse::<SocketAddr>().ok().filter(|address| address.ip().is_loopback());
    address.ok_or(ValueError::Listen)
}

/// The open address. It closes when this is dropped.
pub(super) struct AwsListener {
    _renewing: RenewalTask,
    _loopback: Loopback,
}

impl AwsListener {
    /// Opens the address after a first session, for clients that send the token.
    pub(super) async fn open(
        wish: &AwsWish,
        server: Arc<Server>,
        policy: Option<PolicyName>,
        token: Secret,
    ) -> Result<Self, Failure> {
        let request = AwsRequest(Some(wish.role.clone()));
        let renewed = Renewing::new(None, None, Arc::new(SystemClock), move || {
            let (server, request, policy) = (server.clone(), request.clone(), policy.clone());
            Box::pin(async move { fetch(&server, &request, policy.as_ref()).await })
        });
        renewed.current().await?;
        let failed = |fault| Failure::new(STATUS_UNAVAILABLE, format!("{}: {fault}", wish.listen));
        let listener = TcpListener::bind(wish.listen).await.map_err(failed)?;
        let loopback = Loopback::serve(listener, token, renewed.clone()).map_err(failed)?;
        tracing::info!(at = %wish.listen, path = PATH, "AWS's SDKs are answered");
        Ok(Self { _renewing: renewed.keep_fresh(), _loopback: loopback })
    }
}

async fn fetch(server: &Server, request: &AwsRequest, policy: Option<&PolicyName>) -> Result<Expiring<AwsKeys>, Failure> {
    let fetched = server.fetch(request, policy.map(PolicyName::as_str)).await;
    let credential = fetched.inspect_err(|failure| {
        tracing::warn!(fault = %failure, "the AWS session could not be renewed; the last good one is served until its end");
    })?;
    Ok(Expiring { expires_at: credential.expires_at, value: credential })
}
