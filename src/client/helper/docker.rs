//! Docker's credential helpers (docker/docker-credential-helpers, "Development"): Docker calls a program `docker-credential-NAME`
//! with an action and no flag, and the registry on standard input. The program prints JSON or a message.
//!
//! A file beside Docker's own configuration therefore replaces flags: it names the registry, the user and the secret.

use super::{Password, PasswordSource};
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION};
use crate::words::names::{Audience, PolicyName, SecretName};
use crate::words::yaml::{Fault, Fields, Node, Place};
use crate::words::{NAMED_FILE_MAX, PlainPath, counted, read_named};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The message after which Docker continues without a password. Any other message ends its command.
pub const NOT_FOUND: &str = "credentials not found in native keychain";
/// The file beside Docker's `config.json`.
const FILE: &str = "daypass.yaml";

/// One registry of the file.
#[derive(Debug, PartialEq, Eq)]
pub struct Registry {
    host: String,
    /// The user of the password.
    pub username: String,
    /// Where the password comes from.
    pub password: PasswordSource,
    /// The policy to use where several grant the same.
    pub policy: Option<PolicyName>,
}

/// The named file, or the one beside Docker's configuration.
pub fn file(named: Option<&Path>, environment: &Environment) -> Result<PathBuf, Failure> {
    let default_file = || {
        let folder = environment.value("DOCKER_CONFIG").map(PathBuf::from);
        folder.or_else(|| Some(Path::new(environment.value("HOME")?).join(".docker"))).map(|folder| folder.join(FILE))
    };
    let unknown = || Failure::new(STATUS_CONFIGURATION, "name the file of registries: DAYPASS_DOCKER_REGISTRIES");
    named.map(Path::to_owned).or_else(default_file).ok_or_else(unknown)
}

/// Reads the registries, and reports all faults at once.
pub fn read(path: &Path) -> Result<Vec<Registry>, Failure> {
    let name = path.plain().to_string();
    let bytes = read_named(path, NAMED_FILE_MAX)
        .map_err(|fault| Failure::new(STATUS_CONFIGURATION, format!("{name} cannot be read: {fault}")))?;
    parse(&name, &bytes).map_err(|faults| {
        let count = counted(faults.len(), "fault");
        Failure::new(STATUS_CONFIGURATION, format!("the file of registries has {count}")).with_faults(faults)
    })
}

fn parse(name: &str, bytes: &[u8]) -> Result<Vec<Registry>, Vec<Fault>> {
    let document = Node::parse(name, bytes).map_err(|fault| vec![fault])?;
    let text = String::from_utf8_lossy(bytes);
    let (mut faults, mut registries) = (Vec::new(), Vec::new());
    let mut fields = Fields::new(name, &text, &document, &mut faults);
    if let Some(node) = fields.required("registries") {
        let mut entries = fields.below(node);
        for (host, place, entry) in entries.members() {
            registries.extend(read_registry(&mut entries, host, *place, entry));
        }
    }
    fields.finish();
    if faults.is_empty() { Ok(registries) } else { Err(faults) }
}

fn read_registry<'a>(entries: &mut Fields<'a, '_>, host: &str, place: Place, entry: &'a Node) -> Option<Registry> {
    if host_of(host).as_deref() != Some(host) {
        entries.fault(place, format!("`{host}` is no registry: write its host in lower case, with its port if it has one"));
    }
    let mut fields = entries.below(entry);
    let username = fields.required("username").and_then(|node| fields.text(node)).map(str::to_owned);
    let secret = fields.optional("secret").and_then(|node| fields.parsed(node, SecretName::parse));
    let audience = fields.optional("audience").and_then(|node| fields.parsed(node, Audience::parse));
    let policy = fields.optional("policy").and_then(|node| fields.parsed(node, PolicyName::parse));
    let password = match (secret, audience) {
        (Some(secret), None) => Some(PasswordSource::Secret(secret)),
        (None, Some(audience)) => Some(PasswordSource::Token(audience)),
        _ => {
            fields.fault(entry.place, "name a `secret`, or the `audience` of a token: one of the two");
            None
        }
    };
    fields.finish();
    Some(Registry { host: host.to_owned(), username: username?, password: password?, policy })
}

