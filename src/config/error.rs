//! What is wrong with a value of `daypass.yaml`; where it stands, [`Fields`](crate::words::yaml::Fields) says.

use crate::issue::AddressError;
use crate::issuers::NetworkError;
use crate::words::names::{Audience, NameError};
use crate::words::{DurationError, PlainPath};
use std::io;
use std::path::PathBuf;

/// As long as a name that one reads.
pub(super) const NAME_LENGTH_MAX: usize = 64;

/// A value that is none of its kind; the words say what was expected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum ValueError {
    /// Of a listener.
    #[error("expected an address and a port such as 127.0.0.1:9443")]
    Listener,
    /// Of anything that lasts.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// `drain_pause`.
    #[error("expected at most 60s")]
    LongPause,
    /// `rollout`.
    #[error("expected hold or immediate")]
    Widening,
    /// Of an issuer.
    #[error("not an algorithm that is accepted here")]
    Algorithm,
    /// Of an issuer.
    #[error("no token is so young: say how old one may be, such as 1h")]
    NoAge,
    /// Of a source.
    #[error("expected a full ref such as refs/heads/main")]
    Reference,
    /// Of systemd.
    #[error("expected the name of a credential of this service (LoadCredential=)")]
    Credential,
    /// Of a load balancer.
    #[error("expected an address such as 10.0.0.7, or a network such as 10.0.0.0/28")]
    Balancer,
    /// Of a load balancer.
    #[error("expected v1 or v2")]
    ProxyProtocol,
    /// Of a collector.
    #[error(transparent)]
    Address(#[from] AddressError),
}

/// A share of requests that is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected a number from 0 to 1")]
pub(super) struct RatioError;

/// An audience that no issuer's tokens may have here.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum AudienceError {
    /// Tokens that were made for somebody else would be accepted.
    #[error("this is another service's audience: tokens made for it would be accepted here; use this server's own address")]
    Foreign,
    /// Tokens that were made for the issuer itself would be accepted.
    #[error(
        "`{audience}` is the issuer's own address: tokens made for the issuer itself would be accepted here; use this server's own address"
    )]
    IssuersOwn {
        /// As it is written.
        audience: Audience,
    },
    /// It would be believed to fit more than itself.
    #[error("audiences are compared letter by letter, so no token has this one: write each whole")]
    Pattern,
    /// One of the two was meant to be another.
    #[error("`{audience}` stands twice")]
    Twice {
        /// Which one.
        audience: Audience,
    },
    /// It is none.
    #[error(transparent)]
    Name(#[from] NameError),
}

/// A mapping that reads the tokens of another kind of issuer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the tokens of this issuer are not of the mapping {mapping}: write `mapping: {own}`")]
pub(super) struct OtherKind {
    /// As it is written.
    pub(super) mapping: String,
    /// That of the issuer's tokens.
    pub(super) own: String,
}

/// A value of `egress` that is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum PoolError {
    /// The pool's name.
    #[error("expected 1 to {NAME_LENGTH_MAX} of a-z, 0-9 and -")]
    Name,
    /// A network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A network that is written by another address of it.
    #[error("`{network}` does not begin with the network's first address")]
    NotFirstAddress {
        /// As it is written.
        network: String,
    },
    /// A network of too many clients.
    #[error("`{network}` is too large for a pool: at most a /24 of IPv4 or a /56 of IPv6")]
    TooLarge {
        /// As it is written.
        network: String,
    },
    /// A network of no whole client.
    #[error("`{network}` is a part of one client: of IPv6 a client has a /64")]
    PartOfClient {
        /// As it is written.
        network: String,
    },
}

/// A value of `admission` that is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum AdmissionError {
    /// The sidecar's image.
    #[error("expected an image by its digest: registry.example/daypass@sha256:…")]
    Image,
    /// Where the authority is.
    #[error("expected the name of a ConfigMap, or of a key of one")]
    ObjectName,
    /// The sidecar's resources.
    #[error("expected a quantity such as 10m or 32Mi")]
    Quantity,
    /// How long a token lasts.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// Kubernetes API, `ServiceAccountTokenProjection`.
    #[error("Kubernetes gives no token for less than 10m")]
    ShortToken,
}

/// Why a source cannot have its name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum SourceNameError {
    /// It is none.
    #[error("the file's name: {0}")]
    File(#[from] NameError),
    /// It is taken.
    #[error("`root` is the root repository's own name")]
    Root,
    /// It would be taken for a folder.
    #[error("the root repository has a folder {folder}: rename it, or the source")]
    Folder {
        /// Which one.
        folder: String,
    },
}

/// Why a file of public keys is not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublicFileError {
    /// On this machine.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// In the root repository.
    #[error("the root repository has no such file below sources/")]
    NotInRepository,
}

/// A file of trust that anybody can change.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("everybody on this machine may write {}, and so decide whom the server trusts", .path.plain())]
pub(super) struct WritableByAll {
    /// Which one.
    pub(super) path: PathBuf,
}
