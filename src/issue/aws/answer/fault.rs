//! Why an answer of STS is refused.

use crate::issue::outward::Echoed;

/// Why an answer is refused. Names the field and none of its content.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(in crate::issue::aws) enum Fault {
    #[error("the answer has no `Credentials`")]
    NoCredentials,
    #[error("the answer has no `AssumedRoleUser`")]
    NoUser,
    #[error("the `Arn` of the answer's session is of another account")]
    Account,
    #[error("the `Arn` of the answer's session is of another role or another session")]
    Arn,
    #[error("the answer's `AssumedRoleId` is not that of the session")]
    Id,
    #[error("the answer's `SourceIdentity` is another one")]
    SourceIdentity,
    #[error("the answer's `Expiration` is absent, or over already")]
    Over,
    #[error("the answer's `Expiration` is later than what was asked for")]
    TooLong,
    #[error("the answer's `{0}` is none of AWS's")]
    Key(&'static str),
    #[error("the answer's `{0}` is no percentage")]
    Size(&'static str),
    #[error(transparent)]
    Shown(#[from] Echoed),
}
