//! The origin of a source: its address, and how it is reached.

mod error;

pub use error::{AddressError, TokenError};

use super::Source;
use crate::words::{PlainPath, Secret};
use gix::bstr::ByteSlice;
use gix::url::Scheme;
use std::fmt;
use std::path::{Path, PathBuf};

/// Schemes of addresses. A text that begins like one, and is none, is no path: `https:/user:password@host` is a slip, and was logged.
const SCHEMES: [&str; 9] = ["https:", "http:", "ssh:", "git:", "file:", "ftp:", "ftps:", "git+ssh:", "ssh+git:"];

/// The name of the fetched branch in a mirror.
pub(super) const FETCHED: &str = "refs/daypass/fetched";

/// A repository's address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Address {
    /// A path on this machine. Its objects are read in place.
    Here(PathBuf),
    /// `https://…`, or `http://` on loopback, without a user.
    Https(String),
    /// `ssh://user@host/path` or `user@host:path`.
    Ssh(String),
}

/// A repository, the tracked ref, and the credentials for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// Its address.
    pub address: Address,
    /// The full ref, such as `refs/heads/main`.
    pub reference: String,
    /// How it is reached.
    pub access: Access,
}

/// The credentials of a fetch, and what it trusts. Each fetch reads the files again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Access {
    /// https: the user name for the token. Forges that check only the token accept any name.
    pub username: Option<String>,
    /// https: a token that may read this repository.
    pub token_file: Option<PathBuf>,
    /// https: the certificate authority, PEM, instead of the machine's.
    pub ca: Option<PathBuf>,
    /// https: `http://host:port` of a proxy. The environment's proxy is ignored.
    pub proxy: Option<String>,
    /// ssh: the private key.
    pub ssh_key: Option<PathBuf>,
    /// ssh: the host's keys (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). Other hosts are refused.
    pub known_hosts: Option<PathBuf>,
}

impl Address {
    /// Parses a URL or a path. A relative path starts at `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, AddressError> {
        let path = text.strip_prefix("file://");
        if path.unwrap_or(text).is_empty() {
            return Err(AddressError::Empty);
        }
        if let Some(path) = path {
            return if is_path(path) { Ok(Self::Here(folder.join(path))) } else { Err(AddressError::Url) };
        }
        if !text.contains("://") && !is_scp_like(text) {
            return if is_path(text) { Ok(Self::Here(folder.join(text))) } else { Err(AddressError::Url) };
        }
        let url = gix::url::parse(text.as_bytes().as_bstr()).map_err(|_| AddressError::Url)?;
        let host = url.host().unwrap_or_default();
        if host.is_empty() || host.starts_with('-') || url.user().is_some_and(|user| user.starts_with('-')) {
            return Err(AddressError::NoHost);
        }
        match url.scheme {
            // A query of `git://` or of a transport's helper is as unknown as the rest of it.
            Scheme::Https | Scheme::Http | Scheme::Ssh if text.contains('?') => Err(AddressError::WithQuery),
            Scheme::Ssh if url.password().is_some() => Err(AddressError::WithPassword),
            Scheme::Https | Scheme::Http if url.user().is_some() || url.password().is_some() => Err(AddressError::WithUser),
            Scheme::Https => Ok(Self::Https(text.to_owned())),
            Scheme::Http if host == "127.0.0.1" || host == "localhost" => Ok(Self::Https(text.to_owned())),
            Scheme::Http => Err(AddressError::Http),
            Scheme::Ssh => Ok(Self::Ssh(text.to_owned())),
            _ => Err(AddressError::Scheme),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(path) => write!(f, "{}", path.plain()),
            Self::Https(url) | Self::Ssh(url) => f.write_str(url),
        }
    }
}

/// `user@host:path`, as scp writes it.
fn is_scp_like(text: &str) -> bool {
    text.split_once(':').is_some_and(|(before, _)| before.contains('@') && !before.contains('/'))
}

