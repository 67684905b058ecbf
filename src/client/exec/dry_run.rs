//! `daypass exec --dry-run`: a pipeline keeps its old keys and learns, run by run, whether daypass would grant its requests.

use crate::answers::{Outcome, Used};
use crate::client::server::Server;
use crate::client::{Failure, note};
use crate::words::plain;
use serde_json::Value;

/// Asks the server, and prints the result. The command runs in any case.
pub(super) async fn print(server: Result<Server, Failure>, requests: &[Value], policy: Option<&str>) {
    let result = match server {
        Ok(server) => server.dry_run(requests, policy).await,
        Err(failure) => Err(failure),
    };
    let message = result.map_or_else(|failure| denied(&failure), |used| granted(&used));
    message.lines().for_each(note);
}

fn granted(used: &Used) -> String {
    let credentials = match &used.outcome {
        Outcome::DryRun(would) => plain(&would.credentials.join(", ")).into_owned(),
        _ => "what another request asks for".to_owned(),
    };
    format!(
        "daypass: dry run: WOULD BE GRANTED by {}: {credentials}\ndaypass: nothing was issued, and the command runs unchanged (decision {})",
        plain(&used.policy),
        used.decision_id
    )
}

/// The message of a failure. An unavailable server counts too: it would stop the pipeline as a denial does.
fn denied(failure: &Failure) -> String {
    let message = failure.to_string().replace('\n', "\ndaypass: ");
    format!("daypass: dry run: WOULD FAIL with status {}: {message}\ndaypass: the command runs unchanged", failure.status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::STATUS_DENIED;

    #[test]
    fn each_line_of_a_denial_begins_with_the_programs_name() {
        let message = denied(&Failure::new(STATUS_DENIED, "No trust policy grants this. (no_matching_policy)").with_hint("Ask."));
        assert!(message.starts_with("daypass: dry run: WOULD FAIL with status 77: No trust policy"), "{message}");
        assert!(message.lines().all(|line| line.starts_with("daypass: ")), "{message}");
    }
}
