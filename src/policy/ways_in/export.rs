//! Reads what operators exported. The members of a file show its kind. A file that says that there is more is an error.

use super::aws::Accounts;
use super::azure::Applications;
use super::document::Document;
use super::error::{ExportError, ExportFault};
use super::gcp::Projects;
use super::way_in::{WayIn, WayInKind};
use crate::token::parse_document;
use serde_json::Value;

/// Members by which the clouds' commands and APIs say that there are more pages.
const MORE: [&str; 5] = ["NextToken", "Marker", "nextPageToken", "@odata.nextLink", "odata.nextLink"];

/// A file or what came out of a pipe.
#[derive(Clone, Debug)]
pub struct Export {
    /// Its name, for messages.
    pub name: String,
    /// The account, project or application that it belongs to, if the operator named one.
    pub owner: Option<String>,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// All exports, by cloud.
#[derive(Default)]
pub(super) struct Exports {
    pub(super) aws: Accounts,
    pub(super) gcp: Projects,
    pub(super) azure: Applications,
    /// Empty lists, which do not show what they list.
    empty: Vec<String>,
}

impl Exports {
    pub(super) fn read(all: &[Export]) -> Result<Self, ExportError> {
        let mut exports = Self::default();
        for export in all {
            exports.take(export).map_err(|fault| ExportError { name: export.name.clone(), fault })?;
        }
        Ok(exports)
    }

    fn take(&mut self, export: &Export) -> Result<(), ExportFault> {
        let owner = export.owner.as_deref();
        // `aws iam get-credential-report --query Content --output text | base64 -d` prints the table itself.
        if export.bytes.starts_with(b"user,arn,") {
            return self.aws.take_report(&export.bytes, &export.name);
        }
        let value = parse_document(&export.bytes)?;
        check_whole(&value)?;
        // Microsoft Graph's lists stand in `value`.
        let value = match value.get("value") {
            Some(list @ Value::Array(_)) => list,
            _ => &value,
        };
        let document = Document { name: &export.name, owner, value };
        if self.aws.take(&document)? || self.gcp.take(&document)? || self.azure.take(&document)? {
            return Ok(());
        }
        if value.as_array().is_some_and(Vec::is_empty) {
            self.empty.push(export.name.clone());
            return Ok(());
        }
        Err(ExportFault::Unknown)
    }

    /// Reports empty lists. A list of secrets and one of federated credentials look the same if empty, so nothing follows from them.
    pub(super) fn empty_lists(&self) -> impl Iterator<Item = WayIn> {
        let message = "an empty list does not say what it is of: nothing is concluded from it";
        let advice = "leave it out; name an empty list of a service account's keys ADDRESS.keys.json";
        self.empty.iter().map(move |name| WayIn::new(format_args!("export {name}"), WayInKind::NotSeen, message, advice))
    }
}

fn check_whole(value: &Value) -> Result<(), ExportFault> {
    if value.get("IsTruncated").is_some_and(|more| *more != Value::Bool(false)) {
        return Err(ExportFault::Cut { member: "IsTruncated" });
    }
    let is_there = |member: &&str| value.get(*member).is_some_and(|more| !more.is_null());
    MORE.into_iter().find(is_there).map_or(Ok(()), |member| Err(ExportFault::Cut { member }))
}
