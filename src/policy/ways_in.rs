//! Who besides daypass's own issuer may use what the policies grant in clouds, by what operators exported of the clouds' own trust.
//! Pure: bytes in, ways in out. What is not understood may let others in, and is told as that.

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
mod told;

pub use error::{ExportError, ExportFault};
pub use export::Export;
pub use granted::GrantedInClouds;
pub use told::{Way, WayKind};

use export::Exports;

/// Every way in to everything that is granted. An export that is cut, or that nobody knows, is refused with all of them: who is missing
/// in it would not be told.
pub fn ways_in(exports: &[Export], granted: &GrantedInClouds) -> Result<Vec<Way>, ExportError> {
    let exports = Exports::read(exports)?;
    let mut ways = aws::ways(&exports.aws, granted);
    ways.extend(gcp::ways(&exports.gcp, granted));
    ways.extend(azure::ways(&exports.azure, granted));
    ways.extend(exports.unsaid());
    Ok(ways)
}

#[cfg(test)]
mod tests;
