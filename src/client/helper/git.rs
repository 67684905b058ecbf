//! Git's credential helpers (gitcredentials(7), git-credential(1)): lines of `key=value` in and out.
//!
//! The helper answers only `get`, only for https, and only for the host and path that the flags name: a submodule or a redirect
//! on another host gets nothing.

use super::Password;
use crate::client::{Failure, STATUS_USAGE};
use crate::words::Secret;

/// What the flags name.
#[derive(Clone, Debug)]
pub struct Target {
    /// The host, with its port if the address has one.
    pub host: String,
    /// A repository or a folder of them.
    pub path: Option<String>,
    /// The user of the password.
    pub username: String,
}

/// Git's request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct GitRequest {
    protocol: String,
    host: String,
    path: Option<String>,
    username: Option<String>,
    /// Whether Git understands `ephemeral` (2.46 and newer).
    authtype: bool,
}

impl GitRequest {
    /// Reads Git's lines up to an empty one. Unknown attributes are ignored, as the protocol demands.
    pub fn read(text: &str) -> Result<Self, Failure> {
        let mut request = Self::default();
        for line in text.lines().take_while(|line| !line.is_empty()) {
            let unreadable =
                || Failure::new(STATUS_USAGE, "Git's request has a line without `=`: this is a helper for Git to run");
            let (key, value) = line.split_once('=').ok_or_else(unreadable)?;
            match key {
                "protocol" => request.protocol = value.to_owned(),
                "host" => request.host = value.to_owned(),
                "path" => request.path = Some(value.to_owned()),
                "username" => request.username = Some(value.to_owned()),
                "capability[]" if value.is_empty() => request.authtype = false,
                "capability[]" => request.authtype |= value == "authtype",
                _ => {}
            }
        }
        Ok(request)
    }
}

/// Why Git gets no answer although the flags name the host.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAnswered {
    /// Others could read the password on its way.
    #[error("no password is sent by {protocol} to {host}: only by https")]
    Clear {
        /// Git's protocol.
        protocol: String,
        /// The host.
        host: String,
    },
    /// The flags name a path too.
    #[error("Git did not say which path it asks for: `git config credential.useHttpPath true`")]
    NoPath,
}

/// Whether the flags cover this request. If they name the host, but something else prevents an answer, the error says what.
pub fn covers(target: &Target, request: &GitRequest) -> Result<bool, NotAnswered> {
    if !request.host.eq_ignore_ascii_case(&target.host) {
        return Ok(false);
    }
    if request.protocol != "https" {
        return Err(NotAnswered::Clear { protocol: request.protocol.clone(), host: request.host.clone() });
    }
    if request.username.as_ref().is_some_and(|username| *username != target.username) {
        return Ok(false);
    }
    match (&target.path, &request.path) {
        (None, _) => Ok(true),
        (Some(_), None) => Err(NotAnswered::NoPath),
        (Some(prefix), Some(path)) => Ok(is_below(path, prefix)),
    }
}

/// Compares whole segments, with or without `.git` at the end.
fn is_below(path: &str, prefix: &str) -> bool {
    let segments = |path: &str| {
        let path = path.trim_matches('/');
        path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/').split('/').map(str::to_owned).collect::<Vec<_>>()
    };
    let path = segments(path);
    path.iter().all(|segment| !matches!(segment.as_str(), "" | "." | "..")) && path.starts_with(&segments(prefix))
}

/// The answer. Nobody may store it: `ephemeral` tells helpers that store, if Git knows the word.
pub fn answer(target: &Target, password: &Password, request: &GitRequest) -> Secret {
    let mut lines = String::new();
    if request.authtype {
        lines.push_str("capability[]=authtype\nephemeral=1\n");
    }
    if let Some(expires_at) = password.expires_at {
        lines.push_str(&format!("password_expiry_utc={}\n", expires_at.seconds()));
    }
    lines.push_str(&format!("username={}\npassword=", target.username));
    let end: &[u8] = b"\n\n";
    Secret::new([lines.as_bytes(), password.value.expose(), end].concat())
}

/// The answer after a refusal: Git then asks no other helper, and no person at a terminal.
pub const QUIT: &str = "quit=1\n\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::UnixTime;

    fn target(path: Option<&str>) -> Target {
        Target { host: "git.example:8443".into(), path: path.map(str::to_owned), username: "ci".into() }
    }

    fn request(text: &str) -> GitRequest {
        GitRequest::read(text).unwrap()
    }

    #[test]
    fn only_the_named_host_is_covered_and_only_by_https() {
        let all = target(None);
        assert_eq!(
            covers(&all, &request("protocol=https\nhost=git.example:8443\nwwwauth[]=Basic realm=\"x\"\n\nhost=ignored")),
            Ok(true)
        );
        assert_eq!(covers(&all, &request("protocol=https\nhost=GIT.example:8443\npath=a/b.git\nusername=ci\n")), Ok(true));
        for other in ["git.example", "evil.example:8443", "git.example:8443.evil.example", ""] {
            assert_eq!(covers(&all, &request(&format!("protocol=https\nhost={other}\n"))), Ok(false), "{other}");
        }
        assert_eq!(covers(&all, &request("protocol=https\nhost=git.example:8443\nusername=bob\n")), Ok(false));
        assert!(covers(&all, &request("protocol=http\nhost=git.example:8443\n")).is_err());
        assert!(GitRequest::read("nonsense\n").is_err());
    }

    #[test]
    fn the_named_path_is_compared_by_whole_segments() {
        let covered = |prefix: &str, path: &str| {
            covers(&target(Some(prefix)), &request(&format!("protocol=https\nhost=git.example:8443\npath={path}\n"))).unwrap()
        };
        for (prefix, path) in [
            ("acme/shop", "acme/shop.git"),
            ("acme/shop.git", "acme/shop"),
            ("/acme/", "acme/shop.git"),
            ("acme/shop", "acme/shop/.git"),
        ] {
            assert!(covered(prefix, path), "{prefix} {path}");
        }
        for (prefix, path) in [
            ("acme/shop", "acme/shop2"),
            ("acme/shop", "acme"),
            ("acme", "acme/../other/x"),
            ("acme", "x/acme"),
            ("acme", "acme//shop"),
        ] {
            assert!(!covered(prefix, path), "{prefix} {path}");
        }
        let no_path = covers(&target(Some("acme")), &request("protocol=https\nhost=git.example:8443\n"));
        assert!(no_path.unwrap_err().to_string().contains("useHttpPath"));
    }

    #[test]
    fn the_answer_has_only_attributes_that_git_understands() {
        let password = Password { value: "s3cret".to_owned().into(), expires_at: Some(UnixTime::from_seconds(1_800_000_000)) };
        let output = |text: &str| answer(&target(None), &password, &request(text)).expose_text().unwrap().to_owned();
        assert_eq!(output(""), "password_expiry_utc=1800000000\nusername=ci\npassword=s3cret\n\n");
        assert!(output("capability[]=authtype\ncapability[]=state\n").starts_with("capability[]=authtype\nephemeral=1\n"));
        assert!(!output("capability[]=authtype\ncapability[]=\n").contains("ephemeral"), "an empty value empties the list");
    }
}
