//! Reads recipients: every kind that one line can name.

use super::error::{RecipientError, RecipientFault};
use super::{hybrid, ssh};
use crate::words::{holds_private_key, without_secrets};
use age::{Recipient, tag, tagpq, x25519};
use age_core::primitives::bech32_decode;
use bech32::Hrp;
use std::borrow::Cow;
use std::str::FromStr;

/// A post-quantum recipient has 2000 characters; an error shows its start only, to stay readable.
const SHOWN_CHARACTERS: usize = 60;
/// How public keys begin. Any other text may be a private key that was given by mistake, in any spelling.
const PUBLIC: [&str; 4] = ["age1", "ssh-", "ecdsa-", "sk-"];
/// Of such a text an error shows as much as names the kind: `AGE-SECRET-KEY-1`.
const KIND_CHARACTERS: usize = 16;

/// Reads one recipient of any kind.
pub(super) fn parse(text: &str) -> Result<Box<dyn Recipient>, RecipientError> {
    let text = text.trim();
    let recipient = if text.starts_with(hybrid::RECIPIENT_PREFIX) {
        hybrid::Recipient::parse(text).map(boxed).ok_or(RecipientFault::Hybrid)
    } else if PUBLIC[1..].iter().any(|kind| text.starts_with(kind)) {
        ssh::Recipient::parse(text).map(boxed).map_err(RecipientFault::Ssh)
    } else if text.starts_with("age1tagpq1") {
        bech32::<tagpq::Recipient>(text)
    } else if text.starts_with("age1tag1") {
        bech32::<tag::Recipient>(text)
    } else {
        bech32::<x25519::Recipient>(text)
    };
    recipient.map_err(|fault| RecipientError { shown: shortened(text), fault })
}

/// What is shown in place of text that a file names as a recipient and that is none: it may be a private key or a password.
const NONE: &str = "(no recipient)";

/// A recipient as a file names it, or that it is none. An SSH key may have a comment.
pub fn recipient_or_none(text: &str) -> Cow<'_, str> {
    if is_recipient(text) { without_secrets(text) } else { Cow::Borrowed(NONE) }
}

/// Whether this is a recipient, as files name it. One of a plugin is one too, although nothing is encrypted to it here.
pub fn is_recipient(text: &str) -> bool {
    if text.starts_with(PUBLIC[0]) {
        let named = |found: Hrp| found.as_str().starts_with(PUBLIC[0]).then_some(()).ok_or(());
        let is_plugins = || bech32_decode(text, |_| (), named, |_, _| Ok(())).is_ok();
        return !text.contains(char::is_uppercase) && (parse(text).is_ok() || is_plugins());
    }
    PUBLIC[1..].iter().any(|kind| text.starts_with(kind)) && parse(text).is_ok()
}

fn bech32<R: FromStr<Err = &'static str> + Recipient + 'static>(text: &str) -> Result<Box<dyn Recipient>, RecipientFault> {
    text.parse::<R>().map(boxed).map_err(|fault| RecipientFault::Unknown { fault })
}

fn boxed<R: Recipient + 'static>(recipient: R) -> Box<dyn Recipient> {
    Box::new(recipient)
}

/// The start of a recipient, for an error.
pub(in crate::secrets) fn shortened(text: &str) -> String {
    let is_public = PUBLIC.iter().any(|kind| text.starts_with(kind)) && holds_private_key(text.as_bytes()).is_none();
    let shown: String = text.chars().take(if is_public { SHOWN_CHARACTERS } else { KIND_CHARACTERS }).collect();
    if shown.len() < text.len() { format!("{shown}…") } else { shown }
}
