//! The options that name the server, and `whoami`.

use super::print;
use crate::cli::examples::examples;
use crate::cli::progress::Progress;
use crate::client::environment::Environment;
use crate::client::server::{Address, Server};
use crate::client::{Failure, STATUS_USAGE};
use crate::words::plain;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// Names the server and the job's token.
#[derive(Args, Debug)]
pub(super) struct ServerArgs {
    #[command(flatten)]
    place: ServerOptions,
    /// The audience to ask the CI for; without it, the server's address.
    #[arg(long, env = "DAYPASS_AUDIENCE")]
    audience: Option<String>,
}

/// The same for commands whose `--audience` is that of the token that the server signs.
#[derive(Args, Debug)]
pub(super) struct TokenServerArgs {
    #[command(flatten)]
    place: ServerOptions,
    /// The audience to ask the CI for; without it, the server's address.
    #[arg(long, env = "DAYPASS_AUDIENCE")]
    server_audience: Option<String>,
}

#[derive(Args, Debug)]
struct ServerOptions {
    /// The server's address.
    #[arg(long, env = "DAYPASS_SERVER")]
    server: Option<String>,
    /// A CA certificate to trust, PEM; without it, the system's certificates.
    #[arg(long, env = "DAYPASS_CA")]
    ca: Option<PathBuf>,
    /// A file that holds the job's token; without it, the token is searched where the CI puts it.
    #[arg(long, env = "DAYPASS_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// Try again for this long while the server cannot be reached, such as 5m.
    #[arg(long, default_value = "0s", value_parser = crate::words::parse_duration)]
    wait: Duration,
}

impl ServerArgs {
    /// The server that the flag or the variable names.
    pub(super) fn address(&self) -> Option<&str> {
        self.place.server.as_deref()
    }

    pub(super) fn connect(&self, environment: Environment) -> Result<Server, Failure> {
        self.place.connect(self.audience.as_deref(), environment)
    }

    /// Whether a server is named.
    pub(super) const fn names_a_server(&self) -> bool {
        self.place.server.is_some()
    }
}

impl TokenServerArgs {
    pub(super) fn connect(&self, environment: Environment) -> Result<Server, Failure> {
        self.place.connect(self.server_audience.as_deref(), environment)
    }
}

impl ServerOptions {
    fn connect(&self, audience: Option<&str>, environment: Environment) -> Result<Server, Failure> {
        let unnamed = || Failure::new(STATUS_USAGE, "name the server: --server or DAYPASS_SERVER");
        let address = Address {
            server: self.server.as_deref().ok_or_else(unnamed)?,
            audience,
            ca: self.ca.as_deref(),
            token_file: self.token_file.as_deref(),
            wait: self.wait,
        };
        Server::new(&address, environment)
    }
}

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass whoami",
    "daypass whoami --output json > me.json",
]))]
pub(super) struct WhoamiArgs {
    #[command(flatten)]
    server: ServerArgs,
}

/// `daypass whoami`: claims and attributes, never the token.
pub(super) async fn whoami(arguments: &WhoamiArgs, environment: Environment, json: bool) -> Result<u8, Failure> {
    let progress = Progress::of("asking the server");
    let answer = arguments.server.connect(environment)?.whoami().await?;
    drop(progress);
    if json {
        print::json(&json!(answer));
        return Ok(0);
    }
    anstream::println!("{:<16} {}", "issuer", answer.issuer);
    for (name, value) in &answer.attributes {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        anstream::println!("{:<16} {}", plain(name), plain(&text));
    }
    Ok(0)
}
