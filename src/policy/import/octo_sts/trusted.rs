//! The issuers that an account permits: `trusted-token-issuers.yaml` in its `.github` repository. octo-sts refuses a token of any other
//! issuer before it reads a policy, and every token where it cannot read the file.
//!
//! Source: octo-sts docs, "Organization Trusted Token Issuers".

mod error;
mod expression;

pub(in crate::policy) use error::{ListError, UntrustedError};

use super::texts::{has_other_line_breaks, list, scalar};
use crate::words::names::IssuerUrl;
use crate::words::yaml::{Fields, Node};
use regex::Regex;

/// The repository of an account's own policies. GitHub ignores case in names.
pub const OF_ACCOUNT: &str = ".github";
/// octo-sts takes no file with more entries, or with longer patterns.
const ISSUERS_MAX: usize = 64;
const PATTERNS_MAX: usize = 16;
const PATTERN_BYTES_MAX: usize = 256;
/// octo-sts takes no longer issuer, and no longer part of its path.
const ISSUER_BYTES_MAX: usize = 255;
const SEGMENT_BYTES_MAX: usize = 150;

/// An account's file, or why it is not known what it permits.
#[derive(Clone, Debug)]
pub struct TrustedIssuers {
    file: String,
    permitted: Result<Permitted, ListError>,
}

#[derive(Clone, Debug)]
struct Permitted {
    /// octo-sts records what it would refuse, and refuses nothing.
    audits: bool,
    issuers: Vec<String>,
    patterns: Vec<Regex>,
}

impl TrustedIssuers {
    /// Its name in `.github/chainguard`.
    pub const NAME: &str = "trusted-token-issuers.yaml";

    /// Reads a file.
    pub fn read(file: &str, bytes: &[u8]) -> Self {
        Self { file: file.to_owned(), permitted: permitted(file, bytes) }
    }

    /// A file that is there and cannot be read.
    pub fn unread(file: &str, reason: &str) -> Self {
        Self { file: file.to_owned(), permitted: Err(ListError::Unread { reason: reason.to_owned() }) }
    }

    /// Refuses an issuer that the account does not permit for certain.
    pub(super) fn check(&self, issuer: &str) -> Result<(), UntrustedError> {
        let file = || self.file.clone();
        let permitted =
            self.permitted.as_ref().map_err(|reason| UntrustedError::Unknown { file: file(), reason: reason.clone() })?;
        let is_listed = permitted.issuers.iter().any(|listed| listed == issuer)
            || permitted.patterns.iter().any(|pattern| pattern.is_match(issuer));
        match permitted.audits || is_listed {
            true => Ok(()),
            false => Err(UntrustedError::Refused { file: file(), issuer: issuer.to_owned() }),
        }
    }
}

fn permitted(file: &str, bytes: &[u8]) -> Result<Permitted, ListError> {
    let node = Node::parse(file, bytes).map_err(|fault| ListError::Yaml(Box::new(fault)))?;
    let text = String::from_utf8_lossy(bytes);
    if has_other_line_breaks(&text) {
        return Err(ListError::LineBreak);
    }
    let mut faults = Vec::new();
    let mut fields = Fields::new(file, &text, &node, &mut faults);
    let mode = fields.optional("mode").and_then(|node| scalar(&mut fields, node, &text));
    let issuers = list(&mut fields, "issuers", &text).unwrap_or_default();
    let patterns = list(&mut fields, "issuer_patterns", &text).unwrap_or_default();
    fields.finish();
    if let Some(fault) = faults.into_iter().next() {
        return Err(ListError::Yaml(Box::new(fault)));
    }
    let audits = match mode.as_deref() {
        None | Some("" | "enforce") => false,
        Some("audit") => true,
        Some(mode) => return Err(ListError::Mode { mode: mode.to_owned() }),
    };
    if issuers.is_empty() && patterns.is_empty() {
        return Err(ListError::Empty);
    }
    if issuers.len() > ISSUERS_MAX || patterns.len() > PATTERNS_MAX {
        return Err(ListError::TooMany);
    }
    if let Some(issuer) = issuers.iter().find(|issuer| !is_issuer(issuer)) {
        return Err(ListError::Issuer { issuer: issuer.clone() });
    }
    let compiled = patterns.iter().map(|pattern| {
        let read =
            Some(pattern).filter(|pattern| pattern.len() <= PATTERN_BYTES_MAX).and_then(|pattern| expression::read(pattern));
        read.ok_or_else(|| ListError::Pattern { pattern: pattern.clone() })
    });
    let patterns = compiled.collect::<Result<_, _>>()?;
    Ok(Permitted { audits, issuers, patterns })
}

/// Whether octo-sts takes it for certain (its `IsValidIssuer`): one issuer that it refuses makes the file permit nobody. Tokens' issuers are
/// compared byte for byte.
fn is_issuer(issuer: &str) -> bool {
    let rest = issuer.strip_prefix("https://").unwrap_or_default();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let segments = path.strip_suffix('/').unwrap_or(path).split('/');
    let is_plain = |one: u8| one.is_ascii_alphanumeric() || b"._-".contains(&one);
    let are_plain = |text: &str| !text.is_empty() && text.len() <= SEGMENT_BYTES_MAX && text.bytes().all(is_plain);
    IssuerUrl::parse(issuer).is_ok()
        && issuer.len() <= ISSUER_BYTES_MAX
        && are_plain(host)
        && host == host.to_ascii_lowercase()
        && port.parse::<u16>().is_ok()
        && (path.is_empty() || segments.clone().all(are_plain))
}

#[cfg(test)]
mod tests;
