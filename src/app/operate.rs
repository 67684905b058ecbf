//! What an operator may do at once, without Git: deny, lift, revoke, accept, and look.

use super::App;
use crate::policy::{Grant, Standing, Stop, check_stops};
use crate::store::DenialRow;
use crate::words::names::{CommitId, DecisionId};
use crate::words::{Denial, Reason, UnixTime};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl App {
    /// The revision in force, while the repository can be read.
    pub fn in_force(&self) -> Result<Arc<super::Live>, Denial> {
        let live = self.live.load_full();
        live.revision()?;
        self.check_fresh().map(|()| live)
    }

    /// Refuses a grant that an operator denies.
    pub fn check_stops(&self, facts: &crate::identity::Facts, grant: Grant) -> Result<Grant, Denial> {
        check_stops(self.stops.load().values(), facts, grant, self.now())
    }

    /// Denies from now on, for a time or until it is lifted; durable before it is answered. Returns the id to lift it by.
    pub async fn deny(&self, stop: Stop, lasting: Option<Duration>) -> Result<String, Denial> {
        stop.check().map_err(|fault| Reason::BadRequest.because(fault.clone()).saying(fault))?;
        let id = DecisionId::new().as_str().to_owned();
        let body = serde_json::to_value(&stop).map_err(|fault| Reason::Internal.because(fault.to_string()))?;
        self.store.deny(DenialRow { id: id.clone(), until: lasting.map(|lasting| self.now().plus(lasting)), body }).await?;
        self.read_stops().await?;
        Ok(id)
    }

    /// Takes a denial away; `false` when there is none of this id.
    pub async fn lift(&self, id: &str) -> Result<bool, Denial> {
        let lifted = self.store.lift(id).await?;
        self.read_stops().await?;
        Ok(lifted)
    }

    /// What was issued by a decision, after ending what can be ended of it.
    pub async fn revoke(&self, decision: &DecisionId, reason: &str) -> Result<Value, Denial> {
        let missing = || Reason::BadRequest.because("no such decision").saying("No decision of this id released anything.");
        let released = self.store.revoke(decision, reason).await?.ok_or_else(missing)?;
        Ok(json!({ "decision_id": decision, "issued": released["issued"], "subject": released["subject"] }))
    }

    /// Follows this commit once, although it does not follow the one in force.
    pub async fn accept(self: &Arc<Self>, commit: CommitId) -> Result<(), Denial> {
        self.store.record("accepted", json!({ "commit": commit })).await?;
        self.accepted.store(Some(Arc::new(commit)));
        self.reconcile().await;
        Ok(())
    }

    /// Lets what waits in this commit go live, if it is the one that is looked at.
    pub async fn confirm(self: &Arc<Self>, commit: CommitId) -> Result<(), Denial> {
        let live = self.live.load_full();
        if live.revision() != Ok(&commit) || live.held().is_empty() {
            let detail = "Nothing of this commit waits: it is not the one in force, or nothing in it lets anybody in.";
            return Err(Reason::BadRequest.because(detail).saying(detail));
        }
        self.store.record("confirmed", json!({ "commit": commit, "held": live.held() })).await?;
        self.confirmed.store(Some(Arc::new(commit)));
        self.reconcile().await;
        Ok(())
    }

    /// The state of things, for `daypass status`.
    pub async fn status(&self) -> Result<Value, Denial> {
        let live = self.live.load_full();
        let faults: Vec<_> = live
            .faults()
            .map(|fault| json!({ "at": format!("{}:{}", fault.file, fault.place.line), "message": fault.message }))
            .collect();
        let denials = self.store.denials().await?;
        let shown = |row: &DenialRow| json!({ "id": row.id, "until": row.until.map(|at| at.to_string()), "denies": row.body });
        Ok(json!({
            "revision": live.revision().ok(),
            "policies": live.policies().map_or(0, |set| set.policies().len()),
            "repository_read_at": self.looked_at().map(|at| at.to_string()),
            "stale": self.check_fresh().is_err(),
            "alarm": self.alarm.load().as_deref(),
            "faults": faults,
            "held": live.held(),
            "denials": denials.iter().map(shown).collect::<Vec<_>>(),
        }))
    }

    /// When the repository could last be read.
    pub(super) fn looked_at(&self) -> Option<UnixTime> {
        Some(self.looked_at.load(Ordering::Relaxed)).filter(|at| *at != i64::MIN).map(UnixTime::from_millis)
    }

    /// A repository that could not be read for `max_stale` grants nothing any more: what was taken back there is not known here.
    pub fn check_fresh(&self) -> Result<(), Denial> {
        let fresh = self.looked_at().is_some_and(|at| self.now() < at.plus(self.root.max_stale));
        if fresh {
            Ok(())
        } else {
            Err(Reason::PolicyUnavailable.because("the repository could not be read for longer than `max_stale`"))
        }
    }

    /// What is wrong with the repository as a whole, if anything is.
    pub fn alarm(&self) -> Option<Arc<String>> {
        self.alarm.load_full()
    }

    pub(super) async fn read_stops(&self) -> Result<(), Denial> {
        let rows = self.store.denials().await?;
        let mut stops: BTreeMap<String, Standing> = BTreeMap::new();
        for row in rows {
            let stop =
                serde_json::from_value(row.body).map_err(|fault| Reason::Internal.because(format!("a kept denial: {fault}")))?;
            stops.insert(row.id, (stop, row.until));
        }
        self.stops.store(Arc::new(stops));
        Ok(())
    }
}
