//! `daypass confirm`: what waits of a commit goes live, if the source's ref is still at it.

use super::error::FollowError;
use super::{App, Live, TrackedSource};
use crate::words::names::{CommitId, SourceName};
use crate::words::{Denial, Reason, WidenedFile};
use std::sync::Arc;

impl App {
    /// Lets the held files of this commit of a source go live, if it is the source's commit in force and nothing follows it. What
    /// is recorded as confirmed was read just before: of a newer commit nobody has confirmed anything.
    pub async fn confirm(self: &Arc<Self>, source: &SourceName, commit: CommitId) -> Result<(), Denial> {
        let followed = self.named_source(source)?;
        let _turn = followed.turn.lock().await;
        let held = held_of(&self.live.load(), source, &commit)?;
        self.check_guardrails()?;
        let looked = match self.fetch(&followed).await {
            Ok(()) => self.look(&followed, Some(commit.clone())).await,
            Err(fault) => Err(fault),
        };
        let (polled, unread) = looked.map_err(|fault| self.cannot_be_read(&followed, &fault))?;
        let is_confirmed = polled.as_ref().is_some_and(|polled| polled.is_confirmed());
        if is_confirmed {
            self.store.record("confirmed", followed.operator_record(commit.clone(), Some(&held))).await?;
        }
        if let Err(fault) = self.activate_polled(&followed, (polled, unread)).await {
            self.raise_alarm(&followed, &fault);
            return Err(refused(Reason::Internal, format!("It could not be put in force: {fault}. Confirm it again.")));
        }
        if is_confirmed { Ok(()) } else { Err(self.overtaken(source, &commit)) }
    }

    /// Nothing widens while the guardrails are faulty, so nothing would go live.
    fn check_guardrails(&self) -> Result<(), Denial> {
        let live = self.live.load();
        let rails = live.guardrail_faults().map(|fault| format!("{}:{} {}", fault.file, fault.place.line, fault.message));
        let rails: Vec<String> = rails.collect();
        if rails.is_empty() {
            return Ok(());
        }
        Err(refused(Reason::BadRequest, format!("The guardrails cannot be read, so nothing widens: {}.", rails.join("; "))))
    }

    /// The source cannot be read, so nobody knows whether another commit follows.
    fn cannot_be_read(&self, source: &TrackedSource, fault: &FollowError) -> Denial {
        self.raise_alarm(source, fault);
        refused(
            Reason::PolicyUnavailable,
            format!("The source `{}` cannot be read now, so nothing is confirmed: {fault}", source.name),
        )
    }

    /// The ref was at another commit, which is in force now; or the guardrails broke meanwhile.
    fn overtaken(&self, source: &SourceName, commit: &CommitId) -> Denial {
        let live = self.live.load();
        let newer = live.source(source).and_then(|known| known.revision.commit.as_ref()).filter(|newer| *newer != commit);
        let Some(newer) = newer else {
            let other = || refused(Reason::BadRequest, "Nothing is confirmed: `daypass status` says why.".to_owned());
            return self.check_guardrails().err().unwrap_or_else(other);
        };
        let waits = match held_of(&live, source, newer) {
            Ok(_) => "What waits of that one needs a confirmation of its own: look at it, and confirm it.",
            Err(_) => "Nothing of that one waits.",
        };
        let message = format!("Nothing is confirmed: the source's ref is at {newer} by now, which is in force. {waits}");
        refused(Reason::BadRequest, message)
    }
}

/// The files of this commit that wait, if it is the source's commit in force.
fn held_of(live: &Live, source: &SourceName, commit: &CommitId) -> Result<Vec<WidenedFile>, Denial> {
    let known = live.source(source).filter(|known| known.revision.commit.as_ref() == Some(commit));
    let held = known.map(|known| &known.revision.pending).filter(|held| !held.is_empty());
    held.cloned().ok_or_else(|| {
        let detail = "Nothing of this commit waits: it is not the one in force, or nothing in it widens access.";
        refused(Reason::BadRequest, detail.to_owned())
    })
}

fn refused(reason: Reason, detail: String) -> Denial {
    reason.with_cause(detail.clone()).with_detail(detail)
}
