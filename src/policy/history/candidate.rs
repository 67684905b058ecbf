//! The candidate revision, read from its files. Nobody has approved them yet, so the cost of reading them is bounded.

use super::error::{CandidateError, CandidateSizeError, LookbackError, ReplayBodyError};
use super::error::{FILES_MAX, VALUES_MAX};
use crate::kind::{Target, TreeFile};
use crate::policy::bounds::{self, Bounds};
use crate::policy::decide::PolicySet;
use crate::policy::file::TrustPolicy;
use crate::policy::guardrail::{GUARDRAILS_FILE, Guardrails};
use crate::policy::layout;
use crate::policy::reading::{is_policy, rows_file};
use crate::policy::{Catalogue, Tree};
use crate::token::{from_json, parse_document};
use crate::words::names::{SecretName, SecretPath, SourceName, TransitKey};
use crate::words::yaml::{Fault, Node, Severity, Yaml};
use crate::words::{TransitFile, parse_duration};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// How far back a replay goes by default.
const SINCE_DEFAULT: &str = "30d";
/// How far back it goes at most: long enough to include a quarterly release.
const SINCE_MAX: Duration = Duration::from_secs(90 * 86_400);
/// A file that is no YAML counts as this many values: finding that out may cost as much as reading them.
const FAULTY_FILE_VALUES: usize = 20_000;
/// Bytes of text that count as one value.
const TEXT_PER_VALUE: usize = 16;
/// Bytes of a file of rows that count as one row: a policy may use each value in many places.
const TEXT_PER_ROW: usize = 64;

/// The body of `POST /v1/policy/replay`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayRequest {
    /// How far back, such as `30d`.
    #[serde(default = "since_default")]
    pub since: String,
    /// The files that decide, by their paths: policies, guardrails, and the rows of `for_each`.
    files: BTreeMap<String, String>,
    /// The secrets that the revision has, by name; absent: any.
    secrets: Option<BTreeSet<SecretPath>>,
    /// The transit keys that it has; absent: any, as of a client that knows of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transit: Option<BTreeSet<TransitKey>>,
}

/// A candidate revision: what would decide, and what is wrong with it.
#[derive(Debug)]
pub struct Candidate {
    source: SourceName,
    others: BTreeSet<SourceName>,
    set: PolicySet,
    secrets: Option<BTreeSet<SecretPath>>,
    transit: Option<BTreeSet<TransitKey>>,
    faults: Vec<Fault>,
}

impl ReplayRequest {
    /// Reads a body. A member that stands twice is an error. The error holds no value of the body.
    pub fn parse(body: &[u8]) -> Result<Self, ReplayBodyError> {
        let body = parse_document(body)?;
        if body.is_object() { Ok(from_json(body)?) } else { Err(ReplayBodyError::NoObject) }
    }

    /// Takes the files of a revision that decide, and the names of its secrets and transit keys.
    pub fn of(tree: &Tree, since: String) -> Result<Self, CandidateError> {
        if layout::has_misplaced_guardrails(tree) {
            return Err(CandidateError::Misplaced { strays: layout::unread_files(tree) });
        }
        let policies = tree.iter().filter(|(file, _)| is_policy(file));
        let rows: BTreeSet<String> = policies.filter_map(|(file, bytes)| rows_file(&Node::parse(file, bytes).ok()?)).collect();
        let decides = |file: &str| is_policy(file) || file == GUARDRAILS_FILE || rows.contains(file);
        let text = |(file, bytes): (&String, &Arc<[u8]>)| match std::str::from_utf8(bytes) {
            Ok(text) => Ok((file.clone(), text.to_owned())),
            Err(_) => Err(CandidateError::NoText { file: file.clone() }),
        };
        let files = tree.iter().filter(|(file, _)| decides(file)).map(text).collect::<Result<_, CandidateError>>()?;
        let secrets = tree.keys().filter_map(|file| SecretPath::parse(file.strip_prefix("secrets/")?).ok()).collect();
        let transit = TransitFile::among(tree).map(|file| file.key).collect();
        Ok(Self { since, files, secrets: Some(secrets), transit: Some(transit) })
    }

    /// How far back the replay goes.
    pub fn lookback(&self) -> Result<Duration, LookbackError> {
        let since = parse_duration(&self.since).map_err(LookbackError::Duration)?;
        if since.is_zero() || since > SINCE_MAX { Err(LookbackError::OutOfRange) } else { Ok(since) }
    }

    /// Refuses a candidate that would cost too much to read. For callers that receive it from somebody else.
    pub fn check_size(&self, catalogue: &Catalogue) -> Result<(), CandidateSizeError> {
        if self.files.len() > FILES_MAX {
            return Err(CandidateSizeError::Files);
        }
        check_values(&self.files, catalogue)
    }

