//! Layer B: takes encrypted files from Git and returns their values. Nothing here can reach a network, whatever a file names.

mod age_file;
mod error;
mod export;
mod file_kind;
mod header;
mod headers;
mod origins;
mod readable;
mod readers;
mod repository_path;
mod rewrite;
mod rules;
mod sops;
mod transit;
mod widened;

pub use age_file::{
    AgeError, Identities, IdentityError, STANZAS_MAX, encrypt, encrypt_at, is_armored, is_recipient, recipient_or_none,
};
pub use error::{Missing, SecretError, Unopened};
pub use export::{Export, ExportError, ExportForm};
pub use file_kind::{FileKind, ReadableValue, look, looks_secret, pointer};
pub use header::{Header, stanza};
pub use headers::{Locked, headers, locked};
pub use origins::{Origins, SourceFile, changed_keys, wrapped_keys};
pub use readable::turned_readable;
pub use readers::{ReaderChange, reader_changes};
pub use repository_path::{NotBelow, RepositoryPath};
pub use rewrite::{Binding, FileRewrite, Rewrite, rewrite};
pub use rules::{Rules, RulesError, is_rules_file};
pub use sops::{
    Creation, CreationError, Creations, Document, EntryError, SopsError, SopsFile, Unauthenticated, Values,
    encrypt as encrypt_document, encrypt_with as encrypt_document_with, values as document_values,
};
pub use transit::{Ciphertext, CiphertextError, OpenedTransitKey, TransitError, create_transit_key};
pub use widened::widened;

use crate::words::names::SecretPath;
use crate::words::{Digest, Secret, TransitFile};

/// A secret is a file that a person could read. A larger file is an artifact and belongs elsewhere.
pub const PLAINTEXT_BYTES_MAX: usize = 1024 * 1024;
/// The largest ciphertext of that, armored, with room for many recipients.
pub const FILE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The file that names the recipients of its folder and of those below it. sops reads it too.
pub const RULES_FILE: &str = ".sops.yaml";

/// The path of a file below the folders of encrypted files. Any other file is refused.
pub fn encrypted_path(file: &str) -> Result<SecretPath, NotBelow> {
    let path = match file.strip_prefix("secrets/") {
        Some(path) => path,
        None => TransitFile::parse(file).map(|_| file).map_err(|_| NotBelow)?,
    };
    SecretPath::parse(path).map_err(|_| NotBelow)
}

/// A part of a document.
#[derive(Clone, Copy, Debug)]
pub enum DocumentPart<'a> {
    /// All of it.
    Whole,
    /// One value, by JSON pointer (RFC 6901).
    Value(&'a str),
    /// Only these values, in the document's own format. A missing value is left out. A list keeps its positions, with nulls in
    /// those that are not given.
    Values(&'a [String]),
}

/// The part that was opened.
#[derive(Debug)]
pub struct Plaintext {
    /// The bytes.
    pub value: Secret,
    /// Whether it is, or contains, an unauthenticated value of a file that is otherwise authenticated.
    pub unauthenticated: bool,
}

/// Opens a document, or one of its values by JSON pointer (RFC 6901). The error is for operators and holds no plaintext.
pub fn open(path: &SecretPath, bytes: &[u8], key: Option<&str>, identities: &Identities) -> Result<Secret, Unopened> {
    let part = key.map_or(DocumentPart::Whole, DocumentPart::Value);
    let opened = open_part(path, bytes, part, identities, Unauthenticated::Refuse);
    opened.map(|plaintext| plaintext.value)
}

/// Opens a part of a document, with unauthenticated values if they may be given.
pub fn open_part(
    path: &SecretPath,
    bytes: &[u8],
    part: DocumentPart<'_>,
    identities: &Identities,
    unauthenticated: Unauthenticated,
) -> Result<Plaintext, Unopened> {
    check_size(bytes)?;
    let identities = &identities.at(RepositoryPath::of_secret(path));
    if age_file::is_age(bytes) {
        // An age file is authentic to its last byte, or it does not open.
        return match part {
            DocumentPart::Whole => Ok(Plaintext { value: age_file::decrypt(bytes, identities)?, unauthenticated: false }),
            DocumentPart::Value(_) => Err(Missing::OneValue.into()),
            DocumentPart::Values(_) => Err(Missing::OneValueOnly.into()),
        };
    }
    let document = SopsFile::parse(path, bytes)?.open(identities)?;
    let value = match part {
        DocumentPart::Value(key) if !document.has(key) => return Err(Missing::Key { key: key.to_owned() }.into()),
        DocumentPart::Values(keys) if !keys.iter().any(|key| document.has(key)) => {
            return Err(Missing::Keys { keys: keys.to_vec() }.into());
        }
        DocumentPart::Whole => document.render(unauthenticated),
        DocumentPart::Value(key) => document.value(key, unauthenticated),
        DocumentPart::Values(keys) => document.only(keys, unauthenticated),
    };
    Ok(Plaintext { value: value?, unauthenticated: document.holds_unauthenticated(part) })
}

/// Checks that the file opens at this path. Its plaintext is dropped at once.
pub fn check(file: &RepositoryPath, bytes: &[u8], identities: &Identities) -> Result<(), SecretError> {
    check_size(bytes)?;
    let (path, identities) = (encrypted_path(file.as_str())?, &identities.at(file.clone()));
    if age_file::is_age(bytes) {
        age_file::decrypt(bytes, identities)?;
        return Ok(());
    }
    // A file of which only a part may be given out has to open too.
    SopsFile::parse(&path, bytes)?.open(identities)?;
    Ok(())
}

/// The file key of one header of the document. It is given out only if the whole document opens by this header, so it opens
/// nothing that a reader of the document does not have.
pub fn file_key(path: &SecretPath, bytes: &[u8], header: &Digest, identities: &Identities) -> Result<Secret, SecretError> {
    let only = identities.only(*header);
    check(&RepositoryPath::of_secret(path), bytes, &only)?;
    only.take_file_key().ok_or(SecretError::NotByThisHeader)
}

/// Opens one of the server's own keys, which are encrypted at rest.
pub fn decrypt_key(sealed: &[u8], identities: &Identities) -> Result<Secret, AgeError> {
    age_file::decrypt(sealed, identities)
}

/// Refuses a larger file before it is parsed or decrypted.
fn check_size(bytes: &[u8]) -> Result<(), SecretError> {
    if bytes.len() > FILE_BYTES_MAX { Err(SecretError::TooLarge) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_encrypted_files_have_an_encrypted_path() {
        assert!(encrypted_path("secrets/shop/db.yaml").is_ok() && encrypted_path("transit/flux/1.age").is_ok());
        for name in ["policies/shop.yaml", ".sops.yaml", "secrets/../x", "transit/flux/x.age", "transit/1.age", "db.yaml", ""] {
            assert!(encrypted_path(name).is_err(), "{name}");
        }
    }
}