/// The registry that Docker asks for; `None` leads to [`NOT_FOUND`].
pub fn find<'a>(registries: &'a [Registry], server: &str) -> Option<&'a Registry> {
    let host = host_of(server.trim())?;
    registries.iter().find(|registry| registry.host == host)
}

/// The host of a registry: `https://index.docker.io/v1/` and `index.docker.io` are the same one. `None` for an address without TLS.
fn host_of(server: &str) -> Option<String> {
    let rest = match server.split_once("://") {
        Some(("https", rest)) => rest,
        Some(_) => return None,
        None => server,
    };
    let host = rest.split('/').next().unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
    (!host.is_empty() && host.bytes().all(fits)).then(|| host.to_ascii_lowercase())
}

/// The answer to `get`.
pub fn document(server: &str, registry: &Registry, password: &Password) -> Value {
    json!({ "ServerURL": server.trim(), "Username": registry.username, "Secret": password.value.expose_text() })
}

/// The answer to `list`: the user of each registry, without a request to the server.
pub fn list(registries: &[Registry]) -> Value {
    Value::Object(registries.iter().map(|one| (one.host.clone(), one.username.clone().into())).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "registries:
  registry.acme.com:5000: { username: ci, secret: shop/registry.age, policy: shop/deploy }
  index.docker.io: { username: token, audience: https://hub.example }
";

    fn faults(text: &str) -> String {
        parse("daypass.yaml", text.as_bytes()).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn registries_are_found_by_host_and_never_without_tls() {
        let registries = parse("daypass.yaml", GOOD.as_bytes()).unwrap();
        for (server, user) in [
            ("registry.acme.com:5000", Some("ci")),
            ("https://Registry.acme.com:5000/v2/\n", Some("ci")),
            ("https://index.docker.io/v1/", Some("token")),
            ("http://registry.acme.com:5000", None),
            ("registry.acme.com", None),
            ("evil.example/registry.acme.com:5000", None),
            ("ci@registry.acme.com:5000", None),
            ("", None),
        ] {
            assert_eq!(find(&registries, server).map(|registry| registry.username.as_str()), user, "{server}");
        }
        assert_eq!(list(&registries), json!({"registry.acme.com:5000": "ci", "index.docker.io": "token"}));
        let password = Password { value: "s".to_owned().into(), expires_at: None };
        let answer = document("registry.acme.com:5000\n", &registries[0], &password);
        assert_eq!(answer, json!({"ServerURL": "registry.acme.com:5000", "Username": "ci", "Secret": "s"}));
    }

    #[test]
    fn every_fault_of_the_file_says_what_to_do() {
        assert!(faults("registries:\n  https://x.example: { username: a, secret: b }\n").contains("write its host"));
        assert!(faults("registries:\n  x.example: { username: a }\n").contains("one of the two"));
        assert!(faults("registries:\n  x.example: { username: a, secret: b, audience: c }\n").contains("one of the two"));
        assert!(faults("registries:\n  x.example: { username: 7, secret: b }\n").contains("put it in quotes"));
        assert!(faults("registry: {}\n").contains("registries"));
    }

    #[test]
    fn the_file_is_beside_dockers_own() {
        let home = [("HOME", "/home/ci")].into();
        assert_eq!(file(None, &home).unwrap(), Path::new("/home/ci/.docker/daypass.yaml"));
        assert_eq!(file(None, &[("HOME", "/h"), ("DOCKER_CONFIG", "/c")].into()).unwrap(), Path::new("/c/daypass.yaml"));
        assert_eq!(file(Some(Path::new("x")), &home).unwrap(), Path::new("x"));
        assert!(file(None, &Environment::default()).is_err());
    }
}
