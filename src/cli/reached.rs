//! Reaches a server on its own machine, or through its API, which a policy has to grant.

use super::job::ServerArgs;
use crate::client::environment::Environment;
use crate::client::server::Server;
use crate::client::{Failure, STATUS_USAGE};
use clap::Args;
use std::path::{Path, PathBuf};

const CONFIG: &str = "DAYPASS_CONFIG";
const SERVER: &str = "DAYPASS_SERVER";

#[derive(Args, Debug)]
pub(super) struct ReachArgs {
    /// The server's configuration, on its own machine. Without it the command uses the server's API, which a policy has to grant
    /// (`grant: daypass`).
    #[arg(long, env = "DAYPASS_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

/// How the server is reached.
pub(super) enum Reached<'a> {
    /// On this machine, by its configuration.
    Here(&'a Path),
    /// Through its API.
    Through(Box<Server>),
}

/// Adds a hint to a failure because no policy matches: which grant is needed, and that the server's own machine needs none.
pub(super) fn advising(failure: Failure, permission: &str) -> Failure {
    if failure.code.as_deref() != Some("no_matching_policy") {
        return failure;
    }
    let told = format!(
        "a policy has to grant you `daypass: [{permission}]`; on the server's own machine `--config FILE` needs none. The operator \
         sees why by `daypass policy explain --decision ID`"
    );
    failure.advising(told)
}

impl ReachArgs {
    /// Chooses between the two. A server that a flag names wins over a configuration that a variable names.
    pub(super) fn reach(&self, environment: &Environment) -> Result<Reached<'_>, Failure> {
        let by_variable = |name: &str, value: &str| environment.value(name) == Some(value);
        let is_elsewhere = self.server.address().is_some_and(|server| !by_variable(SERVER, server));
        let is_default = |config: &Path| config.to_str().is_some_and(|config| by_variable(CONFIG, config));
        match self.config.as_deref() {
            Some(config) if !is_elsewhere => Ok(Reached::Here(config)),
            Some(config) if !is_default(config) => {
                let told = "--config names the server of this machine, and --server another one: leave one of them out";
                Err(Failure::new(STATUS_USAGE, told))
            }
            _ => {
                let told = "name the server: --config on its own machine, or --server";
                let named = |failure: Failure| {
                    if failure.status == STATUS_USAGE { Failure::new(STATUS_USAGE, told) } else { failure }
                };
                Ok(Reached::Through(Box::new(self.server.connect(environment.clone()).map_err(named)?)))
            }
        }
    }
}
