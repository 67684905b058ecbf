//! Other recipients, or another data key: what becomes of each file of a tree.

use super::{Identities, SopsFile, age_file, check_size};
use crate::words::UnixTime;
use crate::words::names::SecretPath;
use serde::{Deserialize, Serialize};

/// What is done to a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rewrite {
    /// The recipients of today get the data key, and no other. Who was left out may have kept it.
    UpdateKeys,
    /// The same with a fresh data key, and every value encrypted anew.
    Rotate,
}

impl Rewrite {
    /// Its word in a command, a request and the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UpdateKeys => "update-keys",
            Self::Rotate => "rotate",
        }
    }
}

/// The new file; `None` where the old one is as it should be. An age file says nothing of its recipients, and its key is made anew
/// with each writing: it is always encrypted anew.
pub fn rewrite(
    path: &SecretPath,
    bytes: &[u8],
    how: Rewrite,
    recipients: &[String],
    identities: &Identities,
    now: UnixTime,
) -> Result<Option<Vec<u8>>, String> {
    check_size(bytes)?;
    if age_file::is_age(bytes) {
        let plaintext = age_file::decrypt(bytes, identities)?;
        return age_file::encrypt(plaintext.expose(), recipients, age_file::is_armored(bytes)).map(Some);
    }
    let document = SopsFile::parse(path, bytes)?.open(identities)?;
    match how {
        Rewrite::UpdateKeys if document.file().is_for(recipients) => Ok(None),
        Rewrite::UpdateKeys => document.update_recipients(recipients).map(Some),
        Rewrite::Rotate => document.rotate_data_key(recipients, now).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{encrypt, encrypt_document, open};

    fn keys() -> (Identities, String) {
        let (file, recipient) = Identities::generate();
        (Identities::parse(&file).unwrap(), recipient)
    }

    #[test]
    fn whoever_is_left_out_opens_no_new_file_and_whoever_stays_does() {
        let (now, (ours, our), (_, their), (new, fresh)) = (UnixTime::from_seconds(1_795_000_000), keys(), keys(), keys());
        let (yaml, age) = (SecretPath::parse("a.yaml").unwrap(), SecretPath::parse("a.age").unwrap());
        let had = [our.clone(), their];
        let files = [
            (&yaml, encrypt_document(&yaml, b"a: one\nb: two\n", &had, now).unwrap()),
            (&age, encrypt(b"whole", &had, true).unwrap()),
            (&age, encrypt(b"whole", &had, false).unwrap()),
        ];
        let recipients = [our, fresh];
        for (path, file) in &files {
            for how in [Rewrite::UpdateKeys, Rewrite::Rotate] {
                let next = rewrite(path, file, how, &recipients, &ours, now).unwrap().unwrap();
                let plain = open(path, file, None, &ours).unwrap();
                assert_eq!(open(path, &next, None, &new).unwrap(), plain);
                assert_eq!(age_file::is_armored(&next), age_file::is_armored(file));
                let kept = String::from_utf8_lossy(&next).lines().filter(|line| line.contains(": ENC[")).count();
                assert_eq!(kept, String::from_utf8_lossy(file).lines().filter(|line| line.contains(": ENC[")).count());
                let values = |bytes: &[u8]| -> Vec<String> {
                    String::from_utf8_lossy(bytes).lines().filter(|line| line.starts_with("a: ")).map(str::to_owned).collect()
                };
                assert!(*path == &age || (values(&next) == values(file)) == (how == Rewrite::UpdateKeys));
            }
        }
        let next = rewrite(&yaml, &files[0].1, Rewrite::UpdateKeys, &recipients, &ours, now).unwrap().unwrap();
        let turned = [recipients[1].clone(), recipients[0].clone()];
        assert_eq!(rewrite(&yaml, &next, Rewrite::UpdateKeys, &turned, &ours, now), Ok(None), "in any order");
        assert!(rewrite(&yaml, b"a: one\n", Rewrite::Rotate, &recipients, &ours, now).is_err());
    }
}
