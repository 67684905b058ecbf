//! Gives files other recipients, or a fresh data key.

use super::{Creation, Identities, RepositoryPath, SecretError, SopsFile, age_file, check_size};
use crate::words::UnixTime;
use crate::words::names::SecretPath;
use serde::{Deserialize, Serialize};

/// What is done to a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rewrite {
    /// Gives the same data key to the current recipients and to no other. A removed recipient may have kept the key.
    UpdateKeys,
    /// Makes a fresh data key for the current recipients and encrypts every value anew.
    Rotate,
}

impl Rewrite {
    /// Its name in a command, a request and the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UpdateKeys => "update-keys",
            Self::Rotate => "rotate",
        }
    }
}

/// The path that a file is bound to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Binding {
    /// None: a server opens it at any path.
    Free,
    /// The path where it is.
    Here,
    /// Some or all of its keys are bound to this other path, which is made safe to print.
    Elsewhere(String),
}

/// What is done to a file, as the file and its rules say before it is opened. Listing and rewriting both use it.
pub struct FileRewrite<'a> {
    form: Form<'a>,
    how: Rewrite,
    to: &'a Creation,
}

enum Form<'a> {
    Age(&'a [u8]),
    Sops(Box<SopsFile>),
}

impl<'a> FileRewrite<'a> {
    /// The rewriting of a file for these recipients.
    pub fn of(path: &SecretPath, bytes: &'a [u8], how: Rewrite, to: &'a Creation) -> Result<Self, SecretError> {
        check_size(bytes)?;
        let form = if age_file::is_age(bytes) { Form::Age(bytes) } else { Form::Sops(Box::new(SopsFile::parse(path, bytes)?)) };
        Ok(Self { form, how, to })
    }

    /// Whether the file changes. An age file does not name its recipients, and each writing makes a new key: it is always encrypted anew.
    pub fn is_needed(&self) -> bool {
        match &self.form {
            Form::Sops(sops) if self.how == Rewrite::UpdateKeys => {
                !sops.is_for(self.to.recipients()) || !sops.is_free_for(self.to.path())
            }
            Form::Sops(_) | Form::Age(_) => true,
        }
    }

    /// The file, if it is a SOPS file.
    pub fn sops(&self) -> Option<&SopsFile> {
        match &self.form {
            Form::Sops(sops) => Some(sops),
            Form::Age(_) => None,
        }
    }

    /// The path that it is bound to. If its own path is not known, every path counts as another one.
    pub fn binding(&self) -> Binding {
        let paths: Vec<String> = match &self.form {
            Form::Age(bytes) => bound_to(bytes),
            Form::Sops(sops) => sops.wrapped().flat_map(|armored| bound_to(armored.as_bytes())).collect(),
        };
        let here = self.to.path().map(RepositoryPath::as_str);
        match paths.iter().find(|path| Some(path.as_str()) != here) {
            Some(path) => Binding::Elsewhere(age_file::shown_path(path)),
            None if paths.is_empty() => Binding::Free,
            None => Binding::Here,
        }
    }

    /// Opens the file and returns the new one; `None` if the old one needs no change.
    pub fn run(self, identities: &Identities, now: UnixTime) -> Result<Option<Vec<u8>>, SecretError> {
        let (is_needed, to) = (self.is_needed(), self.to);
        let document = match self.form {
            Form::Age(bytes) => {
                let (plaintext, armored) = (age_file::decrypt(bytes, identities)?, age_file::is_armored(bytes));
                return Ok(Some(age_file::encrypt_at(plaintext.expose(), to.recipients(), armored, to.path())?));
            }
            Form::Sops(sops) => sops.open(identities)?,
        };
        match self.how {
            _ if !is_needed => Ok(None),
            Rewrite::UpdateKeys => Ok(Some(document.update_recipients(to.recipients(), to.path())?)),
            Rewrite::Rotate => Ok(Some(document.rotate_data_key(to.recipients(), to.path(), now)?)),
        }
    }
}

