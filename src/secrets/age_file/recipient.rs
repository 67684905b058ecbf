//! Reads recipients: every kind that one line can name.

use super::error::{RecipientError, RecipientFault};
use super::{hybrid, ssh};
use age::{Recipient, tag, tagpq, x25519};
use std::str::FromStr;

/// A post-quantum recipient has 2000 characters; an error shows its start only, to stay readable.
const SHOWN_CHARACTERS: usize = 60;

/// Reads one recipient of any kind.
pub(super) fn parse(text: &str) -> Result<Box<dyn Recipient>, RecipientError> {
    let text = text.trim();
    let recipient = if text.starts_with(hybrid::RECIPIENT_PREFIX) {
        hybrid::Recipient::parse(text).map(boxed).ok_or(RecipientFault::Hybrid)
    } else if ["ssh-", "ecdsa-", "sk-"].iter().any(|kind| text.starts_with(kind)) {
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

fn bech32<R: FromStr<Err = &'static str> + Recipient + 'static>(text: &str) -> Result<Box<dyn Recipient>, RecipientFault> {
    text.parse::<R>().map(boxed).map_err(|fault| RecipientFault::Unknown { fault })
}

fn boxed<R: Recipient + 'static>(recipient: R) -> Box<dyn Recipient> {
    Box::new(recipient)
}

/// The start of a recipient, for an error. Of a private key that was given by mistake only the kind is shown.
fn shortened(text: &str) -> String {
    let secret = text.starts_with("AGE-") || text.starts_with("-----");
    let shown: String = text.chars().take(if secret { 16 } else { SHOWN_CHARACTERS }).collect();
    if shown.len() < text.len() { format!("{shown}…") } else { shown }
}
