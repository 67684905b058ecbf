//! The state of the server, and of each source that it follows, also of one of which nothing is active.

use super::{ActiveSource, App, Live, TrackedSource};
use crate::answers::{ActiveDenial, Alarm, SourceStatus, Status, listed_files};
use crate::policy::DenialUntil;
use crate::telemetry::SourceState;
use crate::words::names::SourceName;
use std::sync::Arc;

impl App {
    /// The state for `daypass status`, with these alarms: the root source's at the top, and each source's own below.
    pub fn status(&self, alarms: Vec<Alarm>) -> Status {
        let live = self.live.load_full();
        Status {
            revision: live.revision().ok().cloned(),
            policies: live.policies().map_or(0, |set| set.policies().len()),
            guardrails: live.policies().map_or(0, |set| set.guardrails().count()),
            faults: live.listed_faults(),
            faults_left_out: live.faults_left_out(),
            guardrails_unreadable: live.guardrail_faults().next().is_some(),
            held: live.pending_files(),
            waiting: live.waiting(),
            waiting_left_out: live.waiting_left_out(),
            alarm: self.alarm(&live),
            keys_waiting_to_be_hosted: self.own_issuers.waiting_to_be_hosted(),
            sources: self.source_statuses(&live),
            shown_elsewhere: self.reuse_alarm.second_uses(),
            clock: self.store.clock_fault(),
            space: self.store.space().1,
            crowded_addresses: self.clients.crowded().into_iter().collect(),
            denials: self.active_denials(&live),
            alarms: alarms.iter().map(ToString::to_string).collect(),
            alarm_details: alarms,
        }
    }

    fn active_denials(&self, live: &Live) -> Vec<ActiveDenial> {
        let denials = self.denials.load();
        let standing = denials.iter().filter(|(_, (_, until))| until.is_none_or(|until| self.store.earliest() < until));
        // Without a revision it is not known what a denial covers.
        let known = live.policies().ok().map(|set| set.policies());
        let shown = |(id, (stop, until)): (&String, &DenialUntil)| {
            let unknown =
                known.as_ref().and_then(|known| stop.check_known(&self.catalogue, known).err()).map(|fault| fault.to_string());
            let unknown = stop.check_possible(&self.catalogue).err().map(|fault| fault.to_string()).or(unknown);
            ActiveDenial { id: id.clone(), until: *until, denies: stop.into(), unknown }
        };
        standing.map(shown).collect()
    }

    /// Each source: its commit, when it was read, and what is wrong with it as a whole. Also one that was never read.
    pub fn source_statuses(&self, live: &Live) -> Vec<(SourceName, SourceStatus)> {
        let status = |(followed, active): (Arc<TrackedSource>, Option<&ActiveSource>)| {
            let revision = active.map(|active| &*active.revision);
            let (waiting, waiting_left_out) = revision.map(|revision| listed_files(&revision.pending)).unwrap_or_default();
            let status = SourceStatus {
                revision: revision.and_then(|revision| revision.commit.clone()),
                signer: revision.and_then(|revision| revision.signer.clone()),
                read_at: followed.looked_at(),
                stale: followed.check_fresh(self.store.since_boot()).is_err(),
                alarm: followed.alarm.load_full().as_deref().cloned(),
                accepted: followed.accepted.load_full().as_deref().cloned(),
                waiting: waiting.to_vec(),
                waiting_left_out,
            };
            (followed.name.clone(), status)
        };
        self.all_followed(live).into_iter().map(status).collect()
    }

    /// The first alarm of any source.
    pub fn alarm(&self, live: &Live) -> Option<String> {
        self.all_followed(live).into_iter().find_map(|(followed, _)| {
            let alarm = followed.alarm.load_full()?;
            Some(if followed.name.is_root() { alarm.to_string() } else { format!("{}: {alarm}", followed.name) })
        })
    }

    /// The state of each source, for its gauges.
    pub fn source_states(&self, live: &Live) -> Vec<(SourceName, SourceState)> {
        let state = |(followed, active): (Arc<TrackedSource>, Option<&ActiveSource>)| {
            let state = SourceState {
                faulty: active.map_or(0, ActiveSource::faulty_files),
                held: active.map_or(0, |active| active.revision.pending_files().len()),
                read_at: followed.looked_at(),
                alarmed: followed.alarm.load().is_some(),
            };
            (followed.name.clone(), state)
        };
        self.all_followed(live).into_iter().map(state).collect()
    }
}
