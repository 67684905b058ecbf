//! `daypass exec`: requests everything at once, changes only the child's environment, and ends with the child's status.

mod dry_run;
mod supervise;

use super::delivery::{Deliveries, Delivery, Refresh};
use super::server::Server;
use super::{Failure, Report, STATUS_EXEC, STATUS_USAGE, job_token};
use crate::answers::Document;
use std::sync::Arc;
use supervise::Signals;

/// What the command is to get.
#[derive(Debug)]
pub struct ExecOptions {
    /// Its credentials.
    pub deliveries: Deliveries,
    /// What is renewed while it runs.
    pub refresh: Refresh,
    /// The policy to use where several grant the same.
    pub policy: Option<String>,
    /// Let the command keep the job's own token.
    pub keep_token: bool,
    /// Only ask what would be granted, and run the command unchanged.
    pub dry_run: bool,
    /// The report of what was granted and revoked.
    pub report: Option<Arc<Report>>,
}

/// Fetches the credentials, runs the command, and returns its status. Before the command starts, it drops `progress`, the progress
/// that a person sees until then.
pub async fn run(
    server: Result<Server, Failure>,
    options: &ExecOptions,
    command: &[String],
    progress: impl Sized,
) -> Result<u8, Failure> {
    let [program, arguments @ ..] = command else {
        return Err(Failure::new(STATUS_USAGE, "name a command after `--`"));
    };
    options.check()?;
    if options.dry_run {
        drop(progress);
        dry_run::print(server, &options.deliveries.requests(), options.policy.as_deref()).await;
        let mut child = tokio::process::Command::new(program);
        return supervise::run(child.args(arguments), program, Signals::listen()).await;
    }
    let outcome = give(server, options, (program, arguments), progress).await;
    if let (Err(failure), Some(report)) = (&outcome, &options.report) {
        report.failed(failure);
    }
    outcome
}

/// Fetches the credentials, runs the command, and cleans up.
async fn give(
    server: Result<Server, Failure>,
    options: &ExecOptions,
    (program, arguments): (&str, &[String]),
    progress: impl Sized,
) -> Result<u8, Failure> {
    let server = server?.reporting(options.report.clone());
    let answer = server.exchange(&options.deliveries.requests(), options.policy.as_deref()).await.map_err(own)?;
    // From here on there may be credentials to revoke: no signal ends this process before that is done.
    let signals = Signals::listen();
    let mut delivery = Delivery::new(Arc::new(server), options.policy.clone(), options.refresh);
    let mut child = tokio::process::Command::new(program);
    child.args(arguments);
    let delivered = options.deliver(answer, &mut delivery, &mut child).await;
    drop(progress);
    run_and_end(delivered, delivery, &mut child, program, signals, options.report.as_deref()).await
}

/// Runs the command, and cleans up also if the command is killed or cannot be started, or if not everything could be delivered.
async fn run_and_end(
    delivered: Result<(), Failure>,
    delivery: Delivery,
    child: &mut tokio::process::Command,
    program: &str,
    signals: std::io::Result<Signals>,
    report: Option<&Report>,
) -> Result<u8, Failure> {
    let status = match delivered {
        Ok(()) => supervise::run(child, program, signals).await,
        Err(failure) => Err(failure),
    };
    let ended = delivery.end().await;
    if let Some(report) = report {
        report.ended(&ended);
    }
    status
}

fn own(failure: Failure) -> Failure {
    Failure { status: STATUS_EXEC, ..failure }
}

impl ExecOptions {
    fn check(&self) -> Result<(), Failure> {
        if self.refresh.all && !self.deliveries.is_refreshed() {
            let flags = Deliveries::refreshed_flags();
            let advice = format!(
                "--refresh renews what {flags} bring: name one of them. A variable cannot change while its command runs."
            );
            return Err(Failure::new(STATUS_USAGE, advice));
        }
        if self.deliveries.requests().is_empty() {
            let message = "say what the command gets, such as --env NAME=SECRET or --aws: `daypass exec --help` lists it all";
            return Err(Failure::new(STATUS_USAGE, message));
        }
        self.deliveries.check()
    }

    async fn deliver(
        &self,
        answer: Document,
        delivery: &mut Delivery,
        child: &mut tokio::process::Command,
    ) -> Result<(), Failure> {
        self.deliveries.deliver(answer, delivery).await.map_err(own)?;
        if !self.keep_token {
            job_token::variables().for_each(|name| _ = child.env_remove(name));
        }
        delivery.apply(child);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
