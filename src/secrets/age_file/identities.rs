//! A source's private keys, of every kind that an identity file may hold.

use super::answered::Answered;
use super::error::{AgeError, IdentityError, KeyFault};
use super::single_header::{ObservedIdentity, SingleHeader};
use super::{hybrid, ssh};
use crate::secrets::{Header, RepositoryPath};
use crate::words::{Digest, Secret};
use age::secrecy::ExposeSecret;
use age::x25519;
use std::sync::Arc;

/// How a PEM file begins.
const PEM_BEGIN: &str = "-----BEGIN ";

/// The private keys of one source. They never leave this type.
#[derive(Clone, Default)]
pub struct Identities {
    keys: Vec<Arc<Key>>,
    only: Option<Arc<SingleHeader>>,
    path: Option<Arc<RepositoryPath>>,
}

enum Key {
    X25519(x25519::Identity),
    Hybrid(Box<hybrid::Identity>),
    Ssh(Box<ssh::Identity>),
    Answered(Answered),
}

impl Identities {
    /// Reads an identity file as `age-keygen` writes it, an OpenSSH private key, or several of them one after another.
    pub fn parse(file: &Secret) -> Result<Self, IdentityError> {
        let text = file.expose_text().ok_or(IdentityError::NotText)?;
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut keys = Vec::new();
        while let Some(line) = lines.next() {
            let key = if line == ssh::IDENTITY_BEGIN {
                ssh_key(lines.by_ref().take_while(|line| *line != ssh::IDENTITY_END))
            } else {
                Key::parse(line)
            };
            keys.push(Arc::new(key.map_err(|fault| IdentityError::Key { number: keys.len() + 1, fault })?));
        }
        if keys.is_empty() {
            return Err(IdentityError::None);
        }
        Ok(Self { keys, ..Self::default() })
    }

    /// Uses, in place of private keys, the file key that a server returned for this age file. It opens nothing else.
    pub fn of_file_key(file: &[u8], key: Secret) -> Result<Self, IdentityError> {
        let answered = Answered::new(file, key).ok_or(IdentityError::NoHeader)?;
        Ok(Self { keys: vec![Arc::new(Key::Answered(answered))], ..Self::default() })
    }

    /// Whether there is no key: then nothing opens.
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Adds the keys of another file.
    pub fn join(&mut self, other: Self) {
        self.keys.extend(other.keys);
    }

    /// The recipients for files of the server itself. If there are post-quantum keys, only these: they are not mixed with others.
    pub fn recipients(&self) -> Vec<String> {
        let is_hybrid = |key: &&Arc<Key>| matches!(***key, Key::Hybrid(_));
        let any = self.keys.iter().any(|key| is_hybrid(&key));
        self.keys.iter().filter(|key| !any || is_hybrid(key)).filter_map(|key| key.recipient()).collect()
    }

    /// Makes an X25519 identity file, and returns it with its recipient.
    pub fn generate() -> (Secret, String) {
        let identity = x25519::Identity::generate();
        (Secret::from(identity.to_string().expose_secret().to_owned()), identity.to_public().to_string())
    }

    /// Makes a post-quantum identity file, and returns it with its recipient.
    pub fn generate_hybrid() -> Result<(Secret, String), IdentityError> {
        let (identity, recipient) = hybrid::Identity::generate().ok_or(IdentityError::NotMade)?;
        Ok((Secret::from(identity.to_string()), recipient))
    }

    /// The same keys, limited to the file with this header. They keep its file key.
    pub(in crate::secrets) fn only(&self, header: Digest) -> Self {
        Self { only: Some(Arc::new(SingleHeader::new(header))), ..self.clone() }
    }

    /// The same keys for a file at this path. A file that is bound to another path does not open.
    pub fn at(&self, path: RepositoryPath) -> Self {
        Self { path: Some(Arc::new(path)), ..self.clone() }
    }

    /// The path that [`Self::at`] set.
    pub(super) fn path(&self) -> Option<&RepositoryPath> {
        self.path.as_deref()
    }

    /// The file key of the one header that [`Self::only`] set, once it was opened.
    pub(in crate::secrets) fn take_file_key(&self) -> Option<Secret> {
        self.only.as_ref().and_then(|only| only.take_file_key())
    }

    /// Each key in the form that the age crate needs, for a file with this header.
    pub(super) fn for_header(&self, header: &Header) -> Result<Vec<ObservedIdentity<'_>>, AgeError> {
        if self.only.as_ref().is_some_and(|only| !only.is(header)) {
            return Err(AgeError::OtherHeader);
        }
        Ok(self.keys.iter().map(|key| ObservedIdentity::new(key.as_identity(), self.only.as_deref())).collect())
    }
}

impl Key {
    fn parse(line: &str) -> Result<Self, KeyFault> {
        if line.starts_with(hybrid::IDENTITY_PREFIX) {
            let hybrid = hybrid::Identity::parse(line).map(|identity| Self::Hybrid(Box::new(identity)));
            return hybrid.ok_or(KeyFault::Hybrid);
        }
        if line.starts_with("AGE-PLUGIN-") {
            return Err(KeyFault::Plugin);
        }
        if line.starts_with(PEM_BEGIN) {
            return Err(KeyFault::OtherPem { begin: first_line(line) });
        }
        line.parse().map(Self::X25519).map_err(|_| KeyFault::Unknown)
    }

    fn as_identity(&self) -> &dyn age::Identity {
        match self {
            Self::X25519(identity) => identity,
            Self::Hybrid(identity) => identity.as_ref(),
            Self::Ssh(identity) => identity.as_ref(),
            Self::Answered(key) => key,
        }
    }

    /// The recipient. A file key has none.
    fn recipient(&self) -> Option<String> {
        match self {
            Self::X25519(identity) => Some(identity.to_public().to_string()),
            Self::Hybrid(identity) => Some(identity.recipient()),
            Self::Ssh(identity) => Some(identity.recipient()),
            Self::Answered(_) => None,
        }
    }
}

/// The first line of a PEM file (RFC 7468), without what follows its label: a key in an environment variable is often one line.
fn first_line(line: &str) -> String {
    let is_label = |label: &&str| label.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ');
    let label = line.strip_prefix(PEM_BEGIN).and_then(|rest| rest.split_once("-----")).map(|(label, _)| label);
    format!("{PEM_BEGIN}{}-----", label.filter(is_label).unwrap_or("…"))
}

/// Joins the lines between the two markers again.
fn ssh_key<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Key, KeyFault> {
    let mut pem = zeroize::Zeroizing::new(format!("{}\n", ssh::IDENTITY_BEGIN));
    for line in lines {
        pem.push_str(line);
        pem.push('\n');
    }
    pem.push_str(ssh::IDENTITY_END);
    pem.push('\n');
    Ok(Key::Ssh(Box::new(ssh::Identity::parse(&pem)?)))
}
