//! `daypass doctor`: finds what keeps a server or a job from working, and says what to do about it.

mod client;
mod finding;
mod issuers;
mod providers;
mod repository;
mod running;
mod server;
mod trust;

use super::job::ServerArgs;
use super::policy::PolicyTreeArgs;
use super::print;
use crate::cli::examples::examples;
use crate::cli::progress::Progress;
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use clap::Args;
use finding::{Finding, Level};
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Args, Debug)]
#[command(after_help = examples(&[
    "daypass doctor --config /etc/daypass/daypass.yaml",
    "daypass doctor --client --server https://daypass.acme.com",
]))]
pub(super) struct DoctorArgs {
    /// The server's configuration: checks what the server needs, and the server itself if it runs on this machine.
    #[arg(long, env = "DAYPASS_CONFIG")]
    config: Option<PathBuf>,
    /// Check what a job needs: its token, its audience, the certificate, the server and the clock.
    #[arg(long)]
    client: bool,
    /// List who else gets what the policies grant in clouds, from exports of the clouds. Contacts nobody.
    #[arg(long, conflicts_with = "client", requires = "config")]
    trust: bool,
    /// A checkout or bare repository with the policies, instead of the configuration's.
    #[arg(long, requires = "trust")]
    repository: Option<PathBuf>,
    /// A folder with the policies as it stands, instead of a commit.
    #[arg(long, requires = "trust", conflicts_with = "repository")]
    folder: Option<PathBuf>,
    /// Files or pipes with the output of aws, gcloud or az. For output that does not name its owner: OWNER=FILE, or OWNER.json.
    #[arg(requires = "trust", value_name = "[OWNER=]FILE", value_parser = trust::given)]
    exports: Vec<trust::ExportArg>,
    #[command(flatten)]
    server: ServerArgs,
}

impl DoctorArgs {
    fn policies(&self, config: &Path) -> PolicyTreeArgs {
        match &self.folder {
            Some(folder) => PolicyTreeArgs::folder(config.to_owned(), folder.clone()),
            None => PolicyTreeArgs::repository(config.to_owned(), self.repository.clone()),
        }
    }
}

/// Ends with 78 if there are errors, and with 0 if there are only warnings.
pub(super) async fn run(arguments: &DoctorArgs, environment: Environment, json: bool) -> Result<u8, Failure> {
    let progress = Progress::of("looking");
    let findings = match (&arguments.config, arguments.client) {
        (Some(config), _) if arguments.trust => trust::check(&arguments.policies(config), &arguments.exports)?,
        (_, true) => client::look(&arguments.server, environment).await,
        (Some(config), false) => server::look(config, &environment).await,
        (None, false) => {
            let told = "name what to look at: --config FILE on the server, --client in a job, --trust for a cloud's exports";
            return Err(Failure::new(STATUS_USAGE, told));
        }
    };
    drop(progress);
    let count = |level: Level| findings.iter().filter(|finding| finding.level == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    if json {
        print::json(&json!({ "findings": findings, "errors": errors, "warnings": warnings }));
    } else {
        findings.iter().for_each(Finding::print);
        anstream::println!("\n{}, {}", print::counted(errors, "error"), print::counted(warnings, "warning"));
    }
    Ok(if errors == 0 { 0 } else { STATUS_CONFIGURATION })
}
