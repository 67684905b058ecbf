//! Alarms of a running server: what somebody has to repair.

use crate::words::UnixTime;
use crate::words::names::IssuerName;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One alarm. Its text is for people; programs compare the members.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Debug)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Alarm {
    /// A certificate that clients refuse, or will soon.
    Certificate {
        /// The listener that presents it.
        listener: ListenerName,
        /// The chain's file.
        file: String,
        /// What is wrong with it.
        fault: CertificateFault,
    },
    /// An issuer whose keys cannot be read.
    Issuer {
        /// The issuer.
        issuer: IssuerName,
        /// Why its keys cannot be read.
        fault: String,
        /// Whether the keys that are held still verify tokens.
        serves_on: bool,
    },
    /// A provider that does not answer.
    Provider {
        /// Its section of the configuration.
        provider: String,
        /// Its host.
        origin: String,
        /// Why it does not answer.
        fault: String,
    },
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate { listener, file, fault } => {
                write!(f, "the certificate {file} (listener `{}`) {fault}", listener.as_str())
            }
            Self::Issuer { issuer, fault, serves_on } => {
                let until = if *serves_on { "; the keys that are held serve on for an hour" } else { "; its tokens are refused" };
                write!(f, "the keys of the issuer `{issuer}` cannot be read: {fault}{until}")
            }
            Self::Provider { provider, origin, fault } => {
                write!(f, "the provider `{provider}` cannot be reached at {origin}: {fault}; none of its credentials are made")
            }
        }
    }
}

/// A listener that presents a certificate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum ListenerName {
    /// The one that jobs reach.
    Public,
    /// The one of the admission webhook.
    Webhook,
}

impl ListenerName {
    /// Its word, also in the metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Webhook => "webhook",
        }
    }
}

/// What is wrong with a certificate.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Debug)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum CertificateFault {
    /// Its time has not come.
    NotYetValid {
        /// When its time begins.
        not_before: UnixTime,
    },
    /// Its time is over.
    Expired {
        /// When it ended.
        not_after: UnixTime,
    },
    /// It ends soon, and should have been renewed by now.
    ExpiresSoon {
        /// When it ends.
        not_after: UnixTime,
    },
    /// It is a CA's own certificate.
    CaCertificate,
    /// Its extended key usage lacks `serverAuth`.
    NotForServers,
    /// It does not have the name by which clients reach the server.
    NotForHost {
        /// The host of `public_url`.
        host: String,
    },
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotYetValid { not_before } => write!(f, "counts only from {not_before} on: every client refuses it"),
            Self::Expired { not_after } => write!(f, "ended at {not_after}: every client refuses it"),
            Self::ExpiresSoon { not_after } => write!(f, "ends at {not_after}, and nobody has renewed it yet"),
            Self::CaCertificate => f.write_str(
                "is an authority's own (CA:TRUE): daypass's client, and every other one that verifies by webpki, refuses it",
            ),
            Self::NotForServers => f.write_str(
                "is made for something else than servers: every client refuses it (extendedKeyUsage lacks serverAuth)",
            ),
            Self::NotForHost { host } => {
                write!(f, "is not for `{host}`, the host of `public_url`: every client that reaches the server by it refuses it")
            }
        }
    }
}
