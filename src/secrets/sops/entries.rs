//! Checks that each entry of a file's metadata holds one key for one recipient. Only an identity could tell whether the key is for the
//! recipient that the entry names: an X25519 stanza does not name its recipient (c2sp.org/age).

use super::document::SopsFile;
use super::error::EntryError;
use super::metadata::Stanza;
use crate::secrets::age_file;
use std::collections::BTreeSet;

impl SopsFile {
    /// The error names a part that cannot be read, or the first entry that more recipients may open than it names.
    pub fn check_entries(&self) -> Result<(), EntryError> {
        if let Some(fault) = &self.metadata.unread {
            return Err(fault.clone());
        }
        let mut named = BTreeSet::new();
        for entry in &self.metadata.stanzas {
            let recipient = entry.recipient.as_str();
            if recipient.is_empty() {
                return Err(EntryError::NoRecipient);
            }
            if !named.insert(recipient) {
                return Err(EntryError::Twice { recipient: recipient.to_owned() });
            }
            let keys = keys(entry);
            if keys > 1 {
                return Err(EntryError::Several { keys, recipient: recipient.to_owned() });
            }
        }
        Ok(())
    }
}

/// The number of recipients of an entry's age file. An invalid file opens for nobody.
fn keys(entry: &Stanza) -> usize {
    let stanzas = age_file::stanzas(entry.armored.as_bytes()).unwrap_or_default();
    stanzas.iter().filter(|stanza| !age_file::is_bystander(stanza)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{Identities, encrypt, encrypt_document};
    use crate::words::UnixTime;
    use crate::words::names::SecretPath;

    #[test]
    fn an_entry_is_one_key_for_one_recipient() {
        let [ours, theirs, others] = [(); 3].map(|()| Identities::generate().1);
        let (path, recipients) = (SecretPath::parse("a.json").unwrap(), [ours.clone(), theirs.clone()]);
        let sealed = encrypt_document(&path, b"{\"a\": 1}", &recipients, UnixTime::from_seconds(1_795_000_000)).unwrap();
        let sealed = String::from_utf8(sealed).unwrap();
        let checked = |text: &str| SopsFile::parse(&path, text.as_bytes()).unwrap().check_entries();
        assert_eq!(checked(&sealed), Ok(()));
        assert_eq!(checked(&sealed.replace(&theirs, &ours)), Err(EntryError::Twice { recipient: ours }));
        assert_eq!(checked(&sealed.replace(&theirs, "")), Err(EntryError::NoRecipient));
        let mut document: serde_json::Value = serde_json::from_str(&sealed).unwrap();
        let both = String::from_utf8(encrypt(b"a data key", &[theirs.clone(), others], true).unwrap()).unwrap();
        document["sops"]["age"][1]["enc"] = both.into();
        assert_eq!(checked(&document.to_string()), Err(EntryError::Several { keys: 2, recipient: theirs }));
    }
}