/// Whether it is neither like a URL nor like one without its scheme: `user:password@host`. What begins with `/` or `.` is a path.
fn is_path(text: &str) -> bool {
    let begins = |scheme: &&str| text.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme));
    let has_password = || text.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
    text.starts_with(['/', '.']) || !(SCHEMES.iter().any(begins) || has_password())
}

impl Origin {
    /// The repository from which its objects are read: itself, or the mirror.
    pub fn source(&self, mirror: &Path) -> Source {
        match &self.address {
            Address::Here(path) => Source { path: path.clone(), reference: self.reference.clone() },
            Address::Https(_) | Address::Ssh(_) => Source { path: mirror.to_owned(), reference: FETCHED.to_owned() },
        }
    }

    /// Its address, if it has to be fetched.
    pub(super) fn remote(&self) -> Option<&str> {
        match &self.address {
            Address::Here(_) => None,
            Address::Https(url) | Address::Ssh(url) => Some(url),
        }
    }
}

impl Access {
    /// Reads the current token.
    pub(super) fn token(&self) -> Result<Option<Secret>, TokenError> {
        let Some(path) = &self.token_file else { return Ok(None) };
        let text = std::fs::read_to_string(path).map_err(|fault| TokenError::File { path: path.clone(), fault })?;
        let token = text.trim();
        if token.is_empty() || token.contains(['\n', '\r']) {
            return Err(TokenError::NoToken { path: path.clone() });
        }
        Ok(Some(token.to_owned().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        let parse = |text| Address::parse(text, Path::new("/etc/daypass")).unwrap();
        assert_eq!(parse("access"), Address::Here("/etc/daypass/access".into()));
        assert_eq!(parse("file:///srv/a.git"), Address::Here("/srv/a.git".into()));
        assert_eq!(parse("srv/a@b:c.git"), Address::Here("/etc/daypass/srv/a@b:c.git".into()));
        assert_eq!(parse("./a:b@c"), Address::Here("/etc/daypass/./a:b@c".into()));
        assert_eq!(parse("https/a"), Address::Here("/etc/daypass/https/a".into()));
        for https in ["https://git.acme.com/platform/access.git", "http://127.0.0.1:8080/a.git"] {
            assert_eq!(parse(https), Address::Https(https.to_owned()));
        }
        for ssh in ["git@git.acme.com:platform/access.git", "ssh://git@git.acme.com:2222/access.git"] {
            assert_eq!(parse(ssh), Address::Ssh(ssh.to_owned()));
        }
    }

    #[test]
    fn what_could_leak_or_run_is_refused() {
        let bad = [
            "https://user:token@git.acme.com/a.git",
            "https://token@git.acme.com/a.git",
            "https://git.acme.com/a.git?private_token=HUNTER2",
            "http://127.0.0.1:8080/a.git?private_token=HUNTER2",
            "ssh://user:HUNTER2@git.acme.com/a.git",
            "ssh://git@git.acme.com/a.git?token=HUNTER2",
            "git@git.acme.com:a.git?token=HUNTER2",
            "https:/u:HUNTER2@git.acme.com/a.git",
            "https:u:HUNTER2@git.acme.com",
            "HTTPS:\\\\u:HUNTER2@git.acme.com",
            "ssh:git@git.acme.com/a.git",
            "u:HUNTER2@git.acme.com/a.git",
            "u:HUNTER2@git.acme.com:a.git",
            "https//u:HUNTER2@git.acme.com:a.git",
            "u:HUN/TER2@git.acme.com:a.git",
            "file://u:HUNTER2@git.acme.com/a.git",
            "file:/srv/a.git",
            "git://user:HUNTER2@git.acme.com/a.git",
            "http://git.acme.com/a.git",
            "",
            "file://",
            "git://git.acme.com/a.git",
            "ext::sh -c touch% /tmp/pwned://x",
            "ssh://-oProxyCommand=touch/x",
            "-oProxyCommand=touch@host:x",
        ];
        for text in bad {
            let refused = Address::parse(text, Path::new("/"));
            assert!(refused.as_ref().is_err_and(|fault| !fault.to_string().contains("HUNTER2")), "{text}: {refused:?}");
        }
    }
}
