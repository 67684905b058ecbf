//! age files (age-encryption.org/v1), binary and armored, for X25519 recipients.

use super::PLAINTEXT_BYTES_MAX;
use crate::words::Secret;
use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::ExposeSecret;
use age::{Decryptor, Encryptor};
use std::io::{Read, Write};
use std::sync::Arc;

/// The private keys of one source. They never leave this type.
#[derive(Clone, Default)]
pub struct Identities(Vec<Arc<age::x25519::Identity>>);

impl Identities {
    /// Reads an identity file as `age-keygen` writes it.
    pub fn parse(file: &Secret) -> Result<Self, String> {
        let text = file.expose_text().ok_or("an age identity file is text")?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let parse = |(number, line): (usize, &str)| {
            line.parse().map(Arc::new).map_err(|_| format!("key {} is no X25519 age identity (AGE-SECRET-KEY-1…)", number + 1))
        };
        let identities = lines.enumerate().map(parse).collect::<Result<Vec<_>, _>>()?;
        if identities.is_empty() { Err("the file holds no age identity".to_owned()) } else { Ok(Self(identities)) }
    }

    /// Takes in the keys of a further file.
    pub fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether there is none: nothing opens.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The public keys, `age1…`.
    pub fn recipients(&self) -> Vec<String> {
        self.0.iter().map(|identity| identity.to_public().to_string()).collect()
    }

    /// A fresh identity file and its recipient.
    pub fn generate() -> (Secret, String) {
        let identity = age::x25519::Identity::generate();
        (Secret::from(identity.to_string().expose_secret().to_owned()), identity.to_public().to_string())
    }
}

/// Whether the bytes claim to be an age file.
pub(super) fn is_age(bytes: &[u8]) -> bool {
    bytes.starts_with(b"age-encryption.org/") || bytes.trim_ascii_start().starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
}

/// Decrypts a whole file; nothing is given out unless everything in it is authentic.
pub(super) fn decrypt(bytes: &[u8], identities: &Identities) -> Result<Secret, String> {
    let decryptor = Decryptor::new(ArmoredReader::new(bytes)).map_err(|fault| format!("not a good age file: {fault}"))?;
    if decryptor.is_scrypt() {
        return Err("the file is encrypted to a passphrase; encrypt it to the source's recipient instead".to_owned());
    }
    let keys = identities.0.iter().map(|identity| &**identity as &dyn age::Identity);
    let reader = decryptor.decrypt(keys).map_err(|fault| format!("none of this source's age identities opens it: {fault}"))?;
    let mut plaintext = zeroize::Zeroizing::new(Vec::new());
    let limit = PLAINTEXT_BYTES_MAX as u64 + 1;
    reader.take(limit).read_to_end(&mut plaintext).map_err(|fault| format!("the file is damaged: {fault}"))?;
    if plaintext.len() > PLAINTEXT_BYTES_MAX {
        return Err("the plaintext is larger than 1 MiB".to_owned());
    }
    Ok(Secret::new(std::mem::take(&mut *plaintext)))
}

/// Encrypts to these recipients (`age1…`).
pub fn encrypt(plaintext: &[u8], recipients: &[String], armored: bool) -> Result<Vec<u8>, String> {
    let parse = |recipient: &String| {
        recipient.parse::<age::x25519::Recipient>().map_err(|fault| format!("`{recipient}` is no age recipient: {fault}"))
    };
    let recipients = recipients.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let keys = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(keys).map_err(|fault| fault.to_string())?;
    let format = if armored { Format::AsciiArmor } else { Format::Binary };
    write(encryptor, plaintext, format).map_err(|fault| fault.to_string())
}

fn write(encryptor: Encryptor, plaintext: &[u8], format: Format) -> std::io::Result<Vec<u8>> {
    let mut encrypted = Vec::new();
    let mut writer = encryptor.wrap_output(ArmoredWriter::wrap_output(&mut encrypted, format)?)?;
    writer.write_all(plaintext)?;
    writer.finish()?.finish()?;
    Ok(encrypted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> (Identities, String) {
        let (file, recipient) = Identities::generate();
        (Identities::parse(&file).unwrap(), recipient)
    }

    #[test]
    fn opens_what_it_encrypts_armored_and_binary() {
        let (identities, recipient) = keys();
        for armored in [true, false] {
            let encrypted = encrypt(b"hunter2", std::slice::from_ref(&recipient), armored).unwrap();
            assert!(is_age(&encrypted));
            assert_eq!(decrypt(&encrypted, &identities).unwrap().expose(), b"hunter2");
        }
        assert_eq!(identities.recipients(), [recipient]);
    }

    #[test]
    fn another_identity_or_a_changed_byte_opens_nothing() {
        let (identities, recipient) = keys();
        let mut encrypted = encrypt(&[7; 100_000], &[recipient], false).unwrap();
        assert!(decrypt(&encrypted, &keys().0).unwrap_err().contains("none of this source's"));
        let last = encrypted.len() - 1;
        encrypted[last] ^= 1;
        assert!(decrypt(&encrypted, &identities).unwrap_err().contains("damaged"));
    }

    #[test]
    fn passphrase_files_and_foreign_identities_are_refused_in_words() {
        let encryptor = Encryptor::with_user_passphrase("p".to_owned().into());
        let encrypted = write(encryptor, b"x", Format::Binary).unwrap();
        assert!(decrypt(&encrypted, &keys().0).unwrap_err().contains("passphrase"));
        assert!(Identities::parse(&Secret::new(b"# nothing\n".to_vec())).is_err());
        assert!(Identities::parse(&Secret::new(b"AGE-PLUGIN-X-1QQQ\n".to_vec())).is_err());
    }
}
