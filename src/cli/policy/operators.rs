//! Operators' denials, which apply in addition to policies.

use super::place::PolicyTreeArgs;
use crate::policy::DenialUntil;
use crate::store::{ReadError, Reader};
use crate::words::{UnixTime, plain};
use serde_json::{Value, json};

/// Why operators' denials are not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnknownDenials {
    /// The data directory is not known.
    #[error("the configuration names no `data` directory")]
    NoData,
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A denial cannot be parsed.
    #[error("the denial {id} cannot be read: {fault}")]
    Broken {
        /// Which one.
        id: String,
        /// Why not.
        #[source]
        fault: serde_json::Error,
    },
}

/// Operators' denials, from the server's store; or why they are not known.
pub(super) fn denials(at: &PolicyTreeArgs, now: UnixTime) -> Result<Vec<(String, DenialUntil)>, UnknownDenials> {
    let data = at.data_if_named().ok_or(UnknownDenials::NoData)?;
    let rows = Reader::open(&data).and_then(|reader| reader.denials(now))?;
    let standing = |row: crate::store::DenialRow| {
        let stop = serde_json::from_value(row.body);
        let stop = stop.map_err(|fault| UnknownDenials::Broken { id: row.id.clone(), fault })?;
        Ok((row.id, (stop, row.until)))
    };
    rows.into_iter().map(standing).collect()
}

/// What an answer says of operators' denials, for people and for programs.
pub(super) struct DenialSummary {
    pub(super) text: String,
    /// Each denial, or null if they are not known.
    pub(super) denials: Value,
}

/// What operators deny now, whatever policies grant.
pub(super) fn summary(at: &PolicyTreeArgs, now: UnixTime) -> DenialSummary {
    let denials = match denials(at, now) {
        Ok(denials) => denials,
        Err(why) => {
            let text =
                format!("Operators' denials are not looked at, and may deny it all the same: {}\n", plain(&why.to_string()));
            return DenialSummary { text, denials: Value::Null };
        }
    };
    let line = |(id, (stop, until)): &(String, DenialUntil)| {
        let until = until.map_or_else(|| "it is lifted".to_owned(), |until| until.to_string());
        let (stop, reason) = (stop.to_string(), &stop.reason);
        format!("An operator denies all the same: {}, until {until} ({}; {id})\n", plain(&stop), plain(reason))
    };
    let to_json = |(id, (stop, until)): &(String, DenialUntil)| json!({ "id": id, "denies": stop, "until": until.map(|at| at.to_string()) });
    DenialSummary { text: denials.iter().map(line).collect(), denials: denials.iter().map(to_json).collect() }
}
