//! What an operator may do at once, without Git: lift, revoke and accept.

use super::decision::DecisionTimes;
use super::error::LookupError;
use super::{App, TrackedSource};
use crate::answers::{EndedToken, Lifted, Revoked};
use crate::identity::Identity;
use crate::policy::{DenialUntil, Grant, LiveChecks, Request};
use crate::token::VerifiedSession;
use crate::words::names::{CommitId, SourceName};
use crate::words::{Denial, IdSuffix, Reason};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

impl App {
    /// Everything in force, while the root repository can be read.
    pub fn in_force(&self) -> Result<Arc<super::Live>, Denial> {
        let live = self.live.load_full();
        live.revision()?;
        self.root.check_fresh(self.store.since_boot()).map(|()| live)
    }

    /// Decides by what is in force. Refuses grants of a stale source, and what an operator denies.
    pub fn decide(&self, live: &super::Live, identity: &Identity, request: &Request) -> Result<Grant, Denial> {
        let times = DecisionTimes::of(&self.store);
        let decision = live.policies()?.decide(identity, request, times.policies)?;
        let boot = self.store.since_boot();
        let is_fresh = |source: &SourceName| live.check_fresh(source, boot);
        decision.stands(&LiveChecks::new(&self.denials.load(), times.denials, &is_fresh), identity.facts())
    }

    /// Decides once more on what was granted, by what is in force now. A session may have been revoked meanwhile.
    pub fn decide_again(&self, grant: &Grant, identity: &Identity) -> Result<Grant, Denial> {
        identity.session().map_or(Ok(()), |session| self.check_stands(session))?;
        self.decide(&*self.in_force()?, identity, grant.request())
    }

    /// Refuses a session that was revoked or ended.
    pub fn check_stands(&self, session: &VerifiedSession) -> Result<(), Denial> {
        if self.store.has_ended(session.id()) { Err(Reason::SessionRefused.with_cause("it was revoked")) } else { Ok(()) }
    }

    /// Lifts a denial, and returns what it denied. If no denial has this id, the answer says that nothing was lifted.
    pub async fn lift(&self, id: &IdSuffix) -> Result<Lifted, Denial> {
        let denials = self.denials.load_full();
        let ending: Vec<&str> = denials.keys().map(String::as_str).filter(|known| id.ends(known)).collect();
        if ending.len() > 1 {
            let told = format!("Several denials end in `{id}`: {}. Give more of the id.", ending.join(", "));
            return Err(Reason::BadRequest.with_cause(&told).with_detail(told));
        }
        // The store may still keep an expired denial.
        let id = ending.first().copied().unwrap_or(id.as_str());
        let lifted = self.store.lift(id).await?;
        self.change_denials(|denials| _ = denials.remove(id));
        Ok(match lifted {
            Some(row) => Lifted { lifted: true, denies: serde_json::from_value(row.body).ok(), until: row.until },
            None => Lifted { lifted: false, denies: None, until: None },
        })
    }

    /// Revokes what can be revoked of a decision, and returns what it issued.
    pub async fn revoke(self: &Arc<Self>, decision: IdSuffix, reason: &str) -> Result<Revoked, Denial> {
        let missing =
            || Reason::BadRequest.with_cause("no such decision").with_detail("No decision of this id released anything.");
        let decision = self.whole_id(decision).await?;
        let released = self.store.revoke(&decision, reason).await;
        // A full disk keeps no token alive.
        let ended = if matches!(released, Ok(None)) { Ok(Vec::new()) } else { self.end_tokens(&decision).await };
        let released = released.map_err(|denial| not_durable(denial, &ended))?.ok_or_else(missing)?;
        let ended = ended?;
        let issued = released.issued.map(|issued| issued.iter().map(|one| Value::clone(one)).collect());
        Ok(Revoked { decision_id: decision, issued, subject: released.subject, ended })
    }

