//! Immediate denials, without Git: by an operator on the server's machine, or by somebody whom a policy lets.

use super::App;
use super::covered::covered;
use super::error::{CountError, DenialError};
use crate::answers::{Covered, Denied};
use crate::policy::{DenyRequest, OperatorDenial, TrustPolicy};
use crate::store::DenialRow;
use crate::words::names::{DecisionId, SourceName};
use crate::words::{Denial, Reason};
use std::sync::Arc;

/// The most denials in effect: each decision checks all of them. Operators on the server's machine are not bounded.
pub const STANDING_MAX: usize = 1000;
/// The most denials by policies of all further sources together: the rest is for the root's.
const OF_SOURCES_MAX: usize = 500;
/// The most denials by policies of one further source, so that none takes the room of the others.
pub const OF_SOURCE_MAX: usize = 50;

/// Who denies.
#[derive(Clone, Copy, Debug)]
pub enum DeniedBy<'a> {
    /// An operator, on the server's machine.
    Operator,
    /// Somebody whom a policy of this source lets, by this decision.
    Policy(&'a SourceName, &'a DecisionId),
}

impl DeniedBy<'_> {
    /// The further source that bounds it.
    fn source(&self) -> Option<&SourceName> {
        match self {
            Self::Policy(source, _) if !source.is_root() => Some(source),
            Self::Policy(..) | Self::Operator => None,
        }
    }
}

impl App {
    /// Denies from now on, for a time or until the denial is lifted. It takes effect at once. If it cannot become durable yet,
    /// the error says so, and nothing is granted before it is durable. Returns the id for lifting it, and how many of the last
    /// day's grants it would have refused. The policy and the issuer have to exist, unless the request says otherwise.
    pub async fn deny(&self, request: DenyRequest, denier: DeniedBy<'_>) -> Result<Denied, Denial> {
        let refuse = |fault: DenialError| fault.reason().with_cause(&fault).with_detail(fault.to_string());
        let lasting = request.lasting().map_err(|fault| refuse(fault.into()))?;
        let DenyRequest { stop, unknown_too, .. } = request;
        stop.check().map_err(|fault| refuse(fault.into()))?;
        stop.check_possible(&self.catalogue).map_err(|fault| refuse(fault.into()))?;
        self.check_own(&stop, denier, unknown_too).map_err(refuse)?;
        if !unknown_too {
            self.check_known(&stop, denier).map_err(refuse)?;
        }
        self.check_room(denier).map_err(refuse)?;
        let id = DecisionId::new().as_str().to_owned();
        let body = serde_json::to_value(&stop).map_err(|fault| Reason::Internal.with_cause(fault.to_string()))?;
        let until = lasting.map(|lasting| self.now().plus(lasting));
        self.change_denials(|denials| _ = denials.insert(id.clone(), (stop.clone(), until)));
        let by = match denier {
            DeniedBy::Policy(_, decision) => Some(decision),
            DeniedBy::Operator => None,
        };
        let kept = self.store.deny(DenialRow { id: id.clone(), until, body }, by).await;
        kept.map_err(|denial| {
            denial.with_detail(format!("Denied from now on by {id}, and nothing is granted before that is durable. The store cannot write yet: a restart before it can forgets the denial."))
        })?;
        let (denies, covers) = (stop.to_string(), self.covered_by(stop, denier.source().cloned()).await);
        let (covers, uncounted) = match covers {
            Ok(covers) => (Some(covers), None),
            Err(fault) => (None, Some(fault.to_string())),
        };
        Ok(Denied { id, denies, until, covers, uncounted })
    }

    /// A denial by a further source's policy may only cover grants of that source's policies. They have to exist already, because
    /// their name may belong to another source later.
    fn check_own(&self, stop: &OperatorDenial, denier: DeniedBy<'_>, unknown_too: bool) -> Result<(), DenialError> {
        let Some(source) = denier.source() else { return Ok(()) };
        let live = self.live.load();
        let is_own = stop.policy.as_ref().is_some_and(|policy| live.further_of(policy) == Some(source));
        if is_own && !unknown_too { Ok(()) } else { Err(DenialError::NotOwn { source_name: source.clone() }) }
    }

    /// Checks that the policy and the issuer exist, which is not known without a revision. Names of other sources are not revealed.
    fn check_known(&self, stop: &OperatorDenial, denier: DeniedBy<'_>) -> Result<(), DenialError> {
        let live = self.live.load();
        let policies: Vec<Arc<TrustPolicy>> = match live.policies() {
            Ok(set) => {
                let is_of_source = |policy: &&Arc<TrustPolicy>| denier.source().is_none_or(|source| policy.source == *source);
                set.policies().iter().filter(is_of_source).cloned().collect()
            }
            Err(_) if stop.policy.is_some() => return Err(DenialError::NoRevision),
            Err(_) => Vec::new(),
        };
        Ok(stop.check_known(&self.catalogue, &policies)?)
    }

    fn check_room(&self, denier: DeniedBy<'_>) -> Result<(), DenialError> {
        if matches!(denier, DeniedBy::Operator) {
            return Ok(());
        }
        let (live, denials, now) = (self.live.load(), self.denials.load(), self.store.earliest());
        let standing = denials.values().filter(|(_, until)| until.is_none_or(|until| now < until));
        let sources: Vec<Option<&SourceName>> =
            standing.map(|(stop, _)| stop.policy.as_ref().and_then(|policy| live.further_of(policy))).collect();
        let of_sources = || sources.iter().flatten().count();
        let full = match denier.source() {
            _ if sources.len() >= STANDING_MAX => Some(STANDING_MAX),
            Some(source) if sources.iter().flatten().filter(|of| **of == source).count() >= OF_SOURCE_MAX => Some(OF_SOURCE_MAX),
            Some(_) if of_sources() >= OF_SOURCES_MAX => Some(OF_SOURCES_MAX),
            Some(_) | None => None,
        };
        full.map_or(Ok(()), |standing| Err(DenialError::TooMany { standing }))
    }

    /// Counts for one denial at a time: the log of a busy day takes seconds, and the denial is already in effect.
    async fn covered_by(&self, stop: OperatorDenial, source: Option<SourceName>) -> Result<Covered, CountError> {
        let _turn = self.denials_counted.try_acquire().map_err(|_| CountError::Busy)?;
        let (reader, catalogue, now) = (self.store.reader()?, self.catalogue.clone(), self.now());
        Ok(tokio::task::spawn_blocking(move || covered(&reader, &stop, source.as_ref(), &catalogue, now)).await??)
    }
}
