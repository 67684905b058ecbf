//! age files (c2sp.org/age), binary and armored, for X25519, post-quantum and SSH keys.

mod answered;
mod bound;
mod error;
mod header;
mod hybrid;
mod identities;
mod kinds;
mod recipient;
mod single_header;
mod ssh;
mod stanza;

pub(super) use bound::{check as check_path, is_bystander, paths as bound_paths, printable as shown_path};
pub use error::{AgeError, IdentityError};
pub use header::STANZAS_MAX;
pub use identities::Identities;
pub(super) use recipient::shortened;
pub use recipient::{is_recipient, recipient_or_none};

use super::header::{Header, stanza as digest};
use super::{PLAINTEXT_BYTES_MAX, RepositoryPath};
use crate::words::Secret;
use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::{DecryptError, Decryptor, EncryptError, Encryptor};
use age_core::format::Stanza;
use bound::Bound;
use std::io::{Read, Write};
use zeroize::Zeroizing;

const VERSION_BEGIN: &[u8] = b"age-encryption.org/";
const ARMOR_BEGIN: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
/// The kinds of recipients that an error may name. Any other word in a header was chosen by the file's writer.
const KINDS: [&str; 7] = ["X25519", "mlkem768x25519", "ssh-ed25519", "ssh-rsa", "piv-p256", "p256tag", "mlkem768p256tag"];

/// Whether the bytes claim to be an age file. The whole first line counts: a document may have a key that begins like that line.
pub(super) fn is_age(bytes: &[u8]) -> bool {
    let version = first_line(bytes).strip_prefix(VERSION_BEGIN);
    version.is_some_and(|version| version.iter().all(u8::is_ascii_alphanumeric)) || is_armored(bytes)
}

/// Whether an age file is armored (written as text).
pub fn is_armored(bytes: &[u8]) -> bool {
    first_line(bytes.trim_ascii_start()).trim_ascii_end() == ARMOR_BEGIN
}

fn first_line(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == b'\n').next().unwrap_or_default()
}

/// Decrypts a whole file. Nothing is given out unless all of it is authentic.
pub(super) fn decrypt(bytes: &[u8], identities: &Identities) -> Result<Secret, AgeError> {
    let file = binary(bytes)?;
    let (decryptor, stanzas) = read(&file)?;
    identities.path().map_or(Ok(()), |path| check_path(&stanzas, path))?;
    let keys = identities.for_header(&of(&stanzas))?;
    let reader =
        decryptor.decrypt(keys.iter().map(|key| key as &dyn age::Identity)).map_err(|fault| for_others(fault, &stanzas))?;
    let mut plaintext = Zeroizing::new(Vec::new());
    let limit = PLAINTEXT_BYTES_MAX as u64 + 1;
    reader.take(limit).read_to_end(&mut plaintext).map_err(AgeError::Damaged)?;
    if plaintext.len() > PLAINTEXT_BYTES_MAX {
        return Err(AgeError::TooLarge);
    }
    Ok(Secret::new(std::mem::take(&mut *plaintext)))
}

/// The header of an age file; `None` if it has no valid one.
pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    stanzas(bytes).as_deref().map(of)
}

/// The stanzas of its header, in order; `None` if it has no valid one.
pub(super) fn stanzas(bytes: &[u8]) -> Option<Vec<Stanza>> {
    header::stanzas(&binary(bytes).ok()?)
}

fn of(stanzas: &[Stanza]) -> Header {
    Header::new(stanzas.iter().map(|stanza| digest(&stanza.tag, &stanza.args, &stanza.body)).collect())
}

/// The file without its armor. The armor is read to its end before the file in it is read.
fn binary(bytes: &[u8]) -> Result<Vec<u8>, AgeError> {
    if !is_armored(bytes) {
        return Ok(bytes.to_vec());
    }
    let mut file = Vec::new();
    let mut reader = ArmoredReader::new(bytes.trim_ascii_start());
    reader.read_to_end(&mut file).map_err(AgeError::Armor)?;
    Ok(file)
}

fn read(file: &[u8]) -> Result<(Decryptor<&[u8]>, Vec<Stanza>), AgeError> {
    if header::is_of_this_version(file) && !header::is_bounded(file) {
        return Err(AgeError::Unbounded);
    }
    let decryptor = Decryptor::new_buffered(file).map_err(AgeError::Header)?;
    let stanzas = header::stanzas(file).ok_or(AgeError::StanzaEnd)?;
    if decryptor.is_scrypt() {
        return Err(AgeError::Passphrase);
    }
    Ok((decryptor, stanzas))
}

/// The error for a file that none of our identities opens; it names the kinds of keys that the file is for.
fn for_others(fault: DecryptError, stanzas: &[Stanza]) -> AgeError {
    let kinds = KINDS.into_iter().filter(|kind| stanzas.iter().any(|stanza| stanza.tag == *kind)).collect();
    AgeError::ForOthers { fault, kinds }
}

/// Encrypts to these recipients. Each text names one.
pub fn encrypt(plaintext: &[u8], recipients: &[String], armored: bool) -> Result<Vec<u8>, AgeError> {
    encrypt_at(plaintext, recipients, armored, None)
}

/// Like [`encrypt`], and binds the file to its path where that is known: a server opens it at no other path.
pub fn encrypt_at(
    plaintext: &[u8],
    recipients: &[String],
    armored: bool,
    path: Option<&RepositoryPath>,
) -> Result<Vec<u8>, AgeError> {
    if recipients.len() > header::RECIPIENTS_MAX {
        return Err(AgeError::TooMany { count: recipients.len() });
    }
    let recipients = recipients.iter().map(|text| recipient::parse(text)).collect::<Result<Vec<_>, _>>()?;
    // The first recipient adds the stanza with the path.
    let paths = std::iter::once(path).chain(std::iter::repeat(None));
    let bound: Vec<Bound<'_>> =
        recipients.iter().zip(paths).map(|(recipient, path)| Bound { recipient: recipient.as_ref(), path }).collect();
    let encryptor =
        Encryptor::with_recipients(bound.iter().map(|one| one as &dyn age::Recipient)).map_err(|fault| match fault {
            EncryptError::IncompatibleRecipients { .. } => AgeError::Mixed,
            fault => AgeError::Encrypt(fault),
        })?;
    let format = if armored { Format::AsciiArmor } else { Format::Binary };
    write(encryptor, plaintext, format).map_err(AgeError::Write)
}

fn write(encryptor: Encryptor, plaintext: &[u8], format: Format) -> std::io::Result<Vec<u8>> {
    let mut encrypted = Vec::new();
    let mut writer = encryptor.wrap_output(ArmoredWriter::wrap_output(&mut encrypted, format)?)?;
    writer.write_all(plaintext)?;
    writer.finish()?.finish()?;
    Ok(encrypted)
}

#[cfg(test)]
mod tests;