    /// Accepts this commit of a source once, although it does not follow the one in force, or no listed signer signed it. The
    /// repository has to have it: otherwise the server would wait forever for a mistyped commit.
    pub async fn accept(self: &Arc<Self>, source: &SourceName, commit: CommitId) -> Result<(), Denial> {
        let followed = self.named_source(source)?;
        check_there(&followed, &commit).await?;
        self.store.record("accepted", followed.operator_record(commit.clone(), None)).await?;
        followed.accepted.store(Some(Arc::new(commit)));
        self.reconcile(&followed).await;
        Ok(())
    }

    pub(super) fn named_source(&self, name: &SourceName) -> Result<Arc<TrackedSource>, Denial> {
        let detail = format!("No source `{name}` is followed.");
        self.followed(name).ok_or_else(|| Reason::BadRequest.with_cause(detail.clone()).with_detail(detail))
    }

    /// Warns while little room is left on the store's disk.
    pub(super) fn warn_of_space(&self) {
        if let Some(alarm) = self.store.space().1 {
            tracing::error!(%alarm, "the store's disk is filling up");
        }
    }

    /// Accepts the wall clock at once.
    pub async fn accept_clock(&self) -> Result<(), Denial> {
        self.store.accept_clock().await
    }

    /// Reads the denials from before the start.
    pub(super) async fn read_denials(&self) -> Result<(), Denial> {
        let rows = self.store.denials().await?;
        let mut denials: BTreeMap<String, DenialUntil> = BTreeMap::new();
        for row in rows {
            let stop = serde_json::from_value(row.body)
                .map_err(|fault| Reason::Internal.with_cause(format!("a kept denial: {fault}")))?;
            denials.insert(row.id, (stop, row.until));
        }
        self.denials.store(Arc::new(denials));
        Ok(())
    }

    /// Changes operators' denials at once, and drops expired ones.
    pub(super) fn change_denials(&self, change: impl Fn(&mut BTreeMap<String, DenialUntil>)) {
        let now = self.store.earliest();
        self.denials.rcu(|denials| {
            let mut denials = BTreeMap::clone(denials);
            denials.retain(|_, (_, until)| until.is_none_or(|until| now < until));
            change(&mut denials);
            denials
        });
        self.notify_change();
    }
}

/// Refuses a commit that the repository does not have. A remote is fetched first if its mirror lacks the commit.
async fn check_there(source: &TrackedSource, commit: &CommitId) -> Result<(), Denial> {
    let _turn = source.turn.lock().await;
    let has = || source.source().has(commit).map_err(LookupError::Git);
    let mut there = has();
    if source.is_remote() && !matches!(there, Ok(true)) {
        let fetched = crate::git::fetch(&source.settings.origin, &source.mirror).await;
        there = fetched.map_err(LookupError::Fetch).and_then(|()| has());
    }
    let (reason, detail) = match there {
        Ok(true) => return Ok(()),
        Ok(false) => (Reason::BadRequest, format!("The source `{}` has no commit {commit}.", source.name)),
        Err(fault) => {
            let detail = format!("Nobody can tell whether the source `{}` has this commit: {fault}", source.name);
            (Reason::PolicyUnavailable, detail)
        }
    };
    Err(reason.with_cause(detail.clone()).with_detail(detail))
}

/// Tells what a revocation did that cannot be recorded yet.
fn not_durable(denial: Denial, ended: &Result<Vec<EndedToken>, Denial>) -> Denial {
    if denial.reason != Reason::AuditUnavailable {
        return denial;
    }
    let tokens = ended.as_deref().unwrap_or_default();
    let count = tokens.iter().filter(|token| token.cause.is_none()).count();
    let told = if tokens.is_empty() {
        String::new()
    } else {
        format!("{count} of {} tokens have ended at their providers. ", tokens.len())
    };
    denial.with_detail(format!(
        "Revoked from now on. {told}The store cannot write yet: a restart before it can forgets the revocation. Make room, and run this command again."
    ))
}