fn bound_to(age: &[u8]) -> Vec<String> {
    age_file::bound_paths(&age_file::stanzas(age).unwrap_or_default()).collect()
}

/// The new file; `None` if the old one needs no change.
pub fn rewrite(
    path: &SecretPath,
    bytes: &[u8],
    how: Rewrite,
    to: &Creation,
    identities: &Identities,
    now: UnixTime,
) -> Result<Option<Vec<u8>>, SecretError> {
    FileRewrite::of(path, bytes, how, to)?.run(identities, now)
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
    fn removed_recipients_cannot_open_the_new_file_and_kept_ones_can() {
        let (now, (ours, our), (_, their), (new, fresh)) = (UnixTime::from_seconds(1_795_000_000), keys(), keys(), keys());
        let (yaml, age) = (SecretPath::parse("a.yaml").unwrap(), SecretPath::parse("a.age").unwrap());
        let had = [our.clone(), their];
        let files = [
            (&yaml, encrypt_document(&yaml, b"a: one\nb: two\n", &had, now).unwrap()),
            (&age, encrypt(b"whole", &had, true).unwrap()),
            (&age, encrypt(b"whole", &had, false).unwrap()),
        ];
        let recipients = [our, fresh];
        let to = Creation::to(&recipients);
        for (path, file) in &files {
            for how in [Rewrite::UpdateKeys, Rewrite::Rotate] {
                let next = rewrite(path, file, how, &to, &ours, now).unwrap().unwrap();
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
        let next = rewrite(&yaml, &files[0].1, Rewrite::UpdateKeys, &to, &ours, now).unwrap().unwrap();
        let turned = Creation::to(&[recipients[1].clone(), recipients[0].clone()]);
        assert_eq!(rewrite(&yaml, &next, Rewrite::UpdateKeys, &turned, &ours, now).unwrap(), None, "in any order");
        assert!(rewrite(&yaml, b"a: one\n", Rewrite::Rotate, &to, &ours, now).is_err());
    }

    #[test]
    fn a_moved_document_is_bound_to_its_new_path_by_a_key_holder_and_not_by_a_server() {
        let (now, (ours, our), (theirs, their)) = (UnixTime::from_seconds(1_795_000_000), keys(), keys());
        let (path, both) = (SecretPath::parse("db.yaml").unwrap(), [our, their]);
        let place = |file: &str| crate::secrets::RepositoryPath::parse(file).unwrap();
        let (old, new) = (place("secrets/prod/db.yaml"), place("secrets/team-a/db.yaml"));
        let to = |place: &crate::secrets::RepositoryPath| Creation::to(&both).at(Some(place.clone()));
        let sealed = crate::secrets::encrypt_document_with(&path, b"a: one\n", &to(&old), now).unwrap();
        let opens = |file: &[u8], at: &crate::secrets::RepositoryPath| {
            [&ours, &theirs].map(|keys| crate::secrets::check(at, file, keys).is_ok())
        };
        assert_eq!((opens(&sealed, &old), opens(&sealed, &new)), ([true; 2], [false; 2]));
        for how in [Rewrite::UpdateKeys, Rewrite::Rotate] {
            let moved = rewrite(&path, &sealed, how, &to(&new), &ours, now).unwrap().unwrap();
            assert_eq!((opens(&moved, &new), opens(&moved, &old)), ([true; 2], [false; 2]), "{how:?}");
            // A server opens it only at its own path: asking for a rotation does not move it.
            let refused = rewrite(&path, &sealed, how, &to(&new), &ours.at(new.clone()), now);
            assert!(
                matches!(refused, Err(SecretError::Sops(_)))
                    && refused.unwrap_err().to_string().contains("opens at no other path")
            );
        }
        assert_eq!(rewrite(&path, &sealed, Rewrite::UpdateKeys, &to(&old), &ours, now).unwrap(), None);
    }
}