    /// Reads it as a revision of this source, beside what is in force of the other sources. A faulty file counts in its form of
    /// `in_force`, as it would after a merge. Tests are not run.
    pub fn candidate(
        self,
        catalogue: &Catalogue,
        in_force: &PolicySet,
        source: &SourceName,
        bounds: &[Arc<Bounds>],
    ) -> Candidate {
        let tree: Tree = self.files.into_iter().map(|(file, text)| (file, Arc::from(text.into_bytes()))).collect();
        let mut faults = Vec::new();
        let guardrails = match Guardrails::of(&tree, catalogue) {
            _ if !source.is_root() => in_force.guardrails().clone(),
            Ok(guardrails) => guardrails,
            Err(found) => {
                faults.extend(found);
                in_force.guardrails().clone()
            }
        };
        let (own, others): (Vec<_>, Vec<_>) = in_force.policies().iter().partition(|policy| policy.source == *source);
        let mut policies: BTreeMap<_, _> = others.iter().map(|policy| (policy.name.clone(), (*policy).clone())).collect();
        for (file, bytes) in tree.iter().filter(|(file, _)| is_policy(file)) {
            let kept = match TrustPolicy::parse(file, bytes, &tree, catalogue) {
                Ok((policy, _)) if source.is_root() => Ok(policy),
                Ok((policy, _)) => bounds::place(&policy, bounds, catalogue),
                Err(found) => Err(found),
            };
            let kept = match kept {
                Ok(policy) => Some(Arc::new(policy)),
                Err(found) => {
                    faults.extend(found);
                    let placed = if source.is_root() { file.clone() } else { format!("{source}:{file}") };
                    own.iter().find(|policy| policy.file == placed).map(|policy| (*policy).clone())
                }
            };
            policies.extend(kept.map(|policy| (policy.name.clone(), policy)));
        }
        let others = others.iter().map(|policy| policy.source.clone()).collect();
        let set = PolicySet::new(policies.into_values().collect(), Arc::new(guardrails), None);
        Candidate { set, secrets: self.secrets, transit: self.transit, faults, source: source.clone(), others }
    }
}

impl Candidate {
    /// The policies that would decide.
    pub(super) const fn set(&self) -> &PolicySet {
        &self.set
    }

    /// The errors that keep its files from loading.
    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| fault.severity == Severity::Error)
    }

    /// Why a granted credential could not be given: the revision does not contain it.
    pub(in crate::policy) fn lacks(&self, target: &Target) -> Option<String> {
        match (target.committed()?.current()?, &self.secrets, &self.transit) {
            (TreeFile::Document(path), Some(secrets), _) => {
                let path = self.own_document(path)?;
                (!secrets.contains(&path)).then(|| format!("the revision has no file secrets/{path}"))
            }
            (TreeFile::TransitKey(key), _, Some(keys)) => {
                let key = self.own_key(key)?;
                (!keys.contains(&key)).then(|| format!("the revision has no file below transit/{key}/"))
            }
            _ => None,
        }
    }

    /// The key's name in this source, if it is one of its own.
    fn own_key(&self, key: &TransitKey) -> Option<TransitKey> {
        if !self.source.is_root() {
            return key.below(&self.source);
        }
        let others_own = self.others.iter().any(|other| key.below(other).is_some());
        (!others_own).then(|| key.clone())
    }

    /// The document's path in this source, if it is one of its own.
    fn own_document(&self, path: &SecretPath) -> Option<SecretPath> {
        let below = |source| SecretName { path: path.clone(), key: None }.below(source).map(|own| own.path);
        if !self.source.is_root() {
            return below(&self.source);
        }
        let others_own = self.others.iter().any(|other| below(other).is_some());
        (!others_own).then(|| path.clone())
    }
}

fn since_default() -> String {
    SINCE_DEFAULT.to_owned()
}

/// Refuses files whose values multiply beyond the limit by rows or issuers, before the policies are read.
fn check_values(files: &BTreeMap<String, String>, catalogue: &Catalogue) -> Result<(), CandidateSizeError> {
    let mut rows_of: BTreeMap<String, usize> = BTreeMap::new();
    let guardrails = files.get(GUARDRAILS_FILE).and_then(|text| Node::parse(GUARDRAILS_FILE, text.as_bytes()).ok());
    let mut values: usize = guardrails.map_or(0, |node| weight(&node) * catalogue.names().count());
    for (file, text) in files.iter().filter(|(file, _)| is_policy(file)) {
        values = values.saturating_add(match Node::parse(file, text.as_bytes()) {
            Ok(node) => {
                let rows = rows_file(&node);
                let rows = rows.map_or(1, |rows| *rows_of.entry(rows).or_insert_with_key(|rows| rows_in(files, rows)));
                rows.saturating_mul(weight(&node))
            }
            Err(_) => FAULTY_FILE_VALUES,
        });
        if values > VALUES_MAX {
            return Err(CandidateSizeError::Values);
        }
    }
    Ok(())
}

fn rows_in(files: &BTreeMap<String, String>, file: &str) -> usize {
    let Some(text) = files.get(file) else { return 1 };
    match Node::parse(file, text.as_bytes()).map(|node| node.value) {
        Ok(Yaml::List(rows)) => rows.len().max(1) + text.len() / TEXT_PER_ROW,
        Ok(_) => 1,
        // It may be too large to be parsed here, and still be parsed where it is used.
        Err(_) => text.len().max(FAULTY_FILE_VALUES),
    }
}

fn weight(node: &Node) -> usize {
    1 + match &node.value {
        Yaml::Text(text) => text.len() / TEXT_PER_VALUE,
        Yaml::List(items) => items.iter().map(weight).sum(),
        Yaml::Mapping(members) => members.iter().map(|(key, _, node)| key.len() / TEXT_PER_VALUE + weight(node)).sum(),
        Yaml::Null | Yaml::Flag(_) | Yaml::Integer(_) | Yaml::Float(_) => 0,
    }
}
