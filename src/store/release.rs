//! The release of what was made, after a second decision. Making a credential takes time, and a caller may send the body of a use
//! slowly: what was denied meanwhile, or taken out of Git, is not released.

use super::{Answer, LocalGrant, Recorded, Released, RequestRecord, Store, replay};
use crate::policy::{Admission, Grant};
use crate::words::Denial;

/// Something that holds a grant.
pub trait HasGrant {
    /// What is granted.
    fn grant(&self) -> &Grant;
}

impl HasGrant for Recorded<Grant> {
    fn grant(&self) -> &Grant {
        self.grant()
    }
}

impl HasGrant for LocalGrant {
    fn grant(&self) -> &Grant {
        self.grant()
    }
}

/// Proves that what was granted was granted again, on the same terms, after it was made. Nothing granted is released without it.
#[must_use]
pub struct StillGranted<G>(G);

impl<G: HasGrant> StillGranted<G> {
    /// Compares with a later decision on the same request. Returns the grant if that denies it or has other terms.
    pub fn new(earlier: G, later: Result<Grant, Denial>) -> Result<Self, (G, Denial)> {
        match later.and_then(|later| earlier.grant().check_unchanged(&later)) {
            Ok(()) => Ok(Self(earlier)),
            Err(denial) => Err((earlier, denial)),
        }
    }

    /// What is granted.
    pub fn grant(&self) -> &Grant {
        self.0.grant()
    }

    /// Gives the proof up, for what fails after all.
    pub fn into_inner(self) -> G {
        self.0
    }
}

impl Store {
    /// Records the outcome durably before anything leaves. The sealed answer serves retries for a minute.
    pub async fn release(
        &self,
        granted: StillGranted<Recorded<Grant>>,
        answer: impl Into<Answer>,
        record: impl Into<Box<RequestRecord>> + Send,
    ) -> Result<Released, Denial> {
        self.record_outcome(granted.into_inner(), answer, record).await
    }

    /// The same for a login. Each use of its session is decided on by itself.
    pub async fn begin_session(
        &self,
        admitted: Recorded<Admission>,
        answer: impl Into<Answer>,
        record: impl Into<Box<RequestRecord>> + Send,
    ) -> Result<Released, Denial> {
        self.record_outcome(admitted, answer, record).await
    }

    pub(super) async fn record_outcome<G>(
        &self,
        recorded: Recorded<G>,
        answer: impl Into<Answer>,
        record: impl Into<Box<RequestRecord>> + Send,
    ) -> Result<Released, Denial> {
        let (now, decision, answer, record) = (self.now(), recorded.decision().clone(), answer.into(), record.into());
        let binding = recorded.binding().cloned();
        self.write(move |connection| replay::release(connection, &decision, binding.as_ref(), &answer, &record, now)).await?;
        Ok(Released::new(recorded.into_flight()))
    }

    /// Records the other outcome: nothing was issued, and the same request may try again.
    pub async fn fail<G>(&self, recorded: Recorded<G>, record: impl Into<Box<RequestRecord>> + Send) -> Result<(), Denial> {
        let (now, decision, record) = (self.now(), recorded.decision().clone(), record.into());
        self.write(move |connection| replay::fail(connection, &decision, &record, now)).await?;
        drop(recorded.into_flight());
        Ok(())
    }
}
