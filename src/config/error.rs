//! What is wrong with a value of `daypass.yaml`. [`Fields`](crate::words::yaml::Fields) adds where it is.

use crate::issue::AddressError;
use crate::issuers::NetworkError;
use crate::words::names::{Audience, NameError};
use crate::words::yaml::{Fault, Place};
use crate::words::{DurationError, PlainPath};
use std::io;
use std::path::PathBuf;

/// Enough for a readable name.
pub(super) const NAME_LENGTH_MAX: usize = 64;

/// A value that does not fit its key; the text says what was expected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum ValueError {
    /// A listener's address.
    #[error("expected an address and a port such as 127.0.0.1:9443")]
    Listener,
    /// A duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// `drain_pause`.
    #[error("expected at most 60s")]
    LongPause,
    /// `rollout`.
    #[error("expected hold or immediate")]
    Widening,
    /// One of an issuer's `algorithms`.
    #[error("not an algorithm that is accepted here")]
    Algorithm,
    /// An issuer's `max_token_age`.
    #[error("a token is always older: say how old one may be, such as 1h")]
    NoAge,
    /// A source's `interval`.
    #[error("expected at least 1s, and less than `max_stale`: Git is asked that often")]
    Interval,
    /// A source's `ref`.
    #[error("expected a full ref such as refs/heads/main")]
    Reference,
    /// The name of a systemd credential.
    #[error("expected the name of a credential of this service (LoadCredential=)")]
    Credential,
    /// A load balancer's address.
    #[error("expected an address such as 10.0.0.7, or a network such as 10.0.0.0/28")]
    Balancer,
    /// A load balancer's version of the PROXY protocol.
    #[error("expected v1 or v2")]
    ProxyProtocol,
    /// A collector's address.
    #[error(transparent)]
    Address(#[from] AddressError),
}

/// The fault of a configuration that cannot be read.
pub(super) fn unreadable(file: &str, fault: &io::Error) -> Vec<Fault> {
    let fault = Fault::new(file, Place::default(), format!("the configuration cannot be read: {fault}"));
    vec![
        fault.help(
            "--config or DAYPASS_CONFIG names the server's configuration, or a file with its `issuers` for `daypass policy`",
        ),
    ]
}

/// A value that is no share of requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected a number from 0 to 1")]
pub(super) struct RatioError;

/// An audience that the server does not accept from any issuer.
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
    /// An audience with `*`, which people would take for a pattern.
    #[error("audiences are compared letter by letter, so no token has this one: write each whole")]
    Pattern,
    /// The same audience twice: one was probably meant to be another.
    #[error("`{audience}` stands twice")]
    Twice {
        /// Which one.
        audience: Audience,
    },
    /// A text that is no audience.
    #[error(transparent)]
    Name(#[from] NameError),
}

/// A mapping that reads the tokens of another kind of issuer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the mapping {mapping} does not read the tokens of this issuer: write `mapping: {own}`")]
pub(super) struct OtherKind {
    /// As it is written.
    pub(super) mapping: String,
    /// The one that reads the issuer's tokens.
    pub(super) own: String,
}

/// A faulty value of `egress`.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum PoolError {
    /// The pool's name.
    #[error("expected 1 to {NAME_LENGTH_MAX} of a-z, 0-9 and -")]
    Name,
    /// A network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A network that does not begin with its first address.
    #[error("`{network}` does not begin with the network's first address")]
    NotFirstAddress {
        /// As it is written.
        network: String,
    },
    /// A network with too many clients.
    #[error("`{network}` is too large for a pool: at most a /24 of IPv4 or a /56 of IPv6")]
    TooLarge {
        /// As it is written.
        network: String,
    },
    /// A network that is smaller than one client.
    #[error("`{network}` is a part of one client: an IPv6 client has a /64")]
    PartOfClient {
        /// As it is written.
        network: String,
    },
}

/// A faulty value of `admission`.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum AdmissionError {
    /// The sidecar's image.
    #[error("expected an image by its digest: registry.example/daypass@sha256:…")]
    Image,
    /// The name or the key of the authority's ConfigMap.
    #[error("expected the name of a ConfigMap, or of a key of one")]
    ObjectName,
    /// The sidecar's resources.
    #[error("expected a quantity such as 10m or 32Mi")]
    Quantity,
    /// A token's `expiration`.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// Kubernetes API, `ServiceAccountTokenProjection`.
    #[error("Kubernetes gives no token for less than 10m")]
    ShortToken,
}

/// Why a source cannot have its name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum SourceNameError {
    /// The file's name is no name of a source.
    #[error("the file's name: {0}")]
    File(#[from] NameError),
    /// The root source has this name.
    #[error("`root` is the root repository's own name")]
    Root,
    /// A folder of the root repository has this name.
    #[error("the root repository has a folder {folder}: rename it, or the source")]
    Folder {
        /// Which one.
        folder: String,
    },
}

/// Why a file of public keys is not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum PublicFileError {
    /// A file on this machine.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A file in the root repository.
    #[error("the root repository has no such file below sources/")]
    NotInRepository,
}

/// A file that decides whom the server trusts, and that everybody may change.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("everybody on this machine may write {}, and so decide whom the server trusts", .path.plain())]
pub(super) struct WritableByAll {
    /// Which one.
    pub(super) path: PathBuf,
}
