//! How often the access that a revision removes was used: the recorded uses, decided again by that revision.

use crate::answers::{Findings, Lost};
use crate::cli::job::ServerArgs;
use crate::cli::policy::place::{PolicyTreeArgs, TreeOrigin, TreeSnapshot};
use crate::cli::policy::replay::{left_out, used};
use crate::cli::reached::Typed;
use crate::client::environment::Environment;
use crate::client::{Failure, STATUS_CONFIGURATION, STATUS_USAGE};
use crate::exchange::replay_since;
use crate::policy::{Change, Direction, Replay, ReplayRequest, Ruleset};
use crate::store::Reader;
use crate::words::names::SourceName;
use crate::words::{Clock, SystemClock, plain};
use clap::Args;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::{Display, Write};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(super) struct UsageArgs {
    #[command(flatten)]
    typed: Typed,
    /// Say how often each lost access was used, from the audit log: that of --data, or a server's, which a policy has to grant
    /// (daypass: [policy.replay]).
    #[arg(long)]
    usage: bool,
    /// With --usage: how far back, at most 90d.
    #[arg(long, default_value = "30d", requires = "usage")]
    since: String,
    /// With --usage: the server's data directory, read on its own machine.
    #[arg(long, requires = "usage")]
    data: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

/// The recorded uses that NEW would deny.
pub(super) struct Usage {
    since: String,
    found: Findings,
    /// The revision that grants them, if it is not OLD.
    in_force: Option<TreeOrigin>,
}

impl UsageArgs {
    /// Finds the usage, if --usage is given.
    pub(super) async fn find(
        &self,
        at: &PolicyTreeArgs,
        (old, old_snapshot): (&Ruleset, &TreeSnapshot),
        new: &TreeSnapshot,
        environment: Environment,
    ) -> Result<Option<Usage>, Failure> {
        if !self.usage {
            return Ok(None);
        }
        self.typed.check_beside(self.data.as_deref())?;
        let request = ReplayRequest::of(&new.files, self.since.clone()).map_err(faulty)?;
        let Some(data) = &self.data else {
            let found = self.server.connect(environment)?.replay(&request).await?;
            let is_old = found.revision.as_ref().is_some_and(|commit| old_snapshot.at.is(commit));
            let in_force = (!is_old).then(|| TreeOrigin::of_server(found.revision.clone()));
            return Ok(Some(Usage { since: self.since.clone(), found, in_force }));
        };
        let (catalogue, now) = (at.catalogue()?, SystemClock.now());
        let since = now.minus(request.lookback().map_err(|fault| Failure::new(STATUS_USAGE, fault))?);
        let candidate = request.candidate(&catalogue, old.set(), &SourceName::root(), &[]);
        let reader = Reader::open(data).map_err(faulty)?;
        let found = replay_since(&reader, since, Replay::new(&candidate, old.set(), now), &catalogue).map_err(faulty)?;
        Ok(Some(Usage { since: self.since.clone(), found, in_force: None }))
    }
}

fn faulty(fault: impl Display) -> Failure {
    Failure::new(STATUS_CONFIGURATION, fault)
}

impl Usage {
    /// The uses that this change takes away. New access was not used yet.
    fn lost_by(&self, change: &Change) -> Option<Vec<&Lost>> {
        let is_lost = |lost: &&Lost| change.credentials.iter().any(|credential| is_of(&lost.credential, credential));
        (change.direction == Direction::Narrows).then(|| self.lost().filter(is_lost).collect())
    }

    /// The uses that NEW denies. What OLD denies too is lost already.
    fn lost(&self) -> impl Iterator<Item = &Lost> {
        self.found.grants.iter().filter(|lost| !lost.denied_already)
    }

    /// The line below a change.
    pub(super) fn of(&self, change: &Change) -> Option<String> {
        let lost = self.lost_by(change)?;
        let Some(last) = lost.iter().max_by(|one, other| one.last_at.cmp(&other.last_at)) else {
            return Some(format!("no use of the last {} would be denied", self.since));
        };
        let times = lost.iter().map(|lost| lost.times).sum();
        Some(format!("{} in the last {}: these uses would be denied", used(times, last), self.since))
    }

    /// Uses that would be denied, but belong to no listed change, such as a value of a file, or fewer permissions.
    fn elsewhere(&self, changes: &[Change]) -> Vec<&Lost> {
        let listed: BTreeSet<&str> =
            changes.iter().filter_map(|change| self.lost_by(change)).flatten().map(|lost| lost.credential.as_str()).collect();
        self.lost().filter(|lost| !listed.contains(lost.credential.as_str())).collect()
    }

    /// The lines after all changes.
    pub(super) fn render(&self, changes: &[Change]) -> String {
        let mut text = String::new();
        for lost in self.elsewhere(changes) {
            let (credential, policy) = (plain(&lost.credential), &lost.policy);
            let _ = writeln!(text, "DENIES  {credential}   {policy}: {} in the last {}", used(lost.times, lost), self.since);
        }
        if let Some(in_force) = &self.in_force {
            let _ = writeln!(text, "Uses are those that {in_force} grants and the new revision denies.");
        }
        text + &left_out(&self.found)
    }

    /// The changes for machines, each with its usage.
    pub(super) fn of_changes<'a>(&self, changes: &'a [Change]) -> Vec<UsedChange<'a>> {
        let usage = |change: &Change| self.lost_by(change).map(|lost| ChangeUsage::of(&lost));
        changes.iter().map(|change| UsedChange { change, usage: usage(change) }).collect()
    }

    /// The lines after all changes, for machines.
    pub(super) fn whole(&self, changes: &[Change]) -> UsageReport<'_> {
        UsageReport {
            since: &self.since,
            decisions: self.found.decisions,
            in_force: self.in_force.as_ref(),
            elsewhere: self.elsewhere(changes),
            uses_more: self.found.uses_more,
            claims_pruned: self.found.claims_pruned,
            unreadable: self.found.unreadable,
            cut_off_at: self.found.cut_off_at.as_deref(),
        }
    }
}

/// A change, and how often what it takes away was used; null where it takes nothing away.
#[derive(Serialize)]
pub(super) struct UsedChange<'a> {
    #[serde(flatten)]
    change: &'a Change,
    usage: Option<ChangeUsage>,
}

/// How often what a change takes away was used, and the last use.
#[derive(Serialize)]
struct ChangeUsage {
    times: u64,
    last_at: Option<String>,
    last_repository: Option<String>,
    last_run: Option<String>,
}

impl ChangeUsage {
    fn of(lost: &[&Lost]) -> Self {
        let last = lost.iter().max_by(|one, other| one.last_at.cmp(&other.last_at));
        Self {
            times: lost.iter().map(|lost| lost.times).sum(),
            last_at: last.map(|last| last.last_at.clone()),
            last_repository: last.and_then(|last| last.last_repository.clone()),
            last_run: last.and_then(|last| last.last_run.clone()),
        }
    }
}

/// The usage as a whole.
#[derive(Serialize)]
pub(super) struct UsageReport<'a> {
    since: &'a str,
    decisions: u64,
    in_force: Option<&'a TreeOrigin>,
    elsewhere: Vec<&'a Lost>,
    uses_more: u64,
    claims_pruned: u64,
    unreadable: u64,
    cut_off_at: Option<&'a str>,
}

/// Whether the used credential is this one, or a value of it.
fn is_of(used: &str, credential: &str) -> bool {
    used.strip_prefix(credential).is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
}
