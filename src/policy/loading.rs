//! How a revision comes into force: a faulty file keeps its last good form, and a change that widens may have to wait.

use super::access::narrows;
use super::bounds::{self, Bounds};
use super::catalogue::{Catalogue, Tree};
use super::guardrail::{GUARDRAILS_FILE, Guardrails};
use super::layout;
use super::reading::{self, Cursor, LoadedFile, REVISION_FAULTS_MAX};
use super::ruleset::Ruleset;
use super::trusted_subjects::TrustedSubjects;
use crate::words::yaml::Fault;
use std::sync::{Arc, OnceLock};

/// What becomes of a change that lets somebody in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Widening {
    /// It goes live.
    GoesLive,
    /// It waits for a person. Changes that narrow go live at once.
    Waits,
}

/// A revision as it was read.
#[derive(Debug)]
pub struct Loaded {
    /// What is in force.
    pub ruleset: Ruleset,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
    /// Files that wait because they widen: an older form of them is in force, or none.
    pub pending: Vec<String>,
}

impl Ruleset {
    /// Reads a revision. Everything in it goes live.
    pub fn load(tree: &Tree, catalogue: &Catalogue, last_good: Option<&Self>) -> (Self, Vec<Fault>) {
        let loaded = Self::load_with(tree, catalogue, last_good, Widening::GoesLive, &[]);
        (loaded.ruleset, loaded.faults)
    }

    /// Reads a revision. A faulty file keeps its form of `last_good`; every other file and every deletion goes live. If the guardrails
    /// are faulty, or stand where they are not read, the old ones stay in force and nothing may widen. A change that narrows never waits.
    ///
    /// Unchanged files are not read again, so the catalogue has to be the same. A policy outside of the `bounds` of its source counts as
    /// faulty.
    pub fn load_with(
        tree: &Tree,
        catalogue: &Catalogue,
        last_good: Option<&Self>,
        widening: Widening,
        bounds: &[Arc<Bounds>],
    ) -> Loaded {
        let mut faults = layout::unread_files(tree);
        let mut guardrail_faults: Vec<Fault> = layout::misplaced_guardrails(&faults, tree);
        let misplaced = !guardrail_faults.is_empty();
        let guardrails = match Guardrails::of(tree, catalogue) {
            Ok(_) if misplaced && !tree.contains_key(GUARDRAILS_FILE) => None,
            Ok(guardrails) => Some(guardrails),
            Err(found) => {
                guardrail_faults.extend(found.iter().cloned());
                faults.extend(found);
                None
            }
        };
        let waits = !guardrail_faults.is_empty() || (widening == Widening::Waits && last_good.is_some());
        let known = last_good.map(|old| old.files.as_slice()).unwrap_or_default();
        let (mut files, mut pending) = (Vec::new(), Vec::new());
        let reads = reading::read_all(tree, catalogue, known);
        let (mut olds, mut subjects) = (Cursor::new(known, ""), TrustedSubjects::default());
        for read in &reads {
            if let Some(old) = olds.find(&read.file).and_then(|old| old.policy.as_deref()) {
                subjects.keep(old, read.policy.as_deref());
            }
        }
        let mut olds = Cursor::new(known, "");
        for read in reads {
            faults.extend(read.faults.iter().cloned());
            let old = olds.find(&read.file).and_then(|old| old.policy.clone());
            let mut outside = read.policy.iter().flat_map(|policy| bounds::faults(policy, bounds)).collect::<Vec<_>>();
            if outside.is_empty() {
                outside = read.policy.iter().flat_map(|policy| subjects.add(policy)).collect();
            }
            let new = read.policy.as_ref().filter(|_| outside.is_empty());
            if faults.len() >= REVISION_FAULTS_MAX {
                outside.truncate(1);
            }
            faults.extend(outside);
            let kept = match (new, old) {
                (Some(new), old) if waits && !old.as_ref().is_some_and(|old| narrows(old, new, tree, catalogue)) => {
                    pending.push(read.file.clone());
                    old
                }
                (Some(new), _) => Some(new.clone()),
                (None, old) => old,
            };
            files.push(LoadedFile { read, policy: kept });
        }
        let old = last_good.map(|old| old.guardrails.clone()).unwrap_or_default();
        let (guardrails, is_looser) = guardrails.map_or((old.clone(), false), |new| old.next(new, waits));
        if is_looser {
            pending.push(GUARDRAILS_FILE.to_owned());
        }
        let ruleset = Self { files, guardrails, guardrail_faults, set: OnceLock::new() };
        if let Some(before) = last_good.and_then(|old| old.set.get()) {
            ruleset.set.get_or_init(|| ruleset.merge(&[], Some(before)));
        }
        Loaded { ruleset, faults, pending }
    }
}
