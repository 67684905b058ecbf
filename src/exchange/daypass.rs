//! Requests for a use of daypass itself: each is granted by one permission.

use super::ExchangeRequest;
use super::audit::AuditQuery;
use super::body::Body;
use super::deny;
use super::request::Work;
use crate::app::FilesAsked;
use crate::kind::Permission;
use crate::policy::Request;
use crate::words::Denial;

impl ExchangeRequest {
    /// Asks what a candidate revision would have denied. Its body is larger than a token, and is read only after the grant.
    pub fn replay(body: impl Future<Output = Result<Vec<u8>, Denial>> + Send + 'static) -> Self {
        permitted_by(Permission::PolicyReplay, Work::Replay(Body::new(body)))
    }

    /// Asks for records of the audit log.
    pub fn audit(query: AuditQuery) -> Self {
        permitted_by(Permission::AuditRead, Work::Audit(query))
    }

    /// Asks for files with other recipients or new data keys. Its body is read only after the grant.
    pub fn rewrite(body: impl Future<Output = Result<Vec<u8>, Denial>> + Send + 'static) -> Self {
        permitted_by(Permission::SecretRotate, Work::Rewrite(Body::new(body)))
    }

    /// Asks for the state of a source's encrypted files.
    pub fn secret_status(asked: FilesAsked) -> Self {
        permitted_by(Permission::SecretStatus, Work::SecretStatus(asked))
    }

    /// Asks for the denial that the body describes.
    pub fn deny(body: &[u8]) -> Result<Self, Denial> {
        Ok(permitted_by(Permission::Deny, Work::Deny(deny::read(body)?)))
    }
}

fn permitted_by(permission: Permission, work: Work) -> ExchangeRequest {
    ExchangeRequest::to_use(Request::one(permission.into(), None), work)
}
