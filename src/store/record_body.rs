//! A record's body by the record's kind.

use super::body::FormatVersion;
use super::{DenialRecord, Entry, KeyRecord, OwnIssuer, RecordedSources, RequestRecord, RevisionRecord};
use crate::words::WidenedFile;
use crate::words::names::{CommitId, IssuerName, SourceName};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::num::NonZeroUsize;

/// A body whose members somebody reads.
pub enum RecordBody {
    /// Of a request, or of what follows one.
    Request(Box<RequestRecord>),
    /// Of a revision that went into force.
    Revision(RevisionRecord),
    /// Of what an operator did about a source.
    Operator(OperatorRecord),
    /// Of a denial that begins.
    Denial(DenialRecord<Value>),
    /// Of a key of our own.
    Key(KeyRecord),
    /// Of another kind.
    Other,
}

impl RecordBody {
    /// What it says of a request, if it is of one.
    pub fn request(&self) -> Option<&RequestRecord> {
        if let Self::Request(record) = self { Some(record) } else { None }
    }

    /// The issuer of the verified token, or that of a key.
    pub fn issuer(&self) -> Option<&str> {
        match self {
            Self::Request(record) => record.issuer.as_ref().map(IssuerName::as_str),
            Self::Key(record) => record.issuer.map(OwnIssuer::as_str),
            Self::Revision(_) | Self::Operator(_) | Self::Denial(_) | Self::Other => None,
        }
    }
}

/// An operator accepted a commit, or confirmed what waited of it.
#[derive(Serialize, Deserialize, Debug)]
pub struct OperatorRecord {
    /// The commit.
    pub commit: CommitId,
    /// The files that waited, if they were confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Vec<WidenedFile>>,
    /// How many of them are not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_left_out: Option<NonZeroUsize>,
    /// The source.
    pub source: SourceName,
    /// The repository of a further source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<RecordedSources>,
    /// The version of the format.
    #[serde(default)]
    pub v: FormatVersion,
}

impl Entry {
    /// Its body by its kind; `None` if this version cannot read it, because another one wrote it.
    pub fn typed(&self) -> Option<RecordBody> {
        match self.kind.as_str() {
            "intended" | "released" | "failed" | "unresolved" | "repeated" | "refused" | super::DRY_RUN | "revoked" | "ended" => {
                self.read().map(|record| RecordBody::Request(Box::new(record)))
            }
            "revision" => self.read().map(RecordBody::Revision),
            "accepted" | "confirmed" => self.read().map(RecordBody::Operator),
            "denied" => self.read().map(RecordBody::Denial),
            "key" => self.read().map(RecordBody::Key),
            _ => Some(RecordBody::Other),
        }
    }

    /// What it says of a request; `None` if it is of something else, or this version cannot read it.
    pub fn request(&self) -> Option<RequestRecord> {
        if let RecordBody::Request(record) = self.typed()? { Some(*record) } else { None }
    }

    fn read<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(&self.body).ok()
    }
}
