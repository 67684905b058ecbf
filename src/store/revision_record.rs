//! The record of a revision that went into force.

use super::RecordedSources;
use super::body::FormatVersion;
use crate::answers::FileFault;
use crate::words::WidenedFile;
use crate::words::names::{CommitId, SourceName};
use serde::{Deserialize, Serialize};

/// A revision, and what of it did not go into force.
#[derive(Serialize, Deserialize, Debug)]
pub struct RevisionRecord {
    /// Its source.
    pub source: SourceName,
    /// Its commit.
    pub revision: CommitId,
    /// Who signed the commit.
    pub signer: Option<String>,
    /// How many policies were in force then.
    pub policies: usize,
    /// The faults of files, whose older forms stayed in force.
    pub faults: Vec<FileFault>,
    /// The files that waited for a person.
    pub held: Vec<WidenedFile>,
    /// The repository of a further source. The source's name may belong to another one later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<RecordedSources>,
    /// The version of the format.
    #[serde(default)]
    pub v: FormatVersion,
}
