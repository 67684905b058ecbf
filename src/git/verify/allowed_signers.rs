//! Reads a file of allowed signers (ssh-keygen(1), ALLOWED SIGNERS). If a line is not valid, the whole file is refused.

use super::error::{LineFault, SignersError};
use crate::words::{UnixTime, excerpt};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

/// The namespace of commits' signatures (gitformat-signature(5), ssh-keygen(1)).
pub(super) const NAMESPACE: &str = "git";

/// The most characters of an unknown option in an error. The options that OpenSSH knows are shorter, and a private key is longer.
const OPTION_CHARACTERS: usize = 16;

/// One line.
#[derive(Clone, Debug)]
pub(super) struct AllowedSigner {
    /// The patterns of names, unchanged.
    pub(super) principals: String,
    /// The signer's key, or that of a certificate authority.
    pub(super) key: KeyData,
    pub(super) is_authority: bool,
    valid_after: Option<UnixTime>,
    valid_before: Option<UnixTime>,
}

pub(super) fn parse(file: &str) -> Result<Vec<AllowedSigner>, SignersError> {
    let lines = (1..).zip(file.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let parsed = lines.map(|(number, line)| parse_line(line).map_err(|fault| SignersError::Line { line: number, fault }));
    Ok(parsed.collect::<Result<Vec<_>, SignersError>>()?.into_iter().flatten().collect())
}

/// Reads `principals [options] type key [comment]`. `None`: the line is for another namespace.
fn parse_line(line: &str) -> Result<Option<AllowedSigner>, LineFault> {
    let (principals, rest) = word(line.trim_start())?;
    let mut rest = rest.trim_start();
    let (mut is_authority, mut valid_after, mut valid_before, mut about_commits) = (false, None, None, true);
    if !is_key_type(rest) {
        let (options, key) = word(rest)?;
        for option in split_options(options) {
            match option.split_once('=').map_or((option, ""), |(name, value)| (name, value.trim_matches('"'))) {
                ("cert-authority", "") => is_authority = true,
                ("namespaces", patterns) => about_commits = fits_list(patterns, NAMESPACE),
                ("valid-after", text) => valid_after = Some(moment(text)?),
                ("valid-before", text) => valid_before = Some(moment(text)?),
                (name, _) => return Err(LineFault::Option { name: excerpt(name, OPTION_CHARACTERS).into_owned() }),
            }
        }
        rest = key.trim_start();
    }
    let key = PublicKey::from_openssh(rest).map_err(LineFault::NoKey)?.key_data().clone();
    let principals = principals.replace('"', "");
    Ok(about_commits.then_some(AllowedSigner { principals, key, is_authority, valid_after, valid_before }))
}

impl AllowedSigner {
    pub(super) fn is_valid(&self, now: UnixTime) -> bool {
        self.valid_after.is_none_or(|after| now >= after) && self.valid_before.is_none_or(|before| now < before)
    }

    /// Whether the line's patterns match the name.
    pub(super) fn is_called(&self, name: &str) -> bool {
        fits_list(&self.principals, name)
    }
}

/// Matches a list of patterns. A match of a pattern with `!` refuses, whatever else matches (ssh_config(5), PATTERNS).
fn fits_list(patterns: &str, text: &str) -> bool {
    let fits = |pattern: &str| glob(pattern, text);
    let (refused, allowed): (Vec<&str>, Vec<&str>) = patterns.split(',').partition(|pattern| pattern.starts_with('!'));
    allowed.into_iter().any(fits) && !refused.iter().any(|pattern| fits(&pattern[1..]))
}

/// Matches a pattern: `*` is any text, `?` any one character.
fn glob(pattern: &str, text: &str) -> bool {
    let mut characters = text.chars();
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => glob(&pattern[1..], text) || (characters.next().is_some() && glob(pattern, characters.as_str())),
        Some(expected) => {
            characters.next().is_some_and(|character| expected == '?' || expected == character)
                && glob(&pattern[expected.len_utf8()..], characters.as_str())
        }
    }
}

fn is_key_type(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    ["ssh-", "ecdsa-", "sk-"].iter().any(|start| first.starts_with(start))
}

/// Splits off the first word, which may have spaces in quotes.
fn word(text: &str) -> Result<(&str, &str), LineFault> {
    let mut quoted = false;
    for (index, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => return Ok(text.split_at(index)),
            _ => {}
        }
    }
    Err(LineFault::Form)
}

fn split_options(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |character| {
        quoted ^= character == '"';
        character == ',' && !quoted
    })
}

/// Reads `YYYYMMDD` or `YYYYMMDDHHMM[SS]`, with or without `Z`. It is always UTC, so that all servers read the same time.
fn moment(text: &str) -> Result<UnixTime, LineFault> {
    let digits = text.strip_suffix('Z').unwrap_or(text);
    let wrong = || LineFault::Moment { text: text.to_owned() };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(digits.len(), 8 | 12 | 14) {
        return Err(wrong());
    }
    let padded = format!("{digits:0<14}");
    let part = |start: usize, end: usize| &padded[start..end];
    let text = format!("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 12), part(12, 14));
    UnixTime::from_rfc3339(&text).ok_or_else(wrong)
}
