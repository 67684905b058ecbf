//! The licence to make one credential. A recorded intent lends it. A grant that is released only after its record lends it too.

use super::Recorded;
use crate::kind::{Maker, each_kind};
use crate::policy::{Grant, Granted, HasTerms, Terms};
use crate::words::names::DecisionId;

/// The licence to make one credential on these terms. It borrows the grant, so it ends before the outcome is recorded.
#[must_use]
pub struct Licence<'a, T> {
    granted: &'a Granted,
    terms: &'a T,
    decision: &'a DecisionId,
}

impl<'a, T> Licence<'a, T> {
    /// The granted terms.
    pub const fn terms(&self) -> &'a T {
        self.terms
    }

    /// The source and the policy that grant it.
    pub const fn granted(&self) -> &'a Granted {
        self.granted
    }

    /// The decision, whose id is in the audit log and at the cloud.
    pub const fn decision(&self) -> &'a DecisionId {
        self.decision
    }
}

macro_rules! declare {
    ($($(#[$attribute:meta])* $kind:ident($target:ident) $word:literal $(=> $answer:ident)?;)*) => {
        $(use crate::kind::$target;)*

        /// A licence by the kind of the credential.
        #[must_use]
        pub enum Licensed<'a> {
            $(
                #[doc = concat!("`", $word, "`.")]
                $kind(Licence<'a, <$target as HasTerms>::Terms>),
            )*
        }

        impl<'a> Licensed<'a> {
            const fn of(granted: &'a Granted, decision: &'a DecisionId) -> Self {
                match &granted.terms {
                    $(Terms::$kind(terms) => Self::$kind(Licence { granted, terms, decision }),)*
                }
            }
        }
    };
}
each_kind!(declare);

impl<'a> Licensed<'a> {
    /// A licence for each credential, in the order of the request.
    fn all(grant: &'a Grant, decision: &'a DecisionId) -> impl ExactSizeIterator<Item = Self> {
        grant.granted().iter().map(|granted| Self::of(granted, decision))
    }
}

impl Recorded<Grant> {
    /// A licence for each credential, in the order of the request.
    pub fn licences(&self) -> impl ExactSizeIterator<Item = Licensed<'_>> {
        Licensed::all(self.grant(), self.decision())
    }
}

/// A grant of credentials that need no provider. They are made first, and `Store::intend_and_release` records them before they leave.
#[must_use]
pub struct LocalGrant {
    grant: Grant,
    decision: DecisionId,
}

impl LocalGrant {
    /// Returns the grant as the error if a provider is needed for it.
    pub fn of(grant: Grant, decision: &DecisionId) -> Result<Self, Grant> {
        let needs_nobody = |granted: &Granted| granted.terms.made() == Maker::Here;
        if grant.granted().iter().all(needs_nobody) { Ok(Self { grant, decision: decision.clone() }) } else { Err(grant) }
    }

    /// What is granted.
    pub const fn grant(&self) -> &Grant {
        &self.grant
    }

    /// A licence for each credential, in the order of the request.
    pub fn licences(&self) -> impl ExactSizeIterator<Item = Licensed<'_>> {
        Licensed::all(&self.grant, &self.decision)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::policy::{AwsTerms, IdTokenTerms};
    use crate::store::StillGranted;
    use crate::token::Possession;
    use crate::words::names::{PolicyName, SourceName};

    /// Terms that a policy of this name grants, for tests of issuing.
    pub(crate) fn granted(policy: &str, terms: Terms) -> Granted {
        Granted {
            source: SourceName::root(),
            policy: PolicyName::parse(policy).unwrap(),
            row: None,
            terms,
            once: false,
            proof: Possession::Nothing,
            session: None,
            expires: None,
        }
    }

    pub(crate) fn made_here() -> StillGranted<LocalGrant> {
        let local = LocalGrant { grant: Grant::of_nothing(), decision: DecisionId::new() };
        StillGranted::new(local, Ok(Grant::of_nothing())).ok().unwrap()
    }

    fn licensed<'a>(granted: &'a Granted, decision: &'a DecisionId) -> Licensed<'a> {
        Licensed::of(granted, decision)
    }

    pub(crate) fn aws<'a>(granted: &'a Granted, decision: &'a DecisionId) -> Licence<'a, AwsTerms> {
        let Licensed::Aws(licence) = licensed(granted, decision) else { panic!("no AWS session") };
        licence
    }

    pub(crate) fn id_token<'a>(granted: &'a Granted, decision: &'a DecisionId) -> Licence<'a, IdTokenTerms> {
        let Licensed::IdToken(licence) = licensed(granted, decision) else { panic!("no token") };
        licence
    }
}
