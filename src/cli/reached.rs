//! Reaches a server on its own machine, or through its API, which a policy has to grant.

use super::job::ServerArgs;
use crate::client::environment::Environment;
use crate::client::server::Server;
use crate::client::{Failure, STATUS_USAGE};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, FromArgMatches};
use std::path::{Path, PathBuf};

/// Which of --config and --server were typed. The others are named by a variable, or by nothing: a variable may well hold the value
/// that was typed, so their texts do not tell. It is the first member of its command's options, because reading them takes
/// them out of the matches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Typed {
    config: bool,
    server: bool,
}

impl FromArgMatches for Typed {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let is_typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        Ok(Self { config: is_typed("config"), server: is_typed("server") })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// It has no options of its own.
impl Args for Typed {
    fn augment_args(command: clap::Command) -> clap::Command {
        command
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command
    }
}

impl Typed {
    /// Whether --server was typed.
    pub(super) const fn is_server(self) -> bool {
        self.server
    }

    /// Refuses both: they name two servers, and one of them would be passed over.
    pub(super) fn check(self) -> Result<(), Failure> {
        if self.config && self.server {
            let message = "--config names the server of this machine, and --server another one: leave one of them out";
            return Err(Failure::new(STATUS_USAGE, message));
        }
        Ok(())
    }

    /// Refuses a server beside the data directory of one on this machine.
    pub(super) fn check_beside(self, data: Option<&Path>) -> Result<(), Failure> {
        if data.is_some() && self.server {
            let message = "--data is read on this machine, and --server names a server to ask: leave one of them out";
            return Err(Failure::new(STATUS_USAGE, message));
        }
        Ok(())
    }
}

#[derive(Args, Debug)]
pub(super) struct ReachArgs {
    #[command(flatten)]
    typed: Typed,
    /// The server's configuration, on its own machine. Without it the command uses the server's API, which a policy has to grant
    /// (`grant: daypass`).
    #[arg(long, env = "DAYPASS_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

/// How the server is reached.
pub(super) enum ServerAccess<'a> {
    /// On this machine, by its configuration.
    Here(&'a Path),
    /// Through its API.
    Through(Box<Server>),
}

/// Adds a hint to a failure because no policy matches: which grant is needed, and that the server's own machine needs none.
pub(super) fn with_permission_hint(failure: Failure, permission: &str) -> Failure {
    if failure.code.as_deref() != Some("no_matching_policy") {
        return failure;
    }
    let hint = format!(
        "a policy has to grant you `daypass: [{permission}]`; on the server's own machine `--config FILE` needs none. The operator \
         sees why by `daypass policy explain --decision ID`"
    );
    failure.with_hint(hint)
}

impl ReachArgs {
    /// Chooses between the two. What was typed wins over what a variable names.
    pub(super) fn reach(&self, environment: &Environment) -> Result<ServerAccess<'_>, Failure> {
        self.typed.check()?;
        match self.config.as_deref() {
            Some(config) if !self.typed.is_server() => Ok(ServerAccess::Here(config)),
            _ => {
                if !self.server.names_a_server() {
                    return Err(Failure::new(STATUS_USAGE, "name the server: --config on its own machine, or --server"));
                }
                Ok(ServerAccess::Through(Box::new(self.server.connect(environment.clone())?)))
            }
        }
    }
}
