//! The forms of an issuer's values and ids. A policy that names a value of another form would never match, so it does not load.

use super::{Attribute, Mapping};
use serde::Deserialize;
use std::collections::BTreeSet;

/// SPIFFE ID specification: the longest ID.
const SPIFFE_ID_BYTES_MAX: usize = 2048;
/// A repository's name never ends with this: it follows the name in the address to clone it, and CIs refuse names with it.
const CLONED_AS: &str = ".git";
/// Commits are SHA-1 or SHA-256.
const COMMIT_DIGITS: [usize; 2] = [40, 64];

/// The form that all values of an attribute, or all ids, have.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueFormat {
    /// Any of these patterns, in the language of policies.
    Like(Vec<String>),
    /// A decimal number of any length.
    Digits,
    /// The number of a row in a database: of 63 bits.
    Number,
    /// A name of letters, digits, `-`, `_` and `.`.
    Name,
    /// Two such names, separated by `/`.
    OwnerAndName,
    /// Two or more such names.
    GroupsAndName,
    /// A hexadecimal number.
    Hex,
    /// A commit with all its digits.
    Commit,
    /// A workflow's file in its repository, `@`, and its full ref or its commit.
    WorkflowFile,
    /// A pipeline's name as in a URL.
    Slug,
    /// A UUID.
    Uuid,
    /// A UUID in braces.
    BracedUuid,
    /// A name of Kubernetes.
    Dns,
    /// A SPIFFE ID.
    SpiffeId,
}

impl ValueFormat {
    /// Whether the text has this form. The patterns of [`Self::Like`] are not compared here: this layer has no pattern language.
    pub fn fits(&self, text: &str) -> bool {
        let fits_all = !text.is_empty() && text.chars().all(|character| self.takes(character));
        match self {
            Self::Like(_) | Self::Hex | Self::Dns | Self::Slug => fits_all,
            Self::Digits => fits_all && (text == "0" || !text.starts_with('0')),
            Self::Number => Self::Digits.fits(text) && text.parse::<i64>().is_ok(),
            Self::Name => fits_all && are_names(text),
            Self::OwnerAndName => fits_all && are_names(text) && text.matches('/').count() == 1,
            Self::GroupsAndName => fits_all && are_names(text) && text.contains('/'),
            Self::Commit => fits_all && COMMIT_DIGITS.contains(&text.len()),
            Self::WorkflowFile => text.split_once('@').is_some_and(|(file, at)| is_workflow_file(file) && is_full_ref(at)),
            Self::Uuid => is_uuid(text),
            Self::BracedUuid => text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).is_some_and(is_uuid),
            Self::SpiffeId => is_spiffe_id(text),
        }
    }

    /// Whether a text of this form may have this character.
    pub const fn takes(&self, character: char) -> bool {
        match self {
            Self::Like(_) | Self::WorkflowFile => true,
            Self::Slug | Self::Name => character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.'),
            Self::OwnerAndName | Self::GroupsAndName => Self::Slug.takes(character) || character == '/',
            Self::Digits | Self::Number => character.is_ascii_digit(),
            Self::Hex => character.is_ascii_hexdigit(),
            Self::Commit => character.is_ascii_digit() || matches!(character, 'a'..='f'),
            Self::Uuid => character.is_ascii_hexdigit() || character == '-',
            Self::BracedUuid => character.is_ascii_hexdigit() || matches!(character, '-' | '{' | '}'),
            Self::Dns => character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '-' | '.'),
            Self::SpiffeId => is_of_spiffe(character) || matches!(character, '/' | ':'),
        }
    }

    /// The pattern that a policy's pattern has to overlap, in addition to the form's characters.
    pub const fn required_pattern(&self) -> Option<&'static str> {
        match self {
            Self::Name => Some("*"),
            Self::OwnerAndName => Some("*/*"),
            Self::GroupsAndName => Some("*/**"),
            _ => None,
        }
    }

    /// The form in a sentence, after "is not ...".
    pub fn described(&self) -> String {
        match self {
            Self::Like(patterns) => format!("like `{}`", patterns.join("` or `")),
            Self::Digits => "a number".to_owned(),
            Self::Number => format!("a number up to {}", i64::MAX),
            Self::Name => "a name of letters, digits, `-`, `_` and `.`".to_owned(),
            Self::OwnerAndName => "like `*/*`: two names of letters, digits, `-`, `_` and `.`, without `.git`".to_owned(),
            Self::GroupsAndName => "like `*/**`: names of letters, digits, `-`, `_` and `.`, without `.git`".to_owned(),
            Self::Hex => "a hexadecimal number".to_owned(),
            Self::Commit => "a commit by all of its digits".to_owned(),
            Self::WorkflowFile => "a file, `@`, and a ref by its full name or a commit by all of its digits".to_owned(),
            Self::Slug => "letters, digits, `-`, `_` and `.`".to_owned(),
            Self::Uuid => "a UUID".to_owned(),
            Self::BracedUuid => "a UUID in braces".to_owned(),
            Self::Dns => "a name of Kubernetes".to_owned(),
            Self::SpiffeId => "a SPIFFE ID".to_owned(),
        }
    }
}

impl Mapping {
    /// The form of this attribute's values.
    pub fn shape(&self, attribute: Attribute) -> Option<&ValueFormat> {
        self.values.get(&attribute)
    }

    /// The form of this attribute's ids.
    pub fn id_shape(&self, attribute: Attribute) -> Option<&ValueFormat> {
        self.ids.get(&attribute)
    }

    /// All values of the attribute, if they are known.
    pub fn closed_set(&self, attribute: Attribute) -> Option<BTreeSet<&str>> {
        let mut words = BTreeSet::new();
        for source in self.attributes.get(&attribute)? {
            match (&source.values, &source.is) {
                (Some(values), _) => words.extend(values.values().map(String::as_str)),
                (None, Some(word)) => _ = words.insert(word),
                (None, None) => return None,
            }
        }
        Some(words)
    }
}

/// Names separated by slashes, none of which is `.` or `..`.
fn are_names(text: &str) -> bool {
    let is_name = |name: &str| !matches!(name, "" | "." | "..");
    text.split('/').all(is_name) && !is_cloned_as(text)
}

/// Whether it ends with `.git`, like an address to clone a repository.
pub fn is_cloned_as(text: &str) -> bool {
    text.to_ascii_lowercase().ends_with(CLONED_AS)
}

/// `OWNER/NAME/.github/workflows/FILE`.
fn is_workflow_file(file: &str) -> bool {
    file.split('/').count() == 5 && file.split('/').all(|segment| !segment.is_empty())
}

fn is_full_ref(at: &str) -> bool {
    at.strip_prefix("refs/").is_some_and(|rest| !rest.is_empty()) || ValueFormat::Commit.fits(at)
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}

const fn is_of_spiffe(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_')
}

/// SPIFFE ID specification, section 2: a trust domain in lower case, and a path of segments that are neither empty nor dots. It
/// has no port, user, query or fragment, and no percent-encoding.
fn is_spiffe_id(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("spiffe://").filter(|_| text.len() <= SPIFFE_ID_BYTES_MAX) else { return false };
    let (domain, path) = rest.split_once('/').map_or((rest, None), |(domain, path)| (domain, Some(path)));
    let of_segment = |segment: &str| !matches!(segment, "" | "." | "..") && segment.chars().all(is_of_spiffe);
    let of_domain = |character: char| is_of_spiffe(character) && !character.is_ascii_uppercase();
    !domain.is_empty() && domain.chars().all(of_domain) && path.is_none_or(|path| path.split('/').all(of_segment))
}
