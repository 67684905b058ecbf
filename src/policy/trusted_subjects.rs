//! Which subjects clouds and services have to trust. A policy with a subject that one of them cannot accept does not load.

use super::file::{Rule, TrustPolicy};
use super::subject::subject;
use super::trusting::SubjectTrust;
use crate::words::yaml::{FAULTS_MAX, Fault, Place};
use std::collections::{BTreeMap, BTreeSet};

/// The subjects so far, by who trusts them.
#[derive(Default)]
pub(super) struct TrustedSubjects(BTreeMap<String, BTreeSet<String>>);

impl TrustedSubjects {
    /// Adds the subjects of a policy in force. If the policy changes, only those count that both forms have.
    pub(super) fn keep(&mut self, old: &TrustPolicy, new: Option<&TrustPolicy>) {
        let subjects_of = |policy: &TrustPolicy| -> BTreeSet<(String, String)> {
            subjects(policy).map(|(_, trusting, subject)| (trusting.by, subject)).collect()
        };
        let old = subjects_of(old);
        if old.is_empty() {
            return;
        }
        let new = new.map(subjects_of);
        for (by, subject) in old.into_iter().filter(|one| new.as_ref().is_none_or(|new| new.contains(one))) {
            self.0.entry(by).or_default().insert(subject);
        }
    }

    /// The faults of a policy whose subjects cannot be accepted besides those so far, as many as are kept. Without a fault its
    /// subjects are added.
    pub(super) fn add(&mut self, policy: &TrustPolicy) -> Vec<Fault> {
        let (mut faults, mut more) = (Vec::<Fault>::new(), BTreeMap::<String, BTreeSet<String>>::new());
        for (place, trusting, subject) in subjects(policy) {
            // One more than are kept: the last one says that there are more.
            if faults.len() > FAULTS_MAX {
                break;
            }
            let Some(fault) = self.fault_of(policy, (place, &trusting), subject, &mut more) else { continue };
            if faults.last().is_none_or(|last| last.place != fault.place || last.message != fault.message) {
                faults.push(fault);
            }
        }
        if faults.is_empty() {
            more.into_iter().for_each(|(by, new)| self.0.entry(by).or_default().extend(new));
        }
        Fault::kept(faults)
    }

    /// Why this subject cannot be accepted. Otherwise it is noted in `more`.
    fn fault_of(
        &self,
        policy: &TrustPolicy,
        (place, trusting): (Place, &SubjectTrust),
        subject: String,
        more: &mut BTreeMap<String, BTreeSet<String>>,
    ) -> Option<Fault> {
        let fault = |message: String| Fault::new(&policy.file, place, message).coded("subject_not_taken");
        if let Some(other) = shared_with(policy, trusting, &subject) {
            let message = format!("whoever has this holds a token for the subject `{subject}`, which {other} takes too");
            return Some(fault(message).help("grant the two by policies of their own, or by rows with names"));
        }
        if let Err(why) = (trusting.takes)(&subject) {
            return Some(fault(format!("the subject `{subject}` {why}")));
        }
        let before = self.0.get(&trusting.by);
        if before.is_some_and(|known| known.contains(&subject)) {
            return None;
        }
        let new = more.entry(trusting.by.clone()).or_default();
        new.insert(subject);
        let count = before.map_or(0, BTreeSet::len) + new.len();
        let most = trusting.most.filter(|most| count > *most)?;
        let message = format!("{} would trust {count} subjects, and {most} is the most", trusting.by);
        Some(fault(message).help("let fewer policies and rows share it, or grant another one"))
    }
}

fn subjects(policy: &TrustPolicy) -> impl Iterator<Item = (Place, SubjectTrust, String)> {
    let of = |rule: &Rule| subject(&policy.source, &policy.name, rule.row.as_ref());
    let entries = policy.rules.iter().flat_map(move |rule| rule.grants.entries().iter().map(move |entry| (rule, entry)));
    entries.filter_map(move |(rule, entry)| Some((entry.place(), entry.trusting()?, of(rule))))
}

/// Who else accepts the token that this entry gives out, under this subject and in this policy.
fn shared_with(policy: &TrustPolicy, trusting: &SubjectTrust, subject: &str) -> Option<String> {
    let mut others = subjects(policy).filter(|(_, other, of)| other.among == trusting.among && of == subject);
    others.find_map(|(_, other, _)| (trusting.gives_token && other.by != trusting.by).then_some(other.by))
}
