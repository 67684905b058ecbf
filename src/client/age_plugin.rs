//! `age-plugin-daypass`: age, rage and sops send the stanzas of a file's header, and the server returns the file key if the whole
//! file is granted (c2sp.org/age-plugin, `identity-v1`). The plugin never has a private key.

use super::environment::Environment;
use super::server::{Address, Server};
use super::{Failure, STATUS_USAGE};
use crate::words::{Secret, is_control, without_secrets};
use age_core::format::Stanza;
use age_core::plugin::{BidirSend, Connection};
use age_core::primitives::{bech32_decode, bech32_encode};
use bech32::Hrp;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

/// The name by which age finds the program in the `PATH`.
pub const PROGRAM: &str = "age-plugin-daypass";
const IDENTITY: Hrp = Hrp::parse_unchecked("age-plugin-daypass-");
/// The first byte of an identity's data: the server's address follows, in UTF-8.
const FORM: u8 = 1;

/// The identity that sends age to this server. It is no secret.
pub fn identity(server: &str) -> Result<String, Failure> {
    // The address is printed and kept as it is: the standard's parser would leave a line break out, and no connection needs a secret in it.
    let is_printable = !server.contains(is_control) && *without_secrets(server) == *server;
    if !is_printable || !reqwest::Url::parse(server).is_ok_and(|url| url.scheme() == "https") {
        return Err(Failure::new(STATUS_USAGE, format!("`{server}` is no https address of a server")));
    }
    Ok(bech32_encode(IDENTITY, &[&[FORM], server.as_bytes()].concat()).to_uppercase())
}

fn server_of(identity: &str) -> Option<String> {
    let named = |found: Hrp| (found == IDENTITY).then_some(()).ok_or(());
    let bytes = bech32_decode(identity, |_| (), named, |_, bytes| Ok(bytes.collect::<Vec<u8>>())).ok()?;
    let (form, server) = bytes.split_first()?;
    if *form == FORM { String::from_utf8(server.to_vec()).ok() } else { None }
}

/// Serves one run of age on the standard input and output.
pub fn serve(environment: &Environment) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    converse(Connection::accept(), |server, stanzas| runtime.block_on(ask(server, stanzas, environment)))
}

/// The two phases of the protocol: age sends identities and stanzas, then the plugin answers for each file.
fn converse<R: Read, W: Write>(
    mut connection: Connection<R, W>,
    ask: impl Fn(&str, &[Stanza]) -> Result<Secret, Failure>,
) -> io::Result<()> {
    let (identities, stanzas, _, _) = connection.unidir_receive(
        ("add-identity", |command: Stanza| command.args.into_iter().next().ok_or(Incomplete::Identity)),
        ("recipient-stanza", file_and_stanza),
        (None, |_| Ok(())),
        (None, |_| Ok(())),
    )?;
    connection.bidir_send(|mut age| {
        let (identities, stanzas) = match (identities, stanzas) {
            (Ok(identities), Ok(stanzas)) => (identities, stanzas),
            (Err(faults), _) | (_, Err(faults)) => {
                let first = faults.first().map(ToString::to_string).unwrap_or_default();
                return send_error(&mut age, &["internal"], &first);
            }
        };
        for files in stanzas.chunk_by(|(one, _), (other, _)| one == other) {
            let header: Vec<Stanza> = files.iter().map(|(_, stanza)| copy(stanza)).collect();
            answer(&mut age, &files[0].0, &header, &identities, &ask)?;
        }
        Ok(())
    })
}

/// Answers for one file: its key from the first server that gives it, or why none does.
fn answer<R: Read, W: Write>(
    age: &mut BidirSend<'_, R, W>,
    file: &str,
    header: &[Stanza],
    identities: &[String],
    ask: &impl Fn(&str, &[Stanza]) -> Result<Secret, Failure>,
) -> io::Result<()> {
    let mut refusals = Vec::new();
    for (number, identity) in identities.iter().enumerate() {
        let Some(server) = server_of(identity) else {
            refusals.push((number, format!("it was made by another version of {PROGRAM}, or is damaged")));
            continue;
        };
        match ask(&server, header) {
            Ok(key) => return age.send("file-key", &[file], key.expose()).map(drop),
            Err(failure) => refusals.push((number, failure.to_string())),
        }
    }
    for (number, message) in refusals {
        send_error(age, &["identity", &number.to_string()], &message)?;
    }
    Ok(())
}

/// Sends an error on one line, to which age adds the plugin's name.
fn send_error<R: Read, W: Write>(age: &mut BidirSend<'_, R, W>, about: &[&str], message: &str) -> io::Result<()> {
    let line = message.lines().collect::<Vec<_>>().join("; ");
    age.send("error", about, line.as_bytes()).map(drop)
}

/// A command of age that is incomplete.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Incomplete {
    /// `add-identity` without an identity.
    #[error("an identity is missing")]
    Identity,
    /// `recipient-stanza` without a file or a kind.
    #[error("a stanza without its file or kind")]
    Stanza,
}

/// `recipient-stanza FILE KIND ARGUMENT…`.
fn file_and_stanza(mut command: Stanza) -> Result<(String, Stanza), Incomplete> {
    if command.args.len() < 2 {
        return Err(Incomplete::Stanza);
    }
    let file = command.args.remove(0);
    command.tag = command.args.remove(0);
    Ok((file, command))
}

fn copy(stanza: &Stanza) -> Stanza {
    Stanza { tag: stanza.tag.clone(), args: stanza.args.clone(), body: stanza.body.clone() }
}

async fn ask(server: &str, stanzas: &[Stanza], environment: &Environment) -> Result<Secret, Failure> {
    let address = Address {
        server,
        audience: environment.value("DAYPASS_AUDIENCE"),
        ca: environment.value("DAYPASS_CA").map(Path::new),
        token_file: environment.value("DAYPASS_TOKEN_FILE").map(Path::new),
        wait: Duration::ZERO,
    };
    Server::new(&address, environment.clone())?.file_key(stanzas).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_names_its_server() {
        let encoded = identity("https://daypass.example:8443").unwrap();
        assert!(encoded.starts_with("AGE-PLUGIN-DAYPASS-1"), "{encoded}");
        assert_eq!(server_of(&encoded).as_deref(), Some("https://daypass.example:8443"));
        assert!(identity("http://daypass.example").is_err() && identity("daypass").is_err());
        assert_eq!(server_of("AGE-PLUGIN-OTHER-1QYQSZQGPQYQSZQGPQ"), None);
    }

    #[test]
    fn a_stanza_command_names_its_file_and_kind() {
        let command = |args: &[&str]| Stanza {
            tag: "recipient-stanza".to_owned(),
            args: args.iter().map(|argument| (*argument).to_owned()).collect(),
            body: vec![1],
        };
        let (file, stanza) = file_and_stanza(command(&["0", "X25519", "share"])).unwrap();
        assert_eq!((file.as_str(), stanza.tag.as_str(), stanza.args.len()), ("0", "X25519", 1));
        assert!(file_and_stanza(command(&["0"])).is_err());
    }
}
