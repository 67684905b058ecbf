//! Finds who besides daypass's own issuer may use what the policies grant in clouds, from what operators exported of the clouds' own
//! trust. Pure: bytes in, ways in out. What is not understood may let others in, and is reported as such.

mod advice;
mod aws;
mod azure;
mod bound;
mod document;
mod error;
mod export;
mod gcp;
mod glob;
mod granted;
mod issuers;
mod way_in;

pub use error::{ExportError, ExportFault};
pub use export::Export;
pub use granted::GrantedInClouds;
pub use way_in::{WayIn, WayInKind};

use export::Exports;

/// Every way in to everything that is granted. If one export is cut or of an unknown kind, all are refused: the ways that it lacks
/// could not be reported.
pub fn ways_in(exports: &[Export], granted: &GrantedInClouds) -> Result<Vec<WayIn>, ExportError> {
    let exports = Exports::read(exports)?;
    let mut ways = aws::ways(&exports.aws, granted);
    ways.extend(gcp::ways(&exports.gcp, granted));
    ways.extend(azure::ways(&exports.azure, granted));
    ways.extend(exports.empty_lists());
    Ok(ways)
}

#[cfg(test)]
mod tests;
